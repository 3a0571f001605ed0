//! Composed replies, read again by hickory-proto.

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{A, NS};
use hickory_proto::rr::{RData, RecordType};

use super::*;
use crate::query::tests::bytes;

/// `A.z A`, without and with EDNS of 4096 octets.
const QUERY: &str = "0007010000010000000000000141017a0000010001";
const QUERY_EDNS: &str = "0007010000010000000000010141017a00000100010000291000000000000000";

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn composed(addresses: u8) -> Composed {
    let address = |last| Record::from_rdata(name("a.z."), 60, RData::A(A::new(10, 0, 0, last)));
    Composed {
        authoritative: true,
        answers: (0..addresses).map(address).collect(),
        authorities: vec![Record::from_rdata(name("z."), 60, RData::NS(NS(name("ns.z."))))],
        additionals: vec![Record::from_rdata(name("ns.z."), 60, RData::A(A::new(10, 0, 0, 53)))],
        ..Composed::default()
    }
}

fn reply(query: &str, composed: &Composed, transport: Transport) -> Vec<u8> {
    let message = bytes(query);
    let header = Header::decode(&message).unwrap();
    let query = Query::decode(&header, &message).unwrap();
    let mut out = Vec::new();
    encode_composed(&header, &query, composed, &Manner::plain(transport), &mut out);
    assert_eq!(out[12..21], message[12..21], "the question in the client's letters");
    out
}

#[test]
fn names_are_written_out_where_there_is_room() {
    let got = reply(QUERY, &composed(1), Transport::Udp);
    // 21 octets of header and question, 5 + 14 of the address, 3 + 10 + 6 of NS, 6 + 14 of its address
    assert_eq!(got.len(), 21 + 19 + 19 + 20);
    let read = Message::from_vec(&got).unwrap();
    assert_eq!(read.answers[0].data.to_string(), "10.0.0.0");
    assert_eq!((read.authorities.len(), read.additionals.len()), (1, 1));
    assert_eq!(read.authorities[0].record_type(), RecordType::NS);
}

#[test]
fn what_has_no_room_is_compressed_then_shortened_then_cut() {
    // 25 · 19 is too much for 512 octets, 25 · 16 is not
    let got = reply(QUERY, &composed(25), Transport::Udp);
    assert_eq!(Message::from_vec(&got).unwrap().answers.len(), 25);
    assert!(got.len() <= 512 && got[2] & 0x02 == 0);
    // the additional record is not missed
    let got = reply(QUERY, &composed(29), Transport::Udp);
    let read = Message::from_vec(&got).unwrap();
    assert_eq!((read.answers.len(), read.additionals.len(), got[2] & 0x02), (29, 0, 0));
    let got = reply(QUERY, &composed(32), Transport::Udp);
    let read = Message::from_vec(&got).unwrap();
    assert_eq!((read.answers.len(), got[2] & 0x02, got.len()), (0, 0x02, 21));
    assert_eq!(Message::from_vec(&reply(QUERY, &composed(255), Transport::Tcp)).unwrap().answers.len(), 255);
}

#[test]
fn every_owner_of_a_large_answer_is_compressed() {
    let got = reply(QUERY_EDNS, &composed(250), Transport::Udp);
    assert_eq!((Message::from_vec(&got).unwrap().answers.len(), got[2] & 0x02), (250, 0));
    assert!(got.len() <= 4096, "{}", got.len());
}

#[test]
fn options_go_to_clients_with_edns() {
    let options = vec![(15, vec![0, 17])];
    let composed = Composed { rcode: 0, options, ..Composed::default() };
    assert!(reply(QUERY_EDNS, &composed, Transport::Udp).ends_with(&[0, 6, 0, 15, 0, 2, 0, 17]));
    assert_eq!(reply(QUERY, &composed, Transport::Udp).len(), 21);
}
