//! Rows of boot parameters (facts §7.2).

use serde::{Deserialize, Serialize};

/// One set of boot parameters as BSS is told it: `ochami bss boot params`. Only the first list of identifiers that
/// is not empty counts: hosts, else macs, else nids (facts §7.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BootParameters {
    /// Xnames, roles or tags (`Default`, `Unknown-x86_64`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// MACs in colon form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// NIDs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nids: Vec<i32>,
    /// Kernel command line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub params: String,
    /// URL of the kernel; a node without one is unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kernel: String,
    /// URL of the initrd.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub initrd: String,
    /// boot-service only: what the configuration is called; `""`: a name is made up.
    #[serde(skip)]
    pub name: String,
    /// boot-service only: groups whose members boot this.
    #[serde(skip)]
    pub groups: Vec<String>,
    /// boot-service only: free text.
    #[serde(skip)]
    pub profile: String,
    /// boot-service only: 0 to 100, what counts between equals.
    #[serde(skip)]
    pub priority: u8,
    /// What BSS called this writing when it was told over HTTP; `""`: made up. Never on the wire.
    #[serde(skip)]
    pub referral_token: String,
}
