//! Replies as octets, those of the recordings first (goldens/dns/basic, edns, malformed).

use super::*;
use crate::answer::Records;
use crate::query::tests::bytes;

const QUESTION: &str = "076e696430303031096f70656e6368616d6907636c75737465720000010001";
const RECORD: &str = "c00c000100010000003c0004ac100001";

fn reply(message: &str, answer: &Answer<'_>, transport: Transport) -> Vec<u8> {
    let message = bytes(message);
    let header = Header::decode(&message).unwrap();
    let query = Query::decode(&header, &message).unwrap();
    let mut out = Vec::new();
    encode(&header, &query, answer, &Manner::plain(transport), &mut out);
    out
}

fn records(count: u16, octets: &[u8]) -> Answer<'_> {
    Answer { authoritative: true, records: Records { count, octets }, ..Answer::of(Rcode::NoError) }
}

#[test]
fn an_answer_is_the_recorded_one_with_its_owner_compressed() {
    let record = bytes(RECORD);
    let got = reply(&format!("9e3701000001000000000000{QUESTION}"), &records(1, &record), Transport::Udp);
    assert_eq!(got, bytes(&format!("9e3785000001000100000000{QUESTION}{RECORD}")));
    // RD off, CD on
    let got = reply(&format!("538100300001000000000000{QUESTION}"), &records(1, &record), Transport::Udp);
    assert_eq!(got, bytes(&format!("538184100001000100000000{QUESTION}{RECORD}")));
}

#[test]
fn edns_is_answered_by_edns() {
    let record = bytes(RECORD);
    let query = format!("477701000001000000000001{QUESTION}0000291000000080000000");
    let got = reply(&query, &records(1, &record), Transport::Udp);
    assert_eq!(got, bytes(&format!("477785000001000100000001{QUESTION}{RECORD}00002904d0000080000000")));
    let query = format!("759d01000001000000000001{QUESTION}00002904d0000180000000");
    let got = reply(&query, &Answer::of(Rcode::BadVers), Transport::Udp);
    assert_eq!(got, bytes(&format!("759d81000001000000000001{QUESTION}00002904d0010000000000")));
}

#[test]
fn the_owner_of_the_soa_is_the_end_of_the_question() {
    let soa = Soa { owner_length: 19, octets: b"rest" };
    let answer = Answer { authoritative: true, soa: Some(soa), ..Answer::of(Rcode::NxDomain) };
    let got = reply(&format!("9e3701000001000000000000{QUESTION}"), &answer, Transport::Udp);
    // 12 octets of header and `7 nid0001` precede the zone
    assert_eq!(got, bytes(&format!("9e3785030001000000010000{QUESTION}c01472657374")));
}

#[test]
fn what_does_not_fit_is_left_for_tcp() {
    let forty = bytes(RECORD).repeat(40);
    let answer = records(40, &forty);
    let plain = format!("9e3701000001000000000000{QUESTION}");
    let edns = |size: &str| format!("9e3701000001000000000001{QUESTION}000029{size}000000000000");
    let cut = format!("9e3787000001000000000000{QUESTION}");
    assert_eq!(reply(&plain, &answer, Transport::Udp), bytes(&cut));
    // 12 + 31 + 640 + 11 octets
    for (size, fits) in [("0000", false), ("0200", false), ("02b5", false), ("02b6", true), ("ffff", true)] {
        let got = reply(&edns(size), &answer, Transport::Udp);
        assert_eq!(got[2] & 2 == 0, fits, "{size}");
        assert_eq!(got.len(), if fits { 694 } else { 54 }, "{size}");
    }
    assert_eq!(reply(&plain, &answer, Transport::Tcp).len(), 683);
    let huge = bytes(RECORD).repeat(256);
    assert_eq!(reply(&edns("ffff"), &records(256, &huge), Transport::Udp).len(), 54, "never more than 4096 octets");
}

#[test]
fn an_error_is_a_header_alone() {
    let message = bytes(&format!("4ac511000001000000000000{QUESTION}"));
    let mut out = Vec::new();
    encode_error(&Header::decode(&message).unwrap(), Rcode::NotImp, &mut out);
    assert_eq!(out, bytes("4ac591040000000000000000"));
}
