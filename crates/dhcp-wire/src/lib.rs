//! DHCP packets: a hardened decoder and an own encoder, over `dhcproto`'s tables of codes.
//!
//! The decoder never trusts the network: it indexes options where they stand, allocates nothing, and a value of the
//! wrong length is an absent option, never a panic and never a reason to lose its neighbours.
//!
//! ```text
//! bytes ──▶ v4::Received::decode ──▶ typed accessors          (RFC 2131 §2, 2132, 3396, 3046)
//! v4::Outgoing ──▶ encode ──▶ bytes: options ascending, 82 last, 255, padded to 300
//! ```

mod arch;
mod hardware;
pub mod v4;
pub mod v6;

pub use arch::ClientArch;
pub use dhcproto::v4::{MessageType, OptionCode};
