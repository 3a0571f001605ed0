//! The leases of the store, at the start.

use std::cmp::Reverse;
use std::time::SystemTime;

use super::{Change, Pool, Record, seconds};

/// What came of the store's leases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use = "the changes belong to the writer"]
pub struct Restored {
    /// Leases in force again.
    pub bound: usize,
    /// Leases that ran out meanwhile. Their clients are remembered.
    pub expired: usize,
    /// Leases of clients or addresses that have a newer one: the original may store several a MAC.
    pub superseded: usize,
    /// Leases of addresses that no range of this configuration has. They stay in the store, and hold nothing.
    pub outside: Vec<Record>,
    /// For the writer: the end of what expired and of what is superseded.
    pub changes: Vec<Change>,
}

impl Pool {
    /// Takes the leases of the store in. Of several that concern one client (in one range) or one address, the newest
    /// counts.
    pub fn restore(&mut self, records: Vec<Record>, now: SystemTime) -> Restored {
        let now = seconds(now);
        let mut newest_first = records;
        newest_first.sort_by_key(|record| Reverse(record.expiry));
        let mut restored = Restored::default();
        for record in newest_first {
            let Some(subnet) = self.containing(record.address) else {
                restored.outside.push(record);
                continue;
            };
            let counter = match (subnet.restore(&record, now), record.expiry < now) {
                (true, false) => {
                    restored.bound += 1;
                    continue;
                }
                (true, true) => &mut restored.expired,
                (false, _) => &mut restored.superseded,
            };
            *counter += 1;
            restored.changes.push(record.into_delete());
        }
        restored
    }
}
