//! What to say to a query, decided from the catalog alone: no socket, no clock, no bytes of a message.
//!
//! RFC 1034 §4.3.2 (the algorithm), RFC 2308 (NODATA, NXDOMAIN), RFC 8020 (an empty non-terminal exists), RFC 8482
//! (ANY), RFC 4035 §3.1.4.1 (DS belongs to the parent).

use crate::catalog::{Authority, Catalog, End, Node, OTHER_TYPES, RRset, TTL};
use crate::name::is_reverse;
use crate::wire::{Rcode, Rtype};

/// The decision about a query, before it becomes bytes.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'c> {
    /// The response code.
    pub rcode: Rcode,
    /// Whether we speak for the name (AA).
    pub authoritative: bool,
    /// The records that answer the question.
    pub records: Records<'c>,
    /// The SOA that says for how long the negative answer holds.
    pub soa: Option<Soa<'c>>,
    /// The zone of the name, as an index for [`Catalog::zone`].
    pub zone: Option<usize>,
    /// Whether this is for the next directive to say, and to be said only where there is none: the name is not ours, or
    /// it is missing and `fallthrough` covers it.
    pub passes_on: bool,
    /// Whether the records end in an alias whose name lies in no zone that this one could answer for.
    pub leads_away: bool,
}

/// The answer section: records whose owner is a pointer to the question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Records<'c> {
    /// How many they are.
    pub count: u16,
    /// The records as they stand in a message.
    pub octets: &'c [u8],
}

/// A SOA for the authority section. Its owner is the end of the question's name.
#[derive(Debug, Clone, Copy)]
pub struct Soa<'c> {
    /// Octets of the owner: that many of the question's last ones.
    pub owner_length: usize,
    /// The record behind its owner.
    pub octets: &'c [u8],
}

/// The answer to a question for a name, given in lower-case wire form, and a type.
pub fn answer<'c>(catalog: &'c Catalog, name: &[u8], qtype: Rtype) -> Answer<'c> {
    // whole zones are given away over TCP, to those who may have them (crate::transfer)
    if matches!(qtype, Rtype::AXFR | Rtype::IXFR) && catalog.zone_at(name).is_none() {
        return Answer { passes_on: true, ..Answer::of(Rcode::NotAuth) };
    }
    if qtype == Rtype::AXFR {
        return Answer::of(Rcode::Refused);
    }
    if !catalog.is_loaded() {
        // whether a reverse name is ours only the inventory can tell
        let ours = catalog.enclosing_zone(name).is_some() || is_reverse(name);
        return if ours { Answer::of(Rcode::ServFail) } else { not_ours() };
    }
    if let Some(node) = catalog.node(name) {
        return at_node(catalog, node, node.is_apex(name), qtype);
    }
    match catalog.enclosing_zone(name) {
        Some(zone) => Answer { passes_on: catalog.falls_through(name), ..negative(Rcode::NxDomain, catalog, zone) },
        None => not_ours(),
    }
}

/// About a name in none of our zones.
fn not_ours<'c>() -> Answer<'c> {
    Answer { passes_on: true, ..Answer::of(Rcode::Refused) }
}

impl<'c> Answer<'c> {
    /// A response code and nothing else.
    pub fn of(rcode: Rcode) -> Self {
        Self {
            rcode,
            authoritative: false,
            records: Records::default(),
            soa: None,
            zone: None,
            passes_on: false,
            leads_away: false,
        }
    }

    /// Whether it holds what was asked for.
    pub fn is_hit(&self) -> bool {
        self.records.count > 0
    }

    fn records(zone: usize, records: Records<'c>) -> Self {
        Self { authoritative: true, records, zone: Some(zone), ..Self::of(Rcode::NoError) }
    }
}

/// The answer about a name that exists.
fn at_node<'c>(catalog: &'c Catalog, node: &'c Node, apex: bool, qtype: Rtype) -> Answer<'c> {
    let zone = catalog.zone(node.zone);
    let set = match (qtype, zone.parent) {
        (Rtype::SOA | Rtype::NS, _) if apex => zone.sets.get(qtype),
        // the serial says whether to ask over TCP: over UDP a zone does not fit (RFC 1995 §4)
        (Rtype::IXFR, _) => zone.sets.get(Rtype::SOA),
        (Rtype::DS, Some(parent)) if apex => return negative(Rcode::NoError, catalog, parent),
        (Rtype::ANY, _) if node.alias.is_some() => node.sets.get(Rtype::CNAME),
        (Rtype::ANY, _) if apex || !node.sets.is_empty() => return Answer::records(node.zone, ANY),
        _ => node.sets.get(qtype),
    };
    match (set, node.alias) {
        (Some(set), _) => Answer::records(node.zone, set.into()),
        (None, None) => no_data(node, zone, Records::default()),
        (None, Some(end)) => {
            let chain =
                node.sets.get(OTHER_TYPES).or(node.sets.get(Rtype::CNAME)).map_or(Records::default(), Into::into);
            match end {
                End::Here => no_data(node, zone, chain),
                End::Missing => Answer { rcode: Rcode::NxDomain, ..no_data(node, zone, chain) },
                End::Elsewhere => Answer { leads_away: true, ..Answer::records(node.zone, chain) },
                End::Nowhere => Answer::records(node.zone, chain),
            }
        }
    }
}

/// A name of a zone, or what its CNAME leads to in this zone, lacks the type.
fn no_data<'c>(node: &Node, zone: &'c Authority, chain: Records<'c>) -> Answer<'c> {
    Answer { soa: Some(zone.soa_of(node.apex_length)), ..Answer::records(node.zone, chain) }
}

/// NODATA or NXDOMAIN in a zone of the configuration.
fn negative(rcode: Rcode, catalog: &Catalog, index: usize) -> Answer<'_> {
    let zone = catalog.zone(index);
    let soa = zone.soa_of(zone.apex.as_wire().len());
    Answer { rcode, soa: Some(soa), ..Answer::records(index, Records::default()) }
}

impl Authority {
    fn soa_of(&self, owner_length: usize) -> Soa<'_> {
        Soa { owner_length, octets: &self.negative }
    }
}

impl<'c> From<RRset<'c>> for Records<'c> {
    fn from(set: RRset<'c>) -> Self {
        Self { count: set.count, octets: set.records }
    }
}

/// The answer to ANY for every name that has records: `HINFO "RFC8482" ""` (RFC 8482 §4.2). All records would make a
/// small question with a forged source a large answer to somebody else.
const ANY: Records<'static> = Records { count: 1, octets: &ANY_RECORD };

const ANY_RECORD: [u8; 21] = {
    let [t3, t2, t1, t0] = TTL.to_be_bytes();
    [0xc0, 0x0c, 0, Rtype::HINFO.0 as u8, 0, 1, t3, t2, t1, t0, 0, 9, 7, b'R', b'F', b'C', b'8', b'4', b'8', b'2', 0]
};

#[cfg(test)]
mod tests;
