//! A zone as it is looked up: every name of it, in the canonical order of RFC 4034 §6.1, with its record sets.
//!
//! The order has everything below a name right behind it: what a name is a prefix of, an empty non-terminal included,
//! and which NSEC denies a name are questions to one map.

use std::collections::BTreeMap;
use std::ops::Bound;

use hickory_proto::rr::Record;
use serve::findings::{Finding, Severity};

use super::parse::{self, Include, Line};
use super::{CNAME, NSEC, NSEC3, RRSIG};
use crate::name::{Name, suffixes};
use crate::record;
use crate::wire::Rtype;

/// A whole, checked zone.
#[derive(Debug, Clone)]
pub struct Zone {
    origin: Name,
    /// By key; the names that only have names below them are there too, without sets.
    nodes: BTreeMap<Key, Node>,
    /// The SOA record.
    soa: Record,
    serial: u32,
}

/// A name so written that octets compare as RFC 4034 §6.1 wants it: labels from the root down, each ended by 0.
pub(super) type Key = Box<[u8]>;

/// What is at a name.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    sets: Vec<RecordSet>,
}

/// The records of one name and type, and what signs them.
#[derive(Debug, Clone)]
pub(super) struct RecordSet {
    pub(super) rtype: Rtype,
    pub(super) records: Vec<Record>,
    pub(super) signatures: Vec<Record>,
}

impl Zone {
    /// Reads a zone from the text of a master file. With an error among the findings there is no zone.
    pub fn parse(file: &str, text: &str, origin: &Name, include: &mut Include<'_>) -> (Option<Self>, Vec<Finding>) {
        let (lines, mut findings) = parse::file(file, text, origin, include);
        let mut nodes = BTreeMap::new();
        nodes.insert(key(origin.as_wire()), Node::default());
        for line in lines {
            insert(&mut nodes, origin, &line, &mut findings);
        }
        let apex = &nodes[&key(origin.as_wire())];
        let soa = apex.set(Rtype::SOA).and_then(|set| set.records.first());
        let serial = soa.and_then(serial);
        let whole = |severity, message: String| Finding::whole(severity, file, message);
        if soa.is_none() && findings.iter().all(|finding| finding.severity != Severity::Error) {
            findings.push(whole(Severity::Error, format!("the zone {origin} has no SOA record at its apex")));
        } else if apex.set(Rtype::NS).is_none() {
            findings.push(whole(Severity::Warning, format!("the zone {origin} has no NS record at its apex")));
        }
        let (soa, right) = (soa.cloned(), findings.iter().all(|finding| finding.severity != Severity::Error));
        let zone = soa.zip(serial).filter(|_| right);
        (zone.map(|(soa, serial)| Self { origin: origin.clone(), nodes, soa, serial }), findings)
    }

    /// Its apex.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The serial of its SOA.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// Its SOA record.
    pub fn soa(&self) -> &Record {
        &self.soa
    }

    /// All its records in canonical order, the SOA first: what a transfer sends before the SOA that ends it (RFC 5936
    /// §2.2).
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let sets = self.nodes.values().flat_map(|node| &node.sets);
        let all = sets.flat_map(|set| set.records.iter().filter(|_| set.rtype != Rtype::SOA).chain(&set.signatures));
        std::iter::once(&self.soa).chain(all)
    }

    /// What is at the apex.
    pub(super) fn apex(&self) -> &Node {
        self.nodes.get(&key(self.origin.as_wire())).expect("a zone is made with the node of its apex")
    }

    /// What is at a key.
    pub(super) fn node(&self, key: &[u8]) -> Option<&Node> {
        self.nodes.get(key)
    }

    /// The NSEC record set whose owner is at this key or comes last before it: the one that denies the key.
    pub(super) fn denial(&self, key: &[u8]) -> Option<&RecordSet> {
        let before = self.nodes.range::<[u8], _>((Bound::Unbounded, Bound::Included(key)));
        before.rev().find_map(|(_, node)| node.set(NSEC))
    }
}

impl Node {
    /// Whether there is nothing but names below it.
    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The records of a type.
    pub(super) fn set(&self, rtype: Rtype) -> Option<&RecordSet> {
        self.sets.iter().find(|set| set.rtype == rtype)
    }

    /// The signatures of all sets.
    pub(super) fn signatures(&self) -> impl Iterator<Item = &Record> {
        self.sets.iter().flat_map(|set| &set.signatures)
    }

    fn set_mut(&mut self, rtype: Rtype) -> &mut RecordSet {
        let place = self.sets.iter().position(|set| set.rtype == rtype).unwrap_or_else(|| {
            self.sets.push(RecordSet { rtype, records: Vec::new(), signatures: Vec::new() });
            self.sets.len() - 1
        });
        &mut self.sets[place]
    }
}

/// The key of a name in wire form.
pub(super) fn key(name: &[u8]) -> Key {
    let mut key = Vec::with_capacity(name.len() + 1);
    let labels: Vec<&[u8]> = suffixes(name).take_while(|rest| rest[0] != 0).collect();
    for label in labels.into_iter().rev() {
        push_label(&mut key, &label[1..=usize::from(label[0])]);
    }
    key.into()
}

/// Lengthens a key by a label below its name. An octet that could be taken for the end has 1 in front.
pub(super) fn push_label(key: &mut Vec<u8>, label: &[u8]) {
    for octet in label.iter().map(u8::to_ascii_lowercase) {
        if octet <= 1 {
            key.push(1);
        }
        key.push(octet);
    }
    key.push(0);
}

/// Puts a record where it belongs, with a finding if it is out of place.
fn insert(nodes: &mut BTreeMap<Key, Node>, origin: &Name, line: &Line, findings: &mut Vec<Finding>) {
    let mut find = |severity, message: String| {
        findings.push(line.at.fault(message).finding(severity, &line.file));
    };
    let owner = line.owner.to_ascii_lowercase();
    let shown = || record::name(&line.owner);
    let Some(above) = suffixes(&owner).position(|suffix| suffix == origin.as_wire()) else {
        return find(Severity::Warning, format!("{} is not in the zone {origin}: left out", shown()));
    };
    if line.rtype == NSEC3 {
        return find(Severity::Error, "NSEC3 is not served: sign the zone with NSEC".to_owned());
    }
    if line.rtype == Rtype::SOA && above > 0 {
        return find(Severity::Error, format!("the SOA of {} is not that of the zone {origin}", shown()));
    }
    for ancestor in suffixes(&owner).take(above).skip(1) {
        nodes.entry(key(ancestor)).or_default();
    }
    let node = nodes.entry(key(&owner)).or_default();
    let covered = line.rdata.first_chunk().map(|octets| Rtype(u16::from_be_bytes(*octets)));
    let record = record::record(&line.owner, line.rtype, line.ttl, &line.rdata);
    if let (RRSIG, Some(covered)) = (line.rtype, covered) {
        node.set_mut(covered).signatures.push(record);
        return;
    }
    let alone = [Rtype::SOA, CNAME].contains(&line.rtype);
    let set = node.set_mut(line.rtype);
    if set.records.iter().any(|known| known.data == record.data) {
        return;
    }
    if alone && !set.records.is_empty() {
        return find(Severity::Error, format!("a second {} of {}", line.rtype, shown()));
    }
    set.push(record);
    let beside = |set: &RecordSet| !set.records.is_empty() && ![CNAME, NSEC].contains(&set.rtype);
    if node.set(CNAME).is_some_and(|set| !set.records.is_empty()) && node.sets.iter().any(beside) {
        find(Severity::Warning, format!("{} has a CNAME, which hides its other records", shown()));
    }
}

impl RecordSet {
    /// Adds a record; all of a set have the TTL of the one with the shortest (RFC 2181 §5.2).
    fn push(&mut self, record: Record) {
        self.records.push(record);
        let ttl = self.records.iter().map(|record| record.ttl).min().unwrap_or_default();
        for record in &mut self.records {
            record.ttl = ttl;
        }
    }
}

fn serial(soa: &Record) -> Option<u32> {
    match &soa.data {
        hickory_proto::rr::RData::SOA(soa) => Some(soa.serial),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
