//! A rule's text, and the names it makes: any text makes a rule or an error whose span lies in the text; a rule can be
//! evaluated for any subject. The same for patterns and node sets.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use naming::{NidSource, NodeSet, Pattern, Rule, RuleLog, RuleSet, Subject};
use smd_cache::{ComponentId, ComponentType, Nid};

fuzz_target!(|text: &str| {
    match Rule::parse(text) {
        Ok(rule) => {
            let id = ComponentId::new("x1000c0s0b0n0").expect("an xname is a component ID");
            let node = ComponentType::new("Node");
            let first = Some(IpAddr::V4(Ipv4Addr::new(10, 78, 0, 12)));
            let domain = Some("cluster.test".to_owned());
            let rules = RuleSet { rules: vec![rule], domain, log: RuleLog::None, nids: NidSource::default() };
            for nid in [None, Some(Nid(7))] {
                let evaluation = rules.evaluate(&Subject { id: &id, component_type: &node, nid, first });
                assert!(evaluation.ignore || !evaluation.hostname.is_empty(), "everybody has a name");
            }
        }
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "the span {:?} is no part of the text", error.span)
        }
    }
    drop(text.parse::<Pattern>());
    if let Ok(set) = text.parse::<NodeSet>() {
        for name in set.iter().take(64) {
            assert!(set.contains(&name), "{name} came from the set");
        }
    }
});
