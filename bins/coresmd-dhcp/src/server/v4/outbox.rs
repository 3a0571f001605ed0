//! \[IO\] Replies that do not go out with the batch in which they were asked for: those that `sleep` holds back, and the
//! ACKs of the pool, which wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use dhcp_wire::MessageType;
use serve::link::LinkSocket;

use super::held::{Held, Reply};
use crate::server::metrics::Metrics;
use crate::v4::{Asked, DropReason};

/// The ways out that every thread shares.
pub(in crate::server) struct Outbox {
    /// `None` without the right to send frames: then those clients are answered by broadcast.
    pub(super) link: Option<LinkSocket>,
    pub(super) metrics: Arc<Metrics>,
    held: Held,
}

/// A reply that something is to be waited for.
#[derive(Debug)]
pub(in crate::server) struct Waiting {
    pub(super) asked: Asked,
    pub(super) message_type: MessageType,
    /// How long it is held back then.
    pub(super) delay: Duration,
    pub(super) reply: Reply,
}

impl Outbox {
    /// Nothing waits.
    pub(in crate::server) fn new(link: Option<LinkSocket>, metrics: Arc<Metrics>) -> Self {
        Self { link, metrics, held: Held::new() }
    }

    /// Nothing is waited for any more but its delay. Fails if the same message is waiting for its reply already, or if
    /// everything that waits is worth more.
    pub(super) fn hold(&self, waiting: Waiting) -> Result<(), DropReason> {
        let Waiting { asked, message_type, delay, reply } = waiting;
        self.held.hold(asked, message_type, delay, reply, &self.metrics)
    }

    /// The leases of these replies are durable: they may go.
    pub(in crate::server) fn release(&self, durable: Vec<Waiting>) {
        for waiting in durable {
            if waiting.delay.is_zero() {
                self.metrics.sent(waiting.reply.send(self.link.as_ref()));
            } else if let Err(reason) = self.hold(waiting) {
                self.metrics.dropped(reason);
            }
        }
    }

    /// The leases of these replies could not be written: nobody must have them.
    pub(in crate::server) fn give_up(&self, lost: &[Waiting]) {
        for _ in lost {
            self.metrics.dropped(DropReason::NotStored);
        }
    }

    /// Sends what is held back, until the task is dropped.
    pub(super) async fn send_held(&self) {
        self.held.send_all(self.link.as_ref(), &self.metrics).await;
    }
}
