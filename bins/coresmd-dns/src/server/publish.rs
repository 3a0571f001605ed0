//! \[IO\] From a new snapshot to what is answered: catalogs are built, then swapped in everywhere.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use smd_cache::Snapshot;
use smd_cache::refresh::Refresher;
use smd_cache::state::StateHandle;

use super::service::Service;
use crate::catalog::{Catalog, Zone};
use crate::config::{Config, Source};
use crate::metrics::Served;
use crate::view::Block;
use crate::wire::Rcode;

/// How many names without an address of their own are logged one by one.
const PROBLEMS_SHOWN: usize = 10;

/// Keeps the services up to date.
pub(super) struct Publisher {
    /// The blocks with a `coresmd` directive: which they are, their inventory, their zones.
    coresmd: Vec<(usize, usize, Vec<Zone>)>,
    /// The blocks as they are now.
    blocks: Mutex<Vec<Block>>,
    services: Vec<Arc<Service>>,
    /// For each inventory, how much of it is served.
    served: Vec<Arc<Served>>,
}

/// The blocks of a configuration before the first snapshot.
pub(super) fn blocks(config: &Config) -> Vec<Block> {
    let block = |block: &crate::config::Block| {
        let zones = block.coresmd.as_ref().map(|coresmd| &coresmd.zones);
        // as CoreDNS: a block that does nothing refuses, one that does anything and knows nothing fails
        let otherwise = if block.handles() { Rcode::ServFail } else { Rcode::Refused };
        Block { catalog: zones.map(|zones| Arc::new(Catalog::unloaded(zones))), otherwise }
    };
    config.blocks.iter().map(block).collect()
}

impl Publisher {
    /// For the services of a configuration.
    pub(super) fn new(config: &Config, services: Vec<Arc<Service>>) -> Self {
        let coresmd = config.blocks.iter().enumerate().filter_map(|(index, block)| {
            block.coresmd.as_ref().map(|coresmd| (index, coresmd.source, coresmd.zones.clone()))
        });
        let served = config.sources.iter().map(|_| Arc::default()).collect();
        Self { coresmd: coresmd.collect(), blocks: Mutex::new(blocks(config)), services, served }
    }

    /// Answers from a new snapshot of an inventory.
    pub(super) fn publish(&self, source: usize, snapshot: &Snapshot) {
        let of_source = self.coresmd.iter().filter(|(_, of, _)| *of == source);
        let built: Vec<_> =
            of_source.map(|(block, _, zones)| (*block, Arc::new(Catalog::build(snapshot, zones)))).collect();
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
        let urls = config.sources.iter().map(Source::name);
        let states = sources.iter().map(Refresher::state);
        urls.zip(states).zip(&self.served).map(|((url, state), served)| (url, state, Arc::clone(served))).collect()
    }
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
