//! \[IO\] Replies that are held back (`sleep`), sent in their time by one task: nobody else waits for them. Both families
//! have one of these, with what they send and how.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::backlog::{Backlog, Pushed, Rank};

/// How many replies may be held back at a time: 10,000 nodes that ask at once.
const CAPACITY: usize = 10_000;

/// The replies that are held back, by what they answer.
#[derive(Debug)]
pub(super) struct Held<A, R> {
    backlog: Mutex<Backlog<A, R>>,
    /// Something was added that may be due first.
    added: Notify,
}

/// A reply that is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There was room.
    Added,
    /// An older reply was given up for it.
    Displaced,
}

/// Why a reply is not held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// The same message is waiting for its reply already.
    Duplicate,
    /// Everything that waits is worth more, or it would wait for ever.
    TooMany,
}

impl<A: Clone + Eq + Hash, R> Held<A, R> {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self { backlog: Mutex::new(Backlog::new(CAPACITY)), added: Notify::new() }
    }

    /// Holds a reply back for this long.
    pub(super) fn hold(&self, asked: A, rank: Rank, delay: Duration, reply: R) -> Result<Taken, NotTaken> {
        let due = now().checked_add(delay).ok_or(NotTaken::TooMany)?;
        let taken = match self.lock().push(asked, rank, due, reply) {
            Pushed::Added => Taken::Added,
            Pushed::Displaced => Taken::Displaced,
            Pushed::Duplicate => return Err(NotTaken::Duplicate),
            Pushed::Refused => return Err(NotTaken::TooMany),
        };
        self.added.notify_one();
        Ok(taken)
    }

    /// Gives each reply to `send` when it is due, until the task is dropped.
    pub(super) async fn send_all(&self, mut send: impl FnMut(R)) {
        loop {
            let next = self.lock().next_due();
            match next {
                Some(due) => {
                    // A deadline in the past is over at once.
                    let _ = tokio::time::timeout_at(due.into(), self.added.notified()).await;
                }
                None => self.added.notified().await,
            }
            let now = now();
            while let Some(reply) = self.pop(now) {
                send(reply);
            }
        }
    }

    fn pop(&self, now: Instant) -> Option<R> {
        self.lock().pop(now)
    }

    fn lock(&self) -> MutexGuard<'_, Backlog<A, R>> {
        // Whoever panicked with the lock left the queue whole: it has no half-done state between its statements that
        // anybody could be hurt by.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "this room waits for the time")]
fn now() -> Instant {
    Instant::now()
}
