//! Replies that are read and written again. The helpers at the top serve the tests of the other rooms too.

use hickory_proto::op::Message;
use proptest::prelude::*;

use super::*;
use crate::name::Name;
use crate::query::tests::bytes;

/// A record: type, TTL, data. Its owner is the name of the question.
pub(crate) type Row<'r> = (u16, u32, &'r [u8]);

pub(crate) const A: u16 = 1;
pub(crate) const SOA: u16 = 6;
const OPT: u16 = 41;

/// An address for answers.
pub(crate) const ADDRESS: &[u8] = &[192, 0, 2, 1];

/// The data of an SOA record whose last field is `minimum`.
pub(crate) fn soa(minimum: u32) -> Vec<u8> {
    let mut data = vec![0, 0];
    data.extend_from_slice(&[0; 16]);
    data.extend_from_slice(&minimum.to_be_bytes());
    data
}

/// A query with RD.
pub(crate) fn query(name: &str, qtype: u16) -> Vec<u8> {
    let mut message = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(Name::parse(name).unwrap().as_wire());
    message.extend_from_slice(&qtype.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message
}

/// The same with an OPT record.
pub(crate) fn edns_query(name: &str, qtype: u16, size: u16, dnssec_ok: bool) -> Vec<u8> {
    let mut message = query(name, qtype);
    message[11] = 1;
    let [high, low] = size.to_be_bytes();
    message.extend_from_slice(&[0, 0, 41, high, low, 0, 0, u8::from(dnssec_ok) << 7, 0, 0, 0]);
    message
}

/// The reply to a query, from one who does recursion.
pub(crate) fn reply(query: &[u8], rcode: u8, sections: [&[Row<'_>]; 3]) -> Vec<u8> {
    let question = &query[HEADER..question_end(query)];
    let mut message = vec![query[0], query[1], 0x81, 0x80 | rcode, 0, 1];
    for section in sections {
        message.extend_from_slice(&(section.len() as u16).to_be_bytes());
    }
    message.extend_from_slice(question);
    for (rtype, ttl, data) in sections.into_iter().flatten() {
        if *rtype == OPT {
            message.push(0);
        } else {
            message.extend_from_slice(&[0xc0, 12]);
        }
        message.extend_from_slice(&rtype.to_be_bytes());
        message.extend_from_slice(&[0, 1]);
        message.extend_from_slice(&ttl.to_be_bytes());
        message.extend_from_slice(&(data.len() as u16).to_be_bytes());
        message.extend_from_slice(data);
    }
    message
}

/// Reads a reply to a query.
pub(crate) fn read_reply(query: &[u8], message: &[u8]) -> Result<Reply, ReplyError> {
    let question = query[HEADER..question_end(query)].to_ascii_lowercase();
    Reply::read(&question, message)
}

/// What a client with this query gets.
pub(crate) fn written(relayed: &Relayed, query: &[u8], limit: usize) -> Vec<u8> {
    let header = Header::decode(query).unwrap();
    let decoded = Query::decode(&header, query).unwrap();
    let mut out = Vec::new();
    relayed.write(&header, &decoded, limit, &mut out);
    out
}

/// Names, TTLs and data of the answers of a message, which another implementation has to be able to read.
pub(crate) fn answers(message: &[u8]) -> Vec<String> {
    Message::from_vec(message).unwrap().answers.iter().map(ToString::to_string).collect()
}

fn question_end(query: &[u8]) -> usize {
    let header = Header::decode(query).unwrap();
    HEADER + Query::decode(&header, query).unwrap().question.len()
}

fn fresh(query: &[u8], message: &[u8]) -> Relayed {
    Relayed::fresh(read_reply(query, message).unwrap())
}

/// Queries and what the original handed on, its upstream's octets (goldens/dns/forward): aliases, additional records,
/// denials, AA and AD, a client's letters, refusals, TC, EDNS.
const RECORDED: [(&str, &str); 8] = [
    (
        "bbf50100000100000000000103777777076578616d706c6503636f6d000001000100002904d0000080000000",
        "bbf58180000100010000000103777777076578616d706c6503636f6d000001000103777777076578616d706c6503636f6d00000100010000012c0004c000020a00002904d0000080000000",
    ),
    (
        "969a0100000100000000000005616c696173076578616d706c6503636f6d0000010001",
        "969a8180000100030000000005616c696173076578616d706c6503636f6d000001000105616c696173076578616d706c6503636f6d0000050001000000780011036d6964076578616d706c65036e657400036d6964076578616d706c65036e657400000500010000003c001103777777076578616d706c6503636f6d0003777777076578616d706c6503636f6d00000100010000012c0004c000020a",
    ),
    (
        "34d101000001000000000000076578616d706c6503636f6d00000f0001",
        "34d181800001000100000001076578616d706c6503636f6d00000f0001076578616d706c6503636f6d00000f0001000002580014000a046d61696c076578616d706c6503636f6d00046d61696c076578616d706c6503636f6d0000010001000002580004c0000219",
    ),
    (
        "adad01000001000000000000026e78076578616d706c6503636f6d0000010001",
        "adad81830001000000010000026e78076578616d706c6503636f6d0000010001076578616d706c6503636f6d0000060001000003840036026e73076578616d706c6503636f6d0004686f7374076578616d706c6503636f6d000000000700000e1000000258000151800000012c",
    ),
    (
        "8852010000010000000000000772656675736564076578616d706c6503636f6d0000010001",
        "8852818500010000000000000772656675736564076578616d706c6503636f6d0000010001",
    ),
    (
        "62f701000001000000000000026161076578616d706c6503636f6d0000010001",
        "62f785a00001000100000000026161076578616d706c6503636f6d0000010001026161076578616d706c6503636f6d00000100010000000a0004c000020c",
    ),
    (
        "9f65010000010000000000000943616d656c43617365074578616d706c6503434f4d0000010001",
        "9f65818000010001000000000943616d656c43617365074578616d706c6503434f4d00000100010943616d656c43617365076578616d706c6503636f6d00000100010000003c0004c000020e",
    ),
    (
        "dbd301000001000000000000027463076578616d706c6503636f6d0000010001",
        "dbd383800001000000000000027463076578616d706c6503636f6d0000010001",
    ),
];

#[test]
fn recorded_replies_are_handed_on_octet_by_octet() {
    for (asked, recorded) in RECORDED.map(|(asked, recorded)| (bytes(asked), bytes(recorded))) {
        assert_eq!(written(&fresh(&asked, &recorded), &asked, 1232), recorded);
    }
}

#[test]
fn a_reply_is_handed_on_as_it_came_under_the_clients_question() {
    let asked = query("www.example", A);
    let mut message = reply(&asked, 0, [&[(A, 300, ADDRESS)], &[], &[]]);
    message[2] |= 0x04;
    message[3] |= 0x20;
    let mut other_letters = asked.clone();
    other_letters[13..16].copy_from_slice(b"WwW");
    other_letters[3] = 0x10;
    let out = written(&fresh(&asked, &message), &other_letters, 512);
    message[13..16].copy_from_slice(b"WwW");
    message[3] |= 0x10;
    assert_eq!(out, message, "AA, RA and AD as they came, CD and the letters as the client has them");
    assert_eq!(answers(&out), ["WwW.example. 300 IN A 192.0.2.1"]);
}

#[test]
fn a_cached_reply_has_its_own_ttl_and_no_authority() {
    let asked = query("www.example", A);
    let mut message = reply(&asked, 0, [&[(A, 300, ADDRESS), (A, 60, ADDRESS)], &[], &[(A, 9, ADDRESS)]]);
    message[2] |= 0x04;
    let relayed = Relayed { ttl: Some(7), cached: true, ..fresh(&asked, &message) };
    let out = written(&relayed, &asked, 512);
    assert_eq!(answers(&out), ["www.example. 7 IN A 192.0.2.1"; 2]);
    let read = Message::from_vec(&out).unwrap();
    assert!(!read.metadata.authoritative && read.metadata.recursion_available);
    assert_eq!(read.additionals[0].ttl, 7);
}

#[test]
fn opt_is_made_anew_for_each_client() {
    let plain = query("www.example", A);
    let asked = edns_query("www.example", A, 4096, true);
    // an extended error, and a cookie that is nobody's business
    let options = [0, 15, 0, 3, 0, 22, b'x', 0, 10, 0, 1, 7];
    let opt = (OPT, 0x0100_8000, &options[..]);
    let message = reply(&asked, 0, [&[(A, 300, ADDRESS)], &[], &[(A, 5, ADDRESS), opt, (A, 6, ADDRESS)]]);
    let relayed = fresh(&asked, &message);
    assert_eq!(relayed.reply.rcode(), 16);

    let out = written(&relayed, &asked, 4096);
    let mut expected = reply(&asked, 0, [&[(A, 300, ADDRESS)], &[], &[(A, 5, ADDRESS)]]);
    expected[11] = 2;
    expected.extend_from_slice(&[0, 0, 41, 0x04, 0xd0, 1, 0, 0x80, 0, 0, 7, 0, 15, 0, 3, 0, 22, b'x']);
    assert_eq!(out, expected, "what stands behind OPT is left out");

    let out = written(&relayed, &plain, 512);
    assert_eq!(out, reply(&plain, 0, [&[(A, 300, ADDRESS)], &[], &[(A, 5, ADDRESS)]]));
}

#[test]
fn what_does_not_fit_loses_additional_records_first_and_is_then_cut() {
    let asked = query("www.example", A);
    let many = [(A, 300, ADDRESS); 20];
    let message = reply(&asked, 0, [&many, &[], &[(A, 5, &[0; 200])]]);
    let relayed = fresh(&asked, &message);
    assert_eq!(written(&relayed, &asked, message.len()), message);

    let out = written(&relayed, &asked, 512);
    assert!(out.len() <= 512 && out[2] & 0x02 == 0 && answers(&out).len() == 20);

    let out = written(&relayed, &asked, 300);
    assert_eq!((out.len(), out[2] & 0x02, answers(&out).len()), (asked.len(), 0x02, 0));
    let with_edns = edns_query("www.example", A, 512, false);
    assert_eq!(written(&relayed, &with_edns, 300).len(), with_edns.len());
}

#[test]
fn what_a_reply_says_for_a_cache() {
    let asked = query("www.example", A);
    let soa_60 = soa(60);
    let authority: &[Row<'_>] = &[(SOA, 900, &soa_60)];
    let (answer, nothing): (&[Row<'_>], &[Row<'_>]) = (&[(A, 300, ADDRESS), (A, 120, ADDRESS)], &[]);
    for (rcode, sections, kind) in [
        (0, [answer, nothing, nothing], Kind::Success { ttl: 120 }),
        (0, [answer, nothing, &[(A, 7, ADDRESS)]], Kind::Success { ttl: 7 }),
        (0, [&[(A, 0x8000_0000, ADDRESS)], nothing, nothing], Kind::Success { ttl: 0 }),
        (3, [nothing, authority, nothing], Kind::Denial { ttl: 60 }),
        (0, [nothing, authority, nothing], Kind::Denial { ttl: 60 }),
        (0, [answer, authority, nothing], Kind::Denial { ttl: 60 }),
        (3, [nothing, nothing, nothing], Kind::Other),
        (0, [nothing, nothing, nothing], Kind::Other),
        // a referral
        (0, [nothing, &[(2, 300, &[0])], nothing], Kind::Other),
        (2, [nothing, nothing, nothing], Kind::Failure),
        (5, [nothing, nothing, nothing], Kind::Other),
    ] {
        let message = reply(&asked, rcode, sections);
        assert_eq!(read_reply(&asked, &message).unwrap().kind(), kind, "{rcode} {sections:?}");
    }
    let mut truncated = reply(&asked, 0, [answer, nothing, nothing]);
    truncated[2] |= 0x02;
    assert_eq!(read_reply(&asked, &truncated).unwrap().kind(), Kind::Other);
}

#[test]
fn what_is_no_reply_to_the_question_says_why() {
    let asked = query("www.example", A);
    let right = reply(&asked, 0, [&[(A, 300, ADDRESS)], &[], &[]]);
    let changed = |at: usize, octet: u8| {
        let mut message = right.clone();
        message[at] = octet;
        message
    };
    let behind = HEADER + 13 + 4;
    for (message, error) in [
        (right[..11].to_vec(), ReplyError::Short),
        (changed(2, 0x01), ReplyError::NotResponse),
        (changed(2, 0x89), ReplyError::NotResponse),
        (changed(13, b'x'), ReplyError::Question),
        (changed(HEADER + 14, 2), ReplyError::Question),
        (changed(5, 2), ReplyError::Question),
        (changed(5, 0), ReplyError::Question),
        (right[..20].to_vec(), ReplyError::Question),
        (right[..right.len() - 1].to_vec(), ReplyError::Bounds),
        ([&right[..], &[0]].concat(), ReplyError::Bounds),
        (changed(7, 2), ReplyError::Bounds),
        // pointers forwards, to itself and into the header
        (changed(behind + 1, 200), ReplyError::Name),
        (changed(behind + 1, behind as u8), ReplyError::Name),
        (changed(behind + 1, 2), ReplyError::Name),
        (changed(behind, 0x80), ReplyError::Name),
        (reply(&asked, 0, [&[(OPT, 0, &[])], &[], &[]]), ReplyError::Opt),
        (reply(&asked, 0, [&[], &[], &[(OPT, 0, &[]), (OPT, 0, &[])]]), ReplyError::Opt),
        (reply(&asked, 0, [&[], &[], &[(OPT, 0, &[0, 15, 0, 9])]]), ReplyError::Opt),
    ] {
        assert_eq!(read_reply(&asked, &message).unwrap_err(), error, "{message:x?}");
    }
}

#[test]
fn a_bare_header_that_says_no_is_an_answer() {
    let asked = query("www.example", A);
    for (rcode, understood) in [(1, true), (4, true), (5, true), (0, false), (3, false)] {
        let message = [0xab, 0xcd, 0x80, rcode, 0, 0, 0, 0, 0, 0, 0, 0];
        let read = read_reply(&asked, &message);
        assert_eq!(read.as_ref().map(Reply::rcode).ok(), understood.then_some(u16::from(rcode)));
        if let Ok(reply) = read {
            let out = written(&Relayed::fresh(reply), &asked, 512);
            assert_eq!((&out[HEADER..], out[3]), (&asked[HEADER..], rcode), "the question comes back");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an upstream sends is read or refused; what is read and written has the right header and fits.
    #[test]
    fn no_octets_upset_it(
        tail in proptest::collection::vec(any::<u8>(), 0..200),
        counts in proptest::array::uniform3(0_u8..4),
        flags in any::<[u8; 2]>(),
        limit in 512_usize..2000,
        ttl in proptest::option::of(any::<u32>()),
    ) {
        for asked in [query("www.example", A), edns_query("www.example", A, 1232, true)] {
            let question = &query("www.example", A)[HEADER..];
            let mut message = vec![0xab, 0xcd, flags[0] | 0x80, flags[1], 0, 1];
            message.extend(counts.iter().flat_map(|count| [0, *count]));
            message.extend_from_slice(question);
            message.extend_from_slice(&tail);
            if let Ok(reply) = read_reply(&asked, &message) {
                let relayed = Relayed { ttl, ..Relayed::fresh(reply) };
                let out = written(&relayed, &asked, limit);
                prop_assert!(out.len() <= limit && out[..2] == asked[..2] && out[2] & 0xf8 == 0x80);
                // what we hand on is as well formed as what we take
                prop_assert!(read_reply(&asked, &out).is_ok());
            }
        }
    }

    /// Whole octets of nothing in particular.
    #[test]
    fn no_message_upsets_it(message in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_reply(&query("www.example", A), &message);
    }
}
