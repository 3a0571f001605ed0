//! A received DHCPv4 message (RFC 2131 §2): checked once, then read through typed accessors.
//!
//! An option whose value has the wrong length reads as absent; only a message that cannot be cut into options at all
//! is an error.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use dhcproto::v4::{MessageType, OptionCode};
use smd_cache::MacAddr;
use thiserror::Error;

use super::fqdn::ClientFqdn;
use super::index::Index;
use super::infiniband;
use super::relay_agent::RelayAgentInfo;
use super::{BOOTREPLY, BOOTREQUEST, FILE, MAGIC_COOKIE, OPTIONS, SNAME};
use crate::arch::ClientArch;

/// A whole message, borrowed from its datagram.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    bytes: &'a [u8],
    index: Index,
}

/// Why a datagram is no DHCPv4 message. The sender is to blame for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Header and cookie do not fit.
    #[error("{0} bytes are too short for a DHCP message")]
    Short(usize),
    /// More than UDP can carry.
    #[error("{0} bytes are more than a datagram holds")]
    Long(usize),
    /// `op` is neither BOOTREQUEST nor BOOTREPLY.
    #[error("op is {0}, neither BOOTREQUEST nor BOOTREPLY")]
    Op(u8),
    /// `hlen` is longer than `chaddr`.
    #[error("hlen is {0}, chaddr has 16 bytes")]
    HardwareLength(u8),
    /// The magic cookie of RFC 2131 §3 is not there: plain BOOTP, or no BOOTP at all.
    #[error("no magic cookie")]
    Cookie,
    /// An option is longer than what is left of its field.
    #[error("option {0} is longer than the message")]
    Overrun(u8),
    /// The options do not end with option 255.
    #[error("no end option")]
    NoEnd,
}

impl<'a> Received<'a> {
    /// Cuts a datagram into its options. Never panics, allocates nothing.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() < OPTIONS {
            return Err(DecodeError::Short(bytes.len()));
        }
        if bytes.len() > usize::from(u16::MAX) {
            return Err(DecodeError::Long(bytes.len()));
        }
        if bytes[236..OPTIONS] != MAGIC_COOKIE {
            return Err(DecodeError::Cookie);
        }
        if bytes[0] != BOOTREQUEST && bytes[0] != BOOTREPLY {
            return Err(DecodeError::Op(bytes[0]));
        }
        // An InfiniBand client may give the length of an address that it has no room for: see `hlen`.
        if bytes[2] > 16 && bytes[1..3] != [infiniband::INFINIBAND, infiniband::ADDRESS_LENGTH] {
            return Err(DecodeError::HardwareLength(bytes[2]));
        }
        Ok(Self { bytes, index: Index::build(bytes)? })
    }

    /// [`BOOTREQUEST`] or [`BOOTREPLY`].
    pub fn op(&self) -> u8 {
        self.bytes[0]
    }

    /// Hardware type, 1 for Ethernet.
    pub fn htype(&self) -> u8 {
        self.bytes[1]
    }

    /// Length of the hardware address, at most 16. InfiniBand's 20, for which `chaddr` has no room, is read as the 0 that
    /// RFC 4390 §2.1 wants there.
    pub fn hlen(&self) -> u8 {
        if self.bytes[2] > 16 { 0 } else { self.bytes[2] }
    }

    /// Relays passed.
    pub fn hops(&self) -> u8 {
        self.bytes[3]
    }

    /// Transaction ID.
    pub fn xid(&self) -> u32 {
        u32::from_be_bytes(self.fixed(4))
    }

    /// Seconds since the client began.
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(self.fixed(8))
    }

    /// Flags; only [`BROADCAST`](super::BROADCAST) has a meaning.
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes(self.fixed(10))
    }

    /// The address that the client has.
    pub fn ciaddr(&self) -> Ipv4Addr {
        self.fixed(12).into()
    }

    /// The address that the server gives.
    pub fn yiaddr(&self) -> Ipv4Addr {
        self.fixed(16).into()
    }

    /// The next server of the boot.
    pub fn siaddr(&self) -> Ipv4Addr {
        self.fixed(20).into()
    }

    /// The relay.
    pub fn giaddr(&self) -> Ipv4Addr {
        self.fixed(24).into()
    }

    /// The client's hardware address, `hlen` bytes.
    pub fn chaddr(&self) -> &'a [u8] {
        &self.bytes[28..28 + usize::from(self.hlen())]
    }

    /// All 16 bytes of the `chaddr` field.
    pub fn chaddr_field(&self) -> [u8; 16] {
        self.fixed(28)
    }

    /// The client's MAC address, where `chaddr` is one.
    pub fn mac(&self) -> Option<MacAddr> {
        self.chaddr().try_into().ok().map(MacAddr)
    }

    /// The MAC address by which an inventory lists the client: `chaddr`, or that of an InfiniBand port (RFC 4390).
    pub fn client_mac(&self) -> Option<MacAddr> {
        self.mac().or_else(|| infiniband::mac(self))
    }

    /// The `sname` field up to its first NUL; empty where it holds options (option 52).
    pub fn sname(&self) -> &'a [u8] {
        if self.index.overload().sname() { &[] } else { until_nul(&self.bytes[SNAME]) }
    }

    /// The `file` field up to its first NUL; empty where it holds options (option 52).
    pub fn file(&self) -> &'a [u8] {
        if self.index.overload().file() { &[] } else { until_nul(&self.bytes[FILE]) }
    }

    /// An option's value, the parts of a repeated one joined (RFC 3396). Borrowed unless there are parts to join.
    pub fn option(&self, code: OptionCode) -> Option<Cow<'a, [u8]>> {
        self.index.value(self.bytes, code.into())
    }

    /// Option 53; absent unless it is one byte long.
    pub fn message_type(&self) -> Option<MessageType> {
        let [byte] = self.sized(OptionCode::MessageType)?;
        Some(MessageType::from(byte))
    }

    /// Option 50: the address that the client asks for.
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        self.sized(OptionCode::RequestedIpAddress).map(Ipv4Addr::from)
    }

    /// Option 54: the server that is meant.
    pub fn server_identifier(&self) -> Option<Ipv4Addr> {
        self.sized(OptionCode::ServerIdentifier).map(Ipv4Addr::from)
    }

    /// Option 51: seconds.
    pub fn lease_time(&self) -> Option<u32> {
        self.sized(OptionCode::AddressLeaseTime).map(u32::from_be_bytes)
    }

    /// Option 57: the longest IP datagram that the client takes, in bytes.
    pub fn max_message_size(&self) -> Option<u16> {
        self.sized(OptionCode::MaxMessageSize).map(u16::from_be_bytes)
    }

    /// Option 118: the subnet in which the client wants its address (RFC 3011).
    pub fn subnet_selection(&self) -> Option<Ipv4Addr> {
        self.sized(OptionCode::SubnetSelection).map(Ipv4Addr::from)
    }

    /// Whether option 55 asks for this option. No list, or an empty one, asks for everything.
    pub fn wants(&self, code: OptionCode) -> bool {
        match self.option(OptionCode::ParameterRequestList) {
            Some(list) if !list.is_empty() => list.contains(&code.into()),
            _ => true,
        }
    }

    /// Whether option 55 names this option.
    pub fn lists(&self, code: OptionCode) -> bool {
        self.option(OptionCode::ParameterRequestList).is_some_and(|list| list.contains(&code.into()))
    }

    /// Option 61; absent if it is empty.
    pub fn client_identifier(&self) -> Option<Cow<'a, [u8]>> {
        self.option(OptionCode::ClientIdentifier).filter(|id| !id.is_empty())
    }

    /// Option 60.
    pub fn vendor_class(&self) -> Option<Cow<'a, [u8]>> {
        self.option(OptionCode::ClassIdentifier)
    }

    /// Whether option 77 names this class: as the raw bytes that iPXE sends, or as one of the length-prefixed classes
    /// of RFC 3004.
    pub fn has_user_class(&self, class: &[u8]) -> bool {
        let Some(value) = self.option(OptionCode::UserClass) else { return false };
        let mut rest = &*value;
        while let Some((&length, after)) = rest.split_first() {
            let Some((item, next)) = after.split_at_checked(usize::from(length)) else { break };
            if item == class {
                return true;
            }
            rest = next;
        }
        *value == *class
    }

    /// Option 93: the first architecture; absent unless it is a list of two-byte numbers.
    pub fn client_arch(&self) -> Option<ClientArch> {
        let value = self.option(OptionCode::ClientSystemArchitecture).filter(|value| value.len() % 2 == 0)?;
        value.first_chunk().map(|&number| ClientArch(u16::from_be_bytes(number)))
    }

    /// Option 81; absent without its three fixed octets.
    pub fn client_fqdn(&self) -> Option<ClientFqdn> {
        ClientFqdn::read(&self.option(OptionCode::ClientFQDN)?)
    }

    /// Option 116: whether the client may choose an address of its own (RFC 2563).
    pub fn auto_configure(&self) -> Option<u8> {
        self.sized(OptionCode::DisableSLAAC).map(|[flag]| flag)
    }

    /// Option 82; absent if it is empty.
    pub fn relay_agent(&self) -> Option<RelayAgentInfo<'a>> {
        self.option(OptionCode::RelayAgentInformation).filter(|info| !info.is_empty()).map(RelayAgentInfo::new)
    }

    /// An option that must have exactly this many bytes.
    fn sized<const N: usize>(&self, code: OptionCode) -> Option<[u8; N]> {
        (*self.option(code)?).try_into().ok()
    }

    /// Bytes of the fixed header.
    fn fixed<const N: usize>(&self, at: usize) -> [u8; N] {
        *self.bytes[at..].first_chunk().expect("decode checked that header and cookie are there")
    }
}

/// The part of a field before its first NUL, or all of it.
fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}
