//! Replies against recorded ones. A line of `recorded.tsv`: case, step, source, destination, the request in hex, and what
//! must come of it: `silence`, or the facts of the reply, `exactly` these or `at-least` these; `|` separates what is
//! equally right. Where the original (`CoreDHCP` with `coresmd` v0.6.3) errs, the facts are those of the RFCs.
//!
//! `ovmf-boot` is one boot of a machine with OVMF, from its firmware's first SOLICIT to iPXE's REQUEST; what the machine
//! echoes of its server there is ours.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;

/// A reply as comparable text: header fields by name, options by number.
type Facts = BTreeMap<String, String>;

#[test]
fn replies_are_as_recorded() {
    let mut played = 0;
    let mut pools: BTreeMap<&str, Vec<PrefixPool>> = BTreeMap::from([
        ("prefix", vec![pool("2001:db8:100::/56", 64)]),
        ("prefix-exhausted", vec![pool("2001:db8:7::/64", 64)]),
    ]);
    for line in include_str!("recorded.tsv").lines() {
        let [case, step, source, destination, request, wanted] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("six columns, not {line}");
        };
        let meta = meta(source, destination);
        let pools = pools.entry(case).or_default();
        let got = answer(&policy_of(case), pools, &bytes(request), &meta);
        let faults = wanted.split(" | ").map(|wanted| faults(wanted, &got)).min_by_key(Vec::len).unwrap();
        assert!(faults.is_empty(), "{case} {step}: {}\ngot {got:?}", faults.join("; "));
        if let Ok(transmit) = got {
            assert_eq!(transmit.destination.to, meta.source, "{case} {step}");
        }
        played += 1;
    }
    assert_eq!(played, 78);
}

fn policy_of(case: &str) -> Policy6 {
    match case {
        "plugins" => {
            let search = b"\x09openchami\x07cluster\0\x07cluster\x05local\0".to_vec();
            let second = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
            policy(vec![
                Step6::Dns(vec![SERVER, second]),
                Step6::SearchDomains(search),
                file(&[(STRANGER, Ipv6Addr::new(0xfd00, 0x16, 0, 0, 0, 0, 0, 0x61))]),
                Step6::Nbp {
                    url: "http://[fd00:16::253]/boot.efi?params=console".into(),
                    parameters: Some("console".into()),
                },
            ])
        }
        "prefix" | "prefix-exhausted" => policy(vec![Step6::Prefix(0)]),
        "stateful" | "dual-stack" | "listen-any" | "relayed" | "boot" | "ovmf-boot" => usual(),
        other => panic!("no policy for {other}"),
    }
}

/// What is wrong with an outcome.
fn faults(wanted: &str, got: &Result<Transmit, DropReason>) -> Vec<String> {
    let Some((scope, wanted)) = wanted.split_once(' ') else {
        assert_eq!(wanted, "silence");
        return got.iter().map(|_| "wanted silence".to_owned()).collect();
    };
    let got = match got {
        Ok(transmit) => facts(&transmit.datagram),
        Err(reason) => return vec![format!("wanted a reply, dropped: {reason}")],
    };
    let wanted: BTreeMap<_, _> = wanted.split(' ').map(|fact| fact.split_once('=').unwrap()).collect();
    let mut faults: Vec<String> = wanted
        .iter()
        .filter(|(name, value)| !fits(value, got.get(**name).map(String::as_str)))
        .map(|(name, value)| format!("{name} is {:?}, wanted {value}", got.get(*name)))
        .collect();
    if scope == "exactly" {
        let surplus = got.keys().filter(|name| *name != "order" && !wanted.contains_key(name.as_str()));
        faults.extend(surplus.map(|name| format!("surplus {name}")));
    }
    faults
}

/// Commas separate alternatives, `*` at the end stands for anything, `absent` for nothing.
fn fits(wanted: &str, got: Option<&str>) -> bool {
    let one = |wanted: &str| match (wanted.strip_suffix('*'), got) {
        (_, None) => wanted == "absent",
        (Some(prefix), Some(got)) => got.starts_with(prefix),
        (None, Some(got)) => got == wanted,
    };
    one(wanted) || wanted.split(',').any(one)
}

fn facts(datagram: &[u8]) -> Facts {
    let message = Received::decode(datagram).unwrap();
    let mut facts = Facts::new();
    for (level, relay) in message.relays().iter().enumerate() {
        let kind = u8::from(relay.message_type);
        let (hops, link, peer) = (relay.hop_count, relay.link_address, relay.peer_address);
        facts.insert(format!("relay{level}"), format!("{kind}/{hops}/{link}/{peer}"));
        for code in [18, 37, 38, 79] {
            if let Some(value) = relay.option(OptionCode::from(code)) {
                facts.insert(format!("relay{level}.{code}"), hex(value));
            }
        }
    }
    facts.insert("type".into(), u8::from(message.message_type()).to_string());
    facts.insert("xid".into(), hex(&message.transaction_id()));
    let codes: Vec<String> = message.options().map(|(code, _)| u16::from(code).to_string()).collect();
    facts.insert("order".into(), codes.join(","));
    facts.extend(message.options().map(|(code, value)| (u16::from(code).to_string(), hex(value))));
    facts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
