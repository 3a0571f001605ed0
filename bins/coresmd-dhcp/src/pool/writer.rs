//! \[IO\] The one thread that writes leases. Whatever has gathered while it wrote is its next transaction: one fsync for
//! all of them. What waits for a change (an ACK) is handed back once the change is durable.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::Change;
use super::store::{Store, StoreError};

/// How many changes one transaction takes at most, so that the first of them does not wait for too many others.
const BATCH: usize = 4096;

/// The way to the thread. `T` is what waits for durability.
#[derive(Debug)]
pub struct Writer<T> {
    queue: Sender<Job<T>>,
    progress: Arc<Progress>,
    thread: Mutex<Option<Thread>>,
}

type Thread = JoinHandle<Result<(), StoreError>>;

/// What the thread is asked to do.
#[derive(Debug)]
enum Job<T> {
    /// Changes that belong together, and what waits for them.
    Write { changes: Vec<Change>, waiting: Option<T> },
    /// To end.
    Close,
}

/// How the thread is doing, for metrics.
#[derive(Debug, Default)]
pub struct Progress {
    backlog: AtomicUsize,
    commits: AtomicU64,
    failures: AtomicU64,
    nanoseconds: AtomicU64,
    failing: AtomicBool,
}

/// The thread has ended: it was closed, or `complete` panicked. Nothing is written any more.
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
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let thread =
            thread::Builder::new().name("leases".to_owned()).spawn(move || run(store, &jobs, &shared, complete))?;
        Ok(Self { queue, progress, thread: Mutex::new(Some(thread)) })
    }

    /// Queues changes, and what waits for them. Never blocks, and never refuses: ask [`Writer::backlog`] before the pool
    /// is asked.
    pub fn submit(&self, changes: Vec<Change>, waiting: Option<T>) -> Result<(), Stopped> {
        if changes.is_empty() && waiting.is_none() {
            return Ok(());
        }
        self.progress.backlog.fetch_add(1, Ordering::Relaxed);
        self.queue.send(Job::Write { changes, waiting }).map_err(|_| Stopped)
    }

    /// How many submissions are not durable yet. A server drops new REQUESTs while this is too many.
    pub fn backlog(&self) -> usize {
        self.progress.backlog.load(Ordering::Relaxed)
    }

    /// How the thread is doing.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Writes what is queued, hands it back, and closes the store. Once closed, it stays so.
    pub fn close(&self) -> Result<(), StoreError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A thread that has ended already needs no message.
        let _ = self.queue.send(Job::Close);
        thread.map_or(Ok(()), |thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

/// Each getter is since the start.
impl Progress {
    /// Transactions that were written.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Transactions that could not be written.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Time that all transactions took.
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }

    /// Whether the last transaction could not be written.
    pub fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    fn ended(&self, written: bool, took: Duration) {
        let counter = if written { &self.commits } else { &self.failures };
        counter.fetch_add(1, Ordering::Relaxed);
        self.failing.store(!written, Ordering::Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn run<S: Store, T>(
    mut store: S,
    jobs: &Receiver<Job<T>>,
    progress: &Progress,
    mut complete: impl FnMut(Result<(), &StoreError>, Vec<T>),
) -> Result<(), StoreError> {
    let mut all = Vec::new();
    while let Ok(Job::Write { changes, waiting }) = jobs.recv() {
        all.extend(changes);
        let (mut submissions, mut waiting, mut closing) = (1, Vec::from_iter(waiting), false);
        while all.len() < BATCH && !closing {
            match jobs.try_recv() {
                Ok(Job::Write { changes, waiting: one }) => {
                    submissions += 1;
                    all.extend(changes);
                    waiting.extend(one);
                }
                Ok(Job::Close) => closing = true,
                Err(_) => break,
            }
        }
        let start = now();
        let written = store.commit(&all);
        progress.ended(written.is_ok(), now() - start);
        all.clear();
        complete(written.as_ref().map(drop), waiting);
        progress.backlog.fetch_sub(submissions, Ordering::Relaxed);
        if closing {
            break;
        }
    }
    store.close()
}

#[expect(clippy::disallowed_methods, reason = "this room measures its disk")]
fn now() -> Instant {
    Instant::now()
}
