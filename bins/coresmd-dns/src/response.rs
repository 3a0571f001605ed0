//! A reply as octets: the question repeated as it was sent, the records copied from the catalog, header and OPT put
//! around them.
//!
//! RFC 1035 §4.1, RFC 2181 §9 (TC), RFC 6891 (OPT); which sections an error repeats: facts, coredhcp-coredns §B4.

use crate::answer::{Answer, Soa};
use crate::query::{Edns, HEADER, Header, Query};
use crate::wire::{Rcode, Rtype};

/// The largest reply over UDP: what passes every path without fragments (DNS flag day 2020), and what we say that we
/// can take.
pub const MAX_UDP: u16 = 1232;

/// The largest reply over UDP to a client without EDNS (RFC 1035 §2.3.4).
const PLAIN_UDP: u16 = 512;

/// How a message came, as far as the reply depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram: the reply may have to be cut short.
    Udp,
    /// A stream: replies of any size.
    Tcp,
}

/// Appends the reply to a query. An answer that does not fit is left out and TC set, so that the client asks again
/// over TCP.
pub fn encode(header: &Header, query: &Query<'_>, answer: &Answer<'_>, transport: Transport, out: &mut Vec<u8>) {
    let limit = limit(transport, query.edns);
    let opt = if query.edns.is_some() { OPT_LENGTH } else { 0 };
    let soa = answer.soa.map_or(0, |soa| 2 + soa.octets.len());
    let fits = HEADER + query.question.len() + answer.records.octets.len() + soa + opt <= limit;
    let (records, soa) = if fits { (answer.records, answer.soa) } else { Default::default() };

    let flags = Flags { authoritative: answer.authoritative, truncated: !fits };
    let counts = [1, records.count, u16::from(soa.is_some()), u16::from(query.edns.is_some())];
    push_header(out, header, flags, answer.rcode, counts);
    out.extend_from_slice(query.question);
    out.extend_from_slice(records.octets);
    if let Some(Soa { owner_length, octets }) = soa {
        out.extend_from_slice(&pointer(HEADER + query.name().len() - owner_length));
        out.extend_from_slice(octets);
    }
    if let Some(edns) = query.edns {
        push_opt(out, answer.rcode, edns.dnssec_ok && answer.rcode != Rcode::BadVers);
    }
}

/// Appends the reply to a message that is no query: a header with a response code and nothing behind it.
pub fn encode_error(header: &Header, rcode: Rcode, out: &mut Vec<u8>) {
    push_header(out, header, Flags { authoritative: false, truncated: false }, rcode, [0; 4]);
}

/// The largest reply that the client can take.
fn limit(transport: Transport, edns: Option<Edns>) -> usize {
    usize::from(match (transport, edns) {
        (Transport::Tcp, _) => u16::MAX,
        (Transport::Udp, Some(edns)) => edns.udp_size.clamp(PLAIN_UDP, MAX_UDP),
        (Transport::Udp, None) => PLAIN_UDP,
    })
}

/// The flags that we decide ourselves.
#[derive(Clone, Copy)]
struct Flags {
    authoritative: bool,
    truncated: bool,
}

fn push_header(out: &mut Vec<u8>, header: &Header, flags: Flags, rcode: Rcode, counts: [u16; 4]) {
    let high = 0x80
        | header.opcode << 3
        | u8::from(flags.authoritative) << 2
        | u8::from(flags.truncated) << 1
        | u8::from(header.recursion_desired);
    let low = u8::from(header.checking_disabled) << 4 | rcode as u8 & 0xf;
    out.extend_from_slice(&header.id.to_be_bytes());
    out.extend_from_slice(&[high, low]);
    for count in counts {
        out.extend_from_slice(&count.to_be_bytes());
    }
}

/// A compression pointer to an octet of the message (RFC 1035 §4.1.4); names of a question end before octet 268.
fn pointer(to: usize) -> [u8; 2] {
    (0xc000 | to as u16).to_be_bytes()
}

/// Our OPT record: version 0, no options, DO as the client sent it (RFC 3225 §3), the high bits of the response code.
fn push_opt(out: &mut Vec<u8>, rcode: Rcode, dnssec_ok: bool) {
    let [type_high, type_low] = Rtype::OPT.0.to_be_bytes();
    let [size_high, size_low] = MAX_UDP.to_be_bytes();
    let extended_rcode = rcode as u8 >> 4;
    let do_flag = u8::from(dnssec_ok) << 7;
    let opt: [u8; OPT_LENGTH] = [0, type_high, type_low, size_high, size_low, extended_rcode, 0, do_flag, 0, 0, 0];
    out.extend_from_slice(&opt);
}

/// Octets of an OPT record without options.
const OPT_LENGTH: usize = 11;

#[cfg(test)]
mod tests;
