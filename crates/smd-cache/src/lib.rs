//! SMD and BSS, polled into an atomically swapped, indexed snapshot.
//!
//! ```text
//! bodies ──wire──▶ rows ──inventory──▶ typed rows ──snapshot──▶ Snapshot ──handle──▶ the servers
//!                    └───────── what cannot be served: Rejected { row, reason } ─────────▶ state
//! ```
//! That half is pure: it does no IO, reads no clock and knows no runtime. The rooms behind the feature `client` fetch
//! the bodies: [`refresh`] polls, [`client`] speaks HTTP with the tokens that [`token`] gets, [`disk`] keeps the last
//! good bodies, [`state`] tells how it goes.

pub mod boot;
#[cfg(feature = "client")]
pub mod client;
pub mod component;
#[cfg(feature = "client")]
pub mod disk;
pub mod files;
pub mod handle;
pub mod inventory;
pub mod mac;
#[cfg(feature = "client")]
pub mod refresh;
pub mod rejected;
pub mod snapshot;
#[cfg(feature = "client")]
pub mod state;
pub mod token;
pub mod wire;
pub mod xname;

pub use component::{ComponentId, ComponentType, Nid};
pub use handle::SnapshotHandle;
pub use inventory::Inventory;
pub use mac::MacAddr;
pub use rejected::{RejectReason, Rejected};
pub use snapshot::{Host, Known, Snapshot, Unservable};
pub use xname::Xname;
