//! Transfers read back by another implementation: every record of the zone is in them, once. The helpers serve the tests
//! of the server too.

use std::collections::BTreeSet;
use std::time::Instant;

use hickory_proto::op::{Message, MessageType, ResponseCode};

use super::*;
use crate::catalog::Plan;
use crate::catalog::tests::{snapshot, zones};
use crate::chain::Chain;
use crate::name::Name;
use crate::plugins::acl::{AccessList, Acl, Action, Policy};
use crate::view::Key;
use crate::wire::Rcode;

pub(crate) const CLIENT: &str = "10.0.0.53";

pub(crate) fn plan(names: &[&str]) -> Plan {
    Plan { transfer_to: vec!["10.0.0.0/24".parse().unwrap()], ..zones(names) }
}

pub(crate) fn view(plan: &Plan, components: &[&str]) -> View {
    let catalog = Arc::new(Catalog::build(&snapshot(components), plan));
    let block = Block::new(Some(catalog), Chain::empty(Rcode::Refused));
    View { keys: vec![Key { zone: Name::root(), block: 0 }], blocks: vec![block] }
}

/// A question for a zone; with a serial, one for what is newer.
pub(crate) fn question(zone: &str, qtype: Rtype, serial: Option<u32>) -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, u8::from(serial.is_some()), 0, 0];
    message.extend_from_slice(Name::parse(zone).unwrap().as_wire());
    message.extend_from_slice(&[qtype.0.to_be_bytes(), CLASS_IN.to_be_bytes()].concat());
    if let Some(serial) = serial {
        message.extend_from_slice(&[0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
        message.extend_from_slice(&[serial.to_be_bytes(), [0; 4], [0; 4], [0; 4], [0; 4]].concat());
    }
    message
}

/// A message over TCP.
pub(crate) fn from<'m>(client: &str, message: &'m [u8]) -> Exchange<'m> {
    let client = (client.parse::<std::net::IpAddr>().unwrap(), 4242).into();
    #[expect(clippy::disallowed_methods, reason = "a test: what it is about does not look at the time")]
    let now = Instant::now();
    Exchange { transport: Transport::Tcp, client, message, now }
}

fn messages(wanted: &Wanted) -> Vec<Message> {
    let (mut messages, mut read) = (wanted.messages(), Vec::new());
    let mut out = Vec::new();
    while messages.next(&mut out) {
        assert!(out.len() < 1 << 16);
        read.push(Message::from_vec(&out).unwrap());
        out.clear();
    }
    read
}

/// The records of the answers, as text.
fn records(view: &View, zone: &str) -> Vec<String> {
    let wanted = wanted(view, &from(CLIENT, &question(zone, Rtype::AXFR, None))).unwrap();
    let messages = messages(&wanted);
    messages.iter().flat_map(|message| &message.answers).map(ToString::to_string).collect()
}

#[test]
fn a_zone_begins_and_ends_with_its_soa_and_holds_every_name() {
    let view = view(
        &plan(&["z=nid{02d}", "0.10.in-addr.arpa"]),
        &["x1c0s0b0n0 Node 1 10.0.0.1 fd00::1", "x1c0s0b0 NodeBMC - 10.0.1.1"],
    );
    let soa = "z. 60 IN SOA ns.z. hostmaster.z. 1 60 30 604800 30";
    assert_eq!(
        records(&view, "z"),
        [
            soa,
            "z. 60 IN NS ns.z.",
            "nid01.z. 60 IN A 10.0.0.1",
            "nid01.z. 60 IN AAAA fd00::1",
            "x1c0s0b0.z. 60 IN A 10.0.1.1",
            "x1c0s0b0n0.z. 60 IN A 10.0.0.1",
            "x1c0s0b0n0.z. 60 IN AAAA fd00::1",
            soa,
        ]
    );
    let reverse = records(&view, "0.10.in-addr.arpa");
    assert_eq!(reverse.len(), 5);
    assert_eq!(reverse[2], "1.0.0.10.in-addr.arpa. 60 IN PTR x1c0s0b0n0.z.");
}

#[test]
fn a_zone_below_is_delegated_with_glue() {
    let mut plan = plan(&["z", "sub.z"]);
    plan.zones[1].name_servers = vec![Name::parse("x1c0s0b0.sub.z").unwrap()];
    let view = view(&plan, &["x1c0s0b0 NodeBMC - 10.0.1.1"]);
    let records: Vec<String> = records(&view, "z");
    assert_eq!(
        records[1..records.len() - 1],
        [
            "z. 60 IN NS ns.z.",
            "x1c0s0b0.z. 60 IN A 10.0.1.1",
            "sub.z. 60 IN NS x1c0s0b0.sub.z.",
            "x1c0s0b0.sub.z. 60 IN A 10.0.1.1",
        ]
    );
}

#[test]
fn a_large_zone_is_several_messages_and_each_is_dns() {
    let lines: Vec<String> =
        (0..3000).map(|n| format!("x{n}c0s0b0n0 Node {n} 10.1.{}.{}", n / 250, n % 250 + 1)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let view = view(&plan(&["cluster.test=nid{04d}", "10.in-addr.arpa"]), &lines);
    for (zone, owners) in [("cluster.test", 6001), ("10.in-addr.arpa", 3001)] {
        let wanted = wanted(&view, &from(CLIENT, &question(zone, Rtype::AXFR, None))).unwrap();
        let messages = messages(&wanted);
        assert!(messages.len() > 5, "{}", messages.len());
        for message in &messages {
            assert_eq!(message.metadata.id, 0x1234);
            assert!(message.metadata.authoritative && message.metadata.message_type == MessageType::Response);
            assert_eq!(message.metadata.response_code, ResponseCode::NoError);
        }
        let all: Vec<_> = messages.iter().flat_map(|message| &message.answers).collect();
        assert_eq!(all.len(), wanted.messages().records());
        let names: BTreeSet<String> = all.iter().map(|record| record.name.to_string()).collect();
        assert_eq!(names.len(), owners);
        assert_eq!(all[0].record_type(), hickory_proto::rr::RecordType::SOA);
        assert_eq!(all[0], all[all.len() - 1]);
    }
}

#[test]
fn a_zone_is_for_those_who_may_have_it() {
    let plan = plan(&["z"]);
    let view = view(&plan, &[]);
    let asks = |client: &str, zone, qtype| wanted(&view, &from(client, &question(zone, qtype, None))).is_some();
    assert!(asks(CLIENT, "z", Rtype::AXFR) && asks("::ffff:10.0.0.9", "z", Rtype::IXFR));
    assert!(!asks("10.0.1.53", "z", Rtype::AXFR), "not in the list");
    assert!(!asks(CLIENT, "a.z", Rtype::AXFR), "no zone of ours");
    assert!(!asks(CLIENT, "z", Rtype::SOA), "another question");
    let catalog = Some(Arc::new(Catalog::unloaded(&plan)));
    let early = View { blocks: vec![Block::new(catalog, Chain::empty(Rcode::Refused))], ..view.clone() };
    let question = question("z", Rtype::AXFR, None);
    assert!(wanted(&early, &from(CLIENT, &question)).is_none(), "nothing is known yet");
    let datagram = Exchange { transport: Transport::Udp, ..from(CLIENT, &question) };
    assert!(wanted(&view, &datagram).is_none(), "over UDP");

    let policy = Policy { action: Action::Block, types: vec![Rtype::AXFR], nets: Vec::new() };
    let acl = Some(Acl { lists: vec![AccessList { zones: vec![Name::root()], policies: vec![policy] }] });
    let chain = Chain { acl, ..Chain::empty(Rcode::Refused) };
    let blocked = View { blocks: vec![Block::new(view.blocks[0].catalog.clone(), chain)], ..view };
    assert!(wanted(&blocked, &from(CLIENT, &question)).is_none(), "blocked by acl");
}

#[test]
fn who_has_the_serial_gets_the_soa_alone() {
    let view = view(&plan(&["z"]), &["x1c0s0b0 NodeBMC - 10.0.1.1"]);
    for (has, records) in [(None, 4), (Some(0), 4), (Some(1), 1), (Some(2), 1), (Some(u32::MAX), 4)] {
        let question = question("z", Rtype::IXFR, has);
        let wanted = wanted(&view, &from(CLIENT, &question)).unwrap();
        assert_eq!(messages(&wanted)[0].answers.len(), records, "{has:?}");
    }
}

#[test]
fn the_clients_letters_come_back_in_the_question_alone() {
    let view = view(&plan(&["zone.test"]), &["x1c0s0b0 NodeBMC - 10.0.1.1"]);
    let wanted = wanted(&view, &from(CLIENT, &question("zone.test", Rtype::AXFR, None))).unwrap();
    let mut shouted = wanted.clone();
    shouted.question[1..5].make_ascii_uppercase();
    let (plain, loud) = (messages(&wanted), messages(&shouted));
    assert_eq!(loud[0].queries[0].name().to_string(), "ZONE.test.");
    assert_eq!(plain[0].answers, loud[0].answers);
    assert_eq!(loud[0].answers[0].name.to_string(), "zone.test.");
}

#[test]
fn no_bytes_behind_an_ixfr_upset_it() {
    let view = view(&plan(&["z"]), &[]);
    let whole = question("z", Rtype::IXFR, Some(1));
    for end in 0..whole.len() {
        _ = wanted(&view, &from(CLIENT, &whole[..end]));
        let mut odd = whole.clone();
        odd[end] = !odd[end];
        _ = wanted(&view, &from(CLIENT, &odd));
    }
}
