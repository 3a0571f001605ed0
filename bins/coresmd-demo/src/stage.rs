//! The stages of a node's boot, in order.

use crate::child::Role;

/// One thing that a node waits for while it boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    FirmwareOffer,
    FirmwareAck,
    BootFile,
    IpxeOffer,
    IpxeAck,
    Script,
    OwnName,
    NeighbourName,
    Reverse,
    OverTcp,
}

impl Stage {
    /// All of them, in the order of a boot.
    pub(crate) const ALL: [Self; 10] = [
        Self::FirmwareOffer,
        Self::FirmwareAck,
        Self::BootFile,
        Self::IpxeOffer,
        Self::IpxeAck,
        Self::Script,
        Self::OwnName,
        Self::NeighbourName,
        Self::Reverse,
        Self::OverTcp,
    ];

    /// What the table and a failure call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::FirmwareOffer => "firmware: DISCOVER → OFFER",
            Self::FirmwareAck => "firmware: REQUEST → ACK",
            Self::BootFile => "boot file over TFTP",
            Self::IpxeOffer => "iPXE: DISCOVER → OFFER",
            Self::IpxeAck => "iPXE: REQUEST → ACK",
            Self::Script => "boot script over HTTP",
            Self::OwnName => "A of its own name",
            Self::NeighbourName => "A of a neighbour's name",
            Self::Reverse => "PTR of its address",
            Self::OverTcp => "A of its own name over TCP",
        }
    }

    /// The server that answers in this stage; scripts come from BSS, which is none of ours.
    pub(crate) fn server(self) -> Option<Role> {
        match self {
            Self::FirmwareOffer | Self::FirmwareAck | Self::BootFile | Self::IpxeOffer | Self::IpxeAck => {
                Some(Role::Dhcp)
            }
            Self::Script => None,
            Self::OwnName | Self::NeighbourName | Self::Reverse | Self::OverTcp => Some(Role::Dns),
        }
    }
}
