//! Why a datagram is not answered, or its sender given no address. Each reason is counted under its label and logged by
//! the door.

use dhcp_wire::v6::{DecodeError, TooLong};
use thiserror::Error;

use crate::admission::Excess;

/// Why a datagram is not answered, and who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DropReason {
    /// The sender: no DHCPv6 message.
    #[error("malformed: {0}")]
    Malformed(DecodeError),
    /// The sender: a type that servers send, a lease query, or no known type.
    #[error("a message type that is not for a server")]
    UnwantedType,
    /// The client: option 1 is missing (RFC 8415 §16).
    #[error("no client identifier")]
    NoClientId,
    /// The client: option 2 is missing where it must say which server is meant (RFC 8415 §16).
    #[error("no server identifier")]
    NoServerId,
    /// The client: option 2 stands in a message to all servers (RFC 8415 §16).
    #[error("a message to all servers names one")]
    HasServerId,
    /// Nobody: the message is for another server.
    #[error("the message is for another server")]
    OtherServer,
    /// The client: an INFORMATION-REQUEST that asks for addresses (RFC 8415 §16.12).
    #[error("an INFORMATION-REQUEST with an identity association")]
    HasAssociation,
    /// The client: a message to all servers came by unicast (RFC 8415 §16).
    #[error("a message to all servers came by unicast")]
    Unicast,
    /// Nobody yet: SMD has not answered since the start, and nothing is on disk.
    #[error("no inventory yet")]
    NoSnapshot,
    /// The configuration: a rule says `ignore:true`.
    #[error("a rule says to ignore it")]
    Ignored,
    /// The client: a CONFIRM without an address (RFC 8415 §18.3.3).
    #[error("the CONFIRM names no address")]
    NothingToConfirm,
    /// Nobody: the receiving interface has no address that would tell what is on its link (RFC 8415 §18.3.3).
    #[error("whether the address is on the link cannot be told")]
    LinkUnknown,
    /// The configuration, or a relay that wants much to be echoed.
    #[error(transparent)]
    TooLong(TooLong),
    /// The client: it asks more often than the configuration allows.
    #[error("this client asks too often")]
    MacRate,
    /// The network: more messages come by this interface than the configuration allows.
    #[error("too many messages come by this interface")]
    InterfaceRate,
    /// The client, or the network: the reply to this very message is being held back already.
    #[error("the same message is being answered already")]
    Duplicate,
    /// The crowd: too many replies are held back.
    #[error("too many replies are held back")]
    HeldTooMany,
    /// The disk: a delegated prefix cannot be written down, and what is not there may not be promised.
    #[error("the delegated prefix cannot be kept")]
    NotKept,
    /// Nobody, where another server may know the client: CONFIRM and REBIND are for all of them.
    #[error("{0}")]
    Unserved(Unserved),
}

/// Why a client is given no address, and who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unserved {
    /// The client, or its relay: neither DUID nor address tell its MAC address.
    #[error("nothing tells the client's MAC address")]
    NoMac,
    /// Nobody: SMD does not know the MAC.
    #[error("SMD does not know this MAC address")]
    Unknown,
    /// The inventory: the interface belongs to no component that SMD lists.
    #[error("SMD knows this MAC address, but not its component")]
    Orphan,
    /// The inventory: the interface has no usable address.
    #[error("SMD has no address for this MAC address")]
    NoAddress,
    /// The inventory: another interface has the same address, or the same MAC.
    #[error("another interface in SMD holds this address or MAC address")]
    Conflict,
    /// The inventory: the interface has IPv4 addresses only.
    #[error("SMD has no IPv6 address for this MAC address")]
    NoIpv6Address,
    /// The inventory, or the cabling: none of the host's addresses is in the subnet that the client is in.
    #[error("SMD has no address in this subnet for this MAC address")]
    NotOnLink,
    /// The configuration: no step gives this client an address.
    #[error("no step has an address for this client")]
    NoStep,
}

impl DropReason {
    /// Every label but those of [`Unserved`].
    pub const LABELS: [&'static str; 18] = [
        "malformed",
        "unwanted_type",
        "no_client_id",
        "no_server_id",
        "has_server_id",
        "other_server",
        "has_association",
        "unicast",
        "no_snapshot",
        "ignored",
        "nothing_to_confirm",
        "link_unknown",
        "too_long",
        "mac_rate",
        "interface_rate",
        "duplicate",
        "held_too_many",
        "not_kept",
    ];

    /// The label in metrics and logs.
    pub fn label(self) -> &'static str {
        let index = match self {
            Self::Malformed(_) => 0,
            Self::UnwantedType => 1,
            Self::NoClientId => 2,
            Self::NoServerId => 3,
            Self::HasServerId => 4,
            Self::OtherServer => 5,
            Self::HasAssociation => 6,
            Self::Unicast => 7,
            Self::NoSnapshot => 8,
            Self::Ignored => 9,
            Self::NothingToConfirm => 10,
            Self::LinkUnknown => 11,
            Self::TooLong(_) => 12,
            Self::MacRate => 13,
            Self::InterfaceRate => 14,
            Self::Duplicate => 15,
            Self::HeldTooMany => 16,
            Self::NotKept => 17,
            Self::Unserved(reason) => return reason.label(),
        };
        Self::LABELS[index]
    }
}

impl From<Excess> for DropReason {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Mac => Self::MacRate,
            Excess::Interface => Self::InterfaceRate,
        }
    }
}

impl Unserved {
    /// Every label.
    pub const LABELS: [&'static str; 8] = [
        "no_mac",
        "unknown",
        "known_orphan",
        "known_no_address",
        "known_conflict",
        "known_no_ipv6_address",
        "known_not_on_link",
        "no_step",
    ];

    /// The label in metrics and logs.
    pub fn label(self) -> &'static str {
        let index = match self {
            Self::NoMac => 0,
            Self::Unknown => 1,
            Self::Orphan => 2,
            Self::NoAddress => 3,
            Self::Conflict => 4,
            Self::NoIpv6Address => 5,
            Self::NotOnLink => 6,
            Self::NoStep => 7,
        };
        Self::LABELS[index]
    }
}
