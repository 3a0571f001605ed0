//! The `file` directive: zones out of master files.
//!
//! Pure. Facts: coredhcp-coredns §B5. RFC 1034 and 1035, and what is named in the rooms below. What the original does
//! and this keeps: REFUSED for transfers asked of the directive itself, SERVFAIL while there is no file, `fallthrough`
//! for names that do not exist. What is better: each change of a file is seen, not that of the serial only, and a
//! file that goes bad leaves the last good zone in force.
//!
//! ```text
//! text ─ lexer ─▶ words ─ parse (generate; rdata ◀ text, svcb) ─▶ records ─ zone ─▶ Zone ─ lookup ─▶ Composed
//! ```

mod generate;
mod lexer;
mod lookup;
mod parse;
mod rdata;
mod svcb;
mod text;
mod zone;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hickory_proto::rr::Record;
use serve::findings::Finding;

use crate::name::{Name, suffixes};
use crate::plugins::{Composed, Found, Question};
use crate::wire::{Rcode, Rtype};
use crate::zones::{longest, within};

pub use parse::Include;
pub(crate) use rdata::rtype;
pub use zone::Zone;

/// An alias of a name.
const CNAME: Rtype = Rtype(5);
/// An alias of everything below a name (RFC 6672).
const DNAME: Rtype = Rtype(39);
/// A signature (RFC 4034 §3).
const RRSIG: Rtype = Rtype(46);
/// What there is between two names (RFC 4034 §4).
const NSEC: Rtype = Rtype(47);
/// The same with hashed names (RFC 5155).
const NSEC3: Rtype = Rtype(50);

/// A `file` directive at work.
#[derive(Debug)]
pub struct ZoneFile {
    /// The apexes of its zones, all out of one file.
    origins: Vec<Name>,
    /// The zones as last read, in the same order; `None` before the first good file.
    current: Vec<ArcSwapOption<Zone>>,
    /// Where a name that does not exist is for the next directive to say.
    fallthrough: Vec<Name>,
}

impl ZoneFile {
    /// A directive that has read no file yet.
    pub fn new(origins: Vec<Name>, fallthrough: Vec<Name>) -> Self {
        let current = origins.iter().map(|_| ArcSwapOption::empty()).collect();
        Self { origins, current, fallthrough }
    }

    /// The apexes of its zones.
    pub fn origins(&self) -> &[Name] {
        &self.origins
    }

    /// Whether it is to answer for the zone with this apex.
    pub fn has(&self, apex: &[u8]) -> bool {
        self.origins.iter().any(|origin| origin.as_wire() == apex)
    }

    /// Answers from this zone from now on, if it is one of the directive's.
    pub fn publish(&self, zone: Arc<Zone>) {
        if let Some(place) = self.origins.iter().position(|origin| origin == zone.origin()) {
            self.current[place].store(Some(zone));
        }
    }

    /// The zone with this apex, for a transfer; `None` too while it is not loaded.
    pub fn zone(&self, apex: &[u8]) -> Option<Arc<Zone>> {
        let place = self.origins.iter().position(|origin| origin.as_wire() == apex)?;
        self.current[place].load_full()
    }

    /// Whether every zone is loaded.
    pub fn is_loaded(&self) -> bool {
        self.current.iter().all(|zone| zone.load().is_some())
    }

    /// What it says to a question.
    pub fn find(&self, question: &Question<'_>) -> Found {
        let (name, qtype) = (question.name, question.query.qtype);
        let Some(place) = self.place(name, qtype) else { return Found::Next };
        let Some(zone) = &*self.current[place].load() else { return rcode(Rcode::ServFail) };
        if [Rtype::AXFR, Rtype::IXFR].contains(&qtype) {
            return rcode(Rcode::Refused);
        }
        let composed = zone.lookup(name, qtype, question.query.edns.is_some_and(|edns| edns.dnssec_ok));
        let missing = composed.rcode == Rcode::NxDomain as u16 && composed.answers.is_empty();
        if missing && within(name, &self.fallthrough) { Found::Next } else { Found::Answer(composed) }
    }

    /// The zone that a question is for: the longest, but for the DS of a zone the one above, if that is here.
    fn place(&self, name: &[u8], qtype: Rtype) -> Option<usize> {
        let place = longest(name, &self.origins)?;
        let is_apex = self.origins[place].as_wire() == name;
        let parent = suffixes(name).nth(1).filter(|_| is_apex && qtype == Rtype::DS);
        Some(parent.and_then(|parent| longest(parent, &self.origins)).unwrap_or(place))
    }
}

/// Reads the records of a text without directives, names being relative to the root; `ttl` is that of records
/// without one. The error is the first fault.
pub fn records(text: &str, ttl: u32) -> Result<Vec<Record>, Finding> {
    let lines = parse::records(text, ttl)?;
    Ok(lines.iter().map(|line| crate::record::record(&line.owner, line.rtype, line.ttl, &line.rdata)).collect())
}

fn rcode(rcode: Rcode) -> Found {
    Found::Answer(Composed { rcode: rcode as u16, ..Composed::default() })
}

#[cfg(test)]
mod tests;
