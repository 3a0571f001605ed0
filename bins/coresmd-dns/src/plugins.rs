//! What the directives of a server block have in common: the question as each of them sees it, and what it says to it.
//!
//! `coresmd` answers from records that were encoded beforehand ([`crate::catalog`]); the others make their answers when
//! they are asked, out of [`Record`]s, and the corridor encodes them.

pub mod acl;
pub mod header;
pub mod loadbalance;
pub mod probe;
pub mod rate_limit;
pub mod whoami;

use std::net::SocketAddr;

use hickory_proto::rr::Record;

use crate::query::Query;
use crate::response::Transport;

/// A question and where it came from.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The name as names are looked up: wire form, lower case.
    pub name: &'q [u8],
    /// The query.
    pub query: &'q Query<'q>,
    /// Who asks.
    pub client: SocketAddr,
    /// How.
    pub transport: Transport,
}

/// What a directive says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This is the answer.
    Answer(Composed),
    /// It is for the next directive to say.
    Next,
}

/// An answer made for one question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Composed {
    /// The response code (RFC 6895 §2.3), all twelve bits.
    pub rcode: u16,
    /// Whether we speak for the name (AA).
    pub authoritative: bool,
    /// The records that answer the question.
    pub answers: Vec<Record>,
    /// The records that say who knows more, or that there is nothing.
    pub authorities: Vec<Record>,
    /// Whatever else helps; without the OPT record.
    pub additionals: Vec<Record>,
    /// The options that the OPT record is to have besides ours: code and data. Dropped for a client without EDNS.
    pub options: Vec<(u16, Vec<u8>)>,
}
