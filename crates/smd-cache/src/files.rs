//! A site in files: `nodes.yaml` as `ochami discover static` reads it, and boot configurations as `ochami bss boot
//! params` and `ochami boot config` take them, in YAML or JSON.
//!
//! ```text
//! text ──document──▶ entries with places ──nodes · boot──▶ Site, BootEntry ──render──▶ the bodies that services answer
//! ```
//! What is wrong comes back all at once, each [`Finding`] with its line and column; a text with one is not used at all.
//! What is right is rendered as SMD and boot-service would list it after they had been told the same, so that behind this
//! room a file is one more service. This is the pure half; who reads the files, and when, is `refresh`'s business.

mod boot;
mod document;
mod nodes;
mod render;

pub use boot::{BootEntry, read_boot_file};
pub use document::{Finding, Findings};
pub use nodes::{Address, Bmc, Group, Nic, Node, Site};
pub use render::{Listing, render_boot, render_site};
