//! A query, read out of the bytes of a message with no allocation and no trust.
//!
//! RFC 1035 §4.1 (header, question), RFC 6891 (OPT), RFC 9619 (one question); which mistake gets which response code:
//! facts, coredhcp-coredns §B4 and part C. Everything that is not one well-formed question of opcode QUERY ends here,
//! as a [`QueryError`] that knows its response code, or none where the message must be dropped.

use thiserror::Error;

use crate::name::{LowerName, MAX_LABEL, MAX_NAME};
use crate::walk::{Astray, Owner, Record, Walk};
use crate::wire::{CLASS_IN, Rcode, Rtype};

/// Octets of a message's header.
pub const HEADER: usize = 12;

/// What of a query's header the reply takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The client's number of the query.
    pub id: u16,
    /// What kind of message; 0 is QUERY, the only one that we do.
    pub opcode: u8,
    /// Recursion desired: copied into the reply (RFC 1035 §4.1.1).
    pub recursion_desired: bool,
    /// Checking disabled: copied into the reply (RFC 4035 §3.1.6).
    pub checking_disabled: bool,
    /// How many questions and records of each section the message claims to have.
    counts: [u16; 4],
}

/// A verified query: one question, and EDNS where the client speaks it.
#[derive(Debug)]
pub struct Query<'m> {
    /// The type asked for.
    pub qtype: Rtype,
    /// The class asked for.
    pub class: u16,
    /// The question as it was sent: name in the client's letters, type and class. The reply repeats it, so that a
    /// client which draws the case at random recognises its question.
    pub question: &'m [u8],
    /// The client's OPT record.
    pub edns: Option<Edns>,
}

/// What a client says in its OPT record (RFC 6891 §6.1.2). Its options are checked for form; beside NSID, none that a
/// server must obey applies to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns {
    /// The largest UDP payload that the client can take, in octets, as sent.
    pub udp_size: u16,
    /// The EDNS version; we speak 0.
    pub version: u8,
    /// The client understands DNSSEC records (DO).
    pub dnssec_ok: bool,
    /// The client asks who we are (RFC 5001).
    pub wants_nsid: bool,
}

/// Why a message is no query that can be answered. The client is to blame for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Shorter than a header: there is no id to answer to.
    #[error("shorter than a header")]
    Short,
    /// A response: answering it could start a loop between two servers.
    #[error("a response, not a query")]
    Response,
    /// An opcode other than QUERY.
    #[error("opcode {0} is not implemented")]
    Opcode(u8),
    /// Not one question, or more records than a query has.
    #[error("not one question, or too many records")]
    Counts,
    /// A name, a question or a record that does not end within the message, or bytes behind the last one.
    #[error("the message does not end where its records do")]
    Bounds,
    /// A label with the reserved bits, a compressed question, or a name of more than 255 octets.
    #[error("a name that is none")]
    Name,
    /// An OPT record in the wrong place, twice, with a name, or with a broken option.
    #[error("a broken OPT record")]
    Opt,
    /// A type that can stand in no question (OPT, TSIG, TKEY, 0).
    #[error("type {} is no type to ask for", .0.0)]
    Type(Rtype),
}

impl QueryError {
    /// The response code to answer with; `None`: no answer at all.
    pub fn rcode(self) -> Option<Rcode> {
        match self {
            Self::Short | Self::Response => None,
            Self::Opcode(_) => Some(Rcode::NotImp),
            _ => Some(Rcode::FormErr),
        }
    }
}

impl Header {
    /// Reads the header of a message that may be a query.
    pub fn decode(message: &[u8]) -> Result<Self, QueryError> {
        let header: &[u8; HEADER] = message.first_chunk().ok_or(QueryError::Short)?;
        let [id_high, id_low, flags, more_flags, counts @ ..] = *header;
        if flags & 0x80 != 0 {
            return Err(QueryError::Response);
        }
        let count = |section: usize| u16::from_be_bytes([counts[2 * section], counts[2 * section + 1]]);
        Ok(Self {
            id: u16::from_be_bytes([id_high, id_low]),
            opcode: flags >> 3 & 0xf,
            recursion_desired: flags & 1 != 0,
            checking_disabled: more_flags & 0x10 != 0,
            counts: [count(0), count(1), count(2), count(3)],
        })
    }
}

impl<'m> Query<'m> {
    /// Reads the rest of a message whose header is `header`.
    pub fn decode(header: &Header, message: &'m [u8]) -> Result<Self, QueryError> {
        if header.opcode != 0 {
            return Err(QueryError::Opcode(header.opcode));
        }
        let [questions, answers, authorities, additionals] = header.counts;
        if questions != 1 || answers > 1 || authorities > 1 || additionals > 2 {
            return Err(QueryError::Counts);
        }
        let name_end = question_name_end(message)?;
        let fixed = message.get(name_end..name_end + 4).ok_or(QueryError::Bounds)?;
        let qtype = Rtype(u16::from_be_bytes([fixed[0], fixed[1]]));
        if matches!(qtype, Rtype(0) | Rtype::OPT | Rtype::TKEY | Rtype::TSIG) {
            return Err(QueryError::Type(qtype));
        }
        let mut rest = Walk { message, at: name_end + 4 };
        for _ in 0..answers + authorities {
            if rest.record()?.rtype == Rtype::OPT {
                return Err(QueryError::Opt);
            }
        }
        let mut edns = None;
        for _ in 0..additionals {
            let record = rest.record()?;
            if record.rtype == Rtype::OPT && edns.replace(self::edns(&record)?).is_some() {
                return Err(QueryError::Opt);
            }
        }
        if rest.at != message.len() {
            return Err(QueryError::Bounds);
        }
        Ok(Self {
            qtype,
            class: u16::from_be_bytes([fixed[2], fixed[3]]),
            question: &message[HEADER..name_end + 4],
            edns,
        })
    }

    /// The name asked for, in the client's letters.
    pub fn name(&self) -> &'m [u8] {
        &self.question[..self.question.len() - 4]
    }

    /// The name asked for, as names are looked up.
    pub fn lower_name(&self) -> LowerName {
        LowerName::from_checked_wire(self.name())
    }

    /// Whether the question is of the class that we hold data of.
    pub fn is_internet(&self) -> bool {
        self.class == CLASS_IN
    }
}

/// Where the name of the question ends. It is the first name of the message: there is nothing that a compression
/// pointer could rightly point to.
fn question_name_end(message: &[u8]) -> Result<usize, QueryError> {
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at).ok_or(QueryError::Bounds)?);
        if length > MAX_LABEL {
            return Err(QueryError::Name);
        }
        at += 1 + length;
        if at - HEADER > MAX_NAME {
            return Err(QueryError::Name);
        }
        if length == 0 {
            return Ok(at);
        }
    }
}

/// A record as OPT: class is the UDP size, the TTL holds version and flags, the data is a list of options.
fn edns(record: &Record<'_>) -> Result<Edns, QueryError> {
    let mut options = record.rdata;
    let mut wants_nsid = false;
    while let [code_high, code_low, high, low, rest @ ..] = options {
        wants_nsid |= [*code_high, *code_low] == NSID.to_be_bytes();
        options = rest.get(usize::from(u16::from_be_bytes([*high, *low]))..).ok_or(QueryError::Opt)?;
    }
    if !options.is_empty() || record.owner != Owner::Root {
        return Err(QueryError::Opt);
    }
    let [_extended_rcode, version, flags, _] = record.ttl.to_be_bytes();
    Ok(Edns { udp_size: record.class, version, dnssec_ok: flags & 0x80 != 0, wants_nsid })
}

impl From<Astray> for QueryError {
    fn from(why: Astray) -> Self {
        match why {
            Astray::Bounds => Self::Bounds,
            Astray::Name => Self::Name,
        }
    }
}

/// The option that asks for the server's name (RFC 5001).
pub const NSID: u16 = 3;

#[cfg(test)]
pub(crate) mod tests;
