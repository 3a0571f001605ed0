//! Reading a reply: is it one to our question, where do its records begin and end, what must be known of them.
//!
//! No name is followed: only its length counts. A pointer must point backwards, behind the header (RFC 1035 §4.1.4).

use thiserror::Error;

use super::{LONGEST_TTL, Reply};
use crate::name::MAX_NAME;
use crate::query::HEADER;
use crate::wire::Rtype;

/// Why a message is no reply to our question. The upstream is to blame, or somebody who pretends to be it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// Shorter than a header.
    #[error("shorter than a header")]
    Short,
    /// Not a response, or one to something that is no query.
    #[error("not a response to a query")]
    NotResponse,
    /// A response to another question.
    #[error("a response to another question")]
    Question,
    /// A name or a record that does not end within the message, or bytes behind the last record.
    #[error("the message does not end where its records do")]
    Bounds,
    /// A name that is none.
    #[error("a name that is none")]
    Name,
    /// An OPT record in the wrong place, twice, or with a broken option.
    #[error("a broken OPT record")]
    Opt,
}

/// Octets of extended DNS errors that are kept: more is not handed on.
const EXPLANATIONS: usize = 256;

/// The option of extended DNS errors (RFC 8914).
const EXTENDED_ERROR: [u8; 2] = [0, 15];

/// See [`Reply::read`].
pub(super) fn read(question: &[u8], message: &[u8]) -> Result<Reply, ReplyError> {
    let header: &[u8; HEADER] = message.first_chunk().ok_or(ReplyError::Short)?;
    let count = |section: usize| u16::from_be_bytes([header[4 + 2 * section], header[5 + 2 * section]]);
    if header[2] & 0xf8 != 0x80 {
        return Err(ReplyError::NotResponse);
    }
    let sections = [count(1), count(2), count(3)];
    let flags = [header[2], header[3]];
    if count(0) == 0 {
        // what some servers say to a query that they could not or would not read
        let plain = matches!(flags[1] & 0x0f, 1 | 2 | 4 | 5) && message.len() == HEADER && sections == [0; 3];
        return if plain { Ok(Reply::bare(flags[1] & 0x0f)) } else { Err(ReplyError::Question) };
    }
    let start = HEADER + question.len();
    let repeated = message.get(HEADER..start).ok_or(ReplyError::Question)?;
    if count(0) != 1 || !is_question(repeated, question) {
        return Err(ReplyError::Question);
    }
    let mut walk = Walk { message, at: start };
    let mut reply = Reply { flags, ..Reply::bare(0) };
    let mut ttls = Vec::new();
    let mut end = None;
    for (section, count) in sections.into_iter().enumerate() {
        if section == ADDITIONALS {
            reply.additional = walk.at - start;
        }
        for _ in 0..count {
            let begin = walk.at;
            let record = walk.record()?;
            if record.rtype == Rtype::OPT {
                if section != ADDITIONALS || end.replace(begin).is_some() || message[begin] != 0 {
                    return Err(ReplyError::Opt);
                }
                [reply.extended_rcode, ..] = record.ttl.to_be_bytes();
                reply.explanations = explanations(record.rdata)?;
            } else if end.is_none() {
                reply.counts[section] += 1;
                ttls.push((record.ttl_at - start) as u16);
                note(&mut reply, section, &record);
            }
        }
    }
    if walk.at != message.len() || message.len() > usize::from(u16::MAX) {
        return Err(ReplyError::Bounds);
    }
    reply.ttls = ttls.into();
    reply.records = message[start..end.unwrap_or(walk.at)].into();
    Ok(reply)
}

const AUTHORITIES: usize = 1;
const ADDITIONALS: usize = 2;

/// Whether the octets are the question, whatever the case of its letters.
fn is_question(octets: &[u8], question: &[u8]) -> bool {
    let name = question.len().saturating_sub(4);
    octets.len() == question.len()
        && octets[name..] == question[name..]
        && octets[..name].eq_ignore_ascii_case(&question[..name])
}

/// Notes how long the record and, if it is the SOA of a denial, the denial may be kept.
fn note(reply: &mut Reply, section: usize, record: &Record<'_>) {
    let ttl = if record.ttl > LONGEST_TTL { 0 } else { record.ttl };
    reply.lowest_ttl = Some(reply.lowest_ttl.map_or(ttl, |lowest| lowest.min(ttl)));
    if section == AUTHORITIES
        && record.rtype == Rtype::SOA
        && let Some((_, minimum)) = record.rdata.split_last_chunk()
    {
        let negative = ttl.min(u32::from_be_bytes(*minimum));
        reply.negative_ttl = Some(reply.negative_ttl.map_or(negative, |lowest| lowest.min(negative)));
    }
}

/// The extended DNS errors among the options of an OPT record.
fn explanations(mut options: &[u8]) -> Result<Box<[u8]>, ReplyError> {
    let mut kept = Vec::new();
    while let [code_high, code_low, high, low, rest @ ..] = options {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let behind = rest.get(length..).ok_or(ReplyError::Opt)?;
        if [*code_high, *code_low] == EXTENDED_ERROR && kept.len() + 4 + length <= EXPLANATIONS {
            kept.extend_from_slice(&options[..4 + length]);
        }
        options = behind;
    }
    if options.is_empty() { Ok(kept.into()) } else { Err(ReplyError::Opt) }
}

/// The way through a message.
struct Walk<'m> {
    message: &'m [u8],
    at: usize,
}

/// What must be known of a record.
struct Record<'m> {
    rtype: Rtype,
    ttl: u32,
    ttl_at: usize,
    rdata: &'m [u8],
}

impl<'m> Walk<'m> {
    /// Steps over one record.
    fn record(&mut self) -> Result<Record<'m>, ReplyError> {
        self.name()?;
        let ttl_at = self.at + 4;
        let fixed: &[u8; 10] = self.take(10)?.try_into().map_err(|_| ReplyError::Bounds)?;
        let [type_high, type_low, _, _, t3, t2, t1, t0, high, low] = *fixed;
        Ok(Record {
            rtype: Rtype(u16::from_be_bytes([type_high, type_low])),
            ttl: u32::from_be_bytes([t3, t2, t1, t0]),
            ttl_at,
            rdata: self.take(usize::from(u16::from_be_bytes([high, low])))?,
        })
    }

    /// Steps over a name, compressed or not.
    fn name(&mut self) -> Result<(), ReplyError> {
        let start = self.at;
        loop {
            match self.take(1)?[0] {
                0 => return Ok(()),
                length @ 1..=63 => _ = self.take(usize::from(length))?,
                high @ 0xc0.. => {
                    let to = usize::from(u16::from_be_bytes([high & 0x3f, self.take(1)?[0]]));
                    return if (HEADER..start).contains(&to) { Ok(()) } else { Err(ReplyError::Name) };
                }
                _ => return Err(ReplyError::Name),
            }
            if self.at - start > MAX_NAME {
                return Err(ReplyError::Name);
            }
        }
    }

    fn take(&mut self, octets: usize) -> Result<&'m [u8], ReplyError> {
        let taken = self.message.get(self.at..self.at + octets).ok_or(ReplyError::Bounds)?;
        self.at += octets;
        Ok(taken)
    }
}
