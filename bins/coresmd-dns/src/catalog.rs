//! Everything that one `coresmd` block answers, encoded beforehand: built when a snapshot is published, never changed
//! afterwards, so that a query costs one lookup and one copy.
//!
//! Owner names in the encoded records are compression pointers to the question (RFC 1035 §4.1.4): the question always
//! starts at octet 12, so `C0 0C` is its name in the client's own letters, and the encoding fits every query.
//!
//! Zones: those of the configuration, each with SOA and NS at its apex. The PTR of an address in no reverse zone of
//! ours is a zone of its own: we answer for the one name and claim nothing beside it, since the rest of the subnet may
//! be known to somebody else.

mod authority;
mod build;
mod encode;
mod names;
mod problem;
mod records;
mod serial;
mod zone;

pub use authority::Authority;
pub(crate) use encode::TTL;
pub use encode::{RRset, Sets};
pub use problem::{Problem, ProblemKind};
pub use serial::Serials;
pub(crate) use serial::is_newer;
pub use zone::{Alias, InterfaceNames, Plan, Soa, StaticRecord, TypeNames, Zone};

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use crate::name::{Name, suffixes};
use crate::wire::Rtype;

/// The answers of one `coresmd` block for one snapshot.
#[derive(Debug)]
pub struct Catalog {
    /// The zones of the configuration, in its order, and one more: what the reverse names in none of them say.
    zones: Vec<Authority>,
    /// The zones of the configuration by the wire form of their names.
    apexes: FxHashMap<Box<[u8]>, usize>,
    /// Every name that exists, by its lower-case wire form.
    nodes: FxHashMap<Box<[u8]>, Node>,
    /// Whether the names are known: false before the first good snapshot.
    loaded: bool,
    /// For which names in our zones a miss is somebody else's to answer.
    fallthrough: Option<Vec<Name>>,
    /// Whom whole zones are given to.
    transfer_to: Vec<IpNet>,
    /// The serials of the zones, with what they stand for.
    serials: Serials,
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
    /// Where its CNAME leads to, if it has one. Then `sets` holds the CNAME, what every type at the end of the chain is
    /// answered with, and the chain alone for [`OTHER_TYPES`].
    pub alias: Option<End>,
}

/// What lies at the end of a chain of CNAMEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A name of the zone that the chain began in.
    Here,
    /// A name of this zone that does not exist.
    Missing,
    /// A name of another zone, of ours or not.
    Elsewhere,
    /// No end: a loop.
    Nowhere,
}

/// The type in a [`Node`] with a CNAME that stands for those which the end of the chain lacks; no query asks for it.
pub const OTHER_TYPES: Rtype = Rtype(0);

impl Catalog {
    /// The name with this lower-case wire form, if it exists.
    pub fn node(&self, name: &[u8]) -> Option<&Node> {
        self.nodes.get(name)
    }

    /// The zone of the configuration that a name lies in: the one with the most labels (RFC 1034 §4.3.2), matched at
    /// label borders.
    pub fn enclosing_zone(&self, name: &[u8]) -> Option<usize> {
        suffixes(name).find_map(|suffix| self.apexes.get(suffix).copied())
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

    /// Every name that exists, with its lower-case wire form, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = (&[u8], &Node)> {
        self.nodes.iter().map(|(name, node)| (&**name, node))
    }

    /// The zone of the configuration with this name.
    pub fn zone_at(&self, apex: &[u8]) -> Option<usize> {
        self.apexes.get(apex).copied()
    }

    /// The zones of the configuration that lie directly below one of them.
    pub fn zones_below(&self, zone: usize) -> impl Iterator<Item = &Authority> {
        self.configured().iter().filter(move |below| below.parent == Some(zone))
    }

    /// Whether a miss of this name is somebody else's to answer (`fallthrough`).
    pub fn falls_through(&self, name: &[u8]) -> bool {
        let within = |zones: &Vec<Name>| suffixes(name).any(|suffix| zones.iter().any(|zone| zone.as_wire() == suffix));
        self.fallthrough.as_ref().is_some_and(within)
    }

    /// Whether whole zones are given to this client.
    pub fn transfers_to(&self, client: IpAddr) -> bool {
        self.transfer_to.iter().any(|network| network.contains(&client.to_canonical()))
    }

    /// The serials of the zones, for the catalog that comes next.
    pub fn serials(&self) -> &Serials {
        &self.serials
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
