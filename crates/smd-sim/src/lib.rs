//! A simulated SMD and BSS on one HTTP port, with faults on demand.
//!
//! ```text
//! Cluster::generate | Cluster::from_files          what there is: rows as SMD and BSS hold them
//!   └ Sim ── Sim::change, Sim::set_faults, admin    the running simulator; every change makes a new View
//!       └ Sim::serve        [IO] accept, refuse, cut   connections
//!           └ dispatch      count · fault · token · method   the one corridor of every request
//!               ├ smd::*    View + query → Reply      /hsm/v2     (facts: SMD's routes)
//!               ├ bss::*    View + query → Reply      /boot/v1    (boot parameters and scripts)
//!               └ admin     /sim: faults, requests, cluster, boot
//! ```
//! Rooms below `dispatch` are pure: they see a view and a query, and answer with a value. What the real
//! services do, status by status and byte by byte, is recorded in the fixtures of `tests/recorded`.

mod admin;
mod body;
mod bss;
pub mod cluster;
mod dispatch;
pub mod fault;
mod query;
mod reply;
mod server;
pub mod settings;
mod sim;
mod smd;
mod view;

pub use cluster::generate::Generate;
pub use cluster::{Cluster, Node, NodeInterface};
pub use fault::{Fault, FaultKind};
pub use settings::{BssMode, BssSettings, Settings};
pub use sim::Sim;
