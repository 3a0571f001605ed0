//! What zones say about themselves: SOA and NS, with the serial of their content.

use super::encode::{Sets, negative_soa, soa_rdata};
use super::serial::Serials;
use super::zone::{Plan, Soa};
use super::{Catalog, Node};
use crate::name::{Name, suffixes};
use crate::wire::Rtype;

/// What a zone says about itself.
#[derive(Debug)]
pub struct Authority {
    /// The name of the zone.
    pub apex: Name,
    /// The zone above it, where that is ours too.
    pub parent: Option<usize>,
    /// Its name servers; never empty.
    pub name_servers: Vec<Name>,
    /// The SOA and NS at the apex.
    pub sets: Sets,
    /// The SOA of negative answers behind its owner: type, class, TTL and data. The TTL is the time for which a
    /// resolver may remember that there is nothing (RFC 2308 §5).
    pub negative: Box<[u8]>,
    /// The serial of the SOA.
    pub serial: u32,
    /// Whose SOA is not in the configuration.
    primary: Name,
    mailbox: Name,
    soa: Soa,
    /// Seconds for which SOA and NS may be remembered.
    ttl: u32,
}

/// The zones of the configuration in their order, and last what reverse names in none of them say.
pub(super) fn authorities(plan: &Plan) -> Vec<Authority> {
    let root = Name::root();
    let first = plan.forward().next().map_or(&root, |(_, zone)| &zone.apex);
    let configured = plan.zones.iter().map(|zone| {
        let mut above = suffixes(zone.apex.as_wire()).skip(1);
        let parent = above.find_map(|name| plan.zones.iter().position(|zone| zone.apex.as_wire() == name));
        // a reverse zone holds no names of servers and mailboxes
        let home = if zone.apex.is_reverse() { first } else { &zone.apex };
        Authority { parent, ..Authority::new(zone.apex.clone(), home, &zone.name_servers, &zone.soa, zone.ttl) }
    });
    let single = Authority::new(first.clone(), first, &[], &Soa::default(), super::TTL);
    configured.chain(std::iter::once(single)).collect()
}

impl Authority {
    fn new(apex: Name, home: &Name, name_servers: &[Name], soa: &Soa, ttl: u32) -> Self {
        // a zone of nearly 255 octets has no room for names below it, so not for these either
        let named = |label| home.child(label).unwrap_or_else(|_| home.clone());
        let name_servers = if name_servers.is_empty() { vec![named("ns")] } else { name_servers.to_vec() };
        Self {
            apex,
            parent: None,
            primary: soa.primary.clone().unwrap_or_else(|| name_servers[0].clone()),
            mailbox: soa.mailbox.clone().unwrap_or_else(|| named("hostmaster")),
            name_servers,
            sets: Sets::default(),
            negative: Box::default(),
            serial: 0,
            soa: soa.clone(),
            ttl,
        }
    }

    /// Encodes SOA and NS with this serial.
    fn set_serial(&mut self, serial: u32) {
        self.serial = serial;
        let soa = soa_rdata(&self.primary, &self.mailbox, serial, &self.soa);
        self.negative = negative_soa(&soa, self.ttl.min(self.soa.minimum));
        let servers = self.name_servers.iter().map(|server| server.as_wire().to_vec());
        self.sets = Sets::new(&[(Rtype::SOA, vec![soa]), (Rtype::NS, servers.collect())], self.ttl);
    }
}

impl Catalog {
    /// Gives each zone the serial of its content: by what it said before, and by the time of the newest row in seconds
    /// since 1970.
    pub(super) fn sign(&mut self, before: &Serials, newest: Option<u32>) {
        for zone in &mut self.zones {
            zone.set_serial(0);
        }
        let mut digests: Vec<u64> = self.zones.iter().map(|zone| mix(0, zone.sets.octets())).collect();
        for (name, Node { zone, sets, .. }) in &self.nodes {
            let digest = [name, sets.octets()].into_iter().fold(0, mix);
            // a sum, so that the order of a hash map does not matter
            digests[*zone] = digests[*zone].wrapping_add(digest);
        }
        let (configured, single) = self.zones.split_at_mut(digests.len() - 1);
        for (zone, digest) in configured.iter_mut().zip(digests) {
            let apex = zone.apex.to_string();
            let serial = before.next(&apex, digest, newest);
            zone.set_serial(serial);
            self.serials.keep(&apex, digest, serial);
        }
        for zone in single {
            zone.set_serial(newest.unwrap_or(1));
        }
    }
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
