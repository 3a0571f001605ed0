//! The corridor from the bytes of a message to the bytes of its reply. Socket loops, tests and fuzzing call the same
//! two functions: [`handle`], and [`conclude`] for what only an upstream can answer.
//!
//! ```text
//! message ─▶ query::Header, Query ─▶ View::route ─▶ decide ─▶ response ─▶ Chain::finish ─▶ reply
//!                     │ QueryError                    │ ▲
//!                     └─▶ response code or silence    │ └ Catalog, encoded when the snapshot was published; Chain
//!                                                     └─▶ Pending … an upstream's reply ─▶ conclude ─▶ reply
//! ```

mod alias;
mod decide;

use std::net::SocketAddr;
use std::time::Instant;

use thiserror::Error;

use crate::answer::Answer;
use crate::chain::speaks_edns;
use crate::forward::ForwardError;
use crate::plugins::header::flag;
use crate::plugins::{Composed, Question};
use crate::query::{Header, Query, QueryError};
use crate::relayed::Relayed;
use crate::response::{Manner, Transport, encode, encode_composed, encode_error};
use crate::view::{Block, View};
use crate::wire::Rcode;
use decide::{Decision, decide};

/// A message and how it came.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'m> {
    /// How it came.
    pub transport: Transport,
    /// From whom.
    pub client: SocketAddr,
    /// The message.
    pub message: &'m [u8],
    /// When. Only views with [`View::needs_clock`] look at it.
    pub now: Instant,
}

/// What became of a message: for counting and logging.
#[derive(Debug)]
pub enum Handled<'m> {
    /// A query was answered.
    Answered(Answered<'m>),
    /// Only an upstream knows.
    Pending(Pending),
    /// No query, but a message with an id: answered with a response code.
    Rejected(Header, QueryError),
    /// Not answered at all.
    Dropped(DropReason),
}

/// Why a message is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DropReason {
    /// The client is to blame.
    #[error(transparent)]
    Message(#[from] QueryError),
    /// `acl` drops it.
    #[error("dropped by acl")]
    Access,
    /// `rrl` drops it, or its answer.
    #[error("over the limit of rrl")]
    RateLimit,
}

/// A query that has to be sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The key of the view that the name to be asked for belongs to.
    pub key: usize,
    /// What is known already, where the name to be asked for is the end of an alias.
    pub unfinished: Option<Box<Unfinished>>,
}

/// An answer whose alias leads to a name that only an upstream knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The answer as far as it is known.
    pub composed: Composed,
    /// As in [`Answered`].
    pub coresmd: Option<(Option<usize>, bool)>,
    /// The query for what is missing.
    pub message: Vec<u8>,
}

/// A query and what was said to it.
#[derive(Debug)]
pub struct Answered<'m> {
    /// The header of the query.
    pub header: Header,
    /// The query.
    pub query: Query<'m>,
    /// The key of the view that the name belongs to.
    pub key: Option<usize>,
    /// The response code, all twelve bits.
    pub rcode: u16,
    /// Whether a `coresmd` block had a say: from which of its zones, and whether with records.
    pub coresmd: Option<(Option<usize>, bool)>,
    /// Why it could not be answered properly.
    pub failure: Option<Failure>,
    /// The cache has answered, and asks for the entry to be fetched anew.
    pub refresh: bool,
}

/// What an operator wants to know about a query that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The inventory has not been read yet.
    #[error("plugin/coresmd: no inventory has been read yet")]
    NoInventory,
    /// Nothing in the block knows the name.
    #[error("plugin/{0}: no next plugin found")]
    NoNext(&'static str),
    /// No upstream answered.
    #[error("plugin/forward: {0}")]
    Upstream(ForwardError),
}

/// Answers a message: appends the reply to `out`, or nothing where there must be none, or none yet.
pub fn handle<'m>(view: &View, exchange: &Exchange<'m>, out: &mut Vec<u8>) -> Handled<'m> {
    let (mut header, query) = match read(exchange.message) {
        Ok(read) => read,
        Err((Some(header), error)) if error.rcode().is_some() => {
            encode_error(&header, error.rcode().unwrap_or(Rcode::FormErr), out);
            return Handled::Rejected(header, error);
        }
        Err((_, error)) => return Handled::Dropped(error.into()),
    };
    let name = query.lower_name();
    let Some(key) = view.route(name.as_wire(), query.qtype) else {
        return refuse(header, query, exchange, out);
    };
    let block = view.block(key);
    header.recursion_desired = block.chain.header.query.decide(flag::RD, header.recursion_desired);
    let question =
        Question { name: name.as_wire(), query: &query, client: exchange.client, transport: exchange.transport };
    let decision = alias::follow(view, exchange, &question, decide(block, &header, &question, exchange.now));
    let (start, manner) = (out.len(), block.chain.manner(exchange.transport));
    let mut refresh = false;
    let (rcode, coresmd, failure) = match decision {
        Decision::Ask => return Handled::Pending(Pending { key, unfinished: None }),
        Decision::AskForEnd(key, unfinished) => {
            return Handled::Pending(Pending { key, unfinished: Some(Box::new(unfinished)) });
        }
        Decision::Drop(reason) => return Handled::Dropped(reason),
        Decision::Catalog(answer) => {
            encode(&header, &query, &answer, &manner, out);
            let failure = (answer.rcode == Rcode::ServFail).then_some(Failure::NoInventory);
            (answer.rcode.into(), Some((answer.zone, answer.is_hit())), failure)
        }
        Decision::Composed(composed, miss) => {
            encode_composed(&header, &query, &composed, &manner, out);
            (composed.rcode, miss, None)
        }
        Decision::Cached(relayed, renew, miss) => {
            relayed.write(&header, &query, manner.limit(query.edns), out);
            refresh = renew;
            (relayed.reply.rcode(), miss, None)
        }
        Decision::Fail(rcode, failure, miss) => {
            encode(&header, &query, &Answer::of(rcode), &manner, out);
            (rcode.into(), miss, failure)
        }
    };
    if !block.chain.finish(&question, start, exchange.now, out) {
        return Handled::Dropped(DropReason::RateLimit);
    }
    Handled::Answered(Answered { header, query, key: Some(key), rcode, coresmd, failure, refresh })
}

/// Answers a query with what came from upstream: the reply, or the reason why there is none. `unfinished` is what was
/// known before. Appends the reply to `out` as [`handle`] does.
pub fn conclude<'m>(
    view: &View,
    exchange: &Exchange<'m>,
    unfinished: Option<&Unfinished>,
    outcome: Result<&Relayed, ForwardError>,
    out: &mut Vec<u8>,
) -> Handled<'m> {
    let (mut header, query) = match read(exchange.message) {
        Ok(read) => read,
        Err((_, error)) => return Handled::Dropped(error.into()),
    };
    let name = query.lower_name();
    let Some(key) = view.route(name.as_wire(), query.qtype) else {
        return refuse(header, query, exchange, out);
    };
    let Block { chain, catalog } = view.block(key);
    header.recursion_desired = chain.header.query.decide(flag::RD, header.recursion_desired);
    let (start, manner) = (out.len(), chain.manner(exchange.transport));
    let rcode = match (unfinished, &outcome) {
        (Some(unfinished), _) => {
            let composed = alias::finish(unfinished, outcome.as_ref().ok().copied());
            encode_composed(&header, &query, &composed, &manner, out);
            composed.rcode
        }
        (None, Ok(relayed)) => {
            relayed.write(&header, &query, manner.limit(query.edns), out);
            relayed.reply.rcode()
        }
        (None, Err(error)) => {
            encode(&header, &query, &Answer::of(error.rcode()), &manner, out);
            error.rcode().into()
        }
    };
    let failure = outcome.err().map(Failure::Upstream);
    let question =
        Question { name: name.as_wire(), query: &query, client: exchange.client, transport: exchange.transport };
    if !chain.finish(&question, start, exchange.now, out) {
        return Handled::Dropped(DropReason::RateLimit);
    }
    let coresmd = match unfinished {
        Some(unfinished) => unfinished.coresmd,
        None => catalog.is_some().then_some((None, false)),
    };
    Handled::Answered(Answered { header, query, key: Some(key), rcode, coresmd, failure, refresh: false })
}

/// What there is to say about a query that is answered with a whole zone ([`crate::transfer`]).
pub fn transferred<'m>(view: &View, exchange: &Exchange<'m>) -> Option<Answered<'m>> {
    let (header, query) = read(exchange.message).ok()?;
    let name = query.lower_name();
    let key = view.route(name.as_wire(), query.qtype)?;
    let zone = view.block(key).catalog.as_ref()?.zone_at(name.as_wire());
    let (key, rcode) = (Some(key), Rcode::NoError.into());
    Some(Answered { header, query, key, rcode, coresmd: Some((zone, true)), failure: None, refresh: false })
}

/// The header and the query of a message; with the error, the header if there is one.
fn read(message: &[u8]) -> Result<(Header, Query<'_>), (Option<Header>, QueryError)> {
    let header = Header::decode(message).map_err(|error| (None, error))?;
    let query = Query::decode(&header, message).map_err(|error| (Some(header), error))?;
    Ok((header, query))
}

/// The answer to a query in no zone of the view.
fn refuse<'m>(header: Header, query: Query<'m>, exchange: &Exchange<'m>, out: &mut Vec<u8>) -> Handled<'m> {
    let rcode = if speaks_edns(&query) { Rcode::Refused } else { Rcode::BadVers };
    let manner = Manner::plain(exchange.transport);
    encode(&header, &query, &Answer::of(rcode), &manner, out);
    let rcode = rcode.into();
    Handled::Answered(Answered { header, query, key: None, rcode, coresmd: None, failure: None, refresh: false })
}

#[cfg(test)]
mod tests;
