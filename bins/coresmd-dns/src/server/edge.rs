//! `[IO]` What the edges of every listening address share, whatever the configuration: where lines go, where slow
//! answers wait, and how many of them.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::journal::Journal;

/// Queries that may wait for upstreams at one time; each holds its message and a task. What comes beyond that is
/// answered REFUSED at once, so that a flood of questions that nobody answers costs bounded memory.
const WAITING: usize = 8192;

/// What the edges share. Cloning is cheap.
#[derive(Clone)]
pub(super) struct Edge {
    /// Where the lines of `log` and `errors` go.
    pub(super) journal: Journal,
    /// Where slow answers are awaited.
    pub(super) runtime: Handle,
    /// The tasks that a stopping server waits for.
    pub(super) tasks: TaskTracker,
    waiting: Arc<Semaphore>,
}

impl Edge {
    /// For a server that runs its tasks on `runtime`.
    pub(super) fn new(journal: Journal, runtime: Handle) -> Self {
        Self { journal, runtime, tasks: TaskTracker::new(), waiting: Arc::new(Semaphore::new(WAITING)) }
    }

    /// A place among the queries that wait for an upstream, if there is one left.
    pub(super) fn seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.waiting).try_acquire_owned().ok()
    }
}
