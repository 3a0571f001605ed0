//! The `hosts` directive: names and addresses out of a hosts file (hosts(5)) and out of lines of the Corefile.
//!
//! Pure. Facts: coredhcp-coredns §B5 and part C. What the original does and this keeps: names are answered in lower
//! case; a name that is there without the type asked for has no data, and no SOA to say so with; a missing one is
//! SERVFAIL unless `fallthrough` passes it on; a PTR needs no reverse zone among the zones, and a missing one always
//! passes on. What is better: a file that goes bad leaves the last good one in force.

mod table;

use std::sync::Arc;

use arc_swap::ArcSwap;
use hickory_proto::rr::Record;
use serve::findings::Finding;

use crate::name::{Name, is_reverse};
use crate::plugins::{Composed, Found, Question};
use crate::record;
use crate::wire::{Rcode, Rtype};
use crate::zones::within;

pub use table::Table;
pub(crate) use table::parse_address;

/// The most records of an answer: hosts files that block names give one address to all of them, and no message has
/// room for much more.
const MAX_ANSWERS: usize = 1_000;

/// A `hosts` directive at work.
#[derive(Debug)]
pub struct Hosts {
    /// What it answers for.
    zones: Vec<Name>,
    /// Where a name that it does not have is for the next directive to say.
    fallthrough: Vec<Name>,
    /// Seconds for which its answers may be remembered.
    ttl: u32,
    /// Whether addresses are answered with names.
    reverse: bool,
    /// The lines of the Corefile.
    inline: Table,
    /// They and those of the file, as last read.
    current: ArcSwap<Table>,
}

impl Hosts {
    /// A directive that has read no file yet. `inline` are the lines of the Corefile, already checked.
    pub fn new(zones: Vec<Name>, fallthrough: Vec<Name>, ttl: u32, reverse: bool, inline: Table) -> Self {
        let current = ArcSwap::from_pointee(inline.clone());
        Self { zones, fallthrough, ttl, reverse, inline, current }
    }

    /// Reads a text of the file called `file`. Nothing is in force before [`Hosts::publish`].
    pub fn parse(&self, file: &str, text: &str) -> (Table, Vec<Finding>) {
        let mut table = self.inline.clone();
        let findings = table.read(file, text, &self.zones);
        (table, findings)
    }

    /// Answers from this table from now on.
    pub fn publish(&self, table: Table) {
        self.current.store(Arc::new(table));
    }

    /// How many entries there are: every address of a name and every name of an address, as CoreDNS counts them.
    pub fn entries(&self) -> usize {
        self.current.load().entries()
    }

    /// What it says to a question.
    pub fn find(&self, question: &Question<'_>) -> Found {
        let (name, qtype) = (question.name, question.query.qtype);
        let table = self.current.load();
        if qtype == Rtype::PTR && is_reverse(name) {
            let names = if self.reverse { table.names(name) } else { &[] };
            let answers = names.iter().take(MAX_ANSWERS).map(|host| self.record(name, Rtype::PTR, host.as_wire()));
            return answer_unless_empty(answers.collect());
        }
        if !within(name, &self.zones) {
            return Found::Next;
        }
        if let Some(addresses) = table.addresses(name) {
            let answers =
                addresses.records(qtype).take(MAX_ANSWERS).map(|octets| self.record(name, qtype, &octets)).collect();
            return Found::Answer(Composed { authoritative: true, answers, ..Composed::default() });
        }
        if qtype == Rtype::PTR || within(name, &self.fallthrough) {
            return Found::Next;
        }
        Found::Answer(Composed { rcode: Rcode::ServFail as u16, ..Composed::default() })
    }

    fn record(&self, owner: &[u8], rtype: Rtype, rdata: &[u8]) -> Record {
        record::record(owner, rtype, self.ttl, rdata)
    }
}

fn answer_unless_empty(answers: Vec<Record>) -> Found {
    if answers.is_empty() {
        return Found::Next;
    }
    Found::Answer(Composed { authoritative: true, answers, ..Composed::default() })
}

#[cfg(test)]
mod tests;
