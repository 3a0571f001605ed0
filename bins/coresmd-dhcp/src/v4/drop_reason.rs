//! Why a datagram is not answered. Each reason is counted under its label and logged by the door.

use dhcp_wire::v4::DecodeError;
use thiserror::Error;

use crate::admission::Excess;
use crate::pool::Silence;

/// Why a datagram is not answered, and who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DropReason {
    /// The sender: no DHCP message.
    #[error("malformed: {0}")]
    Malformed(DecodeError),
    /// The sender: a server's message came to a server.
    #[error("not a request: op is BOOTREPLY")]
    NotARequest,
    /// The client: option 53 is missing, of the wrong length or of no known type. Plain BOOTP is not served.
    #[error("no message type")]
    NoMessageType,
    /// The client: a type that servers send, or a lease query.
    #[error("a message type that is not for a server")]
    UnwantedType,
    /// The client: its hardware address is no MAC address, and no client identifier gives one.
    #[error("the hardware address is no MAC address")]
    HardwareAddress,
    /// Nobody yet: SMD has not answered since the start, and nothing is on disk.
    #[error("no inventory yet")]
    NoSnapshot,
    /// Nobody: no step of the configuration has an address for the MAC.
    #[error("nobody knows this MAC address")]
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
    /// The inventory: the interface has IPv6 addresses only.
    #[error("SMD has no IPv4 address for this MAC address")]
    NoIpv4Address,
    /// The inventory, or the cabling: none of the host's addresses is in the subnet that the client is in.
    #[error("SMD has no address in this subnet for this MAC address")]
    NotOnLink,
    /// The configuration: a rule says `ignore:true`.
    #[error("a rule says to ignore it")]
    Ignored,
    /// Nobody: the client took another server's offer (RFC 2131 §4.3.2).
    #[error("the client selected another server")]
    OtherServer,
    /// The client: a REQUEST without any address (RFC 2131 table 4).
    #[error("the REQUEST names no address")]
    NothingRequested,
    /// Nobody: a RELEASE wants no answer; a reservation stays.
    #[error("released")]
    Released,
    /// The inventory, or the link: the client found its address in use by another machine (RFC 2131 §4.3.3).
    #[error("declined: another machine uses the address")]
    Declined,
    /// The configuration: `autoconfigure` ends the exchange with who has no address and does not send option 116.
    #[error("no address, and the client does not ask whether it may choose one")]
    NoAutoConfigure,
    /// The client: it asks more often than the configuration allows.
    #[error("this MAC address asks too often")]
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
    /// The configuration: no pool serves the client's link.
    #[error("no pool for this link")]
    NoPool,
    /// The configuration, or the crowd: every address of the pool is offered, leased or reserved.
    #[error("the pool is exhausted")]
    PoolExhausted,
    /// Nobody: the client has its address from somewhere else (RFC 2131 §4.3.2: MUST remain silent).
    #[error("no record of this client")]
    NoRecord,
    /// The client: it gives back what it does not have.
    #[error("the client does not hold this address")]
    NotHeld,
    /// The disk: too many leases wait to be written.
    #[error("too many leases wait to be written")]
    LeasesBehind,
    /// The disk: the lease was not written, so that the client must not have it.
    #[error("the lease could not be written")]
    NotStored,
    /// The configuration: no `server_id`, and the receiving interface has no IPv4 address.
    #[error("this server has no address on the receiving interface")]
    NoServerAddress,
}

impl DropReason {
    /// Every label, in the order of [`DropReason::index`].
    pub const LABELS: [&'static str; 29] = [
        "malformed",
        "not_a_request",
        "no_message_type",
        "unwanted_type",
        "hardware_address",
        "no_snapshot",
        "unknown",
        "known_orphan",
        "known_no_address",
        "known_conflict",
        "known_no_ipv4_address",
        "known_not_on_link",
        "ignored",
        "other_server",
        "nothing_requested",
        "released",
        "declined",
        "no_auto_configure",
        "mac_rate",
        "interface_rate",
        "duplicate",
        "held_too_many",
        "no_server_address",
        "no_pool",
        "pool_exhausted",
        "no_record",
        "not_held",
        "leases_behind",
        "lease_not_stored",
    ];

    /// The reason's number.
    pub fn index(self) -> usize {
        match self {
            Self::Malformed(_) => 0,
            Self::NotARequest => 1,
            Self::NoMessageType => 2,
            Self::UnwantedType => 3,
            Self::HardwareAddress => 4,
            Self::NoSnapshot => 5,
            Self::Unknown => 6,
            Self::Orphan => 7,
            Self::NoAddress => 8,
            Self::Conflict => 9,
            Self::NoIpv4Address => 10,
            Self::NotOnLink => 11,
            Self::Ignored => 12,
            Self::OtherServer => 13,
            Self::NothingRequested => 14,
            Self::Released => 15,
            Self::Declined => 16,
            Self::NoAutoConfigure => 17,
            Self::MacRate => 18,
            Self::InterfaceRate => 19,
            Self::Duplicate => 20,
            Self::HeldTooMany => 21,
            Self::NoServerAddress => 22,
            Self::NoPool => 23,
            Self::PoolExhausted => 24,
            Self::NoRecord => 25,
            Self::NotHeld => 26,
            Self::LeasesBehind => 27,
            Self::NotStored => 28,
        }
    }

    /// The label in metrics and logs.
    pub fn label(self) -> &'static str {
        Self::LABELS[self.index()]
    }
}

impl From<Silence> for DropReason {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::NoPool => Self::NoPool,
            Silence::Exhausted => Self::PoolExhausted,
            Silence::NoRecord => Self::NoRecord,
            Silence::NotHeld => Self::NotHeld,
            Silence::Released => Self::Released,
            Silence::Declined => Self::Declined,
        }
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
