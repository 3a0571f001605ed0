//! Rules as the original was recorded to apply them (options 12, 3 and 1 of its DHCP replies).

use std::net::{IpAddr, Ipv4Addr};

use naming::{NidSource, Outcome, Rule, RuleSet, Subject, Unnameable};
use smd_cache::{ComponentId, ComponentType, Nid};

/// A rule set of the text form: rules that cannot be read are skipped.
fn rule_set(domain: Option<&str>, rules: &[&str]) -> RuleSet {
    let rules = rules.iter().filter_map(|text| Rule::parse(text).ok()).collect();
    RuleSet { rules, domain: domain.map(str::to_owned), ..RuleSet::default() }
}

/// A component: ID, type, NID for patterns, first address.
type Component = (&'static str, &'static str, Option<u64>, &'static str);

/// What is left of an evaluation: hostname, routers, netmask; or nothing where the request is ignored.
fn outcome(rules: &RuleSet, (id, component_type, nid, first): Component) -> Option<(String, Vec<String>, String)> {
    let (id, component_type) = (ComponentId::new(id).expect("not blank"), ComponentType::new(component_type));
    let first: IpAddr = first.parse().expect("an address");
    let evaluation =
        rules.evaluate(&Subject { id: &id, component_type: &component_type, nid: nid.map(Nid), first: Some(first) });
    let routers = evaluation.routers.unwrap_or_default().iter().map(Ipv4Addr::to_string).collect();
    let netmask = evaluation.netmask.map(|mask| mask.to_string()).unwrap_or_default();
    (!evaluation.ignore).then_some((evaluation.hostname, routers, netmask))
}

fn expect(rules: &RuleSet, component: Component, hostname: &str, routers: &[&str], netmask: &str) {
    let routers = routers.iter().map(ToString::to_string).collect();
    assert_eq!(outcome(rules, component), Some((hostname.to_owned(), routers, netmask.to_owned())), "{component:?}");
}

const NODE_1: Component = ("x1000c0s0b0n0", "Node", Some(1), "172.16.0.1");
const NODE_2: Component = ("x1000c0s1b0n0", "Node", Some(2), "172.16.0.2");
const NODE_3: Component = ("x1000c0s2b0n0", "Node", Some(3), "172.16.0.3");
const NODE_17: Component = ("x1000c0s7b0n0", "Node", Some(17), "172.16.0.17");
/// The BMC of node 1: the pattern NID is that node's.
const BMC_1: Component = ("x1000c0s0b0", "NodeBMC", Some(1), "172.16.0.101");
const BMC_2: Component = ("x1000c0s1b0", "NodeBMC", Some(2), "172.16.0.102");
const ROUTER: Component = ("x1000c0r7b0", "RouterBMC", None, "172.16.0.120");
const SWITCH: Component = ("x1000c0w22", "MgmtSwitch", None, "172.16.0.121");

#[test]
fn types_and_ids() {
    let rules = rule_set(
        Some("openchami.cluster"),
        &[
            "name:first,type:Node,id:x1000c0s1b0n0,hostname:login{02d},domain:login.example",
            "type:Node,hostname:nid{04d},routers:172.16.0.1|172.16.0.2",
            "type:NodeBMC|RouterBMC,hostname:{id}-mgmt,domain_append:none,netmask:255.255.255.128",
        ],
    );
    let routers = ["172.16.0.1", "172.16.0.2"];
    expect(&rules, NODE_1, "nid0001.openchami.cluster", &routers, "");
    expect(&rules, NODE_2, "login02.login.example", &[], "");
    expect(&rules, NODE_3, "nid0003.openchami.cluster", &routers, "");
    expect(&rules, BMC_1, "x1000c0s0b0-mgmt", &[], "255.255.255.128");
    expect(&rules, ROUTER, "x1000c0r7b0-mgmt", &[], "255.255.255.128");
    expect(&rules, SWITCH, "unknown-0000.openchami.cluster", &[], "");
}

#[test]
fn domains() {
    let rules = rule_set(
        Some(".openchami.cluster"),
        &[
            "type:Node,id:x1000c0s0b0n0,hostname:a{d},domain:rule.example,domain_append:global|rule",
            "type:Node,id:x1000c0s1b0n0,hostname:b{2d},domain:.rule.example,domain_append:rule|global",
            "type:Node,id:x1000c0s2b0n0,hostname:c{08d},domain:rule.example,domain_append:global",
            "type:NodeBMC,id:x1000c0s0b0,hostname:d-{id},domain_append:rule",
            "type:NodeBMC,hostname:\"e-{04d}\",domain:rule.example,domain_append:RULE",
        ],
    );
    for (component, hostname) in [
        (NODE_1, "a{d}.openchami.cluster.rule.example"),
        (NODE_2, "b02.rule.example.openchami.cluster"),
        (NODE_3, "c00000003.openchami.cluster"),
        (BMC_1, "d-x1000c0s0b0"),
        (BMC_2, "e-0000.rule.example"),
        (NODE_17, "unknown-0017.openchami.cluster"),
        (ROUTER, "unknown-0000.openchami.cluster"),
    ] {
        expect(&rules, component, hostname, &[], "");
    }
}

#[test]
fn continue_ignore_and_rules_that_cannot_be_read() {
    let rules = rule_set(
        None,
        &[
            "type:Node,hostname:nid{04d},continue:true,routers:172.16.0.1",
            "type:RouterBMC,ignore:true",
            "type:MgmtSwitch,ignore:yes,log:info",
            "id:x1000c0s1b0n0,hostname:second,continue:yes",
            "id:x1000c0s1b0n0,cidr:26,continue:on",
            "type:NodeBMC,cidr:25",
            "hostname:rest-{id},id:x1000c0s2b0n0,continue:no",
            "bogus:1,hostname:x",
            "hostname:",
            "type:,hostname:x",
            "netmask:255.0.255.0,hostname:x",
        ],
    );
    assert_eq!(rules.rules.len(), 7);
    expect(&rules, NODE_1, "nid0001", &["172.16.0.1"], "");
    expect(&rules, NODE_2, "second", &["172.16.0.1"], "255.255.255.192");
    expect(&rules, NODE_3, "rest-x1000c0s2b0n0", &["172.16.0.1"], "");
    expect(&rules, BMC_1, "unknown-0000", &[], "255.255.255.128");
    expect(&rules, NODE_17, "nid0017", &["172.16.0.1"], "");
    assert_eq!(outcome(&rules, ROUTER), None);
    assert_eq!(outcome(&rules, SWITCH), None);
}

#[test]
fn subnets() {
    let rules = rule_set(
        Some("openchami.cluster"),
        &[
            "subnet:10.40.1.0/24,type:Node,hostname:compute-{04d},routers:10.40.1.1,cidr:24",
            "subnet:10.40.3.0/24,type:Node,hostname:storage-{04d},routers:10.40.3.1",
            "type:NodeBMC,hostname:bmc{04d}",
            "hostname:unknown-{04d}",
        ],
    );
    let node = |first| ("x1000c0s0b0n0", "Node", Some(1), first);
    expect(&rules, node("10.40.1.11"), "compute-0001.openchami.cluster", &["10.40.1.1"], "255.255.255.0");
    expect(&rules, node("10.40.3.11"), "storage-0001.openchami.cluster", &["10.40.3.1"], "255.255.255.0");
    expect(&rules, node("172.16.0.1"), "unknown-0001.openchami.cluster", &[], "");
    expect(&rules, BMC_1, "bmc0000.openchami.cluster", &[], "");
    assert!(rules.names_subnets());
    assert_eq!(rules.subnet_of("10.40.3.1".parse().expect("an address")), "10.40.3.0/24".parse().ok());
    assert_eq!(rules.subnet_of("10.40.2.1".parse().expect("an address")), None);
}

#[test]
fn literal_letters_keep_their_case() {
    let rules = rule_set(Some("openchami.cluster"), &["type:Node,hostname:Nid{04d}"]);
    expect(&rules, NODE_1, "Nid0001.openchami.cluster", &[], "");
}

// From here on: where the original is plainly wrong.

#[test]
fn the_mask_is_that_of_the_subnet_that_matched() {
    let rules = rule_set(None, &["subnet:10.0.0.0/8|10.40.0.0/16|fd00::/64,hostname:x"]);
    let node = |first| ("x1000c0s0b0n0", "Node", Some(1), first);
    expect(&rules, node("10.1.0.1"), "x", &[], "255.0.0.0");
    expect(&rules, node("10.40.0.1"), "x", &[], "255.255.0.0");
    expect(&rules, node("fd00::1"), "x", &[], "");
    assert_eq!(rules.subnet_of("10.40.0.1".parse().expect("an address")), "10.40.0.0/16".parse().ok());
    assert_eq!(rules.subnet_of("10.41.0.1".parse().expect("an address")), "10.0.0.0/8".parse().ok());
    let everywhere = rule_set(None, &["subnet:0.0.0.0/0,hostname:x"]);
    expect(&everywhere, NODE_1, "x", &[], "");
}

#[test]
fn a_node_without_nid_is_not_node_0() {
    let rules = rule_set(None, &["type:Node,hostname:nid{04d},routers:10.0.0.1", "type:Node,hostname:node-{id}"]);
    expect(&rules, ("x1", "Node", Some(0), "10.0.0.1"), "nid0000", &["10.0.0.1"], "");
    expect(&rules, ("x1", "Node", None, "10.0.0.1"), "node-x1", &[], "");
    let rules = rule_set(None, &["hostname:nid{04d}"]);
    expect(&rules, ("x1", "Node", None, "10.0.0.1"), "unknown-0000", &[], "");
}

#[test]
fn a_bmc_shows_its_nodes_nid_where_that_is_wanted() {
    let rules = rule_set(Some("c"), &["type:NodeBMC|RouterBMC,hostname:bmc{04d}"]);
    let rules = RuleSet { nids: NidSource::Related, ..rules };
    expect(&rules, BMC_1, "bmc0001.c", &[], "");
    expect(&rules, BMC_2, "bmc0002.c", &[], "");
    expect(&rules, ROUTER, "unknown-0000.c", &[], "");
}

#[test]
fn an_id_that_is_no_label_gives_no_name() {
    let rules = rule_set(None, &["hostname:{id},continue:true", "hostname:n-{04d},type:Node"]);
    expect(&rules, ("Rack7-A", "Switch", None, "10.0.0.1"), "rack7-a", &[], "");
    expect(&rules, ("rack 7/a", "Node", Some(1), "10.0.0.1"), "n-0001", &[], "");
    expect(&rules, ("rack 7/a", "Switch", None, "10.0.0.1"), "unknown-0000", &[], "");
}

#[test]
fn a_name_that_dns_has_no_room_for_is_not_given() {
    let domain = vec!["a".repeat(63); 4].join(".");
    let rules = rule_set(Some(&domain), &["hostname:x", "hostname:short,domain_append:none"]);
    expect(&rules, NODE_1, "short", &[], "");
}

#[test]
fn sets_of_ids() {
    let rules = rule_set(None, &["id_set:\"x1000c0s[0-1]b0n[0-1],x9\",hostname:set-{id}", "hostname:rest-{id}"]);
    expect(&rules, NODE_2, "set-x1000c0s1b0n0", &[], "");
    expect(&rules, NODE_3, "rest-x1000c0s2b0n0", &[], "");
    expect(&rules, ("x9", "Node", None, "10.0.0.1"), "set-x9", &[], "");
}

#[test]
fn the_observer_sees_each_rule_until_the_last_that_applies() {
    let rules = rule_set(
        None,
        &[
            "type:NodeBMC,hostname:a",
            "id:x9,hostname:b",
            "subnet:10.0.0.0/8,hostname:c",
            "hostname:d{04d}",
            "hostname:e,continue:true",
            "hostname:f",
            "hostname:g",
        ],
    );
    let (id, component_type) = (ComponentId::new("x1").expect("not blank"), ComponentType::new("Node"));
    let subject = Subject { id: &id, component_type: &component_type, nid: None, first: None };
    let mut steps = Vec::new();
    let evaluation = rules.evaluate_with(&subject, |step| steps.push((step.index, step.outcome)));
    assert_eq!(evaluation.hostname, "f");
    assert_eq!(
        steps,
        [
            (0, Outcome::Type),
            (1, Outcome::Id),
            (2, Outcome::Subnet),
            (3, Outcome::Unnameable(Unnameable::NoNid)),
            (4, Outcome::Matched),
            (5, Outcome::Matched),
        ]
    );
}

#[test]
fn the_log_of_a_rule_is_its_own_or_the_common_one() {
    let rules = rule_set(None, &["hostname:a", "hostname:b,log:debug", "hostname:c,log:none"]);
    let shown = |matched| rules.rules.iter().map(|rule| rules.log_of(rule).shows(matched)).collect::<Vec<_>>();
    assert_eq!(shown(true), [true, true, false]);
    assert_eq!(shown(false), [false, true, false]);
}
