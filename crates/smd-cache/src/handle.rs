//! Where the servers find the current snapshot: one pointer, swapped whole, read without locks.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use crate::snapshot::Snapshot;

/// The current snapshot. Empty until the first good one; then answer nobody (design §5). Clones share the pointer.
#[derive(Debug, Default, Clone)]
pub struct SnapshotHandle(Arc<ArcSwapOption<Snapshot>>);

impl SnapshotHandle {
    /// The current snapshot; `None` before the first good one.
    pub fn load(&self) -> Option<Arc<Snapshot>> {
        self.0.load_full()
    }

    /// The current snapshot without counting a reference: for hot paths, held for one packet.
    pub fn guard(&self) -> Guard<Option<Arc<Snapshot>>> {
        self.0.load()
    }

    /// Swaps in a new snapshot; readers see the old one or the new one, whole.
    pub fn store(&self, snapshot: Arc<Snapshot>) {
        self.0.store(Some(snapshot));
    }
}
