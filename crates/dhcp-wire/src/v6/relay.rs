//! One relay's level of a message (RFC 8415 §9): read from a RELAY-FORW, wrapped around a reply as a RELAY-REPL.

use std::net::Ipv6Addr;

use dhcproto::v6::{MessageType, OptionCode};
use smd_cache::MacAddr;

use super::options::Walk;
use super::validate::{self, DecodeError};
use crate::hardware;

/// Type, hop-count and two addresses.
const HEADER: usize = 34;
/// What a relay wants to see again, in this order: Interface-Id (RFC 8415 §21.18), Remote-Id (RFC 4649), Relay Source
/// Port (RFC 8357 §5.2). Subscriber-Id (RFC 4580 §2) and the link-layer address (RFC 6939) are for the server alone.
const ECHOED: [OptionCode; 3] = [OptionCode::InterfaceId, OptionCode::RemoteId, OptionCode::RelayPort];

/// One relay's level.
#[derive(Debug, Clone)]
pub struct Relay<'a> {
    /// RELAY-FORW, or RELAY-REPL in what a server sends.
    pub message_type: MessageType,
    /// Relays passed before this one.
    pub hop_count: u8,
    /// An address on the client's link; `::` where the relay has none, or only knows the interface (RFC 6221).
    pub link_address: Ipv6Addr,
    /// Where the relay had the message from: the client, or a relay nearer to it.
    pub peer_address: Ipv6Addr,
    options: Walk<'a>,
}

impl<'a> Relay<'a> {
    /// Cuts one level; the message within comes back with it. `None` for what is no relay's message.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Result<(Self, &'a [u8]), DecodeError>> {
        let message_type = MessageType::from(*bytes.first()?);
        let is_relay = matches!(message_type, MessageType::RelayForw | MessageType::RelayRepl);
        is_relay.then(|| Self::read(message_type, bytes))
    }

    fn read(message_type: MessageType, bytes: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or(DecodeError::Short(bytes.len()))?;
        validate::relay(rest)?;
        let address = |at: usize| Ipv6Addr::from(*header[at..].first_chunk::<16>().expect("both addresses fit"));
        let options = Walk(rest);
        let inner = options.first(OptionCode::RelayMsg).ok_or(DecodeError::NoRelayMessage)?;
        let relay =
            Self { message_type, hop_count: header[1], link_address: address(2), peer_address: address(18), options };
        Ok((relay, inner))
    }

    /// An option's value: 18 Interface-Id, 37 Remote-Id, 38 Subscriber-Id and others, as they stand.
    pub fn option(&self, code: OptionCode) -> Option<&'a [u8]> {
        self.options.first(code)
    }

    /// The client's MAC address as its first relay saw it (option 79, RFC 6939), if its hardware has one.
    pub fn client_link_layer(&self) -> Option<MacAddr> {
        let (hardware_type, address) = self.option(OptionCode::ClientLinklayerAddr)?.split_first_chunk()?;
        hardware::mac(u16::from_be_bytes(*hardware_type), address)
    }

    /// The answer goes to the port that the message came from (option 135, RFC 8357).
    pub fn wants_source_port(&self) -> bool {
        self.option(OptionCode::RelayPort).is_some()
    }

    /// The RELAY-REPL of this level around `inner`; `None` if that is too long to be wrapped.
    pub(super) fn wrap(&self, inner: &[u8]) -> Option<Vec<u8>> {
        let mut reply = Vec::with_capacity(HEADER + 4 + inner.len() + 64);
        reply.extend([u8::from(MessageType::RelayRepl), self.hop_count]);
        reply.extend(self.link_address.octets());
        reply.extend(self.peer_address.octets());
        let echoes = ECHOED.into_iter().filter_map(|code| Some((code, self.option(code)?)));
        for (code, value) in std::iter::once((OptionCode::RelayMsg, inner)).chain(echoes) {
            reply.extend(u16::from(code).to_be_bytes());
            reply.extend(u16::try_from(value.len()).ok()?.to_be_bytes());
            reply.extend_from_slice(value);
        }
        Some(reply)
    }
}

/// The MAC address in an interface identifier of the form EUI-64 (RFC 4291 appendix A).
pub(super) fn eui_64(address: Ipv6Addr) -> Option<MacAddr> {
    let octets = address.octets();
    let mac = [octets[8] ^ 2, octets[9], octets[10], octets[13], octets[14], octets[15]];
    (octets[11..13] == [0xff, 0xfe]).then_some(MacAddr(mac))
}
