//! A received DHCPv6 message (RFC 8415 §8, §9): relays taken off in a loop, checked once, then read through typed
//! accessors.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcproto::v6::{MessageType, OptionCode, Status};
use smd_cache::MacAddr;

use super::duid::Duid;
use super::identity_association::IdentityAssociation;
use super::options::Walk;
use super::relay::{self, Relay};
use super::validate::{self, DecodeError};
use super::{MAX_RELAYS, name};
use crate::arch::ClientArch;

/// A whole message, borrowed from its datagram.
#[derive(Debug, Clone)]
pub struct Received<'a> {
    relays: Vec<Relay<'a>>,
    message_type: MessageType,
    transaction_id: [u8; 3],
    options: Walk<'a>,
}

/// A vendor class (option 16).
#[derive(Debug, Clone, Copy)]
pub struct VendorClass<'a> {
    /// IANA's enterprise number.
    pub enterprise: u32,
    items: &'a [u8],
}

/// The name that a client goes by (option 39, RFC 4704).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFqdn {
    /// N, O and S.
    pub flags: u8,
    /// The name, perhaps a partial one; octets that are no printable ASCII show as `\ddd`.
    pub name: String,
}

impl<'a> Received<'a> {
    /// Takes the relays off and checks the options. Never panics; allocates for relays only, [`MAX_RELAYS`] at most.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > usize::from(u16::MAX) {
            return Err(DecodeError::Long(bytes.len()));
        }
        let mut relays = Vec::new();
        let mut message = bytes;
        while let Some(level) = Relay::decode(message) {
            if relays.len() == MAX_RELAYS {
                return Err(DecodeError::Hops);
            }
            let (relay, inner) = level?;
            relays.push(relay);
            message = inner;
        }
        let (&[kind, x1, x2, x3], options) = message.split_first_chunk().ok_or(DecodeError::Short(message.len()))?;
        validate::message(options)?;
        Ok(Self { relays, message_type: kind.into(), transaction_id: [x1, x2, x3], options: Walk(options) })
    }

    /// The relays that it passed, the outermost (nearest to us) first.
    pub fn relays(&self) -> &[Relay<'a>] {
        &self.relays
    }

    /// What the client, or the server, says.
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Transaction ID.
    pub fn transaction_id(&self) -> [u8; 3] {
        self.transaction_id
    }

    /// An address on the client's link: of the relay nearest to the client that names one (RFC 8415 §13.1).
    pub fn link_address(&self) -> Option<Ipv6Addr> {
        let named = |address: &Ipv6Addr| !address.is_unspecified() && !address.is_unicast_link_local();
        self.relays.iter().rev().map(|relay| relay.link_address).find(named)
    }

    /// The client's MAC address. Relayed: what its first relay saw (option 79), else its address in EUI-64 form, else
    /// its DUID. On our link: its DUID, else the address it sends from, `source`.
    pub fn mac(&self, source: Ipv6Addr) -> Option<MacAddr> {
        let in_duid = || self.client_id().and_then(|duid| duid.mac());
        match self.relays.last() {
            Some(first) => first.client_link_layer().or_else(|| relay::eui_64(first.peer_address)).or_else(in_duid),
            None => in_duid().or_else(|| relay::eui_64(source)),
        }
    }

    /// The first option with this code, as it stands.
    pub fn option(&self, code: OptionCode) -> Option<&'a [u8]> {
        self.options.first(code)
    }

    /// Every option with its code, in the order of the message.
    pub fn options(&self) -> impl Iterator<Item = (OptionCode, &'a [u8])> {
        self.options.clone().map_while(Result::ok).map(|(code, value)| (code.into(), value))
    }

    /// Option 1.
    pub fn client_id(&self) -> Option<Duid> {
        Duid::new(self.option(OptionCode::ClientId)?).ok()
    }

    /// Option 2.
    pub fn server_id(&self) -> Option<Duid> {
        Duid::new(self.option(OptionCode::ServerId)?).ok()
    }

    /// Every `IA_NA` (option 3).
    pub fn ia_nas(&self) -> impl Iterator<Item = IdentityAssociation<'a>> {
        self.options.all(OptionCode::IANA).filter_map(IdentityAssociation::lasting)
    }

    /// Every `IA_TA` (option 4).
    pub fn ia_tas(&self) -> impl Iterator<Item = IdentityAssociation<'a>> {
        self.options.all(OptionCode::IATA).filter_map(IdentityAssociation::temporary)
    }

    /// Every `IA_PD` (option 25).
    pub fn ia_pds(&self) -> impl Iterator<Item = IdentityAssociation<'a>> {
        self.options.all(OptionCode::IAPD).filter_map(IdentityAssociation::lasting)
    }

    /// Whether option 6 asks for this option. No list asks for nothing.
    pub fn wants(&self, code: OptionCode) -> bool {
        let code = u16::from(code).to_be_bytes();
        self.option(OptionCode::ORO).is_some_and(|list| list.chunks_exact(2).any(|asked| asked == code))
    }

    /// How long the client has been trying (option 8).
    pub fn elapsed(&self) -> Option<Duration> {
        let hundredths = self.option(OptionCode::ElapsedTime)?.first_chunk()?;
        Some(Duration::from_millis(u64::from(u16::from_be_bytes(*hundredths)) * 10))
    }

    /// Whether the client takes a REPLY at once (option 14).
    pub fn rapid_commit(&self) -> bool {
        self.option(OptionCode::RapidCommit).is_some()
    }

    /// Option 13 with the text for humans.
    pub fn status(&self) -> Option<(Status, &'a [u8])> {
        self.option(OptionCode::StatusCode).and_then(status)
    }

    /// The user classes (option 15); empty if there is none.
    pub fn user_classes(&self) -> impl Iterator<Item = &'a [u8]> {
        Items(self.option(OptionCode::UserClass).unwrap_or_default()).flatten()
    }

    /// Option 16.
    pub fn vendor_class(&self) -> Option<VendorClass<'a>> {
        let (enterprise, items) = self.option(OptionCode::VendorClass)?.split_first_chunk()?;
        Some(VendorClass { enterprise: u32::from_be_bytes(*enterprise), items })
    }

    /// Option 61: the first architecture.
    pub fn client_arch(&self) -> Option<ClientArch> {
        let first = self.option(OptionCode::ClientArchType)?.first_chunk()?;
        Some(ClientArch(u16::from_be_bytes(*first)))
    }

    /// Option 62: type, major and minor number of the network interface (RFC 5970 §3.4).
    pub fn network_interface(&self) -> Option<[u8; 3]> {
        self.option(OptionCode::Nii)?.try_into().ok()
    }

    /// Option 39.
    pub fn client_fqdn(&self) -> Option<ClientFqdn> {
        let (&flags, name) = self.option(OptionCode::ClientFqdn)?.split_first()?;
        Some(ClientFqdn { flags, name: name::text(name)? })
    }
}

impl<'a> VendorClass<'a> {
    /// The vendor's values.
    pub fn items(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Items(self.items).flatten()
    }
}

/// A status code and its text (RFC 8415 §21.13).
pub(super) fn status(value: &[u8]) -> Option<(Status, &[u8])> {
    value.split_first_chunk().map(|(code, text)| (u16::from_be_bytes(*code).into(), text))
}

/// Values behind lengths of two octets; a length that does not fit yields `None` and ends them.
pub(super) struct Items<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let item = self
            .0
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        self.0 = item.map_or(&[], |(_, rest)| rest);
        Some(item.map(|(value, _)| value))
    }
}
