//! \[IO\] Replies that do not go out with the batch in which they were asked for: those that `sleep` holds back, and the
//! ACKs of the pool, which wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use dhcp_wire::MessageType;
use serve::link::LinkSocket;
use serve::udp::UdpEndpoint;

use super::route::Route;
use crate::backlog::Rank;
use crate::server::held::{Held, NotTaken, Taken};
use crate::server::metrics::{Metrics, Way};
use crate::v4::{Asked, DropReason};

/// The ways out that every thread shares.
pub(in crate::server) struct Outbox {
    /// `None` without the right to send frames: then those clients are answered by broadcast.
    pub(super) link: Option<LinkSocket>,
    pub(super) metrics: Arc<Metrics>,
    held: Held<Asked, Reply>,
}

/// A reply as it will go out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) endpoint: Arc<UdpEndpoint>,
    pub(super) route: Route,
    pub(super) payload: Vec<u8>,
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
        let rank = if message_type == MessageType::Offer { Rank::Offer } else { Rank::Answer };
        match self.held.hold(asked, rank, delay, reply)? {
            Taken::Added => {}
            Taken::Displaced => self.metrics.dropped(DropReason::HeldTooMany),
        }
        Ok(())
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
        self.held.send_all(|reply| self.metrics.sent(reply.send(self.link.as_ref()))).await;
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

impl From<NotTaken> for DropReason {
    fn from(why: NotTaken) -> Self {
        match why {
            NotTaken::Duplicate => Self::Duplicate,
            NotTaken::TooMany => Self::HeldTooMany,
        }
    }
}
