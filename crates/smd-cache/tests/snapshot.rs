//! Bodies in, snapshot out: the oddities that SMD can hold, and what is made of each.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;

use proptest::prelude::*;
use smd_cache::boot::Precedence;
use smd_cache::inventory::Bodies;
use smd_cache::{Host, Inventory, Known, MacAddr, Nid, Rejected, Snapshot, Unservable};

fn build(interfaces: &str, components: &str) -> (Snapshot, Vec<String>) {
    let inventory = Inventory::from_smd(interfaces.as_bytes(), components.as_bytes()).unwrap();
    let (snapshot, rejected) = Snapshot::build(inventory);
    (snapshot, rejected.iter().map(ToString::to_string).collect())
}

/// A row of `EthernetInterfaces`.
fn interface(mac: &str, component: &str, addresses: &[&str]) -> String {
    let addresses: Vec<String> = addresses.iter().map(|text| format!(r#"{{"IPAddress":"{text}"}}"#)).collect();
    let id = mac.replace(':', "").to_lowercase();
    format!(
        r#"{{"ID":"{id}","Description":"NIC {id}","MACAddress":"{mac}","LastUpdate":"2026-01-05T08:00:00.000000Z","ComponentID":"{component}","Type":"","IPAddresses":[{}]}}"#,
        addresses.join(",")
    )
}

fn list(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

fn mac(text: &str) -> MacAddr {
    text.parse().unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The recorded inventory of odd rows that the DHCP goldens use.
const COMPONENTS: &str = r#"{"Components":[
    {"ID":"x1000c0s0b0n0","Type":"Node","State":"On","Flag":"OK","Enabled":true,"Role":"Compute","NID":1,"Arch":"X86"},
    {"ID":"x1000c0s1b0n0","Type":"Node","State":"Empty","Enabled":false,"Role":"Compute","NID":2},
    {"ID":"x1000c0s2b0n0","Type":"Node","State":"On","Flag":"OK","Enabled":true,"Role":"Compute","NID":3},
    {"ID":"x1000c0s0b0","Type":"NodeBMC","State":"On","Flag":"OK","Enabled":true},
    {"ID":"x1000c0w1","Type":"Toaster","Enabled":true}]}"#;

#[test]
fn the_recorded_odd_rows() {
    let (snapshot, rejected) = build(
        &list(&[
            interface("52:54:00:be:ef:01", "x1000c0s0b0n0", &["172.16.0.1"]),
            interface("52:54:00:BE:EF:02", "x1000c0s1b0n0", &["172.16.0.2"]),
            interface("52-54-00-be-ef-03", "x1000c0s2b0n0", &["fd00:16::3", "172.16.0.3"]),
            interface("de:ca:fc:0f:ee:01", "x1000c0s0b0", &[]),
            interface("de:ca:fc:0f:ee:02", "x1000c0w1", &["172.16.9.2"]),
            interface("0a:00:27:00:00:07", "x9000c0s0b0n0", &["172.16.0.88"]),
            interface("0a:00:27:00:00:08", "", &["172.16.0.89"]),
        ]),
        COMPONENTS,
    );
    for (spelled, id, addresses) in [
        ("52:54:00:be:ef:01", "x1000c0s0b0n0", vec!["172.16.0.1"]),
        ("52:54:00:be:ef:02", "x1000c0s1b0n0", vec!["172.16.0.2"]),
        ("52:54:00:be:ef:03", "x1000c0s2b0n0", vec!["fd00:16::3", "172.16.0.3"]),
        ("de:ca:fc:0f:ee:02", "x1000c0w1", vec!["172.16.9.2"]),
    ] {
        let host = snapshot.host(mac(spelled)).unwrap();
        let expected: Vec<IpAddr> = addresses.iter().map(|text| address(text)).collect();
        assert_eq!((host.id().as_str(), host.addresses()), (id, &expected[..]), "{spelled}");
        assert!(host.description().starts_with("NIC "), "{spelled}");
    }
    assert_eq!(snapshot.host_at(address("::ffff:172.16.0.1")).unwrap().mac(), mac("52:54:00:be:ef:01"));
    assert_eq!(snapshot.host(mac("de:ca:fc:0f:ee:02")).unwrap().component_type().as_str(), "Toaster");
    let bmc = "x1000c0s0b0".to_owned();
    assert!(matches!(
        snapshot.lookup(mac("de:ca:fc:0f:ee:01")),
        Known::Unservable(Unservable::NoAddress(id)) if id.as_str() == bmc
    ));
    for orphan in ["0a:00:27:00:00:07", "0a:00:27:00:00:08"] {
        assert!(matches!(snapshot.lookup(mac(orphan)), Known::Unservable(Unservable::Orphan)), "{orphan}");
    }
    assert!(snapshot.host_at(address("172.16.0.88")).is_none());
    assert!(matches!(snapshot.lookup(mac("02:00:00:00:00:01")), Known::Unknown));
    assert_eq!(
        rejected,
        [
            "EthernetInterfaces[5] 0a0027000007 belongs to x9000c0s0b0n0, which is not listed",
            "EthernetInterfaces[6] 0a0027000008 belongs to no component",
        ]
    );
}

#[test]
fn several_interfaces_of_one_node_are_its_hosts_in_order() {
    let (snapshot, rejected) = build(
        &list(&[
            interface("02:00:00:00:00:03", "x1000c0s1b0n0", &["10.0.0.3"]),
            interface("02:00:00:00:00:02", "x1000c0s0b0n0", &["10.0.0.2", "10.1.0.2"]),
            interface("02:00:00:00:00:01", "x1000c0s0b0n0", &["10.0.0.1"]),
            interface("02:00:00:00:00:04", "x1000c0s0b0", &["10.0.0.4"]),
        ]),
        COMPONENTS,
    );
    assert_eq!(rejected, Vec::<String>::new());
    let last = |host: Host<'_>| host.mac().octets()[5];
    assert_eq!(snapshot.hosts().map(last).collect::<Vec<_>>(), [4, 1, 2, 3]);
    assert_eq!(snapshot.hosts_of("x1000c0s0b0n0").map(last).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(snapshot.hosts_of("x1000c0s2b0n0").count() + snapshot.hosts_of("nobody").count(), 0);
    assert_eq!(snapshot.hosts_with_nid(Nid(1)).map(last).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(snapshot.hosts_with_nid(Nid(0)).count(), 0);
    let bmc = snapshot.host(mac("02:00:00:00:00:04")).unwrap();
    assert_eq!((bmc.nid(), bmc.pattern_nid(), bmc.role()), (None, Some(Nid(1)), None));
    assert_eq!(snapshot.host(mac("02:00:00:00:00:01")).unwrap().role(), Some("Compute"));
}

#[test]
fn nodes_that_share_a_nid_are_all_found() {
    let components = r#"[{"ID":"x1c0s1b0n0","Type":"Node","NID":1},{"ID":"x1c0s0b0n0","Type":"Node","NID":"1"}]"#;
    let interfaces = list(&[
        interface("02:00:00:00:00:01", "x1c0s1b0n0", &["10.0.0.1"]),
        interface("02:00:00:00:00:02", "x1c0s0b0n0", &["10.0.0.2"]),
    ]);
    let (snapshot, _) = build(&interfaces, components);
    let ids: Vec<&str> = snapshot.hosts_with_nid(Nid(1)).map(|host| host.id().as_str()).collect();
    assert_eq!(ids, ["x1c0s0b0n0", "x1c0s1b0n0"]);
}

#[test]
fn a_component_listed_twice_counts_once() {
    let components = r#"[{"ID":"x1","Type":"Node","NID":1},{"ID":"x1","Type":"NodeBMC","NID":2}]"#;
    let (snapshot, rejected) = build(&list(&[interface("02:00:00:00:00:01", "x1", &["10.0.0.1"])]), components);
    let host = snapshot.hosts().next().unwrap();
    assert_eq!((host.component_type().as_str(), host.nid()), ("Node", Some(Nid(1))));
    assert_eq!(rejected, ["Components[1] x1 is listed twice; the first row counts"]);
    assert_eq!(snapshot.counts().components, 1);
}

#[test]
fn component_ids_join_by_spelling_and_then_as_xnames() {
    let components = r#"[{"ID":"X1000C0S02B0N0","Type":"Node"},{"ID":"Rack-A/7","Type":"Node"}]"#;
    let (snapshot, rejected) = build(
        &list(&[
            interface("02:00:00:00:00:01", "x1000c0s2b0n00", &["10.0.0.1"]),
            interface("02:00:00:00:00:02", "Rack-A/7", &["10.0.0.2"]),
            interface("02:00:00:00:00:03", "rack-a/7", &["10.0.0.3"]),
        ]),
        components,
    );
    assert_eq!(snapshot.host_at(address("10.0.0.1")).unwrap().id().as_str(), "X1000C0S02B0N0");
    assert_eq!(snapshot.host_at(address("10.0.0.2")).unwrap().id().as_str(), "Rack-A/7");
    assert_eq!(rejected.len(), 1, "an ID that is no xname is compared exactly: {rejected:?}");
}

#[test]
fn one_mac_in_two_spellings_is_one_host() {
    let interfaces = r#"[
        {"ID":"52-54-00-be-ef-01","MACAddress":"52-54-00-BE-EF-01","ComponentID":"x1","LastUpdate":"2026-01-02T00:00:00Z","IPAddresses":[{"IPAddress":"10.0.0.2"}]},
        {"ID":"525400beef01","MACAddress":"52:54:00:be:ef:01","ComponentID":"x1","LastUpdate":"2026-01-01T00:00:00.5+01:00","IPAddresses":[{"IPAddress":"10.0.0.1"}]}]"#;
    let (snapshot, rejected) = build(interfaces, r#"[{"ID":"x1","Type":"Node"}]"#);
    assert_eq!(snapshot.host(mac("525400BEEF01")).unwrap().addresses(), [address("10.0.0.1")]);
    assert!(snapshot.host_at(address("10.0.0.2")).is_none());
    assert_eq!(
        rejected,
        [
            "EthernetInterfaces[0] 52-54-00-be-ef-01 MAC address 52:54:00:be:ef:01 belongs to EthernetInterfaces[1] 525400beef01"
        ]
    );
}

#[test]
fn an_unreadable_row_keeps_its_mac_from_the_pool() {
    let interfaces = r#"[{"ID":"a","MACAddress":"02:00:00:00:00:01","ComponentID":{"x":1}}]"#;
    let (snapshot, _) = build(interfaces, "[]");
    assert!(matches!(snapshot.lookup(mac("02:00:00:00:00:01")), Known::Unservable(Unservable::Orphan)));
}

#[test]
fn groups_and_boot_parameters_are_joined() {
    let interfaces = list(&[
        interface("02:00:00:00:00:01", "x1000c0s0b0n0", &["10.0.0.1"]),
        interface("02:00:00:00:00:02", "x1000c0s1b0n0", &["10.0.0.2"]),
    ]);
    let read = |precedence| {
        Inventory::read(&Bodies {
            interfaces: interfaces.as_bytes(),
            components: COMPONENTS.as_bytes(),
            groups: Some(
                br#"[{"label":"compute","members":{"ids":["x1000c0s1b0n0","x1000c0s0b0n0","x1000c0s0b0n0","x77"]}},
                    {"label":"blue","members":{"ids":["x1000c0s0b0n0"]}}]"#,
            ),
            boot: Some((
                br#"[{"macs":["02:00:00:00:00:01"],"kernel":"by-mac"},{"hosts":["x1000c0s0b0n0"],"kernel":"by-xname"},
                    {"hosts":["Compute"],"kernel":"by-role"}]"#,
                precedence,
            )),
        })
        .unwrap()
    };
    let kernels = |precedence| -> Vec<Option<String>> {
        let (snapshot, _) = Snapshot::build(read(precedence));
        snapshot.hosts().map(|host| host.boot().map(|boot| boot.kernel.clone())).collect()
    };
    assert_eq!(kernels(Precedence::Sql), [Some("by-mac".to_owned()), None]);
    assert_eq!(kernels(Precedence::Kv), [Some("by-xname".to_owned()), Some("by-role".to_owned())]);

    let (snapshot, rejected) = Snapshot::build(read(Precedence::Sql));
    assert_eq!(snapshot.hosts_in_group("compute").count(), 2);
    assert_eq!(snapshot.hosts_in_group("blue").map(|host| host.id().as_str()).collect::<Vec<_>>(), ["x1000c0s0b0n0"]);
    assert_eq!(snapshot.hosts_in_group("red").count(), 0);
    assert_eq!(snapshot.hosts().next().unwrap().groups().collect::<Vec<_>>(), ["blue", "compute"]);
    let rejected: Vec<String> = rejected.iter().map(Rejected::to_string).collect();
    assert_eq!(rejected, ["groups compute member x77 is not a listed component"]);
}

#[test]
fn replicas_agree_on_the_digest_and_any_change_moves_it() {
    let rows = [
        interface("02:00:00:00:00:01", "x1000c0s0b0n0", &["10.0.0.1", "10.0.0.3"]),
        interface("02:00:00:00:00:02", "x1000c0s1b0n0", &["10.0.0.2"]),
        interface("02:00:00:00:00:03", "x9", &[]),
    ];
    let digest = |rows: &[String], components: &str| build(&list(rows), components).0.digest();
    let one = digest(&rows, COMPONENTS);
    let [a, b, c] = rows.clone();
    assert_eq!(one, digest(&[c, b.replace("02:00:00:00:00:02", "02-00-00-00-00-02"), a], COMPONENTS));
    let changed = [
        digest(&rows[..2], COMPONENTS),
        digest(&rows.clone().map(|row| row.replace("10.0.0.2", "10.0.0.9")), COMPONENTS),
        digest(&rows.clone().map(|row| row.replace("NIC", "nic")), COMPONENTS),
        digest(&rows.clone().map(|row| row.replace("x1000c0s1b0n0", "x1000c0s2b0n0")), COMPONENTS),
        digest(&rows, &COMPONENTS.replace("\"NID\":3", "\"NID\":4")),
        digest(&rows, &COMPONENTS.replace("Compute", "Service")),
        digest(&rows, &COMPONENTS.replace("Toaster", "Kettle")),
    ];
    for (at, other) in changed.iter().enumerate() {
        assert_ne!(one, *other, "change {at}");
    }
}

/// A value as SMD might hold it: mostly good, often clashing, sometimes garbage.
fn row() -> impl Strategy<Value = String> {
    let mac = prop_oneof![
        8 => (0..6_u8).prop_map(|last| format!("02:00:00:00:00:0{last}")),
        1 => (0..6_u8).prop_map(|last| format!("02-00-00-00-00-0{last}")),
        1 => "\\PC{0,6}",
    ];
    let address = prop_oneof![
        8 => (0..9_u8).prop_map(|last| format!("10.0.0.{last}")),
        2 => (0..3_u8).prop_map(|last| format!("fd00::{last}")),
        1 => Just("0.0.0.0".to_owned()),
        1 => "\\PC{0,6}",
    ];
    let component = prop_oneof![8 => (0..4_u8).prop_map(|slot| format!("x1c0s{slot}b0n0")), 1 => "\\PC{0,4}"];
    let updated = prop_oneof![Just(String::new()), (1..4_u8).prop_map(|day| format!("2026-01-0{day}T00:00:00Z"))];
    (mac, component, updated, prop::collection::vec(address, 0..4)).prop_map(|(mac, component, updated, addresses)| {
        let addresses: Vec<_> = addresses.iter().map(|text| serde_json::json!({"IPAddress": text})).collect();
        serde_json::json!({"MACAddress": mac, "ComponentID": component, "LastUpdate": updated, "IPAddresses": addresses})
            .to_string()
    })
}

const THREE_NODES: &str =
    r#"[{"ID":"x1c0s0b0n0","Type":"Node","NID":0},{"ID":"x1c0s1b0n0","Type":"Node"},{"ID":"x1c0s2b0n0","NID":5}]"#;

proptest! {
    /// Whatever the rows: every host is found under its MAC and under each of its addresses, none twice; every MAC that
    /// a row names is known; and the order of the rows does not matter.
    #[test]
    fn any_rows_make_a_consistent_snapshot(rows in prop::collection::vec(row(), 0..24)) {
        let (snapshot, _) = build(&list(&rows), THREE_NODES);
        let mut held = 0;
        for host in snapshot.hosts() {
            prop_assert!(!host.addresses().is_empty());
            prop_assert_eq!(snapshot.host(host.mac()).map(Host::id), Some(host.id()));
            for address in host.addresses() {
                prop_assert_eq!(snapshot.host_at(*address).map(Host::mac), Some(host.mac()));
                held += 1;
            }
            prop_assert!(snapshot.hosts_of(host.id().as_str()).any(|found| found.mac() == host.mac()));
            if let Some(nid) = host.nid() {
                prop_assert!(snapshot.hosts_with_nid(nid).any(|found| found.mac() == host.mac()));
            }
        }
        let inventory = Inventory::from_smd(list(&rows).as_bytes(), THREE_NODES.as_bytes()).unwrap();
        let claimed: std::collections::HashSet<IpAddr> =
            inventory.interfaces.iter().flat_map(|row| row.addresses.iter().copied()).collect();
        prop_assert_eq!(held, claimed.iter().filter(|address| snapshot.host_at(**address).is_some()).count());
        for row in &inventory.interfaces {
            prop_assert!(!matches!(snapshot.lookup(row.mac), Known::Unknown));
        }
        let reversed: Vec<String> = rows.into_iter().rev().collect();
        prop_assert_eq!(build(&list(&reversed), THREE_NODES).0.digest(), snapshot.digest());
    }

    /// Whatever the bytes, reading them ends in an inventory or an error.
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..64), text in "[\\[\\]{}\",:a-z0-9 ]{0,40}") {
        for bytes in [&body[..], text.as_bytes()] {
            let _ = Inventory::from_smd(bytes, b"[]").map(Snapshot::build);
            let _ = Inventory::from_smd(b"[]", bytes).map(Snapshot::build);
        }
    }
}
