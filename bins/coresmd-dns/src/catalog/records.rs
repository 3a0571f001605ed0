//! The records of the configuration beside those of the inventory, and what CNAMEs lead to.
//!
//! The inventory goes first: an address or a CNAME for a name that it gives is left out and told, other types stand
//! beside its addresses. A CNAME is followed when the catalog is built (RFC 1034 §4.3.2 step 3a), as far as our data go,
//! so that a query for it is one lookup like any other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::build::pointer;
use super::encode::{RRset, Sets};
use super::problem::{Problem, ProblemKind};
use super::zone::{Plan, StaticRecord};
use super::{Catalog, End, OTHER_TYPES};
use crate::name::Name;
use crate::wire::Rtype;

/// CNAMEs that are followed from one to the next.
const LONGEST_CHAIN: usize = 8;

impl Catalog {
    /// Enters the records of the configuration.
    pub(super) fn add_records(&mut self, plan: &Plan, problems: &mut Vec<Problem>) {
        let mut by_name: BTreeMap<&[u8], Vec<&StaticRecord>> = BTreeMap::new();
        for record in plan.zones.iter().flat_map(|zone| &zone.records) {
            by_name.entry(record.name.as_wire()).or_default().push(record);
        }
        let mut cnames = Vec::new();
        for records in by_name.into_values() {
            let name = &records[0].name;
            let inventory = self.node(name.as_wire()).map(|node| node.sets.clone()).unwrap_or_default();
            let (right, wrong): (Vec<&StaticRecord>, Vec<_>) =
                records.iter().copied().partition(|record| fits(record, &inventory));
            for record in wrong.into_iter().filter(|record| !says_the_same(record, &inventory)) {
                let kind = ProblemKind::Conflict { rtype: record.rtype, place: record.place.clone() };
                problems.push(Problem { name: name.to_string(), kind });
            }
            if right.is_empty() {
                continue;
            }
            if right[0].rtype == Rtype::CNAME {
                cnames.push(name);
            }
            let sets = encoded(&right, self.ttl_of(plan, name));
            self.insert(name.clone(), inventory.and(&sets));
        }
        self.add_pointers(plan);
        self.follow(&cnames, problems);
    }

    /// Gives the addresses of the configuration their names, where they have none yet.
    fn add_pointers(&mut self, plan: &Plan) {
        for record in plan.zones.iter().filter(|zone| !zone.apex.is_reverse()).flat_map(|zone| &zone.records) {
            let Some(address) = record.address() else { continue };
            let name = Name::reverse(address);
            let is_served = self.node(record.name.as_wire()).and_then(|node| node.sets.get(record.rtype)).is_some();
            if is_served && self.node(name.as_wire()).is_none_or(|node| node.sets.is_empty()) {
                let ttl = self.ttl_of(plan, &name);
                self.insert(name, pointer(&record.name, ttl));
            }
        }
    }

    /// Enters with each CNAME what it leads to.
    fn follow(&mut self, cnames: &[&Name], problems: &mut Vec<Problem>) {
        let followed: Vec<_> = cnames.iter().map(|name| (name.as_wire(), self.chain(name.as_wire()))).collect();
        for (name, (sets, end)) in followed {
            if end == End::Nowhere {
                let text = crate::name::LowerName::from_checked_wire(name).to_string();
                problems.push(Problem { name: text, kind: ProblemKind::Loop });
            }
            if let Some(node) = self.nodes.get_mut(name) {
                node.sets = sets;
                node.alias = Some(end);
            }
        }
    }

    /// The sets of a name with a CNAME: the CNAME; for each type at the end of the chain, the chain and the records of
    /// this type; the chain alone for every other type.
    fn chain(&self, name: &[u8]) -> (Sets, End) {
        let start = &self.nodes[name];
        let own = start.sets.get(Rtype::CNAME).expect("only names with a CNAME are followed");
        let (mut chain, mut count) = (own.records.to_vec(), 1);
        let mut at: Box<[u8]> = target(own);
        let end = loop {
            let Some(node) = self.node(&at) else {
                break if self.enclosing_zone(&at) == Some(start.zone) { End::Missing } else { End::Elsewhere };
            };
            match node.sets.get(Rtype::CNAME) {
                Some(_) if count == LONGEST_CHAIN => return (start.sets.clone(), End::Nowhere),
                Some(next) => {
                    push_owned(&mut chain, &at, next);
                    count += 1;
                    at = target(next);
                }
                None if node.zone == start.zone => break End::Here,
                None => break End::Elsewhere,
            }
        };
        let mut sets = start.sets.and_set(OTHER_TYPES, count as u16, &chain);
        for set in self.node(&at).into_iter().flat_map(|node| node.sets.iter()) {
            let mut records = chain.clone();
            push_owned(&mut records, &at, set);
            // what does not fit is asked for by its own name
            if u16::try_from(records.len()).is_ok() {
                sets = sets.and_set(set.rtype, count as u16 + set.count, &records);
            }
        }
        (sets, end)
    }
}

impl StaticRecord {
    /// The address, where it is a record of one.
    fn address(&self) -> Option<IpAddr> {
        match self.rtype {
            Rtype::A => Some(IpAddr::from(*self.rdata.first_chunk::<4>()?)),
            Rtype::AAAA => Some(IpAddr::from(*self.rdata.first_chunk::<16>()?)),
            _ => None,
        }
    }
}

/// Whether a record can stand beside what the inventory says of its name.
fn fits(record: &StaticRecord, inventory: &Sets) -> bool {
    match record.rtype {
        Rtype::A | Rtype::AAAA => inventory.get(Rtype::A).or(inventory.get(Rtype::AAAA)).is_none(),
        Rtype::CNAME => inventory.is_empty(),
        rtype => inventory.get(rtype).is_none(),
    }
}

/// Whether the inventory says what a record says.
fn says_the_same(record: &StaticRecord, inventory: &Sets) -> bool {
    inventory.get(record.rtype).is_some_and(|set| set.rdata().any(|rdata| rdata == record.rdata))
}

/// The records of one name.
fn encoded(records: &[&StaticRecord], ttl: u32) -> Sets {
    let mut sets: Vec<(Rtype, Vec<Vec<u8>>)> = Vec::new();
    for record in records {
        match sets.iter_mut().find(|(rtype, _)| *rtype == record.rtype) {
            Some((_, rdata)) => rdata.push(record.rdata.clone()),
            None => sets.push((record.rtype, vec![record.rdata.clone()])),
        }
    }
    Sets::new(&sets, ttl)
}

/// The name that a CNAME leads to, in lower case.
fn target(set: RRset<'_>) -> Box<[u8]> {
    set.rdata().next().unwrap_or(&[0]).to_ascii_lowercase().into()
}

/// Appends records with their owner written out: it is not the question's name.
fn push_owned(out: &mut Vec<u8>, owner: &[u8], set: RRset<'_>) {
    for record in set.behind_owners() {
        out.extend_from_slice(owner);
        out.extend_from_slice(record);
    }
}
