//! Reading a reply: is it one to our question, where do its records begin and end, what must be known of them.
//!
//! No name is followed: only its length counts. A pointer must point backwards, behind the header (RFC 1035 §4.1.4).

use thiserror::Error;

use super::{LONGEST_TTL, Reply};
use crate::query::HEADER;
use crate::walk::{Astray, Owner, Record, Walk};
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
            let record = record(&mut walk)?;
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

/// Steps over one record, whose owner may only be written with a pointer backwards, behind the header.
fn record<'m>(walk: &mut Walk<'m>) -> Result<Record<'m>, ReplyError> {
    let record = walk.record()?;
    match record.owner {
        Owner::Pointer(to, start) if !(HEADER..start).contains(&to) => Err(ReplyError::Name),
        _ => Ok(record),
    }
}

impl From<Astray> for ReplyError {
    fn from(why: Astray) -> Self {
        match why {
            Astray::Bounds => Self::Bounds,
            Astray::Name => Self::Name,
        }
    }
}
