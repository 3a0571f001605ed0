//! Catalogs of small inventories. The helpers at the top serve the tests of the other rooms too.

use smd_cache::{Inventory, Snapshot};

use super::*;
use crate::wire::Rtype;

/// The catalog of zones, given as `NAME` or `NAME=PATTERN`, and of components, given as `ID TYPE NID ADDRESS…` with `-`
/// for no NID. Each address is on an interface of its own.
pub(crate) fn catalog(zones: &[&str], components: &[&str]) -> Catalog {
    Catalog::build(&snapshot(components), &self::zones(zones))
}

pub(crate) fn zones(zones: &[&str]) -> Plan {
    let zone = |text: &&str| {
        let (name, pattern) = text.split_once('=').map_or((*text, None), |(name, pattern)| (name, Some(pattern)));
        Zone::new(Name::parse(name).unwrap(), pattern.map(|pattern| pattern.parse().unwrap()))
    };
    Plan::of(zones.iter().map(zone).collect())
}

pub(crate) fn snapshot(components: &[&str]) -> Snapshot {
    let mut rows = Vec::new();
    let mut interfaces = Vec::new();
    for line in components {
        let words: Vec<&str> = line.split(' ').collect();
        let [id, component_type, nid, addresses @ ..] = &words[..] else { panic!("{line}") };
        let nid = if *nid == "-" { String::new() } else { format!(r#","NID":{nid}"#) };
        rows.push(format!(r#"{{"ID":"{id}","Type":"{component_type}"{nid}}}"#));
        for address in addresses {
            let mac = format!("{:012x}", 0x0200_0000_0000_u64 + interfaces.len() as u64);
            interfaces.push(format!(
                r#"{{"ID":"{mac}","MACAddress":"{mac}","ComponentID":"{id}","IPAddresses":[{{"IPAddress":"{address}"}}]}}"#
            ));
        }
    }
    let interfaces = format!("[{}]", interfaces.join(","));
    let components = format!(r#"{{"Components":[{}]}}"#, rows.join(","));
    let inventory = Inventory::from_smd(interfaces.as_bytes(), components.as_bytes()).unwrap();
    Snapshot::build(inventory).0
}

/// The names of a catalog that have records, each with its types.
fn named(catalog: &Catalog) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for (name, node) in &catalog.nodes {
        let name = crate::name::LowerName::from_checked_wire(name);
        named.extend(node.sets.iter().map(|set| format!("{name} {} {}", set.rtype, set.count)));
    }
    named.sort();
    named
}

fn node<'c>(catalog: &'c Catalog, name: &str) -> Option<&'c Node> {
    catalog.node(Name::parse(name).unwrap().as_wire())
}

#[test]
fn a_component_has_its_id_in_every_zone_and_a_node_the_pattern_too() {
    let catalog = catalog(
        &["alpha.example=nid{04d}", "plain.example"],
        &["x1c0s0b0n0 Node 7 10.0.0.1 10.0.1.1 fd00::1", "x1c0s0b0 NodeBMC - 10.1.0.1"],
    );
    assert_eq!(
        named(&catalog),
        [
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. PTR 1",
            "1.0.0.10.in-addr.arpa. PTR 1",
            "1.0.1.10.in-addr.arpa. PTR 1",
            "1.1.0.10.in-addr.arpa. PTR 1",
            "nid0007.alpha.example. A 2",
            "nid0007.alpha.example. AAAA 1",
            "x1c0s0b0.alpha.example. A 1",
            "x1c0s0b0.plain.example. A 1",
            "x1c0s0b0n0.alpha.example. A 2",
            "x1c0s0b0n0.alpha.example. AAAA 1",
            "x1c0s0b0n0.plain.example. A 2",
            "x1c0s0b0n0.plain.example. AAAA 1",
        ]
    );
    assert_eq!(catalog.problems(), []);
}

#[test]
fn a_pattern_that_wants_a_nid_names_no_node_without_one() {
    let catalog = catalog(&["z=nid{04d}"], &["x1c0s0b0n0 Node - 10.0.0.1", "x1c0s1b0n0 Node 0 10.0.0.2"]);
    assert!(node(&catalog, "x1c0s0b0n0.z").is_some());
    let zero = node(&catalog, "nid0000.z").unwrap().sets.get(Rtype::A).unwrap();
    assert_eq!((zero.count, &zero.records[12..]), (1, &[10, 0, 0, 2][..]));
}

#[test]
fn the_records_point_to_the_question_and_live_a_minute() {
    let catalog = catalog(&["z"], &["x1c0s0b0n0 Node 1 10.0.0.1 fd00::1"]);
    let node = node(&catalog, "x1c0s0b0n0.z").unwrap();
    let a = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x01";
    assert_eq!(node.sets.get(Rtype::A).unwrap().records, a);
    let aaaa = b"\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
    assert_eq!(node.sets.get(Rtype::AAAA).unwrap().records, aaaa);
}

#[test]
fn a_ptr_gives_the_id_in_the_first_zone_that_holds_names() {
    let catalog = catalog(&["10.in-addr.arpa", "first=n{04d}", "second"], &["X1c0s0b0n0 Node 1 10.0.0.1 192.0.2.1"]);
    for reverse in ["1.0.0.10.in-addr.arpa", "1.2.0.192.in-addr.arpa"] {
        let ptr = node(&catalog, reverse).unwrap().sets.get(Rtype::PTR).unwrap();
        assert_eq!(&ptr.records[12..], b"\x0ax1c0s0b0n0\x05first\0", "{reverse}");
    }
}

#[test]
fn a_reverse_name_lies_in_its_reverse_zone_or_is_a_zone_of_its_own() {
    let catalog = catalog(&["z", "0.10.in-addr.arpa"], &["x1c0s0b0n0 Node 1 10.0.0.1 192.0.2.1"]);
    let (inside, outside) = (node(&catalog, "1.0.0.10.in-addr.arpa"), node(&catalog, "1.2.0.192.in-addr.arpa"));
    let inside = inside.unwrap();
    assert_eq!((inside.zone, inside.apex_length), (1, "0.10.in-addr.arpa".len() + 2));
    let outside = outside.unwrap();
    assert_eq!((outside.zone, outside.apex_length), (2, "1.2.0.192.in-addr.arpa".len() + 2));
    // the empty non-terminal between name and apex exists; what lies above the single name is none of ours
    assert!(node(&catalog, "0.0.10.in-addr.arpa").unwrap().sets.is_empty());
    assert!(node(&catalog, "2.0.192.in-addr.arpa").is_none());
}

#[test]
fn dots_in_names_make_empty_non_terminals_within_the_zone() {
    let catalog = catalog(&["z=nid{04d}.hsn.fabric", "c.b.z"], &["x1c0s0b0n0 Node 1 10.0.0.1"]);
    for (name, zone) in [("hsn.fabric.z", 0), ("fabric.z", 0), ("z", 0), ("b.z", 0), ("c.b.z", 1)] {
        let node = node(&catalog, name).unwrap_or_else(|| panic!("{name} exists"));
        assert!(node.sets.is_empty(), "{name}");
        assert_eq!(node.zone, zone, "{name}");
    }
    assert_eq!(catalog.zone(1).parent, Some(0));
}

#[test]
fn a_pattern_may_reach_into_a_zone_below() {
    let catalog = catalog(&["z=n{1d}.sub", "sub.z"], &["x1c0s0b0n0 Node 1 10.0.0.1"]);
    assert_eq!(node(&catalog, "n1.sub.z").unwrap().zone, 1);
}

#[test]
fn the_innermost_zone_is_the_one_at_label_borders() {
    let catalog = catalog(&["example", "sub.example"], &[]);
    let zone = |name: &str| catalog.enclosing_zone(Name::parse(name).unwrap().as_wire());
    assert_eq!(zone("a.sub.example"), Some(1));
    assert_eq!(zone("sub.example"), Some(1));
    assert_eq!(zone("asub.example"), Some(0));
    assert_eq!(zone("fooexample"), None);
    assert_eq!(zone("."), None);
}

#[test]
fn what_cannot_be_named_is_told_and_the_rest_is_served() {
    let long = "x".repeat(64);
    let catalog = catalog(
        &["z=login"],
        &[&format!("{long} Node 1 10.0.0.1"), "x1c0s1b0n0 Node 2 10.0.0.2", "x1c0s2b0n0 Node 2 10.0.0.3"],
    );
    let problems: Vec<String> = catalog.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("login.z. is the name of 3 components: x1c0s1b0n0, x1c0s2b0n0, xxx"),
        "{problems:?}"
    );
    assert!(problems[1].ends_with("({id}) is named nothing: its ID cannot stand in a DNS name"), "{problems:?}");
    assert_eq!(node(&catalog, "login.z").unwrap().sets.get(Rtype::A).unwrap().count, 3);
    assert_eq!(node(&catalog, "x1c0s1b0n0.z").unwrap().sets.get(Rtype::A).unwrap().count, 1);
}

#[test]
fn a_name_with_more_addresses_than_a_message_holds_gives_as_many_as_it_holds() {
    let lines: Vec<String> =
        (0..2100).map(|n| format!("x{n}c0s0b0n0 Node {n} 10.1.{}.{}", n / 250, n % 250 + 1)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let catalog = catalog(&["z=login"], &lines);
    let set = node(&catalog, "login.z").unwrap().sets.get(Rtype::A).unwrap();
    assert_eq!(set.count, 2000);
    assert_eq!(set.records.len(), 2000 * 16);
    assert!(catalog.problems().iter().any(|problem| problem.kind == ProblemKind::TooManyAddresses(2100)));
}

fn serial(catalog: &Catalog, zone: usize) -> u32 {
    let soa = catalog.zone(zone).sets.get(Rtype::SOA).unwrap().records;
    u32::from_be_bytes(*soa[soa.len() - 20..].first_chunk().unwrap())
}

#[test]
fn the_serial_is_that_of_the_content_and_the_same_in_the_negative_answer() {
    let plan = zones(&["z=nid{04d}", "other"]);
    let of = |components: &[&str], before: &Serials| Catalog::build_after(&snapshot(components), &plan, before);
    let one = of(&["x1c0s0b0n0 Node 1 10.0.0.1", "x1c0s1b0n0 Node 2 10.0.0.2"], &Serials::default());
    let same = of(&["x1c0s1b0n0 Node 2 10.0.0.2", "x1c0s0b0n0 Node 1 10.0.0.1"], one.serials());
    let moved = of(&["x1c0s0b0n0 Node 3 10.0.0.1", "x1c0s1b0n0 Node 2 10.0.0.2"], same.serials());
    assert_eq!([serial(&one, 0), serial(&same, 0), serial(&moved, 0)], [1, 1, 2]);
    // the NID is in no name of the other zone
    assert_eq!(serial(&moved, 1), 1);
    let zone = moved.zone(0);
    assert_eq!(zone.serial, 2);
    assert_eq!(zone.negative[10..], zone.sets.get(Rtype::SOA).unwrap().records[12..]);
    assert_eq!(zone.negative[..8], [0, 6, 0, 1, 0, 0, 0, 30]);
}

#[test]
fn replicas_agree_on_the_serial_by_the_newest_row() {
    let plan = zones(&["z"]);
    let interfaces = |last: &str| {
        format!(
            r#"[{{"MACAddress":"020000000001","ComponentID":"x1c0s0b0n0","LastUpdate":"2026-08-05T00:00:00Z","IPAddresses":[{{"IPAddress":"10.0.0.1"}}]}},
                {{"MACAddress":"020000000002","ComponentID":"x1c0s1b0n0","LastUpdate":"{last}","IPAddresses":[{{"IPAddress":"10.0.0.2"}}]}}]"#
        )
    };
    let components =
        br#"{"Components":[{"ID":"x1c0s0b0n0","Type":"Node","NID":1},{"ID":"x1c0s1b0n0","Type":"Node","NID":2}]}"#;
    let of = |last: &str, before: &Serials| {
        let inventory = Inventory::from_smd(interfaces(last).as_bytes(), components).unwrap();
        Catalog::build_after(&Snapshot::build(inventory).0, &plan, before)
    };
    let (first, fresh) = (of("2026-08-06T00:00:00Z", &Serials::default()), Serials::default());
    assert_eq!(serial(&first, 0), 1_785_974_400);
    // a row that is written without effect on names moves nothing
    assert_eq!(serial(&of("2026-08-07T00:00:00Z", first.serials()), 0), 1_785_974_400);
    assert_eq!(serial(&of("2026-08-07T00:00:00Z", &fresh), 0), 1_785_974_400 + 86_400);
}

#[test]
fn before_the_first_snapshot_the_zones_are_known_and_empty() {
    let catalog = Catalog::unloaded(&zones(&["z=nid{04d}"]));
    assert!(!catalog.is_loaded());
    assert_eq!(catalog.enclosing_zone(Name::parse("a.z").unwrap().as_wire()), Some(0));
}

mod plans;
