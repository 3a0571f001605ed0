//! The corridor from the bytes of a message to the bytes of its reply. Socket loops, tests and fuzzing call this one
//! function.
//!
//! ```text
//! message ─▶ query::Header, Query ─▶ View::route ─▶ answer::answer ─▶ response::encode ─▶ reply
//!                     │ QueryError                        ▲
//!                     └─▶ response code or silence        └ Catalog, encoded when the snapshot was published
//! ```

use crate::answer::{Answer, answer};
use crate::query::{Header, Query, QueryError};
use crate::response::{Transport, encode, encode_error};
use crate::view::{Block, View};
use crate::wire::Rcode;

/// What became of a message: for counting and logging.
#[derive(Debug)]
pub enum Handled<'v, 'm> {
    /// A query was answered.
    Answered(Answered<'v, 'm>),
    /// No query, but a message with an id: answered with a response code.
    Rejected(Header, QueryError),
    /// Not answered at all.
    Dropped(QueryError),
}

/// A query and what was said to it.
#[derive(Debug)]
pub struct Answered<'v, 'm> {
    /// The header of the query.
    pub header: Header,
    /// The query.
    pub query: Query<'m>,
    /// The key of the view that the name belongs to.
    pub key: Option<usize>,
    /// What was said.
    pub answer: Answer<'v>,
}

/// Answers a message: appends the reply to `reply`, or nothing where there must be none.
pub fn handle<'v, 'm>(view: &'v View, transport: Transport, message: &'m [u8], reply: &mut Vec<u8>) -> Handled<'v, 'm> {
    let header = match Header::decode(message) {
        Ok(header) => header,
        Err(error) => return Handled::Dropped(error),
    };
    let query = match Query::decode(&header, message) {
        Ok(query) => query,
        Err(error) => {
            encode_error(&header, error.rcode().unwrap_or(Rcode::FormErr), reply);
            return Handled::Rejected(header, error);
        }
    };
    let name = query.lower_name();
    let key = view.route(name.as_wire());
    let answer = decide(key.map(|key| view.block(key)), &query, name.as_wire());
    encode(&header, &query, &answer, transport, reply);
    Handled::Answered(Answered { header, query, key, answer })
}

/// The answer of a block, once nothing about the query itself stands against it.
fn decide<'v>(block: Option<&'v Block>, query: &Query<'_>, name: &[u8]) -> Answer<'v> {
    if query.edns.is_some_and(|edns| edns.version != 0) {
        return Answer::of(Rcode::BadVers);
    }
    if !query.is_internet() {
        return Answer::of(Rcode::Refused);
    }
    match block {
        None => Answer::of(Rcode::Refused),
        Some(Block { catalog: Some(catalog), .. }) => answer(catalog, name, query.qtype),
        Some(Block { catalog: None, otherwise }) => Answer::of(*otherwise),
    }
}

#[cfg(test)]
mod tests;
