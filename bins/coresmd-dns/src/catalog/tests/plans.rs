//! What the lines of a `coresmd` block make of an inventory: from the text to the answer.

use hickory_proto::op::Message;
use naming::Subject;

use super::*;
use crate::answer::answer;
use crate::config::tests::config;

/// Two nodes with a management and two fast interfaces, their BMCs, a switch.
fn inventory() -> Snapshot {
    let interfaces = [
        ("x1c0s0b0n0", "Management", "10.0.0.1"),
        ("x1c0s0b0n0", "HSN 0", "10.1.0.1"),
        ("x1c0s0b0n0", "HSN 1", "10.1.0.2"),
        ("x1c0s1b0n0", "Management", "10.0.0.2"),
        ("x1c0s1b0n0", "HSN 0", "10.1.0.3"),
        ("x1c0s1b0n0", "", "fd00::3"),
        ("x1c0s0b0", "", "10.2.0.1"),
        ("x1c0s1b0", "", "10.2.0.2"),
        ("x1c0w1", "", "10.3.0.1"),
    ];
    let rows: Vec<String> = interfaces
        .iter()
        .zip(0x10..)
        .map(|((id, description, address), mac)| {
            format!(
                r#"{{"MACAddress":"0200000000{mac:02x}","ComponentID":"{id}","Description":"{description}","IPAddresses":[{{"IPAddress":"{address}"}}]}}"#
            )
        })
        .collect();
    let components =
        br#"{"Components":[{"ID":"x1c0s0b0n0","Type":"Node","NID":1},{"ID":"x1c0s1b0n0","Type":"Node","NID":2},
        {"ID":"x1c0s0b0","Type":"NodeBMC"},{"ID":"x1c0s1b0","Type":"NodeBMC"},{"ID":"x1c0w1","Type":"MgmtSwitch"}]}"#;
    let inventory = Inventory::from_smd(format!("[{}]", rows.join(",")).as_bytes(), components).unwrap();
    Snapshot::build(inventory).0
}

fn plan(lines: &str) -> Plan {
    let config = config(&format!(". {{\n coresmd {{\n smd_url http://s\n{lines}\n }}\n}}\n"));
    config.blocks[0].coresmd.as_ref().unwrap().plan.clone()
}

fn of(lines: &str) -> Catalog {
    Catalog::build(&inventory(), &plan(lines))
}

/// The answer: response code, records in their order, the owner of the SOA.
fn shown(catalog: &Catalog, name: &str, qtype: Rtype) -> String {
    let name = Name::parse(name).unwrap();
    let answer = answer(catalog, name.as_wire(), qtype);
    let mut message = vec![0, 0, 0x84, 0, 0, 1];
    message.extend_from_slice(&answer.records.count.to_be_bytes());
    message.extend_from_slice(&[0; 4]);
    message.extend_from_slice(name.as_wire());
    message.extend_from_slice(&[0, 1, 0, 1]);
    message.extend_from_slice(answer.records.octets);
    let read = Message::from_vec(&message).unwrap();
    let records: Vec<String> =
        read.answers.iter().map(|record| format!("{} {} {}", record.name, record.record_type(), record.data)).collect();
    let soa = answer.soa.map_or_else(String::new, |soa| {
        let owner = &name.as_wire()[name.as_wire().len() - soa.owner_length..];
        format!(" soa {}", crate::name::LowerName::from_checked_wire(owner))
    });
    format!("{} [{}]{soa}", answer.rcode.name(), records.join(", "))
}

/// The addresses of a name, both families.
fn addresses(catalog: &Catalog, name: &str) -> String {
    let sets = node(catalog, name).map(|node| node.sets.clone()).unwrap_or_default();
    let data = |rtype| sets.get(rtype).into_iter().flat_map(RRset::rdata).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let v4 = data(Rtype::A).into_iter().map(|a| IpAddr::from(<[u8; 4]>::try_from(a).unwrap()).to_string());
    let v6 = data(Rtype::AAAA).into_iter().map(|a| IpAddr::from(<[u8; 16]>::try_from(a).unwrap()).to_string());
    v4.chain(v6).collect::<Vec<_>>().join(" ")
}

fn problems(catalog: &Catalog) -> Vec<String> {
    catalog.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn components_of_any_type_have_the_names_of_their_pattern() {
    let catalog = of("types NodeBMC bmc{04d}\n types MgmtSwitch,HSNBoard sw-{id}\n zone z {\n nodes nid{04d}\n }");
    assert_eq!(addresses(&catalog, "bmc0002.z"), "10.2.0.2");
    assert_eq!(addresses(&catalog, "sw-x1c0w1.z"), "10.3.0.1");
    assert_eq!(addresses(&catalog, "x1c0w1.z"), "10.3.0.1");
    assert_eq!(addresses(&catalog, "nid0001.z"), "10.0.0.1 10.1.0.1 10.1.0.2");
    assert!(problems(&catalog).is_empty());
    let few = of("only Node NodeBMC");
    assert_eq!(addresses(&few, "x1c0s0b0.cluster.local"), "10.2.0.1");
    assert!(node(&few, "x1c0w1.cluster.local").is_none() && node(&few, "1.0.3.10.in-addr.arpa").is_none());
}

#[test]
fn interfaces_have_names_of_their_own() {
    let catalog =
        of("interfaces nid{04d}-hsn{index} hsn*\n interfaces nid{04d}.hsn hsn*\n interfaces {id}-{interface}");
    assert_eq!(addresses(&catalog, "nid0001-hsn0.cluster.local"), "10.1.0.1");
    assert_eq!(addresses(&catalog, "nid0001-hsn1.cluster.local"), "10.1.0.2");
    assert_eq!(addresses(&catalog, "nid0002-hsn0.cluster.local"), "10.1.0.3");
    assert!(node(&catalog, "nid0002-hsn1.cluster.local").is_none());
    assert_eq!(addresses(&catalog, "nid0001.hsn.cluster.local"), "10.1.0.1 10.1.0.2");
    assert_eq!(addresses(&catalog, "x1c0s0b0n0-hsn-1.cluster.local"), "10.1.0.2");
    assert_eq!(addresses(&catalog, "x1c0s0b0n0-management.cluster.local"), "10.0.0.1");
    // one without a description, one of a BMC
    assert!(
        node(&catalog, "x1c0s1b0n0-.cluster.local").is_none() && node(&catalog, "x1c0s0b0-.cluster.local").is_none()
    );
    assert!(problems(&catalog).is_empty());
}

#[test]
fn an_alias_has_the_addresses_of_all_its_members() {
    let catalog = of("alias login x1c0s[0-1]b0n0\n alias admin nid0002\n zone a {\n nodes nid{04d}\n }\n zone b {\n }");
    assert_eq!(addresses(&catalog, "login.a"), "10.0.0.1 10.1.0.1 10.1.0.2 10.0.0.2 10.1.0.3 fd00::3");
    assert_eq!(addresses(&catalog, "login.b"), addresses(&catalog, "login.a"));
    assert_eq!(addresses(&catalog, "admin.a"), "10.0.0.2 10.1.0.3 fd00::3");
    assert_eq!(problems(&catalog), ["admin.b. is the name of nothing: the alias at Corefile:5:8 has no members"]);
}

#[test]
fn dhcp_and_dns_give_one_name_for_one_address() {
    let lines = "rule type:Node,subnet:10.1.0.0/24,hostname:nid{04d}-hsn,domain:hsn.z
        rule type:Node,hostname:nid{04d}
        rule type:NodeBMC,hostname:bmc{04d}
        domain z\n zone z {\n }";
    let (snapshot, plan) = (inventory(), plan(lines));
    let catalog = Catalog::build(&snapshot, &plan);
    assert_eq!(addresses(&catalog, "nid0001.z"), "10.0.0.1");
    assert_eq!(addresses(&catalog, "nid0001-hsn.hsn.z"), "10.1.0.1 10.1.0.2");
    assert_eq!(addresses(&catalog, "bmc0002.z"), "10.2.0.2");
    assert!(node(&catalog, "unknown-0000.z").is_none(), "what no rule names");
    let mut seen = 0;
    for host in snapshot.hosts().filter(|host| host.component_type().as_str() != "MgmtSwitch") {
        for address in host.addresses() {
            // as the DHCP server asks, with the address that it gives
            let (id, component_type) = (host.id(), host.component_type());
            let subject = Subject { id, component_type, nid: host.pattern_nid(), first: Some(*address) };
            let name = plan.rules.evaluate(&subject).hostname;
            let has = addresses(&catalog, &name);
            assert!(has.split(' ').any(|one| one == address.to_string()), "{name} {address}: {has}");
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

#[test]
fn names_by_rules_without_a_domain_stand_in_every_zone_and_others_in_theirs() {
    let everywhere = of("rule type:Node,hostname:n{d}-{2d}\n zone a {\n }\n zone b {\n }");
    assert_eq!(addresses(&everywhere, "n{d}-01.a"), addresses(&everywhere, "n{d}-01.b"));
    assert!(!addresses(&everywhere, "n{d}-01.b").is_empty());
    let elsewhere = of("rule id:x1c0w1,hostname:switch\n domain example.org\n zone a {\n }");
    assert_eq!(problems(&elsewhere), ["switch.example.org. is the name by a `rule`, and in no zone of ours: left out"]);
}

#[test]
fn zones_say_of_themselves_what_the_block_says() {
    let catalog = of("ttl 5m\n soa ns1 admin@example.org 2m 1m 1h 10\n ns ns1 10.0.0.53 fd00::53\n ns ns.example.org.
        zone a {\n ttl 30\n }\n zone b {\n ns x1c0s0b0n0\n }\n reverse 10.0.0.0/23 fd00::/16");
    assert_eq!(shown(&catalog, "a", Rtype::SOA), "NOERROR [a. SOA ns1.a. admin.example.org. 1 120 60 3600 10]");
    assert_eq!(shown(&catalog, "a", Rtype::NS), "NOERROR [a. NS ns1.a., a. NS ns.example.org.]");
    assert_eq!(shown(&catalog, "b", Rtype::NS), "NOERROR [b. NS x1c0s0b0n0.b.]");
    assert_eq!(addresses(&catalog, "ns1.a"), "10.0.0.53 fd00::53");
    let ttl = |name: &str, rtype| {
        let set = node(&catalog, name).unwrap().sets.get(rtype).unwrap();
        u32::from_be_bytes(*set.records[6..].first_chunk().unwrap())
    };
    assert_eq!([ttl("x1c0s0b0n0.a", Rtype::A), ttl("x1c0s0b0n0.b", Rtype::A)], [30, 300]);
    assert_eq!([ttl("1.0.0.10.in-addr.arpa", Rtype::PTR), ttl("1.0.2.10.in-addr.arpa", Rtype::PTR)], [300, 60]);
    for (name, want) in [
        ("9.0.0.10.in-addr.arpa", "NXDOMAIN [] soa 0.0.10.in-addr.arpa."),
        ("9.1.0.10.in-addr.arpa", "NXDOMAIN [] soa 1.0.10.in-addr.arpa."),
        ("9.2.0.10.in-addr.arpa", "REFUSED []"),
        ("0.0.d.f.ip6.arpa", "NOERROR [] soa 0.0.d.f.ip6.arpa."),
        ("53.0.0.10.in-addr.arpa", "NOERROR [53.0.0.10.in-addr.arpa. PTR ns1.a.]"),
    ] {
        assert_eq!(shown(&catalog, name, Rtype::PTR), want, "{name}");
    }
    assert_eq!(
        shown(&catalog, "0.0.10.in-addr.arpa", Rtype::SOA),
        "NOERROR [0.0.10.in-addr.arpa. SOA ns1.a. admin.example.org. 1 120 60 3600 10]"
    );
}

#[test]
fn records_of_the_configuration_stand_beside_those_of_the_inventory() {
    let catalog = of("zone z {
        nodes nid{04d}
        record www A 10.9.0.1
        record www A 10.9.0.2
        record www TXT \"one text\" two
        record @ MX 10 www
        record _slurmctld._tcp SRV 10 0 6817 nid0001
        record nid0001 TXT \"rack 7\"
        record nid0002 A 10.9.0.3
        record x1c0w1.z CNAME www
        }\n record nid0001 A 10.0.0.1\n record top AAAA fd00::9");
    for (name, rtype, want) in [
        ("www.z", Rtype::A, "NOERROR [www.z. A 10.9.0.1, www.z. A 10.9.0.2]"),
        ("www.z", Rtype(16), "NOERROR [www.z. TXT one texttwo]"),
        ("z", Rtype::MX, "NOERROR [z. MX 10 www.z.]"),
        ("_slurmctld._tcp.z", Rtype(33), "NOERROR [_slurmctld._tcp.z. SRV 10 0 6817 nid0001.z.]"),
        ("_tcp.z", Rtype(33), "NOERROR [] soa z."),
        ("nid0001.z", Rtype(16), "NOERROR [nid0001.z. TXT rack 7]"),
        ("nid0002.z", Rtype::A, "NOERROR [nid0002.z. A 10.0.0.2, nid0002.z. A 10.1.0.3]"),
        ("top.z", Rtype::AAAA, "NOERROR [top.z. AAAA fd00::9]"),
        ("1.0.9.10.in-addr.arpa", Rtype::PTR, "NOERROR [1.0.9.10.in-addr.arpa. PTR www.z.]"),
    ] {
        assert_eq!(shown(&catalog, name, rtype), want, "{name}");
    }
    assert_eq!(
        problems(&catalog),
        [
            "nid0002.z.: the A record at Corefile:12:16 is left out: the inventory has this name",
            "x1c0w1.z.: the CNAME record at Corefile:13:16 is left out: the inventory has this name",
        ]
    );
}

#[test]
fn a_cname_is_followed_in_our_data() {
    let catalog = of("zone z {
        nodes nid{04d}
        record login CNAME nid0002
        record first CNAME login
        record gone CNAME nothing
        record out CNAME www.example.org.
        record over CNAME nid0001.y.
        record me CNAME you
        record you CNAME me
        }\n zone y {\n nodes nid{04d}\n }");
    for (name, rtype, want) in [
        ("login.z", Rtype::CNAME, "NOERROR [login.z. CNAME nid0002.z.]"),
        ("login.z", Rtype::AAAA, "NOERROR [login.z. CNAME nid0002.z., nid0002.z. AAAA fd00::3]"),
        ("login.z", Rtype::ANY, "NOERROR [login.z. CNAME nid0002.z.]"),
        ("login.z", Rtype(16), "NOERROR [login.z. CNAME nid0002.z.] soa z."),
        (
            "first.z",
            Rtype::A,
            "NOERROR [first.z. CNAME login.z., login.z. CNAME nid0002.z., nid0002.z. A 10.0.0.2, nid0002.z. A 10.1.0.3]",
        ),
        ("first.z", Rtype(16), "NOERROR [first.z. CNAME login.z., login.z. CNAME nid0002.z.] soa z."),
        ("gone.z", Rtype::A, "NXDOMAIN [gone.z. CNAME nothing.z.] soa z."),
        ("out.z", Rtype::A, "NOERROR [out.z. CNAME www.example.org.]"),
        (
            "over.z",
            Rtype::A,
            "NOERROR [over.z. CNAME nid0001.y., nid0001.y. A 10.0.0.1, nid0001.y. A 10.1.0.1, nid0001.y. A 10.1.0.2]",
        ),
        ("over.z", Rtype::AAAA, "NOERROR [over.z. CNAME nid0001.y.]"),
        ("me.z", Rtype::A, "NOERROR [me.z. CNAME you.z.]"),
    ] {
        assert_eq!(shown(&catalog, name, rtype), want, "{name} {rtype}");
    }
    assert_eq!(problems(&catalog), ["me.z.: the CNAME leads to no end", "you.z.: the CNAME leads to no end"]);
}

#[test]
fn a_miss_passes_on_where_it_falls_through() {
    let passes = |lines: &str, name: &str| {
        let catalog = of(lines);
        answer(&catalog, Name::parse(name).unwrap().as_wire(), Rtype::A).passes_on
    };
    for (lines, name, want) in [
        ("", "nope.cluster.local", false),
        ("", "nope.example.org", true),
        ("fallthrough", "nope.cluster.local", true),
        ("fallthrough", "x1c0w1.cluster.local", false),
        ("fallthrough example.org", "nope.cluster.local", false),
        ("fallthrough sub.cluster.local", "nope.sub.cluster.local", true),
    ] {
        assert_eq!(passes(lines, name), want, "{lines} {name}");
    }
    let early = Catalog::unloaded(&plan("fallthrough"));
    assert!(!answer(&early, Name::parse("x.cluster.local").unwrap().as_wire(), Rtype::A).passes_on);
    assert!(answer(&early, Name::parse("x.example.org").unwrap().as_wire(), Rtype::A).passes_on);
}

#[test]
fn an_id_that_is_no_label_does_not_cost_the_ptr() {
    let catalog = Catalog::build(&snapshot(&["rack_a/node.1 Node 7 10.0.0.1"]), &plan(""));
    assert_eq!(
        shown(&catalog, "1.0.0.10.in-addr.arpa", Rtype::PTR),
        "NOERROR [1.0.0.10.in-addr.arpa. PTR nid0007.cluster.local.]"
    );
}
