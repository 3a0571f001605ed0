//! Rows of BSS's boot parameters (facts: smd-bss §7.2); boot-service sends the same with NIDs as strings.

use serde::Deserialize;

use super::loose::{List, Loose, Text};

/// An item of `/boot/v1/bootparameters`, or of `Params` in `/boot/v1/dumpstate`.
#[derive(Debug, Deserialize)]
pub(crate) struct BootParameters<'a> {
    /// Xnames; in KV mode also roles, `Default`, `Unknown-x86_64`, MACs and `nid7`.
    #[serde(borrow, default)]
    pub(crate) hosts: List<Loose<'a>>,
    /// MAC addresses.
    #[serde(borrow, default)]
    pub(crate) macs: List<Loose<'a>>,
    /// NIDs.
    #[serde(borrow, default)]
    pub(crate) nids: List<Loose<'a>>,
    /// Kernel command line.
    #[serde(borrow, default)]
    pub(crate) params: Text<'a>,
    /// URL of the kernel.
    #[serde(borrow, default)]
    pub(crate) kernel: Text<'a>,
    /// URL of the initrd.
    #[serde(borrow, default)]
    pub(crate) initrd: Text<'a>,
}
