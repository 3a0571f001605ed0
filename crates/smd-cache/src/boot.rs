//! STUB of the contract: BSS boot parameters → boot configuration per node. Helper `smd-cache` replaces it.

/// What a node boots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootConfig {
    /// URL of the kernel.
    pub kernel: String,
    /// URL of the initrd; `""` where there is none.
    pub initrd: String,
    /// Kernel command line.
    pub params: String,
}
