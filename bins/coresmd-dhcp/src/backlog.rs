//! Replies that wait for their time: a bounded queue that gives up what can be asked for again, oldest first.
//!
//! A queue that is full and drops what comes last serves only those who have given up waiting. So the oldest OFFER goes
//! first, for its client has begun anew meanwhile or has another; an ACK or NAK goes only when nothing else is left. And
//! what was asked twice is answered once: the key is the transaction.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::hash::Hash;
use std::time::Instant;

use rustc_hash::FxBuildHasher;

/// What happens to an item when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// It is given up first.
    Offer,
    /// It is given up last.
    Answer,
}

/// What became of the queue when something was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// There was room.
    Added,
    /// An older one was given up for it.
    Displaced,
    /// It was not taken: its transaction is waiting already.
    Duplicate,
    /// It was not taken: everything that waits is worth more.
    Refused,
}

/// The queue.
#[derive(Debug)]
pub struct Backlog<K, T> {
    capacity: usize,
    keys: HashSet<K, FxBuildHasher>,
    offers: Waiting<K, T>,
    answers: Waiting<K, T>,
    /// Tells items with the same time apart.
    next: u64,
}

/// Items by their time.
type Waiting<K, T> = BTreeMap<(Instant, u64), (K, T)>;

impl<K: Clone + Eq + Hash, T> Backlog<K, T> {
    /// An empty queue for so many items.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, keys: HashSet::default(), offers: BTreeMap::new(), answers: BTreeMap::new(), next: 0 }
    }

    /// Adds an item that is due at this time.
    pub fn push(&mut self, key: K, rank: Rank, due: Instant, item: T) -> Pushed {
        if self.keys.contains(&key) {
            return Pushed::Duplicate;
        }
        let full = self.keys.len() >= self.capacity;
        if full {
            let given_up = match rank {
                Rank::Offer => self.offers.pop_first(),
                Rank::Answer => self.offers.pop_first().or_else(|| self.answers.pop_first()),
            };
            let Some((_, (key, _))) = given_up else { return Pushed::Refused };
            self.keys.remove(&key);
        }
        self.keys.insert(key.clone());
        let place = (due, self.next);
        self.next += 1;
        match rank {
            Rank::Offer => self.offers.insert(place, (key, item)),
            Rank::Answer => self.answers.insert(place, (key, item)),
        };
        if full { Pushed::Displaced } else { Pushed::Added }
    }

    /// When the next item is due; `None` for an empty queue.
    pub fn next_due(&self) -> Option<Instant> {
        let first = |waiting: &Waiting<K, T>| waiting.first_key_value().map(|((due, _), _)| *due);
        first(&self.offers).into_iter().chain(first(&self.answers)).min()
    }

    /// Takes out the next item that is due by now.
    pub fn pop(&mut self, now: Instant) -> Option<T> {
        let due = self.next_due().filter(|due| *due <= now)?;
        let in_answers = self.answers.first_key_value().is_some_and(|((first, _), _)| *first == due);
        let waiting = if in_answers { &mut self.answers } else { &mut self.offers };
        let (_, (key, item)) = waiting.pop_first()?;
        self.keys.remove(&key);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A moment to count from.
    #[expect(clippy::disallowed_methods, reason = "an Instant can only be had from the clock")]
    fn start() -> Instant {
        Instant::now()
    }

    /// Everything that is due by `now`, in its order.
    fn drain(backlog: &mut Backlog<u32, u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| backlog.pop(now)).collect()
    }

    #[test]
    fn items_come_out_when_they_are_due() {
        let (start, second) = (start(), Duration::from_secs(1));
        let mut backlog = Backlog::new(9);
        assert_eq!(backlog.next_due(), None);
        for (key, rank, after) in [(1, Rank::Offer, 3), (2, Rank::Answer, 1), (3, Rank::Offer, 2), (4, Rank::Offer, 2)]
        {
            assert_eq!(backlog.push(key, rank, start + second * after, key), Pushed::Added);
        }
        assert_eq!(backlog.next_due(), Some(start + second));
        assert_eq!(backlog.pop(start), None);
        assert_eq!(drain(&mut backlog, start + 2 * second), [2, 3, 4]);
        assert_eq!(drain(&mut backlog, start + 9 * second), [1]);
    }

    #[test]
    fn a_transaction_that_waits_is_not_added_again_until_it_is_out() {
        let start = start();
        let mut backlog = Backlog::new(9);
        assert_eq!(backlog.push(1, Rank::Offer, start, 1), Pushed::Added);
        assert_eq!(backlog.push(1, Rank::Answer, start, 2), Pushed::Duplicate);
        assert_eq!(drain(&mut backlog, start), [1]);
        assert_eq!(backlog.push(1, Rank::Offer, start, 3), Pushed::Added);
    }

    #[test]
    fn the_oldest_offer_is_given_up_first_and_an_answer_last() {
        let start = start();
        let mut backlog = Backlog::new(3);
        let mut push = |key: u32, rank| backlog.push(key, rank, start + Duration::from_secs(key.into()), key);
        assert_eq!([push(1, Rank::Answer), push(2, Rank::Offer), push(3, Rank::Offer)], [Pushed::Added; 3]);
        assert_eq!(push(4, Rank::Offer), Pushed::Displaced); // 2
        assert_eq!(push(5, Rank::Answer), Pushed::Displaced); // 3
        assert_eq!(push(6, Rank::Answer), Pushed::Displaced); // 4
        assert_eq!(push(7, Rank::Offer), Pushed::Refused);
        assert_eq!(push(8, Rank::Answer), Pushed::Displaced); // 1
        assert_eq!(push(2, Rank::Answer), Pushed::Displaced); // 5: the key of what was given up is free
        assert_eq!(drain(&mut backlog, start + Duration::from_secs(99)), [2, 6, 8]);
    }
}
