//! `coresmd-dns`: DNS for HPC clusters, answered from the inventory.
//!
//! ```text
//! run ─ cli ─ config ──▶ what the Corefile says, typed
//!        └── server                          [IO] sockets, threads, polling, HTTP, signals
//!             ├ Refresher ── Snapshot ──▶ catalog   every answer, encoded once for each snapshot
//!             ├ udp, tcp     message
//!             │  └ handle                    one pure corridor, lent one view per message
//!             │     ├ query     decode
//!             │     ├ view      which server block
//!             │     ├ answer    Catalog::node · records, NODATA, NXDOMAIN, REFUSED
//!             │     ├ chain     the other directives: plugins, hosts, zone_file, template (record)
//!             │     ├ resolve   cache, forward; what an upstream says stays octets (relayed)
//!             │     └ response  encode
//!             │  udp, tcp     bytes; counted (metrics), logged
//!             └ tcp          a zone for who may have it: transfer, message by message
//! ```
//! The pure rooms (`name`, `wire`, `query`, `view`, `catalog`, `answer`, `response`, `handle`) know neither the
//! configuration nor the runtime. TCP takes the same corridor: hickory-server, which the plan had for it, hands out
//! decoded records and takes records back, so that the encoded answers could not be used; it answers malformed queries
//! by itself, and limits neither connections nor peers.

pub mod answer;
pub mod cache;
pub mod catalog;
pub mod chain;
pub mod cli;
pub mod config;
pub mod forward;
pub mod handle;
pub mod hosts;
pub mod metrics;
pub mod name;
pub mod plugins;
pub mod query;
mod record;
pub mod relayed;
pub mod resolve;
pub mod response;
mod run;
pub mod server;
pub mod template;
pub mod transfer;
pub mod view;
mod walk;
pub mod wire;
pub mod zone_file;
mod zones;

pub use run::run;
