//! From a snapshot to a catalog: which names there are, whose addresses they have, which name an address has.
//!
//! Every component with addresses is called by its ID in every zone; a Node also by the zone's pattern, where the
//! pattern does not want a NID that it lacks. A name has the addresses of all interfaces of its component; the PTR of
//! an address is the component's ID in the first zone, as CoreSMD gives it (facts, coredhcp-coredns §B6).

use std::net::IpAddr;

use naming::{Pattern, Unnameable};
use rustc_hash::FxHashMap;
use smd_cache::{ComponentId, Host, Nid, Snapshot};

use super::encode::{MAX_ADDRESSES, Sets, negative_soa, soa_rdata};
use super::problem::{Problem, ProblemKind};
use super::zone::Zone;
use super::{Authority, Catalog, Node};
use crate::name::{Name, suffixes};
use crate::wire::Rtype;

impl Catalog {
    /// The catalog before the first good snapshot: it knows its zones, and not what is in them.
    pub fn unloaded(zones: &[Zone]) -> Self {
        let mut catalog = Builder::new(zones).finish();
        catalog.loaded = false;
        catalog
    }

    /// Names everything in a snapshot.
    pub fn build(snapshot: &Snapshot, zones: &[Zone]) -> Self {
        let mut builder = Builder::new(zones);
        let mut hosts = snapshot.hosts().peekable();
        while let Some(first) = hosts.next() {
            let mut component = builder.component(first);
            while let Some(next) = hosts.next_if(|next| next.id() == first.id()) {
                component.addresses.extend_from_slice(next.addresses());
            }
            builder.add(component);
        }
        builder.finish()
    }
}

/// A component with the addresses of all its interfaces, in stable order.
struct Component<'s> {
    id: &'s ComponentId,
    /// The ID as a label; `None` where it can be none.
    label: Option<String>,
    /// Whether zones give it a pattern's name too.
    is_node: bool,
    nid: Option<Nid>,
    addresses: Vec<IpAddr>,
}

/// The catalog in the making.
struct Builder<'s, 'z> {
    zones: &'z [Zone],
    /// `{id}`, which names every component.
    by_id: Pattern,
    components: Vec<Component<'s>>,
    /// Forward names, each with the components that are called so, as indexes.
    forward: FxHashMap<Name, Vec<usize>>,
    problems: Vec<Problem>,
}

impl<'s, 'z> Builder<'s, 'z> {
    fn new(zones: &'z [Zone]) -> Self {
        let by_id = "{id}".parse().expect("`{id}` is a pattern");
        Self { zones, by_id, components: Vec::new(), forward: FxHashMap::default(), problems: Vec::new() }
    }

    /// Takes a component in by the first of its interfaces.
    fn component(&mut self, host: Host<'s>) -> Component<'s> {
        let (id, nid, addresses) = (host.id(), host.nid(), host.addresses().to_vec());
        let label = rendered(&self.by_id, id, nid, &mut self.problems);
        Component { id, label, is_node: host.component_type().is_node(), nid, addresses }
    }

    /// Gives a component its names.
    fn add(&mut self, component: Component<'s>) {
        for zone in self.zones.iter().filter(|zone| !zone.apex.is_reverse()) {
            let patterned = zone.nodes.as_ref().filter(|_| component.is_node);
            let patterned =
                patterned.and_then(|pattern| rendered(pattern, component.id, component.nid, &mut self.problems));
            for labels in component.label.iter().chain(&patterned) {
                self.claim(zone, labels);
            }
        }
        self.components.push(component);
    }

    /// Gives the component that is to be added next a name in a zone.
    fn claim(&mut self, zone: &Zone, labels: &str) {
        let next = self.components.len();
        match zone.apex.child(labels) {
            Ok(name) => {
                let components = self.forward.entry(name).or_default();
                // the pattern may give the same name as the ID
                if components.last() != Some(&next) {
                    components.push(next);
                }
            }
            Err(error) => {
                let name = format!("{labels}.{}", zone.apex);
                self.problems.push(Problem { name, kind: ProblemKind::Invalid(error) });
            }
        }
    }

    /// Encodes everything.
    fn finish(mut self) -> Catalog {
        let mut catalog =
            Catalog { zones: authorities(self.zones), nodes: FxHashMap::default(), loaded: true, problems: Vec::new() };
        let addresses: usize = self.components.iter().map(|component| component.addresses.len()).sum();
        catalog.nodes.reserve(self.forward.len() + addresses + self.zones.len());
        let sets: Vec<Sets> = self.components.iter().map(|c| Sets::addresses(&c.addresses)).collect();
        for (name, components) in std::mem::take(&mut self.forward) {
            let sets = match components[..] {
                [one] => sets[one].clone(),
                _ => self.shared(&name, &components),
            };
            catalog.insert(name, sets);
        }
        if let Some(zone) = self.zones.iter().find(|zone| !zone.apex.is_reverse()) {
            for component in &self.components {
                let target = component.label.as_ref().and_then(|label| zone.apex.child(label).ok());
                let Some(target) = target else { continue };
                let pointer = Sets::new(&[(Rtype::PTR, vec![target.as_wire().to_vec()])]);
                for address in &component.addresses {
                    catalog.insert(Name::reverse(*address), pointer.clone());
                }
            }
        }
        catalog.insert_apexes();
        catalog.sign();
        self.problems.sort_by(|a, b| a.name.cmp(&b.name));
        catalog.problems = self.problems;
        catalog
    }

    /// The records of a name that several components have.
    fn shared(&mut self, name: &Name, components: &[usize]) -> Sets {
        let of_all: Vec<IpAddr> = components.iter().flat_map(|&c| &self.components[c].addresses).copied().collect();
        let ids = components.iter().map(|&c| self.components[c].id.clone()).collect();
        self.problems.push(Problem { name: name.to_string(), kind: ProblemKind::Shared(ids) });
        if of_all.len() > MAX_ADDRESSES {
            let kind = ProblemKind::TooManyAddresses(of_all.len());
            self.problems.push(Problem { name: name.to_string(), kind });
        }
        Sets::addresses(&of_all)
    }
}

/// What a pattern makes of a component. A lack of a NID is no problem: the pattern is not meant for it.
fn rendered(pattern: &Pattern, id: &ComponentId, nid: Option<Nid>, problems: &mut Vec<Problem>) -> Option<String> {
    match pattern.name(id, nid) {
        Ok(labels) => Some(labels),
        Err(Unnameable::NoNid) => None,
        Err(why) => {
            problems.push(Problem { name: format!("{id} ({pattern})"), kind: ProblemKind::Unnameable(why) });
            None
        }
    }
}

impl Catalog {
    /// Enters a name, and what lies between it and the apex of its zone.
    fn insert(&mut self, name: Name, sets: Sets) {
        let node = match self.enclosing_zone(name.as_wire()) {
            Some(zone) => {
                self.insert_above(&name, zone);
                Node { zone, apex_length: self.zones[zone].apex.as_wire().len(), sets }
            }
            // a reverse name in no zone of ours: a zone of its own
            None => Node { zone: self.configured().len(), apex_length: name.as_wire().len(), sets },
        };
        self.nodes.insert(name.into(), node);
    }

    /// Enters the empty non-terminals between a name and the apex of a zone.
    fn insert_above(&mut self, name: &Name, zone: usize) {
        let apex_length = self.zones[zone].apex.as_wire().len();
        for above in suffixes(name.as_wire()).skip(1).take_while(|above| above.len() > apex_length) {
            if !self.nodes.contains_key(above) {
                self.nodes.insert(above.into(), Node { zone, apex_length, sets: Sets::default() });
            }
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

    /// Gives each zone the serial of its content: equal content, equal serial, on every replica and after a restart.
    fn sign(&mut self) {
        let mut digests = vec![0_u64; self.zones.len()];
        for (name, node) in &self.nodes {
            let digest = [name, node.sets.octets()].into_iter().fold(0, mix);
            // a sum, so that the order of a hash map does not matter
            digests[node.zone] = digests[node.zone].wrapping_add(digest);
        }
        for (zone, digest) in self.zones.iter_mut().zip(digests) {
            zone.set_serial((digest ^ digest >> 32) as u32);
        }
    }
}

impl Authority {
    fn new(apex: Name, parent: Option<usize>, home: &Name) -> Self {
        Self { apex, parent, home: home.clone(), sets: Sets::default(), negative: Box::default() }
    }

    /// Encodes SOA and NS with this serial.
    fn set_serial(&mut self, serial: u32) {
        // a zone of nearly 255 octets has no room for names below it, so not for these either
        let named = |label| self.home.child(label).unwrap_or_else(|_| self.home.clone());
        let (primary, mailbox) = (named("ns"), named("hostmaster"));
        let soa = soa_rdata(&primary, &mailbox, serial);
        self.negative = negative_soa(&soa);
        self.sets = Sets::new(&[(Rtype::SOA, vec![soa]), (Rtype::NS, vec![primary.as_wire().to_vec()])]);
    }
}

/// What the zones say about themselves, and last what reverse names in none of them say.
fn authorities(zones: &[Zone]) -> Vec<Authority> {
    let root = Name::root();
    let first = zones.iter().map(|zone| &zone.apex).find(|apex| !apex.is_reverse()).unwrap_or(&root);
    let configured = zones.iter().map(|zone| {
        let mut above = suffixes(zone.apex.as_wire()).skip(1);
        let parent = above.find_map(|name| zones.iter().position(|zone| zone.apex.as_wire() == name));
        let home = if zone.apex.is_reverse() { first } else { &zone.apex };
        Authority::new(zone.apex.clone(), parent, home)
    });
    let single_reverse_names = Authority::new(first.clone(), None, first);
    configured.chain(std::iter::once(single_reverse_names)).collect()
}

/// Takes octets into a hash that is the same in every build and on every machine, eight at a time.
fn mix(hash: u64, octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let start = hash ^ octets.len() as u64;
    words.iter().chain([&last]).fold(start, |hash, word| {
        // an odd constant without a pattern (2^64 / φ); the rotation brings the well mixed high bits down
        (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}
