//! Both schemas, and every mistake in its place.

use super::*;

fn read(text: &str) -> Result<Site, String> {
    Site::parse("nodes.yaml", text).map_err(|error| error.to_string())
}

#[test]
fn both_schemas_describe_the_same_site() {
    let new = "
bmcs:
- {name: bmc01, xname: x1000c0s0b0, mac: 'DE:CA:FC:0f:ee:01', ip: 172.16.0.101}
nodes:
- name: compute1
  nid: 1
  xname: X1000c0s00b0n0
  bmc: bmc01
  groups: [compute, Compute]
  interfaces:
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{name: management, ip_addr: 172.16.0.1}, {name: v6, ip_addr: 'fd00::1'}]
";
    let old = "
nodes:
- name: compute1
  nid: 1
  xname: x1000c0s0b0n0
  bmc_mac: de:ca:fc:0f:ee:01
  bmc_ip: 172.16.0.101
  group: Compute
  interfaces:
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{network: management, ip_addr: 172.16.0.1}, {network: v6, ip_addr: 'fd00::1'}]
";
    let (mut new, old) = (read(new).unwrap(), read(old).unwrap());
    assert_eq!(new.bmcs[0].name, "bmc01");
    new.bmcs[0].name = "compute1".into();
    assert_eq!(new, old);
    assert_eq!((old.nodes[0].nid, old.nodes[0].interfaces[0].addresses.len()), (Some(Nid(1)), 2));
    assert_eq!(old.groups, [Group { label: "compute".into(), members: vec!["x1000c0s0b0n0".into()] }]);
}

#[test]
fn json_is_yaml() {
    let site = read(r#"{"nodes":[{"xname":"x1c0s0b0n0","nid":7,"interfaces":[{"mac_addr":"52-54-00-BE-EF-01"}]}]}"#);
    assert_eq!(site.unwrap().nodes[0].interfaces[0].mac, "52-54-00-be-ef-01");
}

#[test]
fn a_bmc_that_is_not_listed_has_the_xname_that_its_nodes_name() {
    let site = read("nodes: [{xname: x1000c0s1b0n0}, {xname: x1000c0s1b0n1}]").unwrap();
    let bmcs: Vec<&str> = site.bmcs.iter().map(|bmc| bmc.id.as_str()).collect();
    assert_eq!((bmcs, site.bmcs[0].mac.as_str()), (vec!["x1000c0s1b0"], ""));
    assert_eq!(site.nodes[1].bmc.as_deref(), Some("x1000c0s1b0"));
}

#[test]
fn every_mistake_is_found_in_its_place() {
    let text = "nodes:
- xname: x1000c0s0b0
- xname: nonsense
- xname: x1000c0s0b0n0
  bmc: nobody
  interfaces:
  - mac_addr: 52:54:00:be:ef
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{ip_addr: 10.0.0.300}]
- xname: x1000c0s00b0n0
  interfaces: [{mac_addr: 52-54-00-BE-EF-01}]
- xname: x1000c0s1b0n0
  interfaces: [{mac_addr: 525400beef01}]
";
    assert_eq!(
        read(text).unwrap_err(),
        "nodes.yaml:2:10: \"x1000c0s0b0\" is the xname of a NodeBMC, not of a Node
nodes.yaml:3:10: \"nonsense\" is not an xname
nodes.yaml:5:8: \"nobody\" is neither the name nor the xname of any entry of `bmcs`
nodes.yaml:7:15: \"52:54:00:be:ef\": a MAC address has 12 hexadecimal digits, this has 10
nodes.yaml:9:26: \"10.0.0.300\" is not an IP address
nodes.yaml:10:10: xname \"x1000c0s00b0n0\" is there twice
nodes.yaml:13:27: MAC 52:54:00:be:ef:01 is there twice"
    );
}

#[test]
fn what_does_not_parse_says_where() {
    let error = read("nodes:\n- xname: x1000c0s0b0n0\n  nids: 1\n").unwrap_err();
    assert!(error.starts_with("nodes.yaml:3:3: ") && error.contains("nids") && !error.contains("at line"), "{error}");
    for text in ["nodes: [", "", "- 1", "nodes: {}", "nodes: [{}]", "\u{0}", "nodes: *a"] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with("nodes.yaml:"), "{error}");
    }
}

#[test]
fn a_thousand_mistakes_are_counted_not_told() {
    let text = format!("nodes:\n{}", "- xname: nonsense\n".repeat(1000));
    let findings = Site::parse("nodes.yaml", &text).unwrap_err();
    assert_eq!(findings.0.len(), 1000);
    assert!(findings.to_string().ends_with("\n… and 980 more"), "{findings}");
}

#[test]
fn a_site_of_ten_thousand_nodes_is_within_the_limits() {
    use std::fmt::Write as _;
    let mut text = String::from("nodes:\n");
    for node in 0..10_000 {
        let (high, low) = (node >> 8, node & 255);
        write!(text, "- xname: x{}c{}s{}b0n0\n  nid: {}\n", node / 512, node / 64 % 8, node % 64, node + 1).unwrap();
        write!(text, "  name: n{node}\n  groups: [compute]\n  interfaces:\n").unwrap();
        for nic in 0..3 {
            writeln!(text, "  - mac_addr: 02:00:{nic:02x}:00:{high:02x}:{low:02x}").unwrap();
            writeln!(text, "    ip_addrs: [{{name: net{nic}, ip_addr: 10.{nic}.{high}.{low}}}]").unwrap();
        }
    }
    let site = read(&text).unwrap();
    assert_eq!((site.nodes.len(), site.groups[0].members.len()), (10_000, 10_000));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(nodes:|bmcs:|- xname: x1c0s0b0n0|  bmc: |interfaces: |[ -~\n]){0,12}") {
        if let Err(findings) = Site::parse("nodes.yaml", &text) {
            proptest::prop_assert!(!findings.0.is_empty(), "a refusal has a reason");
        }
    }
}
