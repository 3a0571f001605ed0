//! A client's message (RFC 2131 §4.3): what every answer needs to know of it, checked once.

use dhcp_wire::MessageType;
use dhcp_wire::v4::{BOOTREQUEST, Received};
use smd_cache::MacAddr;

use super::DropReason;
use crate::admission::Urgency;

/// A message of a client that a MAC address identifies.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Header and options.
    pub(super) message: Received<'a>,
    /// What the client wants.
    pub(super) kind: Kind,
    /// The client.
    pub(super) mac: MacAddr,
}

/// The messages that a server gets from a client (RFC 2131 table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Discover,
    Request,
    Decline,
    Release,
    Inform,
}

impl Kind {
    /// Whether the client only begins, or has an offer or an address.
    pub(super) fn urgency(self) -> Urgency {
        match self {
            Self::Discover | Self::Inform => Urgency::Beginning,
            Self::Request | Self::Decline | Self::Release => Urgency::UnderWay,
        }
    }
}

/// Cuts a datagram; what a server sends is refused.
pub(super) fn decode(datagram: &[u8]) -> Result<Received<'_>, DropReason> {
    let message = Received::decode(datagram).map_err(DropReason::Malformed)?;
    if message.op() == BOOTREQUEST { Ok(message) } else { Err(DropReason::NotARequest) }
}

/// Whether a datagram is worth more than a DISCOVER to a server that is behind: an exchange is under way, or an address
/// at stake.
pub fn is_urgent(datagram: &[u8]) -> bool {
    let request = decode(datagram).and_then(Request::read);
    request.is_ok_and(|request| request.kind.urgency() == Urgency::UnderWay)
}

impl<'a> Request<'a> {
    /// Reads type and client.
    pub(super) fn read(message: Received<'a>) -> Result<Self, DropReason> {
        let kind = match message.message_type().ok_or(DropReason::NoMessageType)? {
            MessageType::Discover => Kind::Discover,
            MessageType::Request => Kind::Request,
            MessageType::Decline => Kind::Decline,
            MessageType::Release => Kind::Release,
            MessageType::Inform => Kind::Inform,
            MessageType::Unknown(_) => return Err(DropReason::NoMessageType),
            _ => return Err(DropReason::UnwantedType),
        };
        let mac = message.client_mac().ok_or(DropReason::HardwareAddress)?;
        Ok(Self { message, kind, mac })
    }
}
