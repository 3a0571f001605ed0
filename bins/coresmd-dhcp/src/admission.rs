//! Who asks too often: a token bucket for each MAC address and each interface, before anything is looked up.
//!
//! A bucket is one number, the time at which it would be full again (the virtual scheduling of ATM's generic cell rate
//! algorithm), so a message costs two comparisons and no allocation. The table of MAC addresses has a fixed size. Who
//! floods it with invented addresses only makes it forget others, which then start with a full bucket; the interface's
//! bucket holds such a flood back, and it keeps a reserve for those who already have an offer or an address.
//!
//! Relays are not limited: ten thousand nodes may stand behind one.

use std::time::Duration;

use rustc_hash::FxHashMap;
use smd_cache::MacAddr;

/// How often is too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages a second of one MAC address; `None` for any number.
    pub per_mac: Option<u32>,
    /// Messages a second by one interface; `None` for any number.
    pub per_interface: Option<u32>,
}

impl Default for Limits {
    /// A client that boots sends a dozen messages in its first minute, and one core answers fewer than 100,000 a second:
    /// only a defect or an attack is held back.
    fn default() -> Self {
        Self { per_mac: Some(1_000), per_interface: Some(100_000) }
    }
}

/// Which limit a message goes beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// That of its MAC address.
    Mac,
    /// That of its interface.
    Interface,
}

/// How soon a message is turned away at a crowded interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Before the bucket's last quarter: whoever begins can begin again (DISCOVER, INFORM).
    Beginning,
    /// When the bucket is empty: an exchange is under way, or an address is at stake.
    UnderWay,
}

/// The buckets of one socket's thread. Times are since any fixed moment.
#[derive(Debug)]
pub struct Admission {
    limits: Limits,
    /// By interface index.
    interfaces: FxHashMap<u32, Bucket>,
    sets: Box<[[Slot; WAYS]]>,
}

/// More interfaces than a machine has.
const MANY_INTERFACES: usize = 1_000;
/// Sets of the table of MAC addresses, a power of two; with [`WAYS`]: 65,536 slots, 1 MiB.
const SETS: usize = 1 << 14;
/// Slots that a MAC address may take.
const WAYS: usize = 4;

/// A MAC address with its bucket. An empty one has a bucket that is full, as anybody's is at first.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    mac: [u8; 6],
    bucket: Bucket,
}

/// The time at which the bucket is full again, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    full_at: u64,
}

impl Admission {
    /// Full buckets.
    pub fn new(limits: Limits) -> Self {
        let sets = if limits.per_mac.is_some() { SETS } else { 0 };
        Self { limits, interfaces: FxHashMap::default(), sets: vec![[Slot::default(); WAYS]; sets].into() }
    }

    /// Takes a token of the MAC address, then one of the interface.
    pub fn admit(&mut self, mac: MacAddr, interface: u32, urgency: Urgency, now: Duration) -> Result<(), Excess> {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        if let Some(rate) = self.limits.per_mac {
            let slot = slot(&mut self.sets[set(mac)], mac);
            slot.bucket.take(rate, Urgency::UnderWay, now).ok_or(Excess::Mac)?;
        }
        if let Some(rate) = self.limits.per_interface {
            // On a machine whose interfaces come and go, the buckets of those that are gone are full.
            if self.interfaces.len() >= MANY_INTERFACES && !self.interfaces.contains_key(&interface) {
                self.interfaces.retain(|_, bucket| bucket.full_at > now);
            }
            let bucket = self.interfaces.entry(interface).or_default();
            bucket.take(rate, urgency, now).ok_or(Excess::Interface)?;
        }
        Ok(())
    }
}

impl Bucket {
    /// Takes a token from a bucket that holds `rate` of them and is filled with `rate` a second.
    fn take(&mut self, rate: u32, urgency: Urgency, now: u64) -> Option<()> {
        const SECOND: u64 = 1_000_000_000;
        let (token, size) = (SECOND / u64::from(rate), SECOND);
        let spare = match urgency {
            Urgency::Beginning => size - size / 4,
            Urgency::UnderWay => size,
        };
        let full_at = self.full_at.max(now).saturating_add(token);
        (full_at - now <= spare.max(token)).then(|| self.full_at = full_at)
    }
}

fn set(mac: MacAddr) -> usize {
    let mut octets = [0; 8];
    octets[2..].copy_from_slice(&mac.octets());
    let spread = u64::from_be_bytes(octets).wrapping_mul(0x9e37_79b9_7f4a_7c15); // 2⁶⁴ by the golden ratio
    (spread >> 32) as usize % SETS
}

/// The slot of a MAC address; else the one that has been idle longest, made its own.
fn slot(set: &mut [Slot; WAYS], mac: MacAddr) -> &mut Slot {
    let mac = mac.octets();
    let found = set.iter().position(|slot| slot.mac == mac).unwrap_or_else(|| {
        let idle = (0..WAYS).min_by_key(|way| set[*way].bucket.full_at).expect("a set has slots");
        set[idle] = Slot { mac, bucket: Bucket::default() };
        idle
    });
    &mut set[found]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn admission(per_mac: Option<u32>, per_interface: Option<u32>) -> Admission {
        Admission::new(Limits { per_mac, per_interface })
    }

    fn other(number: u32) -> MacAddr {
        let [a, b, c, d] = number.to_be_bytes();
        MacAddr([2, 1, a, b, c, d])
    }

    #[test]
    fn a_bucket_holds_a_second_and_fills_in_a_second() {
        let mut admission = admission(Some(10), None);
        let mut admitted = |mac, milliseconds| {
            let now = Duration::from_millis(milliseconds);
            (0..100).filter(|_| admission.admit(mac, 1, Urgency::UnderWay, now).is_ok()).count()
        };
        assert_eq!(admitted(MAC, 5_000), 10);
        assert_eq!(admitted(MAC, 5_000), 0);
        assert_eq!(admitted(MAC, 5_300), 3);
        assert_eq!(admitted(other(1), 5_300), 10);
        assert_eq!(admitted(MAC, 60_000), 10);
    }

    #[test]
    fn a_crowded_interface_turns_beginners_away_first() {
        let mut admission = admission(None, Some(100));
        let mut admit = |number, urgency| admission.admit(other(number), 1, urgency, Duration::ZERO);
        assert_eq!((0..100).filter(|number| admit(*number, Urgency::Beginning).is_ok()).count(), 75);
        assert_eq!((0..100).filter(|number| admit(*number, Urgency::UnderWay).is_ok()).count(), 25);
        assert_eq!(admit(1, Urgency::UnderWay), Err(Excess::Interface));
        assert_eq!(admission.admit(MAC, 2, Urgency::Beginning, Duration::ZERO), Ok(()));
    }

    #[test]
    fn one_mac_address_costs_the_interface_no_more_than_its_share() {
        let mut admission = admission(Some(10), Some(100));
        let results: Vec<_> = (0..1_000).map(|_| admission.admit(MAC, 1, Urgency::UnderWay, Duration::ZERO)).collect();
        assert_eq!(results[10..], [Err(Excess::Mac); 990]);
        assert_eq!(admission.admit(other(1), 1, Urgency::Beginning, Duration::ZERO), Ok(()));
    }

    #[test]
    fn a_flood_of_invented_addresses_needs_no_more_memory_and_locks_nobody_out() {
        let mut admission = admission(Some(1), None);
        for number in 0..1_000_000 {
            assert_eq!(admission.admit(other(number), 1, Urgency::Beginning, Duration::ZERO), Ok(()));
        }
        assert_eq!(admission.admit(MAC, 1, Urgency::Beginning, Duration::ZERO), Ok(()));
        assert_eq!(admission.sets.len(), SETS);
    }

    #[test]
    fn interfaces_that_are_gone_are_forgotten() {
        let mut admission = admission(None, Some(10));
        for interface in 0..100_000 {
            let now = Duration::from_secs(interface.into());
            assert_eq!(admission.admit(MAC, interface, Urgency::Beginning, now), Ok(()));
        }
        assert!(admission.interfaces.len() <= MANY_INTERFACES);
    }

    #[test]
    fn without_limits_everybody_is_admitted() {
        let mut admission = admission(None, None);
        for _ in 0..1_000 {
            assert_eq!(admission.admit(MAC, 1, Urgency::Beginning, Duration::ZERO), Ok(()));
        }
    }

    #[test]
    fn a_rate_of_one_admits_one() {
        let mut admission = admission(Some(1), Some(1));
        assert_eq!(admission.admit(MAC, 1, Urgency::Beginning, Duration::ZERO), Ok(()));
        assert_eq!(admission.admit(other(1), 1, Urgency::Beginning, Duration::ZERO), Err(Excess::Interface));
    }
}
