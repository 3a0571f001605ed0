//! `[IO]` Ending in good order: one [`Stop`] that threads poll and tasks await, the signals that set it, and the
//! [`Grace`] in which everything has to finish.
//!
//! The first SIGTERM or SIGINT starts the drain, a second one ends the process at once.

use std::fmt;
use std::future::Future;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How often [`Grace::join_threads`] looks whether a thread has ended.
const JOIN_INTERVAL: Duration = Duration::from_millis(5);

/// The one switch that ends a server. Cloning is cheap, and all clones are the same switch; once set it stays set.
#[derive(Clone, Debug)]
pub struct Stop {
    shared: Arc<Shared>,
}

/// The three faces of the switch: a flag for loops, a descriptor for poll(2), a token for tasks.
#[derive(Debug)]
struct Shared {
    flag: AtomicBool,
    /// Readable from the moment the switch is set, and never read: poll(2) reports it to every thread.
    wake: PipeReader,
    alarm: PipeWriter,
    token: CancellationToken,
}

impl Stop {
    /// A switch that is set by [`Stop::set`] only. Fails when the process has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (wake, alarm) = io::pipe()?;
        let token = CancellationToken::new();
        Ok(Self { shared: Arc::new(Shared { flag: AtomicBool::new(false), wake, alarm, token }) })
    }

    /// A switch that the first SIGTERM or SIGINT sets; the second ends the process at once with a message on standard
    /// error and the exit code 128 + signal number.
    ///
    /// The signals are awaited on a thread of their own, so that the second one works even when every runtime of the
    /// server is wedged. Fails when the thread or the handlers cannot be made.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::new()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]
        };
        let switch = stop.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let [terminate, interrupt] = &mut signals;
                loop {
                    let (name, number) = tokio::select! {
                        _ = terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
                        _ = interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
                    };
                    if switch.is_set() {
                        eprintln!("{name} while stopping: ending at once");
                        std::process::exit(128 + number);
                    }
                    tracing::info!(signal = name, "stopping");
                    switch.set();
                }
            });
        })?;
        Ok(stop)
    }

    /// Sets the switch: wakes every thread and every task that waits for it. Setting it again does nothing.
    pub fn set(&self) {
        if !self.shared.flag.swap(true, Ordering::SeqCst) {
            // The pipe is empty and both its ends live in `shared`, so that this one byte always fits.
            let _ = (&self.shared.alarm).write_all(&[1]);
            self.shared.token.cancel();
        }
    }

    /// Whether the switch is set: one atomic load, for loops.
    pub fn is_set(&self) -> bool {
        self.shared.flag.load(Ordering::Relaxed)
    }

    /// Completes when the switch is set. The future owns its share of the switch and can be spawned or passed on.
    pub fn wait(&self) -> WaitForCancellationFutureOwned {
        self.shared.token.clone().cancelled_owned()
    }

    /// A token for code that wants one: cancelled when the switch is set. Cancelling it sets nothing else.
    pub fn token(&self) -> CancellationToken {
        self.shared.token.child_token()
    }
}

/// The descriptor that poll(2) reports as readable once the switch is set. Never read from it.
impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.wake.as_fd()
    }
}

/// The time that a stopping server gives to what still runs. One deadline for all, counted from its making.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    deadline: Instant,
}

impl Grace {
    /// A grace period of `length` that starts now.
    #[expect(clippy::disallowed_methods, reason = "the grace period is wall-clock time of the process, read here once")]
    pub fn starting_now(length: Duration) -> Self {
        Self { deadline: Instant::now() + length }
    }

    /// What is left of the period; zero after its end.
    #[expect(clippy::disallowed_methods, reason = "the grace period is wall-clock time of the process")]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Joins `threads` and returns those that did not end well: still running at the end of the period (they are left
    /// running), or ended by a panic. Blocks: call it outside of a runtime, or by `spawn_blocking`.
    pub fn join_threads(&self, threads: Vec<JoinHandle<()>>) -> Vec<Straggler> {
        while !self.left().is_zero() && threads.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(JOIN_INTERVAL.min(self.left()));
        }
        threads.into_iter().filter_map(straggler).collect()
    }

    /// Awaits `task` until the end of the period; `None` if it was not done by then (it is dropped).
    pub async fn finish<F: Future>(&self, task: F) -> Option<F::Output> {
        tokio::time::timeout(self.left(), task).await.ok()
    }
}

/// What to say about a thread that did not simply end.
fn straggler(thread: JoinHandle<()>) -> Option<Straggler> {
    let name = thread.thread().name().unwrap_or("unnamed").to_owned();
    if !thread.is_finished() {
        return Some(Straggler::Running(name));
    }
    thread.join().is_err().then_some(Straggler::Panicked(name))
}

/// A thread that did not end well within its [`Grace`]; holds the thread's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Straggler {
    /// Still running when the period was over.
    Running(String),
    /// Ended by a panic.
    Panicked(String),
}

impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(name) => write!(f, "thread {name} is still running"),
            Self::Panicked(name) => write!(f, "thread {name} ended by a panic"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn setting_reaches_flag_token_future_and_every_clone() {
        let stop = Stop::new().unwrap();
        let (clone, token, future) = (stop.clone(), stop.token(), stop.wait());
        assert!(!clone.is_set() && !token.is_cancelled());
        stop.set();
        stop.set();
        future.await;
        clone.wait().await;
        assert!(clone.is_set() && token.is_cancelled());
    }

    #[test]
    fn cancelling_a_handed_out_token_does_not_stop_the_server() {
        let stop = Stop::new().unwrap();
        stop.token().cancel();
        assert!(!stop.is_set() && !stop.token().is_cancelled());
    }

    #[test]
    fn grace_tells_the_finished_from_the_stuck_and_the_panicked() {
        let (release, gate) = mpsc::channel::<()>();
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(name.to_owned()).spawn(body).unwrap()
        };
        let stuck = spawn("stuck", Box::new(move || assert!(gate.recv().is_err())));
        let panicked = spawn("broken", Box::new(|| std::panic::resume_unwind(Box::new("on purpose"))));
        let fine = spawn("fine", Box::new(|| ()));
        while !(panicked.is_finished() && fine.is_finished()) {
            thread::yield_now();
        }
        let stragglers = Grace::starting_now(Duration::ZERO).join_threads(vec![stuck, panicked, fine]);
        assert_eq!(stragglers, [Straggler::Running("stuck".to_owned()), Straggler::Panicked("broken".to_owned())]);
        assert_eq!(stragglers[0].to_string(), "thread stuck is still running");
        drop(release);
    }

    #[tokio::test]
    async fn grace_awaits_what_finishes_and_gives_up_on_what_does_not() {
        assert_eq!(Grace::starting_now(Duration::from_mins(1)).finish(async { 7 }).await, Some(7));
        assert_eq!(Grace::starting_now(Duration::ZERO).finish(std::future::pending::<()>()).await, None);
    }
}
