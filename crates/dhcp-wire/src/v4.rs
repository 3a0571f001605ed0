//! DHCPv4 (RFC 2131, 2132): what came in ([`Received`]) and what goes out ([`Outgoing`]).

mod fqdn;
mod index;
mod infiniband;
mod options;
mod outgoing;
mod overload;
mod received;
mod relay_agent;

pub use fqdn::ClientFqdn;
pub use options::Options;
pub use outgoing::{Outgoing, datagram_limit};
pub use received::{DecodeError, Received};
pub use relay_agent::RelayAgentInfo;

/// BOOTREQUEST, the `op` of every message from a client (RFC 2131 §2).
pub const BOOTREQUEST: u8 = 1;
/// BOOTREPLY, the `op` of every message from a server (RFC 2131 §2).
pub const BOOTREPLY: u8 = 2;
/// The broadcast bit of `flags` (RFC 2131 §2).
pub const BROADCAST: u16 = 0x8000;

/// The four bytes before the options (RFC 2131 §3).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Where the options begin: header, `sname`, `file` and cookie.
const OPTIONS: usize = 240;
/// Where `sname` stands.
const SNAME: std::ops::Range<usize> = 44..108;
/// Where `file` stands.
const FILE: std::ops::Range<usize> = 108..236;
