//! A client's message (RFC 8415 §16): what every answer needs to know of it, checked once.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};

use dhcp_wire::v6::{Duid, MessageType, Received};
use rustc_hash::FxBuildHasher;
use serve::udp::RecvMeta;
use smd_cache::MacAddr;

use super::DropReason;
use crate::admission::Urgency;

/// A valid message of a client.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Relays, header and options.
    pub(super) message: Received<'a>,
    /// What the client wants.
    pub(super) kind: Kind,
    /// Option 1; only an INFORMATION-REQUEST may do without.
    pub(super) client: Option<Duid>,
    /// The client's MAC address, if anything tells it.
    pub(super) mac: Option<MacAddr>,
    /// It is one that must be multicast, and came by unicast.
    pub(super) must_multicast: bool,
}

/// The messages that a server gets from a client (RFC 8415 §7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Solicit,
    Request,
    Confirm,
    Renew,
    Rebind,
    Release,
    Decline,
    InformationRequest,
}

/// Cuts a datagram; what a server sends to a relay is refused.
pub(super) fn decode(datagram: &[u8]) -> Result<Received<'_>, DropReason> {
    let message = Received::decode(datagram).map_err(DropReason::Malformed)?;
    let is_forwarded = message.relays().iter().all(|relay| relay.message_type == MessageType::RelayForw);
    if is_forwarded { Ok(message) } else { Err(DropReason::UnwantedType) }
}

/// Whether a datagram is worth more than a SOLICIT to a server that is behind: an exchange is under way, or a lease at
/// stake.
pub fn is_urgent(datagram: &[u8]) -> bool {
    let kind = decode(datagram).ok().and_then(|message| Kind::of(message.message_type()));
    kind.is_some_and(|kind| kind.urgency() == Urgency::UnderWay)
}

/// Whom a message is from, as far as the packet tells: the sender of an unrelayed one has its MAC in its address.
pub(super) fn mac(message: &Received<'_>, meta: &RecvMeta) -> Option<MacAddr> {
    let source = match meta.source.ip() {
        IpAddr::V6(source) => source,
        IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
    };
    message.mac(source)
}

impl<'a> Request<'a> {
    /// Reads type and client, and checks what RFC 8415 §16 asks of each type.
    pub(super) fn read(message: Received<'a>, server_id: &Duid, meta: &RecvMeta) -> Result<Self, DropReason> {
        let kind = Kind::of(message.message_type()).ok_or(DropReason::UnwantedType)?;
        let client = message.client_id();
        if client.is_none() && kind != Kind::InformationRequest {
            return Err(DropReason::NoClientId);
        }
        match (message.server_id(), kind.meant_for()) {
            (Some(_), MeantFor::All) => return Err(DropReason::HasServerId),
            (None, MeantFor::One) => return Err(DropReason::NoServerId),
            (Some(id), MeantFor::One | MeantFor::AllOrOne) if id != *server_id => return Err(DropReason::OtherServer),
            _ => {}
        }
        if kind == Kind::InformationRequest && has_association(&message) {
            return Err(DropReason::HasAssociation);
        }
        let by_unicast = message.relays().is_empty() && meta.destination.is_some_and(|address| !address.is_multicast());
        if by_unicast && kind.meant_for() == MeantFor::All {
            return Err(DropReason::Unicast);
        }
        let must_multicast = by_unicast && kind.meant_for() == MeantFor::One;
        let mac = mac(&message, meta);
        Ok(Self { message, kind, client, mac, must_multicast })
    }

    /// What tells senders apart: the MAC address, else a digest of the DUID in its place.
    pub(super) fn sender(&self) -> MacAddr {
        self.mac.unwrap_or_else(|| {
            let [_, _, digest @ ..] = FxBuildHasher.hash_one(&self.client).to_be_bytes();
            MacAddr(digest)
        })
    }
}

/// Which servers a type of message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MeantFor {
    /// Every server.
    All,
    /// The one that option 2 names.
    One,
    /// Every server, or one. RFC 8415 §16 wants unicast ones discarded; the original answers them, and it harms nobody.
    AllOrOne,
}

impl Kind {
    fn of(message_type: MessageType) -> Option<Self> {
        Some(match message_type {
            MessageType::Solicit => Self::Solicit,
            MessageType::Request => Self::Request,
            MessageType::Confirm => Self::Confirm,
            MessageType::Renew => Self::Renew,
            MessageType::Rebind => Self::Rebind,
            MessageType::Release => Self::Release,
            MessageType::Decline => Self::Decline,
            MessageType::InformationRequest => Self::InformationRequest,
            _ => return None,
        })
    }

    fn meant_for(self) -> MeantFor {
        match self {
            Self::Solicit | Self::Confirm | Self::Rebind => MeantFor::All,
            Self::Request | Self::Renew | Self::Release | Self::Decline => MeantFor::One,
            Self::InformationRequest => MeantFor::AllOrOne,
        }
    }

    /// How soon it is turned away where too many ask: who begins can begin again.
    pub(super) fn urgency(self) -> Urgency {
        match self {
            Self::Solicit | Self::InformationRequest => Urgency::Beginning,
            _ => Urgency::UnderWay,
        }
    }

    /// The client holds a lease, or says so.
    pub(super) fn extends(self) -> bool {
        matches!(self, Self::Renew | Self::Rebind)
    }
}

fn has_association(message: &Received<'_>) -> bool {
    message.ia_nas().chain(message.ia_tas()).chain(message.ia_pds()).next().is_some()
}
