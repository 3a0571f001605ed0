//! The malformed queries of the recordings (goldens/dns/malformed, edns), and what is made of each.

use super::*;

/// `nid0001.openchami.cluster. IN A`, as a message without its header.
const QUESTION: &str = "076e696430303031096f70656e6368616d6907636c75737465720000010001";

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn decode(message: &[u8]) -> Result<Query<'_>, QueryError> {
    Query::decode(&Header::decode(message)?, message)
}

#[test]
fn a_plain_query() {
    let message = bytes(&format!("9e3701000001000000000000{QUESTION}"));
    let header = Header::decode(&message).unwrap();
    assert_eq!((header.id, header.opcode), (0x9e37, 0));
    assert!(header.recursion_desired && !header.checking_disabled);
    let query = Query::decode(&header, &message).unwrap();
    assert_eq!(query.lower_name().to_string(), "nid0001.openchami.cluster.");
    assert_eq!((query.qtype, query.class, query.edns), (Rtype::A, CLASS_IN, None));
    assert_eq!(query.question, &message[12..]);
}

#[test]
fn the_name_is_lowered_and_the_question_kept() {
    let message = bytes("9e3701000001000000000000034e4944014100 001c0001".replace(' ', "").as_str());
    let query = decode(&message).unwrap();
    assert_eq!(query.lower_name().as_wire(), b"\x03nid\x01a\0");
    assert_eq!(&query.question[..7], b"\x03NID\x01A\0");
    assert_eq!(query.qtype, Rtype::AAAA);
}

#[test]
fn edns_is_read() {
    let message = bytes(&format!("477701100001000000000001{QUESTION}00002904d0000080000000"));
    assert!(Header::decode(&message).unwrap().checking_disabled);
    let edns = decode(&message).unwrap().edns.unwrap();
    assert_eq!(edns, Edns { udp_size: 1232, version: 0, dnssec_ok: true, wants_nsid: false });
    let version = bytes(&format!("759d01000001000000000001{QUESTION}00002904d0000100000000"));
    assert_eq!(decode(&version).unwrap().edns.unwrap().version, 1);
    let options = bytes(&format!("222201000001000000000001{QUESTION}00002904d000000000000c000a00080102030405060708"));
    assert!(decode(&options).unwrap().edns.is_some());
}

#[test]
fn a_record_in_answer_or_authority_is_stepped_over() {
    let record = "076e696430303031096f70656e6368616d6907636c7573746572000001000100000005000409090909";
    for counts in ["0001000100000000", "0001000000010000"] {
        let message = bytes(&format!("33b20100{counts}{QUESTION}{record}"));
        assert!(decode(&message).is_ok(), "{counts}");
    }
    let compressed = bytes(&format!("33b201000001000100000000{QUESTION}c00c000100010000000500040909090a"));
    assert!(decode(&compressed).is_ok());
}

#[test]
fn what_is_no_query_is_told_apart() {
    let long_label = format!("40{}", "61".repeat(64));
    let octets_256 = format!("{0}{0}{0}3e{1}00", format!("3f{}", "61".repeat(63)), "61".repeat(62));
    let octets_255 = format!("{0}{0}{0}3d{1}00", format!("3f{}", "61".repeat(63)), "61".repeat(61));
    for (hex, want) in [
        (String::new(), QueryError::Short),
        ("42".into(), QueryError::Short),
        ("1c9f010000010000000000".into(), QueryError::Short),
        (format!("7e6881000001000000000000{QUESTION}"), QueryError::Response),
        ("beef10000000000000000000".into(), QueryError::Opcode(2)),
        (format!("873321000001000000000000{QUESTION}"), QueryError::Opcode(4)),
        (format!("61d879000001000000000000{QUESTION}"), QueryError::Opcode(15)),
        ("100101000000000000000000".into(), QueryError::Counts),
        (format!("bad601000002000000000000{QUESTION}{QUESTION}"), QueryError::Counts),
        (format!("f7440100ffff000000000000{QUESTION}"), QueryError::Counts),
        (format!("d1e901000001000200000000{QUESTION}"), QueryError::Counts),
        (format!("702001000001000000020000{QUESTION}"), QueryError::Counts),
        (format!("0e5701000001000000000003{QUESTION}"), QueryError::Counts),
        ("100201000001000000000000".into(), QueryError::Bounds),
        ("000f01000001000000000000076e696430303031".into(), QueryError::Bounds),
        ("9e4601000001000000000000076e69643030303100 0001".replace(' ', ""), QueryError::Bounds),
        ("10030100000100000000000003616263".into(), QueryError::Bounds),
        (format!("957b01000001000100000000{QUESTION}"), QueryError::Bounds),
        (format!("3c7d01000001000000000000{QUESTION}deadbeef"), QueryError::Bounds),
        (format!("100401000001000000000000{long_label}0000010001"), QueryError::Name),
        ("100501000001000000000000c00c00010001".into(), QueryError::Name),
        ("1007010000010000000000000161c00c00010001".into(), QueryError::Name),
        (format!("100801000001000000000000{octets_256}00010001"), QueryError::Name),
        (format!("058c01000001000000000002{QUESTION}00002904d000000000000000002904d0000000000000"), QueryError::Opt),
        (format!("a3c301000001000000000001{QUESTION}017800002904d0000000000000"), QueryError::Opt),
        (format!("41fa01000001000000000001{QUESTION}00002904d0000000000004000a0008"), QueryError::Opt),
        (format!("e03101000001000000010000{QUESTION}00002904d0000000000000"), QueryError::Opt),
        ("6aa301000001000000000000016100 0000 0001".replace(' ', ""), QueryError::Type(Rtype(0))),
        ("08da01000001000000000000016100 0029 0001".replace(' ', ""), QueryError::Type(Rtype::OPT)),
    ] {
        assert_eq!(decode(&bytes(&hex)).map(|query| query.qtype), Err(want), "{hex}");
    }
    assert!(decode(&bytes(&format!("100901000001000000000000{octets_255}00010001"))).is_ok());
}

#[test]
fn each_error_has_its_response_code() {
    assert_eq!(QueryError::Short.rcode(), None);
    assert_eq!(QueryError::Response.rcode(), None);
    assert_eq!(QueryError::Opcode(5).rcode(), Some(Rcode::NotImp));
    assert_eq!(QueryError::Name.rcode(), Some(Rcode::FormErr));
}
