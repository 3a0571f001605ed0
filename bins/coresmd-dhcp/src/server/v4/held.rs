//! \[IO\] Replies that are held back (`sleep`), sent in their time by one task: nobody else waits for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dhcp_wire::MessageType;
use serve::link::LinkSocket;
use serve::udp::UdpEndpoint;
use tokio::sync::Notify;

use super::route::Route;
use crate::backlog::{Backlog, Pushed, Rank};
use crate::server::metrics::{Metrics, Way};
use crate::v4::{Asked, DropReason};

/// How many replies may be held back at a time: 10,000 nodes that ask at once.
const CAPACITY: usize = 10_000;

/// The replies that are held back.
#[derive(Debug)]
pub(super) struct Held {
    backlog: Mutex<Backlog<Asked, Reply>>,
    /// Something was added that may be due first.
    added: Notify,
}

/// A reply as it will go out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) endpoint: Arc<UdpEndpoint>,
    pub(super) route: Route,
    pub(super) payload: Vec<u8>,
}

impl Held {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self { backlog: Mutex::new(Backlog::new(CAPACITY)), added: Notify::new() }
    }

    /// Holds a reply back for this long. Fails if the same message is waiting for its reply already, or if everything
    /// that waits is worth more; counts what is given up for it.
    pub(super) fn hold(
        &self,
        asked: Asked,
        kind: MessageType,
        delay: Duration,
        reply: Reply,
        metrics: &Metrics,
    ) -> Result<(), DropReason> {
        let rank = if kind == MessageType::Offer { Rank::Offer } else { Rank::Answer };
        let now = now();
        let due = now.checked_add(delay).ok_or(DropReason::HeldTooMany)?;
        let pushed = self.lock().push(asked, rank, due, reply);
        match pushed {
            Pushed::Added => {}
            Pushed::Displaced => metrics.dropped(DropReason::HeldTooMany),
            Pushed::Duplicate => return Err(DropReason::Duplicate),
            Pushed::Refused => return Err(DropReason::HeldTooMany),
        }
        self.added.notify_one();
        Ok(())
    }

    /// Sends each reply when it is due, until the task is dropped.
    pub(super) async fn send_all(&self, link: Option<&LinkSocket>, metrics: &Metrics) {
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
                metrics.sent(reply.send(link));
            }
        }
    }

    fn pop(&self, now: Instant) -> Option<Reply> {
        self.lock().pop(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Backlog<Asked, Reply>> {
        // Whoever panicked with the lock left the queue whole: it has no half-done state between its statements that
        // anybody could be hurt by.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reply {
    /// Sends it; says which way it went.
    pub(super) fn send(&self, link: Option<&LinkSocket>) -> Way {
        if self.route.send_frame(link, &self.payload) {
            return Way::Link;
        }
        let Route { to, from, interface, .. } = self.route;
        if let Err(error) = self.endpoint.send(to, from, interface, &self.payload) {
            tracing::debug!(%error, %to, "a reply that has waited cannot be sent");
        }
        self.route.way
    }
}

#[expect(clippy::disallowed_methods, reason = "this room waits for the time")]
fn now() -> Instant {
    Instant::now()
}
