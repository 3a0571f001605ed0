//! A reply that another server made: read with no trust, kept as it came, and handed on to a client.
//!
//! RFC 1035 §4.1, RFC 2181 §8 (TTLs) and §9 (TC), RFC 2308 §5 (how long there is nothing), RFC 6891 §7 (OPT goes from
//! hop to hop and is ours to make). The records are copied octet by octet: the question before them is as long as the
//! client's, so that compression pointers still point where they did.

mod read;

use std::sync::Arc;

pub use read::ReplyError;

use crate::query::{HEADER, Header, Query};
use crate::wire::Rtype;

/// The flags of the third octet of a header that are handed on: AA and TC.
const AUTHORITATIVE: u8 = 0x04;
const TRUNCATED: u8 = 0x02;
/// Those of the fourth: RA and AD, and the low bits of the response code.
const HANDED_ON: u8 = 0x80 | 0x20 | 0x0f;

/// What we say to both sides that we can take over UDP: what passes every path without fragments (DNS flag day 2020).
pub const UDP_SIZE: u16 = 1232;

/// The longest time to live that means what it says (RFC 2181 §8).
const LONGEST_TTL: u32 = i32::MAX as u32;

/// A reply of another server, checked to be one to a certain question. Its OPT record has been taken off, with what
/// stood behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The third and fourth octet of the header.
    flags: [u8; 2],
    /// How many records there are: answers, authorities, additionals.
    counts: [u16; 3],
    /// The records.
    records: Box<[u8]>,
    /// Where in `records` the additional ones begin.
    additional: usize,
    /// Where in `records` the TTLs are.
    ttls: Box<[u16]>,
    /// The lowest TTL, in seconds; `None`: no records.
    lowest_ttl: Option<u32>,
    /// From the SOA record among the authorities: the smaller of its TTL and its last field, in seconds.
    negative_ttl: Option<u32>,
    /// The high bits of the response code.
    extended_rcode: u8,
    /// Extended DNS errors (RFC 8914), as options: code, length and text of each.
    explanations: Box<[u8]>,
}

/// What a reply says, as far as a cache cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There are records; in `ttl` seconds the first of them has to be forgotten.
    Success {
        /// Seconds.
        ttl: u32,
    },
    /// There is no such name, or none of this type, for `ttl` seconds (RFC 2308 §5).
    Denial {
        /// Seconds.
        ttl: u32,
    },
    /// The server failed, or will not do this (RFC 2308 §7, RFC 9520).
    Failure,
    /// Nothing to be kept: cut short, a denial without SOA, a referral, a refusal.
    Other,
}

impl Reply {
    /// Reads a message as the reply to `question`: name in lower case, type and class.
    pub fn read(question: &[u8], message: &[u8]) -> Result<Self, ReplyError> {
        read::read(question, message)
    }

    /// A reply of our own that says nothing but a response code, one of the first sixteen.
    pub fn bare(rcode: u8) -> Self {
        Self {
            flags: [0, rcode & 0x0f],
            counts: [0; 3],
            records: Box::default(),
            additional: 0,
            ttls: Box::default(),
            lowest_ttl: None,
            negative_ttl: None,
            extended_rcode: 0,
            explanations: Box::default(),
        }
    }

    /// The response code, all twelve bits.
    pub fn rcode(&self) -> u16 {
        u16::from(self.extended_rcode) << 4 | u16::from(self.flags[1] & 0x0f)
    }

    /// Whether it was cut short.
    pub fn is_truncated(&self) -> bool {
        self.flags[0] & TRUNCATED != 0
    }

    /// Octets of its records.
    pub fn size(&self) -> usize {
        self.records.len()
    }

    /// What it says, as far as a cache cares.
    pub fn kind(&self) -> Kind {
        let answers = self.counts[0];
        match (self.rcode(), self.lowest_ttl, self.negative_ttl) {
            _ if self.is_truncated() => Kind::Other,
            (0, Some(ttl), None) if answers > 0 => Kind::Success { ttl },
            // also where an alias leads to a name that is not there
            (0 | 3, Some(lowest), Some(negative)) => Kind::Denial { ttl: negative.min(lowest) },
            (2 | 4, _, _) => Kind::Failure,
            _ => Kind::Other,
        }
    }
}

/// A reply and how it is to be handed on.
#[derive(Debug, Clone)]
pub struct Relayed {
    /// The reply.
    pub reply: Arc<Reply>,
    /// What every TTL is to be, in seconds; `None`: what it is.
    pub ttl: Option<u32>,
    /// Whether it comes from the cache, where nobody speaks for a name (AA).
    pub cached: bool,
}

impl Relayed {
    /// A reply as it came.
    pub fn fresh(reply: Reply) -> Self {
        Self { reply: Arc::new(reply), ttl: None, cached: false }
    }

    /// Appends it to `out` as the reply to a client's query for the same name, type and class: the client's id,
    /// question, RD and CD; our OPT where the client sent one. What does not fit into `limit` octets goes without its
    /// additional records, or else without any and with TC.
    pub fn write(&self, header: &Header, query: &Query<'_>, limit: usize, out: &mut Vec<u8>) {
        let reply = &*self.reply;
        let opt = query.edns.map_or(0, |_| OPT_LENGTH);
        let room = limit.saturating_sub(HEADER + query.question.len() + opt);
        let [answers, authorities, additionals] = reply.counts;
        let (records, [answers, authorities, additionals]) = match &reply.records {
            records if records.len() <= room => (&records[..], [answers, authorities, additionals]),
            records if reply.additional <= room => (&records[..reply.additional], [answers, authorities, 0]),
            _ => (&[][..], [0; 3]),
        };
        let cut = records.len() < reply.additional;
        let explanations = if records.len() + reply.explanations.len() <= room { &reply.explanations[..] } else { &[] };

        out.extend_from_slice(&header.id.to_be_bytes());
        let handed_on = if self.cached { TRUNCATED } else { TRUNCATED | AUTHORITATIVE };
        let truncated = if cut { TRUNCATED } else { 0 };
        out.push(0x80 | reply.flags[0] & handed_on | truncated | u8::from(header.recursion_desired));
        out.push(reply.flags[1] & HANDED_ON | u8::from(header.checking_disabled) << 4);
        for count in [1, answers, authorities, additionals + u16::from(query.edns.is_some())] {
            out.extend_from_slice(&count.to_be_bytes());
        }
        out.extend_from_slice(query.question);
        let start = out.len();
        out.extend_from_slice(records);
        if let Some(ttl) = self.ttl {
            for at in reply.ttls.iter().map(|at| start + usize::from(*at)) {
                if let Some(field) = out.get_mut(at..at + 4) {
                    field.copy_from_slice(&ttl.to_be_bytes());
                }
            }
        }
        if let Some(edns) = query.edns {
            push_opt(reply.extended_rcode, edns.dnssec_ok, explanations, out);
        }
    }
}

/// Appends our OPT record, with what the other server said to explain itself: at most 256 octets.
fn push_opt(extended_rcode: u8, dnssec_ok: bool, explanations: &[u8], out: &mut Vec<u8>) {
    let [type_high, type_low] = Rtype::OPT.0.to_be_bytes();
    let [size_high, size_low] = UDP_SIZE.to_be_bytes();
    let [length_high, length_low] = (explanations.len() as u16).to_be_bytes();
    let do_flag = u8::from(dnssec_ok) << 7;
    let opt: [u8; OPT_LENGTH] =
        [0, type_high, type_low, size_high, size_low, extended_rcode, 0, do_flag, 0, length_high, length_low];
    out.extend_from_slice(&opt);
    out.extend_from_slice(explanations);
}

/// Octets of an OPT record without options.
const OPT_LENGTH: usize = 11;

#[cfg(test)]
pub(crate) mod tests;
