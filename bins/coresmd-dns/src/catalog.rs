//! Everything that one `coresmd` block answers, encoded beforehand: built when a snapshot is published, never changed
//! afterwards, so that a query costs one lookup and one copy.
//!
//! Owner names in the encoded records are compression pointers to the question (RFC 1035 §4.1.4): the question always
//! starts at octet 12, so `C0 0C` is its name in the client's own letters, and the encoding fits every query.
//!
//! Zones: those of the configuration, each with SOA and NS at its apex. The PTR of an address in no reverse zone of
//! ours is a zone of its own: we answer for the one name and claim nothing beside it, since the rest of the subnet may
//! be known to somebody else.

mod build;
mod encode;
mod problem;
mod zone;

pub(crate) use encode::TTL;
pub use encode::{RRset, Sets};
pub use problem::{Problem, ProblemKind};
pub use zone::Zone;

use rustc_hash::FxHashMap;

use crate::name::{Name, suffixes};

/// The answers of one `coresmd` block for one snapshot.
#[derive(Debug)]
pub struct Catalog {
    /// The zones of the configuration, in its order, and one more: what the reverse names in none of them say.
    zones: Vec<Authority>,
    /// Every name that exists, by its lower-case wire form.
    nodes: FxHashMap<Box<[u8]>, Node>,
    /// Whether the names are known: false before the first good snapshot.
    loaded: bool,
    /// What of the inventory could not be named.
    problems: Vec<Problem>,
}

/// A name that exists.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its zone, as an index for [`Catalog::zone`].
    pub zone: usize,
    /// Octets of the zone's apex: as many of the name's last ones are the owner of the SOA.
    pub apex_length: usize,
    /// Its records; none for an empty non-terminal (RFC 8020) and for an apex without others.
    pub sets: Sets,
}

/// What a zone says about itself.
#[derive(Debug)]
pub struct Authority {
    /// The name of the zone.
    pub apex: Name,
    /// The zone above it, where that is ours too.
    pub parent: Option<usize>,
    /// The zone that its name server and its mailbox are named in.
    home: Name,
    /// The SOA and NS at the apex.
    pub sets: Sets,
    /// The SOA of negative answers behind its owner: type, class, TTL and data. The TTL is the time for which a
    /// resolver may remember that there is nothing (RFC 2308 §5).
    pub negative: Box<[u8]>,
}

impl Catalog {
    /// The name with this lower-case wire form, if it exists.
    pub fn node(&self, name: &[u8]) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// The zone of the configuration that a name lies in: the one with the most labels (RFC 1034 §4.3.2), matched at
    /// label borders.
    pub fn enclosing_zone(&self, name: &[u8]) -> Option<usize> {
        suffixes(name).find_map(|suffix| self.configured().iter().position(|zone| zone.apex.as_wire() == suffix))
    }

    /// The zones of the configuration, in its order.
    fn configured(&self) -> &[Authority] {
        &self.zones[..self.zones.len() - 1]
    }

    /// What a zone says about itself.
    pub fn zone(&self, index: usize) -> &Authority {
        &self.zones[index]
    }

    /// Whether the names are known. Before the first good snapshot nobody gets an answer about our zones.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// How many names exist, empty non-terminals included.
    pub fn names(&self) -> usize {
        self.nodes.len()
    }

    /// What of the inventory could not be named, and why.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl Node {
    /// Whether the name is the apex of its zone.
    pub fn is_apex(&self, name: &[u8]) -> bool {
        self.apex_length == name.len()
    }
}

#[cfg(test)]
pub(crate) mod tests;
