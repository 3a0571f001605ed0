//! Rows of BSS's boot parameters (facts: smd-bss §7.2), and of boot-service's configurations (facts: openchami-today §4).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::loose::{List, Loose, Text};
use crate::boot::BootConfig;

/// An item of `/boot/v1/bootparameters`, or of `Params` in `/boot/v1/dumpstate`.
#[derive(Debug, Deserialize)]
pub(crate) struct BootParameters<'a> {
    /// Xnames; in KV mode also roles, `Default`, `Unknown-x86_64`, MACs and `nid7`.
    #[serde(borrow, default)]
    pub(crate) hosts: List<Loose<'a>>,
    /// MAC addresses.
    #[serde(borrow, default)]
    pub(crate) macs: List<Loose<'a>>,
    /// NIDs; boot-service has them in quotes.
    #[serde(borrow, default)]
    pub(crate) nids: List<Loose<'a>>,
    /// Kernel command line.
    #[serde(borrow, default)]
    params: Text<'a>,
    /// URL of the kernel.
    #[serde(borrow, default)]
    kernel: Text<'a>,
    /// URL of the initrd.
    #[serde(borrow, default)]
    initrd: Text<'a>,
}

/// A row of `/bootconfigurations`.
#[derive(Debug, Deserialize)]
pub(crate) struct BootConfiguration<'a> {
    /// Who it is.
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    /// What it says.
    #[serde(borrow)]
    pub(crate) spec: Spec<'a>,
}

/// Who a configuration is.
#[derive(Debug, Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
}

/// What a configuration says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Spec<'a> {
    /// Component IDs or globs of them.
    #[serde(borrow, default)]
    pub(crate) hosts: List<Loose<'a>>,
    /// MAC addresses.
    #[serde(borrow, default)]
    pub(crate) macs: List<Loose<'a>>,
    /// NIDs.
    #[serde(borrow, default)]
    pub(crate) nids: List<Loose<'a>>,
    /// Labels of groups.
    #[serde(borrow, default)]
    pub(crate) groups: List<Loose<'a>>,
    /// Roles: ours alone, see [`crate::files`].
    #[serde(borrow, default)]
    pub(crate) roles: List<Loose<'a>>,
    /// 0 to 100.
    #[serde(borrow, default)]
    pub(crate) priority: Loose<'a>,
    /// Kernel command line.
    #[serde(borrow, default)]
    params: Text<'a>,
    /// URL of the kernel.
    #[serde(borrow, default)]
    kernel: Text<'a>,
    /// URL of the initrd.
    #[serde(borrow, default)]
    initrd: Text<'a>,
}

/// A row that is only asked whether it has a `spec`.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    /// What is in it does not matter.
    pub(crate) spec: Option<IgnoredAny>,
}

impl<'a> BootParameters<'a> {
    /// What is booted.
    pub(crate) fn config(&self) -> BootConfig {
        config(&self.kernel, &self.initrd, &self.params)
    }

    /// The configuration that the item stands for; `None` where nobody is named.
    pub(crate) fn targeted(self) -> Option<BootConfiguration<'a>> {
        let Self { hosts, macs, nids, params, kernel, initrd } = self;
        let has_targets = !(hosts.0.is_empty() && macs.0.is_empty() && nids.0.is_empty());
        let spec = Spec { hosts, macs, nids, params, kernel, initrd, ..Spec::default() };
        has_targets.then_some(BootConfiguration { metadata: None, spec })
    }
}

impl BootConfiguration<'_> {
    /// What it is called; may be `""`.
    pub(crate) fn name(&self) -> &str {
        self.metadata.as_ref().map_or("", |metadata| metadata.name.trimmed())
    }
}

impl Spec<'_> {
    /// What is booted.
    pub(crate) fn config(&self) -> BootConfig {
        config(&self.kernel, &self.initrd, &self.params)
    }
}

fn config(kernel: &Text<'_>, initrd: &Text<'_>, params: &Text<'_>) -> BootConfig {
    let [kernel, initrd, params] = [kernel, initrd, params].map(|text| text.trimmed().to_owned());
    BootConfig { kernel, initrd, params }
}
