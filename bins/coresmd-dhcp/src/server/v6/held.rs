//! \[IO\] Replies that are held back (`sleep`), sent in their time by one task: nobody else waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dhcp_wire::v6::MessageType;
use serve::udp::UdpEndpoint;
use tokio::sync::Notify;

use super::metrics::Metrics;
use crate::backlog::{Backlog, Pushed, Rank};
use crate::v6::{Asked, DropReason, Transmit};

/// How many replies may be held back at a time: 10,000 nodes that ask at once.
const CAPACITY: usize = 10_000;

/// The replies that are held back.
pub(super) struct Held {
    backlog: Mutex<Backlog<Asked, Reply>>,
    /// Something was added that may be due first.
    added: Notify,
}

/// A reply with the socket that it goes out by.
struct Reply {
    endpoint: Arc<UdpEndpoint>,
    transmit: Transmit,
}

impl Held {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self { backlog: Mutex::new(Backlog::new(CAPACITY)), added: Notify::new() }
    }

    /// Holds a reply back for as long as it says. Fails if the same message is waiting for its reply already, or if
    /// everything that waits is worth more; counts what is given up for it.
    pub(super) fn hold(
        &self,
        asked: &Asked,
        transmit: &Transmit,
        endpoint: &Arc<UdpEndpoint>,
        metrics: &Metrics,
    ) -> Result<(), DropReason> {
        let rank = if transmit.message_type == MessageType::Advertise { Rank::Offer } else { Rank::Answer };
        let due = now().checked_add(transmit.delay).ok_or(DropReason::HeldTooMany)?;
        let reply = Reply { endpoint: Arc::clone(endpoint), transmit: transmit.clone() };
        let pushed = self.lock().push(asked.clone(), rank, due, reply);
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
    pub(super) async fn send_all(&self) {
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
                reply.send();
            }
        }
    }

    fn pop(&self, now: Instant) -> Option<Reply> {
        self.lock().pop(now)
    }

    fn lock(&self) -> MutexGuard<'_, Backlog<Asked, Reply>> {
        // Whoever panicked with the lock left the queue whole: it has no half-done state between its statements that
        // anybody could be hurt by.
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reply {
    fn send(&self) {
        let Transmit { destination, datagram, .. } = &self.transmit;
        let (to, from, interface) = (destination.to, destination.from, destination.interface);
        if let Err(error) = self.endpoint.send(to, from, interface, datagram) {
            tracing::debug!(%error, %to, "a reply that was held back cannot be sent");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this room waits for the time")]
fn now() -> Instant {
    Instant::now()
}
