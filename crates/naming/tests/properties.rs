//! What holds for any text.

use std::collections::HashSet;

use naming::{NodeSet, Pattern, Rule};
use proptest::prelude::*;
use smd_cache::{ComponentId, Nid};

/// Rules, of which most can be read.
fn rule_text() -> impl Strategy<Value = String> {
    let good = prop::sample::subsequence(
        vec![
            "type:Node|NodeBMC|",
            "subnet:10.1.2.3/16|fd00::/64",
            "id_set:\"x[001-010/3],y[1,4-5]n[0-1]\"",
            "hostname:'{id}-n{04d}'",
            "routers:10.0.0.1|::ffff:10.0.0.2",
            "netmask:255.255.0.0",
            "domain:.a.example",
            "domain_append:rule|GLOBAL",
            "continue:yes",
            "ignore:on",
            "log:debug",
        ],
        0..=11,
    );
    // A name or a type of anything, written as a rule writes it.
    let anything = (prop::sample::select(vec!["name", "id"]), any::<String>())
        .prop_map(|(key, text)| format!("{key}:\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    let odd = "(name|type|id|hostname|domain|typ|cidr|):?[a-z\"'\\\\|{}0-9 .,]{0,8}";
    (good, prop::option::of(anything), prop::option::weighted(0.3, odd)).prop_map(|(good, anything, odd)| {
        let items: Vec<String> = good.into_iter().map(str::to_owned).chain(anything).chain(odd).collect();
        items.join(",")
    })
}

/// Terms of a small node set.
fn set_text() -> impl Strategy<Value = String> {
    let bracket = prop::collection::vec((0u32..30, 0u32..12, 1u32..4, 0usize..4), 1..3).prop_map(|runs| {
        let run = |(from, more, step, width): (u32, u32, u32, usize)| {
            format!("{from:0width$}-{:0width$}/{step}", from + more)
        };
        format!("[{}]", runs.into_iter().map(run).collect::<Vec<_>>().join(","))
    });
    let piece = prop_oneof!["[a-c]{1,2}", "[0-9]", bracket];
    let term = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    prop::collection::vec(term, 1..3).prop_map(|terms| terms.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_rule_reads_back_from_its_canonical_text(text in rule_text()) {
        match Rule::parse_all(&text) {
            Ok(rule) => prop_assert_eq!(Rule::parse(&rule.to_string()), Ok(rule)),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error, text);
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_in_it(text in any::<String>()) {
        for text in [text.clone(), format!("hostname:{text}"), format!("id_set:'{text}',hostname:x"), format!("name:\"{text}")] {
            if let Err(errors) = Rule::parse_all(&text) {
                prop_assert!(errors.iter().all(|error| text.get(error.span.clone()).is_some()));
            }
        }
        let _ = (Rule::hostname_by_type(&text), Rule::hostname_rule(&text), Rule::node_pattern(&text));
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string(), text.clone());
            if let Some(range) = pattern.odd_character() {
                prop_assert!(text.get(range).is_some());
            }
        }
        if let Ok(set) = text.parse::<NodeSet>() {
            prop_assert!(!set.is_empty());
        }
    }

    #[test]
    fn a_pattern_renders_every_nid_with_its_digits(prefix in "[a-z]{0,4}", width in 0usize..20, nid: u64) {
        let pattern: Pattern = format!("{prefix}{{0{width}d}}").parse().expect("a pattern");
        let id = ComponentId::new("x").expect("not blank");
        prop_assert_eq!(pattern.render(&id, Some(Nid(nid))), Some(format!("{prefix}{nid:0width$}")));
        prop_assert_eq!(pattern.render(&id, None), None);
    }

    #[test]
    fn a_set_contains_what_it_spells_and_nothing_else(text in set_text(), other in "[a-c0-9]{0,6}") {
        let Ok(set) = text.parse::<NodeSet>() else { return Ok(()) };
        prop_assume!(set.len() < 5000);
        let names: Vec<String> = set.iter().collect();
        prop_assert_eq!(names.len(), set.len());
        prop_assert!(names.iter().all(|name| set.contains(name)));
        let names: HashSet<String> = names.into_iter().collect();
        prop_assert_eq!(set.contains(&other), names.contains(&other));
        // Names near those that are spelled.
        for name in names.iter().take(50) {
            for near in [format!("0{name}"), format!("{name}0"), name[1..].to_owned(), name[..name.len() - 1].to_owned()] {
                prop_assert_eq!(set.contains(&near), names.contains(&near), "{} in {}", near, text);
            }
        }
        prop_assert_eq!(set.to_string().parse::<NodeSet>(), Ok(set));
    }
}
