//! DHCPv6 (RFC 8415): what came in ([`Received`]), through relays or not, and what goes out ([`Outgoing`]).
//!
//! ```text
//! bytes ──▶ Received::decode ──▶ relays outermost first · typed accessors      (RFC 8415, 4704, 5970, 6939)
//! Outgoing ──▶ encode(relays) ──▶ bytes: options as they were pushed, wrapped level by level (RFC 8415 §19.3)
//! ```
//! Other than in DHCPv4, an option that is read here and malformed refuses the whole message (facts: coredhcp-coredns
//! §A4): half an IA is nothing to answer.

mod duid;
mod identity_association;
mod name;
mod options;
mod outgoing;
mod received;
mod relay;
mod validate;

pub use dhcproto::v6::{MessageType, OptionCode, Status};
pub use duid::{Duid, DuidError, DuidKind};
pub use identity_association::{IaAddress, IaPrefix, IdentityAssociation};
pub use name::{NameError, domain_name};
pub use options::Options;
pub use outgoing::{Outgoing, TooLong};
pub use received::{ClientFqdn, Received, VendorClass};
pub use relay::Relay;
pub use validate::DecodeError;

/// The most relays that a message may have passed: `HOP_COUNT_LIMIT` is 8, and the hop-count of the first is 0 (RFC 8415
/// §7.6, §19.1.2).
pub const MAX_RELAYS: usize = 9;
