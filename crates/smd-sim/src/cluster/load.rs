//! \[IO\] A cluster from files: an [`Inventory`], and boot parameters.
//!
//! The inventory is taken at its word: every address of an interface is kept with the name of its network, where
//! `ochami`'s default way through SMD's V2 parser would keep only the first ([`crate::discover`] does the same).

use std::io;
use std::path::Path;
use std::time::SystemTime;

use smd_cache::Nid;
use smd_cache::files::Findings;
use thiserror::Error;

use super::Cluster;
use super::xname::Xname;

mod boot;
mod inventory;

pub use boot::boot_parameters;
pub use inventory::Inventory;

/// Why files make no cluster.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The operating system would not let us read the file.
    #[error("{file}: {reason}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        reason: io::Error,
    },
    /// The file's author made these mistakes.
    #[error(transparent)]
    Findings(#[from] Findings),
}

impl Cluster {
    /// Reads an inventory, and boot parameters if there are any.
    ///
    /// # Errors
    /// If a file cannot be read, or with everything that is wrong in the first bad one.
    #[expect(clippy::disallowed_methods, reason = "[IO] room: files become a cluster, created now")]
    pub fn from_files(inventory: &Path, boot: Option<&Path>) -> Result<Self, LoadError> {
        let (file, text) = read(inventory)?;
        let mut cluster = Self::from_inventory(&file, &text, SystemTime::now())?;
        if let Some(boot) = boot {
            let (file, text) = read(boot)?;
            cluster.boot = boot_parameters(&file, &text)?;
        }
        Ok(cluster)
    }

    /// The cluster that the text of a `nodes.yaml` (or the same as JSON) describes; `file` names it in findings.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn from_inventory(file: &str, text: &str, now: SystemTime) -> Result<Self, LoadError> {
        let Inventory { bmcs, nodes, groups } = Inventory::parse(file, text)?;
        let mut cluster = Self { groups, ..Self::default() };
        for bmc in &bmcs {
            cluster.add_bmc(bmc, now);
        }
        for mut node in nodes {
            node.nid = node.nid.or_else(|| Xname::parse(&node.id)?.synthesised_nid().map(Nid));
            cluster.add_node(&node, now);
        }
        Ok(cluster)
    }
}

impl Inventory {
    /// Reads a `nodes.yaml`.
    ///
    /// # Errors
    /// If it cannot be read, or with everything that is wrong in it.
    pub fn from_file(path: &Path) -> Result<Self, LoadError> {
        let (file, text) = read(path)?;
        Ok(Self::parse(&file, &text)?)
    }
}

/// Name and text of a file.
#[expect(clippy::disallowed_methods, reason = "[IO] room: files are read here")]
fn read(path: &Path) -> Result<(String, String), LoadError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((file, text)),
        Err(reason) => Err(LoadError::Read { file, reason }),
    }
}
