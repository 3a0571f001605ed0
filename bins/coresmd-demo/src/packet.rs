//! The `DHCPv4` packets of a booting node, written and read by the demo itself.
//!
//! Not the codec of the servers: a fault there must not hide by being made twice. Layout: RFC 2131 §2, options:
//! RFC 2132; what PXE firmware and iPXE put in: RFC 4578 and recorded boots (EDK2, iPXE). Every packet goes through
//! a relay agent on loopback that asks for its answers on its own port (RFC 8357), so no port below 1024 is needed.

mod read;
mod write;

use std::net::Ipv4Addr;

use smd_cache::MacAddr;

pub(crate) use read::{Malformed, Reply};
pub(crate) use write::{Ask, message, relay_information};

/// Option numbers (RFC 2132 unless said otherwise).
pub(crate) mod option {
    pub(crate) const SUBNET_MASK: u8 = 1;
    pub(crate) const ROUTER: u8 = 3;
    pub(crate) const DOMAIN_SERVER: u8 = 6;
    pub(crate) const HOST_NAME: u8 = 12;
    pub(crate) const REQUESTED_ADDRESS: u8 = 50;
    pub(crate) const LEASE_TIME: u8 = 51;
    pub(crate) const MESSAGE_TYPE: u8 = 53;
    pub(crate) const SERVER_IDENTIFIER: u8 = 54;
    pub(crate) const PARAMETER_REQUEST_LIST: u8 = 55;
    pub(crate) const MAX_MESSAGE_SIZE: u8 = 57;
    pub(crate) const VENDOR_CLASS: u8 = 60;
    pub(crate) const CLIENT_IDENTIFIER: u8 = 61;
    pub(crate) const BOOT_FILE: u8 = 67;
    /// RFC 3004; iPXE sends its four letters without the length that the RFC wants.
    pub(crate) const USER_CLASS: u8 = 77;
    /// RFC 3046.
    pub(crate) const RELAY_AGENT_INFORMATION: u8 = 82;
    /// RFC 4578 §2.1.
    pub(crate) const CLIENT_ARCHITECTURE: u8 = 93;
    /// RFC 4578 §2.2.
    pub(crate) const CLIENT_INTERFACE: u8 = 94;
    /// RFC 4578 §2.3.
    pub(crate) const CLIENT_UUID: u8 = 97;
    /// iPXE's own encapsulated options.
    pub(crate) const IPXE: u8 = 175;
    pub(crate) const END: u8 = 255;
}

/// What opens the options (RFC 2131 §3).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

/// Length of the fixed header, cookie included.
const HEADER: usize = 240;

/// Message types (option 53, RFC 2132 §9.6) that the demo sends or expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageType {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Ack = 5,
}

/// What a node's firmware is (option 93, RFC 4578 §2.1 and IANA's list).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Bios = 0,
    Efi32 = 6,
    Efi64 = 7,
    EfiArm32 = 10,
    EfiArm64 = 11,
}

impl Architecture {
    /// All of them, in the order in which the nodes of the demo get them.
    pub(crate) const ALL: [Self; 5] = [Self::Efi64, Self::EfiArm64, Self::Bios, Self::Efi32, Self::EfiArm32];

    /// The iPXE binary that the server has to name (as `CoreSMD` maps it, facts: netboot): its map from architecture to boot file).
    pub(crate) fn boot_file(self) -> &'static str {
        match self {
            Self::Bios => "undionly.kpxe",
            Self::Efi32 => "ipxe-i386.efi",
            Self::Efi64 => "ipxe-x86_64.efi",
            Self::EfiArm32 => "ipxe-arm32.efi",
            Self::EfiArm64 => "ipxe-arm64.efi",
        }
    }
}

/// Which program of a boot is asking: the firmware in the NIC, then the iPXE that it has loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Firmware,
    Ipxe,
}

/// A client as its packets show it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) mac: MacAddr,
    pub(crate) architecture: Architecture,
    pub(crate) program: Program,
}

/// The relay agent that a client's packets go through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relay {
    /// Its own address: giaddr.
    pub(crate) address: Ipv4Addr,
    /// An address of the subnet that the client is on (RFC 3527): sub-option 5.
    pub(crate) link: Ipv4Addr,
}
