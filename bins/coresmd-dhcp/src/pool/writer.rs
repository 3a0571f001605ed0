//! \[IO\] The one thread that writes leases. Whatever has gathered while it wrote is its next transaction: one fsync for
//! all of them. What waits for a change (an ACK) is handed back once the change is durable.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use thiserror::Error;

use super::Change;
use super::store::{Store, StoreError};

/// How many changes one transaction takes at most, so that the first of them does not wait for too many others.
const BATCH: usize = 4096;

/// The way to the thread. `T` is what waits for durability.
#[derive(Debug)]
pub struct Writer<T> {
    queue: Sender<Job<T>>,
    backlog: Arc<AtomicUsize>,
    thread: JoinHandle<Result<(), StoreError>>,
}

/// Changes that belong together, and what waits for them.
#[derive(Debug)]
struct Job<T> {
    changes: Vec<Change>,
    waiting: Option<T>,
}

/// The thread has ended, which it does only if `complete` panicked: nothing is written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the thread that writes leases has ended")]
pub struct Stopped;

impl<T: Send + 'static> Writer<T> {
    /// Starts the thread. It calls `complete` after each transaction: with `Ok` and all that waited for it and may go out
    /// now, or with the error and what must not (its clients will ask again). Fails if no thread can be made.
    pub fn start<S: Store + Send + 'static>(
        store: S,
        complete: impl FnMut(Result<(), &StoreError>, Vec<T>) + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let backlog = Arc::new(AtomicUsize::new(0));
        let shared = Arc::clone(&backlog);
        let thread =
            thread::Builder::new().name("leases".to_owned()).spawn(move || run(store, &jobs, &shared, complete))?;
        Ok(Self { queue, backlog, thread })
    }

    /// Queues changes, and what waits for them. Never blocks, and never refuses: ask [`Writer::backlog`] before the pool
    /// is asked.
    pub fn submit(&self, changes: Vec<Change>, waiting: Option<T>) -> Result<(), Stopped> {
        if changes.is_empty() && waiting.is_none() {
            return Ok(());
        }
        self.backlog.fetch_add(1, Ordering::Relaxed);
        self.queue.send(Job { changes, waiting }).map_err(|_| Stopped)
    }

    /// How many submissions are not durable yet. A server drops new REQUESTs while this is too many.
    pub fn backlog(&self) -> usize {
        self.backlog.load(Ordering::Relaxed)
    }

    /// Writes what is queued, hands it back, and closes the store.
    pub fn close(self) -> Result<(), StoreError> {
        let Self { queue, thread, .. } = self;
        drop(queue);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn run<S: Store, T>(
    mut store: S,
    jobs: &Receiver<Job<T>>,
    backlog: &AtomicUsize,
    mut complete: impl FnMut(Result<(), &StoreError>, Vec<T>),
) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    while let Ok(first) = jobs.recv() {
        let (mut submissions, mut waiting) = (0, Vec::new());
        let mut next = Some(first);
        while let Some(job) = next {
            submissions += 1;
            changes.extend(job.changes);
            waiting.extend(job.waiting);
            next = if changes.len() < BATCH { jobs.try_recv().ok() } else { None };
        }
        let written = store.commit(&changes);
        changes.clear();
        complete(written.as_ref().map(drop), waiting);
        backlog.fetch_sub(submissions, Ordering::Relaxed);
    }
    store.close()
}
