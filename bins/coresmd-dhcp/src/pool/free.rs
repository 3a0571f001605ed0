//! The free addresses of a range: the lowest one, or a certain one, in O(log n) however large the range is.

use std::collections::BTreeMap;

/// Addresses in ascending intervals, start to end, both included; two intervals never touch.
#[derive(Debug, Clone)]
pub(super) struct FreeAddresses(BTreeMap<u32, u32>);

impl FreeAddresses {
    /// All of them.
    pub(super) fn new(first: u32, last: u32) -> Self {
        Self(BTreeMap::from([(first, last)]))
    }

    /// The lowest that is usable.
    pub(super) fn lowest(&self, usable: impl Fn(&u32) -> bool) -> Option<u32> {
        self.0.iter().flat_map(|(start, end)| *start..=*end).find(usable)
    }

    /// Whether this one is free.
    pub(super) fn contains(&self, address: u32) -> bool {
        self.around(address).is_some()
    }

    /// This one is free no more.
    pub(super) fn take(&mut self, address: u32) {
        let Some((start, end)) = self.around(address) else { return };
        self.0.remove(&start);
        if start < address {
            self.0.insert(start, address - 1);
        }
        if address < end {
            self.0.insert(address + 1, end);
        }
    }

    /// This one is free again.
    pub(super) fn give(&mut self, address: u32) {
        if self.contains(address) {
            return;
        }
        let before = self.0.range(..address).next_back().filter(|(_, end)| **end + 1 == address);
        let start = before.map_or(address, |(start, _)| *start);
        let after = address.checked_add(1).and_then(|next| self.0.remove(&next));
        self.0.insert(start, after.unwrap_or(address));
    }

    /// The interval that holds this address.
    fn around(&self, address: u32) -> Option<(u32, u32)> {
        let (start, end) = self.0.range(..=address).next_back()?;
        (*end >= address).then_some((*start, *end))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn intervals_are_a_set(first: bool, steps in prop::collection::vec((any::<bool>(), 0_u32..12), 0..80)) {
            // At both ends of the address space, where neighbours do not exist.
            let base = if first { 0 } else { u32::MAX - 11 };
            let mut free = FreeAddresses::new(base, base + 11);
            let mut set: BTreeSet<u32> = (base..=base + 11).collect();
            for (give, offset) in steps {
                let address = base + offset;
                if give {
                    free.give(address);
                    set.insert(address);
                } else {
                    free.take(address);
                    set.remove(&address);
                }
                prop_assert_eq!(free.lowest(|_| true), set.first().copied());
                prop_assert_eq!(free.lowest(|one| one % 2 == 1), set.iter().find(|one| *one % 2 == 1).copied());
                let ones: Vec<u32> = free.0.iter().flat_map(|(start, end)| *start..=*end).collect();
                prop_assert_eq!(&ones, &set.iter().copied().collect::<Vec<_>>());
                prop_assert!(ones.iter().all(|one| free.contains(*one)));
                let touch = free.0.iter().zip(free.0.keys().skip(1)).any(|((_, end), next)| end + 1 == *next);
                prop_assert!(!touch, "{:?}", free);
            }
        }
    }
}
