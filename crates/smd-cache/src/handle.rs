//! STUB of the contract: where the servers find the current snapshot. Helper `smd-cache` replaces it.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::snapshot::Snapshot;

/// The current snapshot, swapped whole. Empty until the first good one.
#[derive(Debug, Default, Clone)]
pub struct SnapshotHandle(Arc<ArcSwapOption<Snapshot>>);

impl SnapshotHandle {
    /// The current snapshot; `None` before the first good one (answer nobody then).
    pub fn load(&self) -> Option<Arc<Snapshot>> {
        self.0.load_full()
    }
    /// A guard without reference counting, for hot paths.
    pub fn guard(&self) -> arc_swap::Guard<Option<Arc<Snapshot>>> {
        self.0.load()
    }
    /// Swaps in a new snapshot.
    pub fn store(&self, snapshot: Arc<Snapshot>) {
        self.0.store(Some(snapshot));
    }
}
