//! A reply as octets: the question repeated as it was sent, the records behind it, header and OPT put around them.
//!
//! RFC 1035 §4.1, RFC 2181 §9 (TC), RFC 6891 (OPT), RFC 5001 (NSID); which sections an error repeats: facts,
//! coredhcp-coredns §B4.
//!
//! Replies are copied from the catalog ([`encode`]) or composed by a directive ([`encode_composed`]); those of an
//! upstream are the matter of [`crate::relayed`].

mod composed;
mod truncate;

pub use composed::encode_composed;
pub use truncate::truncate;

use crate::answer::{Answer, Soa};
use crate::query::{Edns, HEADER, Header, NSID, Query};
use crate::wire::{Rcode, Rtype};

/// What we say that we can take over UDP: what passes every path without fragments (DNS flag day 2020).
pub const OUR_UDP: u16 = 1232;

/// The largest reply over UDP to a client that says it can take it; `bufsize` lowers it.
pub const MAX_UDP: u16 = 4096;

/// The largest reply over UDP to a client without EDNS (RFC 1035 §2.3.4).
pub const PLAIN_UDP: u16 = 512;

/// How a message came, as far as the reply depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram: the reply may have to be cut short.
    Udp,
    /// A stream: replies of any size.
    Tcp,
}

/// What a reply depends on beside the query and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'c> {
    /// How the message came.
    pub transport: Transport,
    /// The largest reply over UDP that the block allows.
    pub max_udp: u16,
    /// Who we are, for those that ask (NSID).
    pub nsid: Option<&'c [u8]>,
}

/// Appends the reply to a query. An answer that does not fit is left out and TC set, so that the client asks again
/// over TCP.
pub fn encode(header: &Header, query: &Query<'_>, answer: &Answer<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) {
    let limit = manner.limit(query.edns);
    let opt = query.edns.map_or(0, |edns| OPT_LENGTH + manner.nsid_for(edns).map_or(0, |nsid| 4 + nsid.len()));
    let soa = answer.soa.map_or(0, |soa| 2 + soa.octets.len());
    let fits = HEADER + query.question.len() + answer.records.octets.len() + soa + opt <= limit;
    let (records, soa) = if fits { (answer.records, answer.soa) } else { Default::default() };

    let flags = Flags { authoritative: answer.authoritative, truncated: !fits };
    let counts = [1, records.count, u16::from(soa.is_some()), u16::from(query.edns.is_some())];
    push_header(out, header, flags, answer.rcode.into(), counts);
    out.extend_from_slice(query.question);
    out.extend_from_slice(records.octets);
    if let Some(Soa { owner_length, octets }) = soa {
        out.extend_from_slice(&pointer(HEADER + query.name().len() - owner_length));
        out.extend_from_slice(octets);
    }
    if let Some(edns) = query.edns {
        let dnssec_ok = edns.dnssec_ok && answer.rcode != Rcode::BadVers;
        push_opt(out, answer.rcode.into(), dnssec_ok, manner.nsid_for(edns), &[]);
    }
}

/// Appends the reply to a message that is no query: a header with a response code and nothing behind it.
pub fn encode_error(header: &Header, rcode: Rcode, out: &mut Vec<u8>) {
    push_header(out, header, Flags { authoritative: false, truncated: false }, rcode.into(), [0; 4]);
}

impl<'c> Manner<'c> {
    /// Of a server without special wishes.
    pub fn plain(transport: Transport) -> Self {
        Self { transport, max_udp: MAX_UDP, nsid: None }
    }

    /// The largest reply that the client can take.
    pub fn limit(&self, edns: Option<Edns>) -> usize {
        usize::from(match (self.transport, edns) {
            (Transport::Tcp, _) => u16::MAX,
            (Transport::Udp, Some(edns)) => edns.udp_size.min(self.max_udp).max(PLAIN_UDP),
            (Transport::Udp, None) => PLAIN_UDP,
        })
    }

    /// Who we are, if the client asks.
    fn nsid_for(&self, edns: Edns) -> Option<&'c [u8]> {
        self.nsid.filter(|_| edns.wants_nsid)
    }
}

/// The flags that we decide ourselves.
#[derive(Clone, Copy)]
struct Flags {
    authoritative: bool,
    truncated: bool,
}

fn push_header(out: &mut Vec<u8>, header: &Header, flags: Flags, rcode: u16, counts: [u16; 4]) {
    let high = 0x80
        | header.opcode << 3
        | u8::from(flags.authoritative) << 2
        | u8::from(flags.truncated) << 1
        | u8::from(header.recursion_desired);
    let low = u8::from(header.checking_disabled) << 4 | (rcode & 0xf) as u8;
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

/// Our OPT record: version 0, DO as the client sent it (RFC 3225 §3), the high bits of the response code, and options.
fn push_opt(out: &mut Vec<u8>, rcode: u16, dnssec_ok: bool, nsid: Option<&[u8]>, options: &[(u16, Vec<u8>)]) {
    let [type_high, type_low] = Rtype::OPT.0.to_be_bytes();
    let [size_high, size_low] = OUR_UDP.to_be_bytes();
    let extended_rcode = (rcode >> 4) as u8;
    let do_flag = u8::from(dnssec_ok) << 7;
    let opt: [u8; OPT_LENGTH] = [0, type_high, type_low, size_high, size_low, extended_rcode, 0, do_flag, 0, 0, 0];
    out.extend_from_slice(&opt);
    let start = out.len();
    let nsid = nsid.into_iter().map(|data| (NSID, data));
    for (code, data) in nsid.chain(options.iter().map(|(code, data)| (*code, data.as_slice()))) {
        out.extend_from_slice(&code.to_be_bytes());
        // configured texts, bounded where they are read
        out.extend_from_slice(&(data.len() as u16).to_be_bytes());
        out.extend_from_slice(data);
    }
    let length = (out.len() - start) as u16;
    out[start - 2..start].copy_from_slice(&length.to_be_bytes());
}

/// Octets of an OPT record without options.
const OPT_LENGTH: usize = 11;

#[cfg(test)]
mod tests;
