//! From a snapshot to a catalog: which names there are, whose addresses they have, which name an address has.
//!
//! ```text
//! Snapshot ─ names ─▶ name → whose addresses ─┐
//!                     address → name (PTR)    ├─ build ─▶ encoded sets by name ─ records ─▶ + static ones, CNAMEs chased
//! Plan ───────────────────────────────────────┘                                └ authority ─▶ + SOA, NS, serials
//! ```

use std::net::IpAddr;
use std::time::UNIX_EPOCH;

use rustc_hash::{FxHashMap, FxHashSet};
use smd_cache::{ComponentId, Host, Snapshot};

use super::authority::authorities;
use super::encode::{MAX_ADDRESSES, Sets};
use super::names::{Holder, Names};
use super::problem::{Problem, ProblemKind};
use super::serial::Serials;
use super::zone::Plan;
use super::{Catalog, Node, TTL};
use crate::name::{Name, suffixes};
use crate::wire::Rtype;

impl Catalog {
    /// The catalog before the first good snapshot: it knows its zones, and not what is in them.
    pub fn unloaded(plan: &Plan) -> Self {
        let mut catalog = Names::new(plan).encode(plan, &Serials::default(), None);
        catalog.loaded = false;
        catalog
    }

    /// Names everything in a snapshot, with nothing known of what was before.
    pub fn build(snapshot: &Snapshot, plan: &Plan) -> Self {
        Self::build_after(snapshot, plan, &Serials::default())
    }

    /// Names everything in a snapshot. `before`: what the zones were before, by which serials grow.
    pub fn build_after(snapshot: &Snapshot, plan: &Plan, before: &Serials) -> Self {
        let mut names = Names::new(plan);
        let mut hosts = snapshot.hosts().peekable();
        let mut interfaces: Vec<Host<'_>> = Vec::new();
        while let Some(first) = hosts.next() {
            interfaces.clear();
            interfaces.push(first);
            while let Some(next) = hosts.next_if(|next| next.id() == first.id()) {
                interfaces.push(next);
            }
            if plan.names(first.component_type()) {
                names.add(&interfaces);
            }
        }
        let newest = snapshot.last_update().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        names.tell_of_empty_aliases();
        names.encode(plan, before, newest.map(|since| since.as_secs() as u32))
    }
}

impl Names<'_, '_> {
    /// Encodes everything.
    fn encode(mut self, plan: &Plan, before: &Serials, newest: Option<u32>) -> Catalog {
        let mut catalog = Catalog::empty(plan);
        let addresses: usize = self.components.iter().map(|component| component.addresses.len()).sum();
        catalog.nodes.reserve(self.forward.len() + addresses + plan.zones.len());
        let mut encoder = Encoder { holders: &self.holders, by_ttl: Vec::new() };
        for (name, claim) in std::mem::take(&mut self.forward) {
            let ttl = catalog.ttl_of(plan, &name);
            let sets = if let [one] = claim.holders[..] {
                encoder.sets(one, ttl)
            } else {
                let of_all = encoder.together(&claim.holders);
                if !claim.is_alias && of_all.ids.len() > 1 {
                    let ids = of_all.ids.iter().map(|id| (*id).clone()).collect();
                    self.problems.push(Problem { name: name.to_string(), kind: ProblemKind::Shared(ids) });
                }
                if of_all.addresses.len() > MAX_ADDRESSES {
                    let kind = ProblemKind::TooManyAddresses(of_all.addresses.len());
                    self.problems.push(Problem { name: name.to_string(), kind });
                }
                Sets::addresses(&of_all.addresses, ttl)
            };
            catalog.insert(name, sets);
        }
        for component in &self.components {
            let Some(target) = &component.pointer else { continue };
            let mut last: Option<(u32, Sets)> = None;
            for address in &component.addresses {
                let name = Name::reverse(*address);
                let ttl = catalog.ttl_of(plan, &name);
                let sets = match &last {
                    Some((of, sets)) if *of == ttl => sets.clone(),
                    _ => pointer(target, ttl),
                };
                last = Some((ttl, sets.clone()));
                catalog.insert(name, sets);
            }
        }
        catalog.add_records(plan, &mut self.problems);
        catalog.insert_apexes();
        catalog.sign(before, newest);
        self.problems.sort_by(|a, b| a.name.cmp(&b.name));
        catalog.problems = self.problems;
        catalog
    }
}

/// The records of a name for an address.
pub(super) fn pointer(target: &Name, ttl: u32) -> Sets {
    Sets::new(&[(Rtype::PTR, vec![target.as_wire().to_vec()])], ttl)
}

/// The addresses of holders as records, each encoded once for each TTL.
struct Encoder<'h, 's> {
    holders: &'h [Holder<'s>],
    by_ttl: Vec<(u32, Vec<Option<Sets>>)>,
}

/// Several holders as one.
struct Together<'s> {
    /// The components, each once.
    ids: Vec<&'s ComponentId>,
    /// Their addresses, each once.
    addresses: Vec<IpAddr>,
}

impl<'s> Encoder<'_, 's> {
    fn sets(&mut self, holder: u32, ttl: u32) -> Sets {
        let known = self.by_ttl.iter().position(|(of, _)| *of == ttl).unwrap_or_else(|| {
            self.by_ttl.push((ttl, vec![None; self.holders.len()]));
            self.by_ttl.len() - 1
        });
        let addresses = &self.holders[holder as usize].addresses;
        self.by_ttl[known].1[holder as usize].get_or_insert_with(|| Sets::addresses(addresses, ttl)).clone()
    }

    fn together(&self, holders: &[u32]) -> Together<'s> {
        let mut together = Together { ids: Vec::new(), addresses: Vec::new() };
        let mut seen = FxHashSet::default();
        for holder in holders.iter().map(|holder| &self.holders[*holder as usize]) {
            // those of one component lie together
            if together.ids.last() != Some(&holder.id) {
                together.ids.push(holder.id);
            }
            together.addresses.extend(holder.addresses.iter().filter(|address| seen.insert(**address)));
        }
        together
    }
}

impl Catalog {
    /// Zones without names.
    fn empty(plan: &Plan) -> Self {
        let zones = authorities(plan);
        let apexes = plan.zones.iter().map(|zone| zone.apex.clone().into()).zip(0..).collect();
        Self {
            zones,
            apexes,
            nodes: FxHashMap::default(),
            loaded: true,
            fallthrough: plan.fallthrough.clone(),
            transfer_to: plan.transfer_to.clone(),
            serials: Serials::default(),
            problems: Vec::new(),
        }
    }

    /// The TTL of a name: that of its zone.
    pub(super) fn ttl_of(&self, plan: &Plan, name: &Name) -> u32 {
        self.enclosing_zone(name.as_wire()).map_or(TTL, |zone| plan.zones[zone].ttl)
    }

    /// Enters a name, and what lies between it and the apex of its zone.
    pub(super) fn insert(&mut self, name: Name, sets: Sets) {
        let node = match self.enclosing_zone(name.as_wire()) {
            Some(zone) => {
                self.insert_above(&name, zone);
                Node { zone, apex_length: self.zones[zone].apex.as_wire().len(), sets, alias: None }
            }
            // a reverse name in no zone of ours: a zone of its own
            None => Node { zone: self.configured().len(), apex_length: name.as_wire().len(), sets, alias: None },
        };
        self.nodes.insert(name.into(), node);
    }

    /// Enters the empty non-terminals between a name and the apex of a zone.
    fn insert_above(&mut self, name: &Name, zone: usize) {
        let apex_length = self.zones[zone].apex.as_wire().len();
        for above in suffixes(name.as_wire()).skip(1).take_while(|above| above.len() > apex_length) {
            if self.nodes.contains_key(above) {
                break;
            }
            self.nodes.insert(above.into(), Node { zone, apex_length, sets: Sets::default(), alias: None });
        }
    }

    /// Enters the apex of each zone, unless a component is called so, and what lies between it and the zone above.
    fn insert_apexes(&mut self) {
        for zone in 0..self.configured().len() {
            let apex = self.zones[zone].apex.clone();
            if let Some(parent) = self.zones[zone].parent {
                self.insert_above(&apex, parent);
            }
            if self.node(apex.as_wire()).is_none() {
                self.insert(apex, Sets::default());
            }
        }
    }
}
