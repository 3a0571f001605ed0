//! The shrink guard: a collection that lost more than half of itself in one poll is not believed at once (design §5).
//!
//! An SMD that starts with an empty database, or a database that answers half, looks like mass deletion; a real one is
//! still there two polls later. A failed poll, or one that sees the collection whole again, starts the count anew.

use super::ShrinkPolicy;
use crate::state::HeldBack;

/// Judges how a collection's size changes from poll to poll.
#[derive(Debug, Clone, Default)]
pub struct ShrinkGuard {
    policy: ShrinkPolicy,
    /// Polls in a row that saw it shrunk.
    seen: u32,
    /// Whether somebody has accepted what is held back.
    accepted: bool,
}

impl ShrinkGuard {
    /// A guard that has seen nothing yet.
    pub fn new(policy: ShrinkPolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Judges a poll that offers `offered` entries where there are `now`: `None` to take it.
    pub fn judge(&mut self, now: usize, offered: usize) -> Option<HeldBack> {
        self.seen += 1;
        let has_shrunk = offered < now.div_ceil(2);
        if !has_shrunk || self.policy == ShrinkPolicy::Accept || self.accepted || self.seen >= POLLS {
            self.reset();
            return None;
        }
        Some(HeldBack { now, offered, polls: self.seen })
    }

    /// A poll that failed, or that confirmed what there is.
    pub fn reset(&mut self) {
        self.seen = 0;
        self.accepted = false;
    }

    /// Somebody says that what is held back is right: the next poll may bring it. Nothing held back, nothing accepted.
    pub fn accept(&mut self) {
        self.accepted = self.is_holding();
    }

    /// Whether it holds something back.
    pub fn is_holding(&self) -> bool {
        self.seen > 0
    }
}

/// As many polls in a row are believed.
const POLLS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    enum Event {
        /// A poll with sizes now and offered: whether it is held back.
        Poll(usize, usize, bool),
        Reset,
        Accept,
    }
    use Event::{Accept, Poll, Reset};

    fn play(policy: ShrinkPolicy, events: &[Event]) {
        let mut guard = ShrinkGuard::new(policy);
        for (step, event) in events.iter().enumerate() {
            match *event {
                Poll(now, offered, held) => {
                    assert_eq!(guard.judge(now, offered).is_some(), held, "step {step}");
                    assert_eq!(guard.is_holding(), held, "step {step}");
                }
                Reset => guard.reset(),
                Accept => guard.accept(),
            }
        }
    }

    #[test]
    fn more_than_half_is_held_back_and_less_is_not() {
        for (now, offered, held) in
            [(0, 0, false), (0, 9, false), (1, 0, true), (2, 1, false), (2, 0, true), (3, 2, false), (3, 1, true)]
        {
            play(ShrinkPolicy::Hold, &[Poll(now, offered, held)]);
            play(ShrinkPolicy::Accept, &[Poll(now, offered, false)]);
        }
        play(ShrinkPolicy::Hold, &[Poll(100, 50, false), Poll(100, 49, true)]);
    }

    #[test]
    fn the_third_poll_in_a_row_is_believed() {
        play(ShrinkPolicy::Hold, &[Poll(9, 0, true), Poll(9, 1, true), Poll(9, 0, false), Poll(9, 0, true)]);
    }

    #[test]
    fn a_failed_or_a_whole_poll_starts_the_count_anew() {
        play(ShrinkPolicy::Hold, &[Poll(9, 0, true), Poll(9, 0, true), Reset, Poll(9, 0, true), Poll(9, 0, true)]);
        play(ShrinkPolicy::Hold, &[Poll(9, 0, true), Poll(9, 0, true), Poll(9, 8, false), Poll(9, 0, true)]);
    }

    #[test]
    fn accepting_takes_what_is_held_back_and_nothing_later() {
        play(ShrinkPolicy::Hold, &[Poll(9, 0, true), Accept, Poll(9, 0, false), Poll(9, 0, true)]);
        play(ShrinkPolicy::Hold, &[Accept, Poll(9, 0, true)]);
        play(ShrinkPolicy::Hold, &[Poll(9, 0, true), Accept, Poll(9, 9, false), Poll(9, 0, true)]);
    }

    #[test]
    fn what_is_held_back_is_described() {
        let mut guard = ShrinkGuard::new(ShrinkPolicy::Hold);
        guard.judge(9, 0);
        assert_eq!(guard.judge(9, 2), Some(HeldBack { now: 9, offered: 2, polls: 2 }));
    }
}
