//! One answer that is kept, its age and how often it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::relayed::{Relayed, Reply};

/// How soon an answer may be fetched anew again, if nothing better has come since (the failure recheck timer of
/// RFC 8767 §5).
const RECHECK: Duration = Duration::from_secs(5);

/// An answer that is kept.
#[derive(Debug)]
pub(super) struct Entry {
    reply: Arc<Reply>,
    stored: Instant,
    /// Seconds.
    lifetime: u32,
    /// How often it has been asked for with no longer gap than allowed.
    hits: AtomicU32,
    /// When it was last asked for, in milliseconds after `stored`.
    last_hit: AtomicU64,
    /// Before when it is not to be fetched anew, in milliseconds after `stored`.
    next_refresh: AtomicU64,
}

impl Entry {
    /// A reply that is true for `lifetime` seconds from `now`.
    pub(super) fn new(reply: Arc<Reply>, now: Instant, lifetime: u32) -> Self {
        let (hits, last_hit, next_refresh) = Default::default();
        Self { reply, stored: now, lifetime, hits, last_hit, next_refresh }
    }

    /// Octets of its records.
    pub(super) fn size(&self) -> usize {
        self.reply.size()
    }

    /// Seconds that it is kept for.
    pub(super) fn lifetime(&self) -> u32 {
        self.lifetime
    }

    /// The seconds for which it is still true; `None`: no longer.
    pub(super) fn seconds_left(&self, now: Instant) -> Option<u32> {
        let age = now.saturating_duration_since(self.stored);
        let lifetime = Duration::from_secs(self.lifetime.into());
        let left = lifetime.checked_sub(age).filter(|left| !left.is_zero())?;
        // whole seconds, so that nobody keeps it for longer than we do; the last one counts as one
        Some((left.as_secs() as u32).max(1))
    }

    /// Whether its time is over by no more than `duration`.
    pub(super) fn is_stale(&self, now: Instant, duration: Duration) -> bool {
        let age = now.saturating_duration_since(self.stored);
        let lifetime = Duration::from_secs(self.lifetime.into());
        age.checked_sub(lifetime).is_some_and(|over| over < duration)
    }

    /// Counts this query; how many have come with no gap longer than `gap` between them.
    pub(super) fn popularity(&self, now: Instant, gap: Duration) -> u32 {
        let now = self.millis(now);
        let last = self.last_hit.swap(now, Ordering::Relaxed);
        if now.saturating_sub(last) > gap.as_millis() as u64 {
            self.hits.store(1, Ordering::Relaxed);
            return 1;
        }
        // wraps after 2^32 queries within gaps, and then counts anew
        self.hits.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// A part of its lifetime, in seconds, rounded up.
    pub(super) fn share_of_lifetime(&self, percentage: u8) -> u32 {
        let share = u64::from(self.lifetime) * u64::from(percentage);
        share.div_ceil(100) as u32
    }

    /// Whether the caller is the one to fetch it anew.
    pub(super) fn claim_refresh(&self, now: Instant) -> bool {
        let now = self.millis(now);
        let next = self.next_refresh.load(Ordering::Relaxed);
        let later = now + RECHECK.as_millis() as u64;
        now >= next && self.next_refresh.compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The answer, with this TTL.
    pub(super) fn relayed(&self, ttl: Option<u32>) -> Relayed {
        Relayed { reply: Arc::clone(&self.reply), ttl, cached: true }
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.stored).as_millis() as u64
    }
}
