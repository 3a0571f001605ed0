//! SMD and BSS, polled into an atomically swapped, indexed snapshot.
#![allow(clippy::todo, reason = "contract stubs")]

pub mod boot;
pub mod component;
pub mod handle;
pub mod inventory;
pub mod mac;
pub mod rejected;
pub mod snapshot;
pub mod xname;

pub use component::{ComponentId, ComponentType, Nid};
pub use handle::SnapshotHandle;
pub use mac::MacAddr;
pub use snapshot::{Host, Known, Snapshot, Unservable};
pub use xname::Xname;
