//! `coresmd-dhcp`: DHCP for HPC clusters, answered from the inventory.
//!
//! ```text
//! run ─ cli ─ config ──▶ policy           what the file says, resolved
//!        └── server                       [IO] sockets, refresh, admin, signals
//!             └ server::v4                datagram + RecvMeta
//!                └ v4::handle             one pure corridor, lent one snapshot per packet
//!                   ├ request  decode
//!                   ├ admission            who asks too often goes no further
//!                   ├ respond  steps · address_file · Snapshot::lookup(chaddr) · address · naming · boot
//!                   ├ pooled   pool: who has no reservation, and is not known
//!                   ├ reply
//!                   └ destination
//!                server::v4               by relay, unicast, frame or broadcast, at once or out of the backlog;
//!                                         one log line, counted
//!                server::v6, v6           the same for DHCPv6, with the prefixes that must outlive a restart
//!                server::leases           an ACK of the pool waits here until its lease is on the disk
//! ```
//! The pure rooms (`policy`, `v4`, `v6`) know neither the configuration nor the runtime.

pub mod address_file;
pub mod admission;
pub mod backlog;
pub mod cli;
pub mod config;
mod hex;
pub mod policy;
pub mod pool;
mod run;
mod server;
pub mod tftp;
pub mod v4;
pub mod v6;

pub use run::run;
