//! What can be asked of a running refresher, from any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Asks a [`super::Refresher`] for things. Clones ask the same one.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    asked: Notify,
    holding: AtomicBool,
    accepted: AtomicBool,
}

impl Control {
    /// Polls now instead of at the next interval; at most once a second, however often it is asked for.
    pub fn refresh_now(&self) {
        self.0.asked.notify_one();
    }

    /// Takes what the shrink guard holds back if a poll at once sees it again; `false` when it holds nothing back. An
    /// acceptance holds for that poll alone.
    pub fn accept_shrink(&self) -> bool {
        if !self.0.holding.load(Ordering::Acquire) {
            return false;
        }
        self.0.accepted.store(true, Ordering::Release);
        self.refresh_now();
        true
    }

    /// Completes when somebody has asked for a poll.
    pub(super) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// Whether somebody has accepted what is held back, since the last call.
    pub(super) fn take_acceptance(&self) -> bool {
        self.0.accepted.swap(false, Ordering::AcqRel)
    }

    pub(super) fn set_holding(&self, holding: bool) {
        self.0.holding.store(holding, Ordering::Release);
    }
}
