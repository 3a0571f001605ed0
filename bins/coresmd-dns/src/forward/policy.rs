//! In which order upstreams are tried.

use std::sync::atomic::{AtomicUsize, Ordering};

use rand::Rng;
use rand::seq::SliceRandom;

/// `policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Any.
    Random,
    /// Beginning with the one behind that of the last query.
    RoundRobin,
    /// That of the configuration.
    Sequential,
}

/// A policy at work.
#[derive(Debug)]
pub(super) struct Turn {
    policy: Policy,
    next: AtomicUsize,
}

impl Turn {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, next: AtomicUsize::new(0) }
    }

    /// The places of `count` upstreams, in the order in which they are to be tried.
    pub(super) fn order(&self, count: usize, random: &mut impl Rng) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        match self.policy {
            Policy::Random => order.shuffle(random),
            Policy::RoundRobin => order.rotate_left(self.next.fetch_add(1, Ordering::Relaxed) % count.max(1)),
            Policy::Sequential => {}
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn each_policy_tries_everyone_in_its_order() {
        let mut random = SmallRng::seed_from_u64(7);
        let sequential = Turn::new(Policy::Sequential);
        let round_robin = Turn::new(Policy::RoundRobin);
        for turn in 0..6 {
            assert_eq!(sequential.order(3, &mut random), [0, 1, 2]);
            let order = round_robin.order(3, &mut random);
            assert_eq!(order, [turn % 3, (turn + 1) % 3, (turn + 2) % 3]);
        }
        let shuffled = Turn::new(Policy::Random);
        let mut first = [0; 3];
        for _ in 0..300 {
            let mut order = shuffled.order(3, &mut random);
            first[order[0]] += 1;
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2]);
        }
        assert!(first.iter().all(|count| *count > 60), "{first:?}");
    }
}
