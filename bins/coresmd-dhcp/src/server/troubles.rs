//! What an operator must look into although the server answers: its state was damaged, or cannot be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Troubles by what they are about. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Troubles {
    /// Notes a trouble, in the place of the last one about the same.
    pub(super) fn raise(&self, about: &'static str, what: String) {
        self.lock().insert(about, what);
    }

    /// Forgets a trouble that is over.
    pub(super) fn clear(&self, about: &'static str) {
        self.lock().remove(about);
    }

    /// All of them, as lines of text.
    pub(super) fn list(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        // The map is whole between its operations, so a panic elsewhere cannot have left it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
