//! \[IO\] Replies of DHCPv6 that are held back (`sleep`).

use std::sync::Arc;

use dhcp_wire::v6::MessageType;
use serve::udp::UdpEndpoint;

use super::metrics::Metrics;
use crate::backlog::Rank;
use crate::server::held::{Held, NotTaken, Taken};
use crate::v6::{Asked, DropReason, Transmit};

/// A reply with the socket that it goes out by.
pub(super) struct Reply {
    endpoint: Arc<UdpEndpoint>,
    transmit: Transmit,
}

/// Holds a reply back for as long as it says. Fails if the same message is waiting for its reply already, or if
/// everything that waits is worth more; counts what is given up for it.
pub(super) fn hold(
    held: &Held<Asked, Reply>,
    asked: &Asked,
    transmit: &Transmit,
    endpoint: &Arc<UdpEndpoint>,
    metrics: &Metrics,
) -> Result<(), DropReason> {
    let rank = if transmit.message_type == MessageType::Advertise { Rank::Offer } else { Rank::Answer };
    let reply = Reply { endpoint: Arc::clone(endpoint), transmit: transmit.clone() };
    match held.hold(asked.clone(), rank, transmit.delay, reply)? {
        Taken::Added => {}
        Taken::Displaced => metrics.dropped(DropReason::HeldTooMany),
    }
    Ok(())
}

impl Reply {
    pub(super) fn send(&self) {
        let Transmit { destination, datagram, .. } = &self.transmit;
        let (to, from, interface) = (destination.to, destination.from, destination.interface);
        if let Err(error) = self.endpoint.send(to, from, interface, datagram) {
            tracing::debug!(%error, %to, "a reply that was held back cannot be sent");
        }
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
