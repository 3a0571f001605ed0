//! Whole messages through the corridor: the recorded ones as bytes, generated ones for what must always hold.

use std::sync::Arc;

use hickory_proto::op::{Message, MessageType};
use hickory_proto::rr::{Name as HickoryName, RData, RecordType};
use proptest::prelude::*;

use super::*;
use crate::catalog::Catalog;
use crate::catalog::tests::{catalog, zones};
use crate::chain::Chain;
use crate::name::Name;
use crate::query::tests::bytes;
use crate::response::MAX_UDP;
use crate::view::Key;

fn view_of(catalog: Catalog) -> View {
    let block = Block::new(Some(Arc::new(catalog)), Chain::empty(Rcode::Refused));
    View { keys: vec![Key { zone: Name::root(), block: 0 }], blocks: vec![block] }
}

/// The inventory of goldens/dns/basic, in part.
fn basic() -> View {
    view_of(catalog(
        &["openchami.cluster=nid{04d}"],
        &["x1000c0s0b0n0 Node 1 172.16.0.1 fd00::1", "x1000c0s0b0 NodeBMC - 172.16.0.101"],
    ))
}

#[expect(clippy::disallowed_methods, reason = "nothing here is about the time")]
fn exchange(transport: Transport, message: &[u8]) -> Exchange<'_> {
    Exchange { transport, client: ([127, 0, 0, 1], 4242).into(), message, now: Instant::now() }
}

fn reply(view: &View, message: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    handle(view, &exchange(Transport::Udp, message), &mut reply);
    reply
}

#[test]
fn recorded_queries_get_the_recorded_answers() {
    let question = "076e696430303031096f70656e6368616d6907636c75737465720000010001";
    let record = "c00c000100010000003c0004ac100001";
    let ptr = "013101300231360331373207696e2d61646472046172706100000c0001";
    let target = "0d78313030306330733062306e30096f70656e6368616d6907636c757374657200";
    let chaos = "0776657273696f6e0462696e640000100003";
    for (what, query, want) in [
        ("A", format!("9e3701000001000000000000{question}"), format!("9e3785000001000100000000{question}{record}")),
        (
            "PTR",
            format!("a4f101000001000000000000{ptr}"),
            format!("a4f185000001000100000000{ptr}c00c000c00010000003c0021{target}"),
        ),
        ("class CH", format!("2e3501000001000000000000{chaos}"), format!("2e3581050001000000000000{chaos}")),
        ("a response", format!("7e6881000001000000000000{question}"), String::new()),
        ("eleven octets", "1c9f010000010000000000".into(), String::new()),
        ("no question", "100101000000000000000000".into(), "100181010000000000000000".into()),
        ("opcode STATUS", format!("4ac511000001000000000000{question}"), "4ac591040000000000000000".into()),
        (
            "EDNS version 1",
            format!("759d01000001000000000001{question}00002904d0000100000000"),
            format!("759d81000001000000000001{question}00002904d0010000000000"),
        ),
    ] {
        assert_eq!(reply(&basic(), &bytes(&query)), bytes(&want), "{what}");
    }
}

#[test]
fn another_implementation_reads_what_we_say() {
    let view = basic();
    let ask = |name: &str, qtype: RecordType| {
        let mut message = Message::query();
        message.add_query(hickory_proto::op::Query::query(HickoryName::from_ascii(name).unwrap(), qtype));
        Message::from_vec(&reply(&view, &message.to_vec().unwrap())).unwrap()
    };
    let soa = ask("NoSuch.OpenChami.cluster.", RecordType::A);
    assert_eq!(soa.metadata.response_code.to_string(), "Non-Existent Domain");
    let record = &soa.authorities[0];
    assert_eq!(record.name.to_string(), "OpenChami.cluster.");
    let RData::SOA(data) = &record.data else { panic!("{record}") };
    assert_eq!((data.mname.to_string().as_str(), data.minimum), ("ns.openchami.cluster.", 30));
    let apex = ask("openchami.cluster.", RecordType::SOA);
    let RData::SOA(same) = &apex.answers[0].data else { panic!("{apex}") };
    assert_eq!(same.serial, data.serial);
    let any = ask("nid0001.openchami.cluster.", RecordType::ANY);
    assert_eq!(any.answers[0].data.record_type(), RecordType::HINFO);
    let aaaa = ask("nid0001.openchami.cluster.", RecordType::AAAA);
    assert_eq!(aaaa.answers[0].data.to_string(), "fd00::1");
}

#[test]
fn a_block_without_data_says_what_it_was_told_to() {
    let keys = ["refused", "failing"].iter().enumerate();
    let keys = keys.map(|(block, name)| Key { zone: Name::parse(name).unwrap(), block }).collect();
    let block = |otherwise| Block::new(None, Chain::empty(otherwise));
    let view = View { keys, blocks: vec![block(Rcode::Refused), block(Rcode::ServFail)] };
    for (name, rcode) in [("0772656675736564", 5), ("076661696c696e67", 2), ("056f74686572", 5)] {
        let got = reply(&view, &bytes(&format!("000101000001000000000000{name}0000010001")));
        assert_eq!(got[3] & 0xf, rcode, "{name}");
    }
}

#[test]
fn nothing_is_answered_about_our_zones_before_the_first_snapshot() {
    let view = view_of(Catalog::unloaded(&zones(&["z"])));
    let got = reply(&view, &bytes("0001010000010000000000000161017a0000010001"));
    assert_eq!(got, bytes("0001810200010000000000000161017a0000010001"));
}

/// A query that may be asked: a name made of labels that do and do not exist, any type, any class, EDNS or not.
fn a_query() -> impl Strategy<Value = Vec<u8>> {
    let label = prop_oneof![
        Just(b"nid0001".to_vec()),
        Just(b"X1000c0s0b0".to_vec()),
        Just(b"openchami".to_vec()),
        Just(b"Cluster".to_vec()),
        Just(b"arpa".to_vec()),
        Just(b"in-addr".to_vec()),
        proptest::collection::vec(any::<u8>(), 1..64),
    ];
    let labels = proptest::collection::vec(label, 0..6);
    let qtype = prop_oneof![Just(1_u16), Just(28), Just(12), Just(6), Just(255), Just(43), any::<u16>()];
    let class = prop_oneof![4 => Just(1_u16), 1 => any::<u16>()];
    let edns = proptest::option::of((any::<u16>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..24)));
    (any::<u16>(), any::<u8>(), labels, qtype, class, edns).prop_map(|(id, flags, labels, qtype, class, edns)| {
        let mut message = id.to_be_bytes().to_vec();
        message.extend([flags & 0x07, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(edns.is_some())]);
        for label in labels {
            message.push(label.len() as u8);
            message.extend(label);
        }
        message.push(0);
        message.extend(qtype.to_be_bytes());
        message.extend(class.to_be_bytes());
        if let Some((size, ttl, options)) = edns {
            message.extend([0, 0, 41]);
            message.extend(size.to_be_bytes());
            message.extend(ttl.to_be_bytes());
            message.extend((options.len() as u16).to_be_bytes());
            message.extend(options);
        }
        message
    })
}

/// What must hold for every message and its reply.
fn check(view: &View, transport: Transport, message: &[u8]) -> Result<(), TestCaseError> {
    let mut reply = Vec::new();
    let handled = handle(view, &exchange(transport, message), &mut reply);
    if let Handled::Dropped(_) = handled {
        prop_assert!(reply.is_empty());
        return Ok(());
    }
    prop_assert_eq!(&reply[..2], &message[..2], "the id is echoed");
    prop_assert_eq!(reply[2] & 0x80, 0x80, "a reply is a response");
    prop_assert!(transport == Transport::Tcp || reply.len() <= usize::from(MAX_UDP));
    if let Handled::Answered(answered) = handled {
        prop_assert_eq!(&reply[12..12 + answered.query.question.len()], answered.query.question);
        prop_assert_eq!(reply[11] == 1, answered.query.edns.is_some());
        let limit = answered.query.edns.map_or(512, |edns| edns.udp_size.max(512));
        prop_assert!(transport == Transport::Tcp || reply.len() <= usize::from(limit));
    }
    // labels of arbitrary octets are legal; what hickory reads must be a whole response
    if let Ok(read) = Message::from_vec(&reply) {
        prop_assert_eq!(read.metadata.message_type, MessageType::Response);
    } else {
        prop_assert!(message.len() > 17, "{:?}", Message::from_vec(&reply));
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_message_makes_it_panic(message in proptest::collection::vec(any::<u8>(), 0..600)) {
        check(&basic(), Transport::Udp, &message)?;
        check(&basic(), Transport::Tcp, &message)?;
    }

    #[test]
    fn every_query_gets_its_reply(message in a_query()) {
        check(&basic(), Transport::Udp, &message)?;
        check(&basic(), Transport::Tcp, &message)?;
    }

    #[test]
    fn a_query_with_octets_changed_is_harmless(message in a_query(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut message = message;
        let at = at.index(message.len());
        message[at] = octet;
        check(&basic(), Transport::Udp, &message)?;
    }

    #[test]
    fn the_case_of_a_name_changes_nothing_but_the_question(mask in any::<u64>()) {
        let plain = bytes("9e3701000001000000000000076e696430303031096f70656e6368616d6907636c75737465720000010001");
        let mut mixed = plain.clone();
        for (place, octet) in mixed[12..39].iter_mut().enumerate() {
            if octet.is_ascii_lowercase() && mask >> place & 1 == 1 {
                octet.make_ascii_uppercase();
            }
        }
        let (plain, mixed_reply) = (reply(&basic(), &plain), reply(&basic(), &mixed));
        prop_assert_eq!(&mixed_reply[12..43], &mixed[12..43]);
        prop_assert_eq!(&mixed_reply[43..], &plain[43..]);
        prop_assert_eq!(&mixed_reply[..12], &plain[..12]);
    }
}
