//! The slots of each state in the order in which the state ends.

use std::collections::BTreeSet;

use super::State;

/// One queue a state, of `(last second, address)`.
#[derive(Debug, Clone, Default)]
pub(super) struct Queues {
    offered: BTreeSet<(u64, u32)>,
    bound: BTreeSet<(u64, u32)>,
    declined: BTreeSet<(u64, u32)>,
    former: BTreeSet<(u64, u32)>,
}

impl Queues {
    pub(super) fn add(&mut self, state: State, until: u64, address: u32) {
        self.of_mut(state).insert((until, address));
    }

    pub(super) fn remove(&mut self, state: State, until: u64, address: u32) {
        self.of_mut(state).remove(&(until, address));
    }

    /// The one whose state ends first.
    pub(super) fn first(&self, state: State) -> Option<(u64, u32)> {
        self.of(state).first().copied()
    }

    /// The addresses in the order in which their state ends.
    pub(super) fn oldest(&self, state: State) -> impl Iterator<Item = u32> {
        self.of(state).iter().map(|(_, address)| *address)
    }

    pub(super) fn len(&self, state: State) -> usize {
        self.of(state).len()
    }

    fn of(&self, state: State) -> &BTreeSet<(u64, u32)> {
        match state {
            State::Offered => &self.offered,
            State::Bound => &self.bound,
            State::Declined => &self.declined,
            State::Former => &self.former,
        }
    }

    fn of_mut(&mut self, state: State) -> &mut BTreeSet<(u64, u32)> {
        match state {
            State::Offered => &mut self.offered,
            State::Bound => &mut self.bound,
            State::Declined => &mut self.declined,
            State::Former => &mut self.former,
        }
    }
}
