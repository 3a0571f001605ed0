//! What a reservation answers to each message of a client: the state machine of RFC 2131 §4.3.

use std::net::{IpAddr, Ipv4Addr};

use dhcp_wire::MessageType;

use super::DropReason;
use super::address::Candidates;
use super::request::{Kind, Request};

/// What a message is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// OFFER or ACK of an address.
    Lease(MessageType, Ipv4Addr),
    /// ACK without an address: the client has one. The address that the rules see.
    Information(Ipv4Addr),
    /// The client must begin anew. The address that it would get.
    Nak(Ipv4Addr),
}

impl Decision {
    /// The address that the rules see.
    pub(super) fn address(self) -> Ipv4Addr {
        match self {
            Self::Lease(_, address) | Self::Information(address) | Self::Nak(address) => address,
        }
    }
}

/// Decides for a client with these addresses, of which the candidates are valid on its link.
pub(super) fn decide(
    addresses: &[IpAddr],
    candidates: &Candidates,
    request: &Request<'_>,
) -> Result<Decision, DropReason> {
    let held = Some(request.message.ciaddr()).filter(|held| candidates.include(*held, addresses));
    match request.kind {
        Kind::Discover => Ok(Decision::Lease(MessageType::Offer, candidates.best)),
        Kind::Inform => Ok(Decision::Information(held.unwrap_or(candidates.best))),
        Kind::Request => acknowledge(held, candidates.best, request),
        Kind::Release => Err(DropReason::Released),
        Kind::Decline => Err(DropReason::Declined),
    }
}

/// REQUEST (RFC 2131 §4.3.2): SELECTING and INIT-REBOOT name the address in option 50, RENEWING and REBINDING in ciaddr.
fn acknowledge(held: Option<Ipv4Addr>, best: Ipv4Addr, request: &Request<'_>) -> Result<Decision, DropReason> {
    let right = if request.message.ciaddr().is_unspecified() {
        let wanted = request.message.requested_address().ok_or(DropReason::NothingRequested)?;
        Some(best).filter(|best| *best == wanted)
    } else {
        held
    };
    Ok(right.map_or(Decision::Nak(best), |address| Decision::Lease(MessageType::Ack, address)))
}
