//! \[IO\] From a new snapshot to what is answered: catalogs are built, then swapped in everywhere. The serials of their
//! zones are kept beside the snapshot file, so that they grow across restarts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use smd_cache::Snapshot;
use smd_cache::refresh::Refresher;
use smd_cache::state::StateHandle;

use super::service::Service;
use crate::catalog::{Catalog, Plan, Serials};
use crate::config::Config;
use crate::metrics::Served;
use crate::view::Block;
use crate::wire::Rcode;

/// How many names without an address of their own are logged one by one.
const PROBLEMS_SHOWN: usize = 10;

/// Keeps the services up to date.
pub(super) struct Publisher {
    /// The blocks with a `coresmd` directive: which they are, their inventory, what is made of it.
    coresmd: Vec<(usize, usize, Plan)>,
    /// For each inventory, where the serials of its zones are kept.
    serials: Vec<Option<PathBuf>>,
    /// The blocks as they are now.
    blocks: Mutex<Vec<Block>>,
    services: Vec<Arc<Service>>,
    /// For each inventory, how much of it is served.
    served: Vec<Arc<Served>>,
}

/// The blocks of a configuration before the first snapshot.
pub(super) fn blocks(config: &Config) -> Vec<Block> {
    let block = |block: &crate::config::Block| {
        let plan = block.coresmd.as_ref().map(|coresmd| &coresmd.plan);
        // as CoreDNS: a block that does nothing refuses, one that does anything and knows nothing fails
        let otherwise = if block.handles() { Rcode::ServFail } else { Rcode::Refused };
        Block { catalog: plan.map(|plan| Arc::new(Catalog::unloaded(plan))), otherwise }
    };
    config.blocks.iter().map(block).collect()
}

impl Publisher {
    /// For the services of a configuration.
    pub(super) fn new(config: &Config, services: Vec<Arc<Service>>) -> Self {
        let coresmd = config.blocks.iter().enumerate().filter_map(|(index, block)| {
            block.coresmd.as_ref().map(|coresmd| (index, coresmd.source, coresmd.plan.clone()))
        });
        let served = config.sources.iter().map(|_| Arc::default()).collect();
        let serials = config.sources.iter().map(|source| source.snapshot_file.as_deref().map(beside)).collect();
        Self { coresmd: coresmd.collect(), serials, blocks: Mutex::new(blocks(config)), services, served }
    }

    /// Answers from a new snapshot of an inventory.
    pub(super) fn publish(&self, source: usize, snapshot: &Snapshot) {
        let of_source = self.coresmd.iter().filter(|(_, of, _)| *of == source);
        let kept = self.serials[source].as_deref().map(|file| (file, read(file)));
        let mut built = Vec::new();
        for (ordinal, (block, _, plan)) in of_source.enumerate() {
            let before = self.served_before(*block);
            // several blocks may have a zone of one name, each with other content
            let kept = || kept.as_ref().map(|(_, text)| Serials::read(text, &format!("{ordinal} ")));
            let before = before.or_else(kept).unwrap_or_default();
            built.push((*block, Arc::new(Catalog::build_after(snapshot, plan, &before))));
        }
        if let Some((file, text)) = kept {
            let lines = built.iter().enumerate();
            let lines: String = lines.map(|(n, (_, catalog))| catalog.serials().lines(&format!("{n} "))).collect();
            if lines != text
                && let Err(error) = write(file, &lines)
            {
                tracing::warn!(%error, file = %file.display(), "the serials of zones cannot be kept");
            }
        }
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut names, mut problems) = (0, 0);
        for (block, catalog) in built {
            names += catalog.names();
            problems += catalog.problems().len();
            tell(&catalog);
            blocks[block].catalog = Some(catalog);
        }
        for service in &self.services {
            service.update(&blocks);
        }
        self.served[source].names.store(names, Ordering::Relaxed);
        self.served[source].problems.store(problems, Ordering::Relaxed);
    }

    /// The serials of a block that has been served from a snapshot already.
    fn served_before(&self, block: usize) -> Option<Serials> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let catalog = blocks[block].catalog.as_ref().filter(|catalog| catalog.is_loaded());
        catalog.map(|catalog| catalog.serials().clone())
    }

    /// Whether every `coresmd` block has its inventory.
    pub(super) fn is_ready(&self) -> bool {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().all(|block| block.catalog.as_ref().is_none_or(|catalog| catalog.is_loaded()))
    }

    /// The inventories for metrics: by URL, with their state and how much of them is served.
    pub(super) fn inventories(
        &self,
        config: &Config,
        sources: &[Refresher],
    ) -> Vec<(String, StateHandle, Arc<Served>)> {
        let urls = config.sources.iter().map(|source| source.smd_url.clone());
        let states = sources.iter().map(Refresher::state);
        urls.zip(states).zip(&self.served).map(|((url, state), served)| (url, state, Arc::clone(served))).collect()
    }
}

/// The file of the serials, beside a snapshot file.
fn beside(snapshot_file: &Path) -> PathBuf {
    let mut name = snapshot_file.as_os_str().to_owned();
    name.push(".serials");
    name.into()
}

/// What was kept; nothing where there is nothing that can be read: then the zones begin anew.
#[expect(clippy::disallowed_methods, reason = "the serials of zones outlive the process")]
fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, file = %file.display(), "the serials of zones cannot be read");
        }
        String::new()
    })
}

/// Replaces the file by a complete one.
#[expect(clippy::disallowed_methods, reason = "the serials of zones outlive the process")]
fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(&new, file)
}

/// Logs what a new catalog holds, and what it could not name.
fn tell(catalog: &Catalog) {
    let problems = catalog.problems();
    tracing::info!(names = catalog.names(), problems = problems.len(), "new inventory");
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        tracing::warn!("{problem}");
    }
    if problems.len() > PROBLEMS_SHOWN {
        tracing::warn!("and {} more like these", problems.len() - PROBLEMS_SHOWN);
    }
}
