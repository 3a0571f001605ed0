//! The counters of one worker.
//!
//! A worker counts about ten things for each query. As atomic additions on memory that other workers write too, that
//! would cost more than answering; so each worker has a [`Tally`] of its own, which it alone writes and a scrape reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::wire::{RCODE_NAMES, Rtype};

/// A number that one thread writes and others read.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    fn add(&self, more: u64) {
        // not one atomic addition: there is one writer, and nothing depends on the order of readings
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one worker has counted since the start. [`Tally::record`] must not be called by two threads at once: counts
/// would get lost.
#[derive(Debug)]
pub struct Tally {
    /// For each key of the view; the last is for queries in none of them, and for messages that are no query.
    pub(super) keys: Vec<KeyTally>,
}

/// What was counted for one key.
#[derive(Debug)]
pub(super) struct KeyTally {
    /// By family of the client's address (IPv4, IPv6) and by type.
    pub(super) requests: [[Count; TYPES.len() + 1]; 2],
    /// By response code, in the order of [`RCODE_NAMES`]; the last is for those without a name.
    pub(super) responses: [Count; RCODE_NAMES.len() + 1],
    pub(super) dnssec_ok: Count,
    pub(super) duration: Histogram<16>,
    pub(super) request_size: Histogram<14>,
    pub(super) response_size: Histogram<14>,
    /// For each zone of the block's `coresmd`; the last is for names in none of them.
    pub(super) zones: Vec<ZoneTally>,
}

/// What was counted for one zone of a `coresmd` block.
#[derive(Debug, Default)]
pub(super) struct ZoneTally {
    pub(super) requests: [Count; NAMED_TYPES.len()],
    pub(super) hits: [Count; NAMED_TYPES.len()],
    pub(super) misses: [Count; NAMED_TYPES.len()],
    pub(super) duration: Histogram<16>,
}

/// A distribution: how many values lay at or below each bound, and all values' sum.
#[derive(Debug)]
pub(super) struct Histogram<const N: usize> {
    /// How many values fell between the bound before and this one; the last is for those above all bounds.
    pub(super) buckets: [Count; N],
    pub(super) above: Count,
    /// In the unit of the bounds: octets, or nanoseconds.
    pub(super) sum: Count,
}

/// One message that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The key of the view that it belongs to; `None`: none.
    pub key: Option<usize>,
    /// Whether the client has an IPv6 address.
    pub ipv6: bool,
    /// The type asked for; `None` for a message that is no query.
    pub qtype: Option<Rtype>,
    /// What was answered: the response code, all twelve bits.
    pub rcode: u16,
    /// Whether the client understands DNSSEC.
    pub dnssec_ok: bool,
    /// Octets of the query.
    pub request_size: usize,
    /// Octets of the reply.
    pub response_size: usize,
    /// From having the query to having its reply.
    pub duration: Duration,
    /// Whether a `coresmd` block answered, from which of its zones, and whether with records.
    pub coresmd: Option<(Option<usize>, bool)>,
}

impl Tally {
    /// For a view whose keys lead to blocks with this many `coresmd` zones each.
    pub fn new(zones_of_keys: impl IntoIterator<Item = usize>) -> Self {
        let key = |zones| KeyTally {
            requests: Default::default(),
            responses: Default::default(),
            dnssec_ok: Count::default(),
            duration: Histogram::default(),
            request_size: Histogram::default(),
            response_size: Histogram::default(),
            zones: std::iter::repeat_with(ZoneTally::default).take(zones + 1).collect(),
        };
        Self { keys: zones_of_keys.into_iter().chain([0]).map(key).collect() }
    }

    /// Counts a message.
    pub fn record(&self, sample: &Sample) {
        let none = self.keys.len() - 1;
        let key = &self.keys[sample.key.map_or(none, |key| key.min(none))];
        key.requests[usize::from(sample.ipv6)][type_index(sample.qtype)].add(1);
        key.responses[rcode_index(sample.rcode)].add(1);
        if sample.dnssec_ok {
            key.dnssec_ok.add(1);
        }
        key.duration.record(&DURATION_BOUNDS, nanoseconds(sample.duration));
        key.request_size.record(&SIZE_BOUNDS, sample.request_size as u64);
        key.response_size.record(&SIZE_BOUNDS, sample.response_size as u64);
        if let Some((zone, hit)) = sample.coresmd {
            let unknown = key.zones.len() - 1;
            key.zones[zone.map_or(unknown, |zone| zone.min(unknown))].record(sample, hit);
        }
    }
}

impl ZoneTally {
    fn record(&self, sample: &Sample, hit: bool) {
        let named = named_index(sample.qtype);
        self.requests[named].add(1);
        let outcome = if hit { &self.hits } else { &self.misses };
        outcome[named].add(1);
        self.duration.record(&DURATION_BOUNDS, nanoseconds(sample.duration));
    }
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        let buckets = std::array::from_fn(|_| Count::default());
        Self { buckets, above: Count::default(), sum: Count::default() }
    }
}

impl<const N: usize> Histogram<N> {
    fn record(&self, bounds: &[u64; N], value: u64) {
        let bucket = bounds.iter().position(|bound| value <= *bound);
        bucket.map_or(&self.above, |bucket| &self.buckets[bucket]).add(1);
        self.sum.add(value);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Bounds of durations in nanoseconds: CoreDNS's, 0.25 ms doubled 15 times.
pub(super) const DURATION_BOUNDS: [u64; 16] = {
    let mut bounds = [250_000; 16];
    let mut place = 1;
    while place < 16 {
        bounds[place] = bounds[place - 1] * 2;
        place += 1;
    }
    bounds
};

/// Bounds of sizes in octets: CoreDNS's.
pub(super) const SIZE_BOUNDS: [u64; 14] =
    [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];

/// The types that CoreDNS counts each by its name; every other is `other`.
pub(super) const TYPES: [&str; 18] = [
    "A", "AAAA", "PTR", "NS", "CNAME", "SOA", "MX", "TXT", "SRV", "DS", "RRSIG", "NSEC", "DNSKEY", "NSEC3", "HTTPS",
    "IXFR", "AXFR", "ANY",
];

/// The place of a response code in [`RCODE_NAMES`], or behind its end.
fn rcode_index(rcode: u16) -> usize {
    RCODE_NAMES.iter().position(|(number, _)| *number == rcode).unwrap_or(RCODE_NAMES.len())
}

/// The place of a type in [`TYPES`], or behind its end.
fn type_index(qtype: Option<Rtype>) -> usize {
    match qtype.map_or(0, |qtype| qtype.0) {
        1 => 0,
        28 => 1,
        12 => 2,
        2 => 3,
        5 => 4,
        6 => 5,
        15 => 6,
        16 => 7,
        33 => 8,
        43 => 9,
        46 => 10,
        47 => 11,
        48 => 12,
        50 => 13,
        65 => 14,
        251 => 15,
        252 => 16,
        255 => 17,
        _ => TYPES.len(),
    }
}

/// The types that CoreSMD counts each by its name, and the rest.
pub(super) const NAMED_TYPES: [&str; 4] = ["A", "AAAA", "PTR", "other"];

fn named_index(qtype: Option<Rtype>) -> usize {
    match qtype {
        Some(Rtype::A) => 0,
        Some(Rtype::AAAA) => 1,
        Some(Rtype::PTR) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_type_is_that_of_its_name() {
        for number in 0..=u16::MAX {
            let name = Rtype(number).to_string();
            let place = TYPES.iter().position(|known| *known == name).unwrap_or(TYPES.len());
            assert_eq!(type_index(Some(Rtype(number))), place, "{name}");
        }
    }
}
