//! A simulated SMD and BSS on one HTTP port, with faults on demand.
//!
//! ```text
//! Cluster::generate | Cluster::from_files          what there is: rows as SMD and BSS hold them
//!   └ Sim ── Sim::change, Sim::set_faults, admin    the running simulator; every change makes a new View
//!       └ Sim::serve        [IO] accept, refuse, cut   connections
//!           └ dispatch      count · fault · token · method   the one corridor of every request
//!               ├ smd::*    /hsm/v2     View + call → Reply, or Cluster + call → Cluster + Reply
//!               ├ bss::*    /boot/v1    the same for boot parameters and scripts
//!               ├ inventory_service, boot_service, tokensmith       the successors of both, and who gives tokens
//!               └ admin     /sim        faults, requests, cluster, boot, tokens
//! ```
//! Rooms below `dispatch` are pure: they see a view (or change rows) and a call, and answer with a value. What the real
//! services do, status by status and byte by byte, is recorded in the fixtures of `tests/recorded`.

mod admin;
mod body;
mod boot_service;
mod bss;
pub mod client;
pub mod cluster;
pub mod discover;
mod dispatch;
pub mod fault;
mod go_json;
mod inventory_service;
mod query;
mod reply;
mod server;
pub mod settings;
mod sim;
mod smd;
pub mod tokensmith;
mod view;

pub use cluster::generate::Generate;
pub use cluster::{Cluster, Node, NodeInterface};
pub use fault::{Fault, FaultKind};
pub use settings::{
    BootKind, BssMode, BssSettings, InventoryKind, InventoryServiceSettings, Settings, TokenSmithSettings,
};
pub use sim::Sim;
