//! What other servers said, kept for as long as it is true: the directive `cache` (facts, coredhcp-coredns §B5).
//!
//! RFC 2181 §5 and §8 (TTLs), RFC 2308 (negative answers), RFC 8767 (stale answers), RFC 9520 (failures). Two stores,
//! so that a flood of names that do not exist takes no room from answers: each is sharded, bounded by the weight of
//! what it holds, and lets the entries go first that nobody asked for again. A lookup allocates nothing.

mod config;
mod entry;
mod key;
mod metrics;
mod store;

use std::sync::Arc;
use std::time::Instant;

pub use config::{CacheConfig, Prefetch, Share, Stale};
pub use key::Key;
pub use metrics::{Counters, Metrics};

use crate::name::{Name, suffixes};
use crate::relayed::{Kind, Relayed, Reply};
use entry::Entry;
use store::Store;

/// The cache of a server block.
#[derive(Debug)]
pub struct Cache {
    config: CacheConfig,
    success: Store,
    denial: Store,
    counters: Counters,
}

/// What the cache has to say to a question.
#[derive(Debug, Clone)]
pub enum Lookup {
    /// An answer.
    Hit {
        /// The answer.
        relayed: Relayed,
        /// Whether the upstream should be asked anew behind the client's back; said once in a while to one caller.
        refresh: bool,
    },
    /// Nothing that may be said.
    Miss,
}

impl Cache {
    /// An empty cache.
    pub fn new(config: CacheConfig, counters: Counters) -> Self {
        let success = Store::new(config.success.capacity, counters.evictions[0].clone());
        let denial = Store::new(config.denial.capacity, counters.evictions[1].clone());
        Self { config, success, denial, counters }
    }

    /// What can be said at once.
    pub fn get(&self, key: &Key, now: Instant) -> Lookup {
        if !self.is_for(key) {
            return Lookup::Miss;
        }
        self.counters.requests.inc();
        let success = self.success.get(key);
        if let Some(hit) = success.as_deref().and_then(|entry| self.fresh(entry, now)) {
            self.counters.hits[0].inc();
            return hit;
        }
        if let Some(hit) = self.denial.get(key).as_deref().and_then(|entry| self.fresh(entry, now)) {
            self.counters.hits[1].inc();
            return hit;
        }
        match (success, self.config.stale) {
            (Some(entry), Some(stale)) if !stale.verify && entry.is_stale(now, stale.duration) => {
                self.counters.served_stale.inc();
                Lookup::Hit { relayed: entry.relayed(Some(0)), refresh: entry.claim_refresh(now) }
            }
            _ => {
                self.counters.misses.inc();
                Lookup::Miss
            }
        }
    }

    /// Keeps a reply if it may be kept, and says how it is to be handed on: its TTLs are those that it is kept for.
    pub fn insert(&self, key: &Key, reply: Reply, now: Instant) -> Relayed {
        let relayed = Relayed::fresh(reply);
        let (lifetime, store, other) = match relayed.reply.kind() {
            _ if !self.is_for(key) => return relayed,
            Kind::Success { ttl } if !any_holds(&self.config.uncached_success, key.name()) => {
                (self.config.success.lifetime(ttl), &self.success, &self.denial)
            }
            Kind::Denial { ttl } if !any_holds(&self.config.uncached_denial, key.name()) => {
                (self.config.denial.lifetime(ttl), &self.denial, &self.success)
            }
            Kind::Failure => {
                self.keep_failure(key, &relayed.reply, now);
                return relayed;
            }
            _ => {
                self.counters.drops.inc();
                return relayed;
            }
        };
        other.remove(key);
        store.insert(key, Entry::new(Arc::clone(&relayed.reply), now, lifetime));
        self.count_entries();
        Relayed { ttl: Some(lifetime), ..relayed }
    }

    /// Remembers for a short while that nobody could answer, so that the upstreams are spared (RFC 9520 §3.2).
    pub fn insert_failure(&self, key: &Key, now: Instant) {
        if self.is_for(key) {
            self.keep_failure(key, &Arc::new(Reply::bare(2)), now);
        }
    }

    /// An answer that has outlived its time, where those are better than none.
    pub fn stale(&self, key: &Key, now: Instant) -> Option<Relayed> {
        let stale = self.config.stale?;
        let entry = self.success.get(key).filter(|entry| entry.is_stale(now, stale.duration))?;
        self.counters.served_stale.inc();
        Some(entry.relayed(Some(0)))
    }

    /// Whether names of this kind are cached at all.
    fn is_for(&self, key: &Key) -> bool {
        self.config.zones.is_empty() || any_holds(&self.config.zones, key.name())
    }

    /// The entry as a hit, while it is true.
    fn fresh(&self, entry: &Entry, now: Instant) -> Option<Lookup> {
        let left = entry.seconds_left(now)?;
        let refresh = self.config.prefetch.is_some_and(|prefetch| {
            entry.popularity(now, prefetch.gap) >= prefetch.amount
                && left <= entry.share_of_lifetime(prefetch.percentage)
                && entry.claim_refresh(now)
        });
        if refresh {
            self.counters.prefetches.inc();
        }
        let ttl = if self.config.keep_ttl { entry.lifetime() } else { left };
        Some(Lookup::Hit { relayed: entry.relayed(Some(ttl)), refresh })
    }

    fn keep_failure(&self, key: &Key, reply: &Arc<Reply>, now: Instant) {
        let seconds = self.config.failure.as_secs() as u32;
        if seconds > 0 {
            self.denial.insert(key, Entry::new(Arc::clone(reply), now, seconds));
            self.count_entries();
        }
    }

    fn count_entries(&self) {
        for (gauge, store) in self.counters.entries.iter().zip([&self.success, &self.denial]) {
            gauge.set(i64::try_from(store.len()).unwrap_or(i64::MAX));
        }
    }
}

/// Whether a name lies in one of the zones.
fn any_holds(zones: &[Name], name: &[u8]) -> bool {
    zones.iter().any(|zone| suffixes(name).any(|suffix| suffix == zone.as_wire()))
}

#[cfg(test)]
pub(crate) mod tests;
