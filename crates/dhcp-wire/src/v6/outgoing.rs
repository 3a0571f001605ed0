//! A DHCPv6 message to send, and its bytes (RFC 8415 §8, §19.3).

use dhcproto::v6::MessageType;
use thiserror::Error;

use super::options::Options;
use super::relay::Relay;

/// What a UDP datagram carries over IPv6 without a jumbo payload.
const MAX_PAYLOAD: usize = 65_527;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// What it says.
    pub message_type: MessageType,
    /// The transaction ID that the client chose.
    pub transaction_id: [u8; 3],
    /// The options.
    pub options: Options,
}

/// A value or a message is longer than its length can say. The configuration is to blame, or a client with too much to
/// be echoed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the message is too long for a datagram")]
pub struct TooLong;

impl Outgoing {
    /// A message without options.
    pub fn new(message_type: MessageType, transaction_id: [u8; 3]) -> Self {
        Self { message_type, transaction_id, options: Options::new() }
    }

    /// The bytes, wrapped in a RELAY-REPL for each level of the message that is answered: the outermost first, as
    /// [`Received::relays`](super::Received::relays) has them.
    pub fn encode(&self, relays: &[Relay<'_>]) -> Result<Vec<u8>, TooLong> {
        let options = self.options.bytes().ok_or(TooLong)?;
        let mut message = Vec::with_capacity(4 + options.len());
        message.push(self.message_type.into());
        message.extend(self.transaction_id);
        message.extend_from_slice(options);
        for relay in relays.iter().rev() {
            message = relay.wrap(&message).ok_or(TooLong)?;
        }
        if message.len() > MAX_PAYLOAD { Err(TooLong) } else { Ok(message) }
    }
}
