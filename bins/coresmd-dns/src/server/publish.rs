//! \[IO\] From a new snapshot or a new configuration to what is answered: catalogs are built, then services that know
//! them are swapped in everywhere. The serials of zones grow from one to the next, and across restarts.

mod serials;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::service::{Post, Service};
use super::sources::Inventory;
use crate::catalog::{Catalog, Plan, Serials};
use crate::view::Block;

/// How many names without an address of their own are logged one by one.
const PROBLEMS_SHOWN: usize = 10;

/// Keeps the services up to date.
#[derive(Default)]
pub(super) struct Publisher {
    current: Mutex<Published>,
}

/// What is served at present.
#[derive(Default)]
struct Published {
    /// Which configuration it is of: they are numbered.
    generation: u64,
    coresmd: Vec<Named>,
    blocks: Vec<Block>,
    posts: Vec<Arc<Post>>,
}

/// A block with a `coresmd` directive.
#[derive(Clone)]
pub(super) struct Named {
    /// The block, as an index.
    pub(super) block: usize,
    /// Its inventory.
    pub(super) inventory: Arc<Inventory>,
    /// Which it is of the blocks with this inventory: several may have a zone of one name, each with other content.
    pub(super) ordinal: usize,
    /// What is made of it.
    pub(super) plan: Arc<Plan>,
}

impl Publisher {
    /// Serves another configuration from now on: `blocks` as `coresmd` and the latest snapshots make them, by the
    /// services that `service` makes of them for each post.
    pub(super) fn replace<'p>(
        &self,
        coresmd: Vec<Named>,
        mut blocks: Vec<Block>,
        posts: impl IntoIterator<Item = &'p Arc<Post>>,
        service: impl Fn(&Post, &[Block]) -> Service,
    ) {
        let mut current = self.lock();
        for (named, catalog) in build(&coresmd, &current.serials(&coresmd)) {
            blocks[named.block].catalog = Some(catalog);
        }
        let posts: Vec<_> = posts.into_iter().map(Arc::clone).collect();
        for post in &posts {
            post.store(Arc::new(service(post, &blocks)));
        }
        *current = Published { generation: current.generation + 1, coresmd, blocks, posts };
        current.count();
    }

    /// Answers from the new snapshot of an inventory, if anything at present is made of it.
    pub(super) fn publish(&self, inventory: &Arc<Inventory>) {
        loop {
            let (generation, named, before) = {
                let current = self.lock();
                let of_inventory = current.coresmd.iter().filter(|named| Arc::ptr_eq(&named.inventory, inventory));
                let named: Vec<_> = of_inventory.cloned().collect();
                (current.generation, named.clone(), current.serials(&named))
            };
            // without the lock: it may take a while
            let built = build(&named, &before);
            let mut current = self.lock();
            if current.generation != generation {
                continue;
            }
            for (named, catalog) in built {
                current.blocks[named.block].catalog = Some(catalog);
            }
            for post in &current.posts {
                let service = post.load().with(&current.blocks);
                post.store(Arc::new(service));
            }
            current.count();
            return;
        }
    }

    /// Whether every `coresmd` block has its inventory.
    pub(super) fn is_ready(&self) -> bool {
        self.lock().blocks.iter().all(|block| block.catalog.as_ref().is_none_or(|catalog| catalog.is_loaded()))
    }

    fn lock(&self) -> MutexGuard<'_, Published> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Published {
    /// For each of these, the serials that its zones have now, if they are served: under this configuration or the one
    /// before, which may read the inventory in another way.
    fn serials(&self, coresmd: &[Named]) -> Vec<Option<Serials>> {
        let of = |named: &Named| {
            let same = |other: &&Named| other.ordinal == named.ordinal && other.inventory.is_of(&named.inventory);
            let served = self.coresmd.iter().find(same)?;
            let catalog = self.blocks[served.block].catalog.as_ref().filter(|catalog| catalog.is_loaded())?;
            Some(catalog.serials().clone())
        };
        coresmd.iter().map(of).collect()
    }

    /// Says how much of each inventory is served.
    fn count(&self) {
        for named in &self.coresmd {
            let same = self.coresmd.iter().filter(|other| Arc::ptr_eq(&other.inventory, &named.inventory));
            let catalogs = same.filter_map(|other| self.blocks[other.block].catalog.as_ref());
            let (names, problems) = catalogs.fold((0, 0), |(names, problems), catalog| {
                (names + catalog.names(), problems + catalog.problems().len())
            });
            named.inventory.served.names.store(names, Ordering::Relaxed);
            named.inventory.served.problems.store(problems, Ordering::Relaxed);
        }
    }
}

/// The catalogs of blocks from the latest snapshots of their inventories, as far as there are any. `before` are the
/// serials that their zones have; what is not served yet may have a history on disk.
fn build<'n>(coresmd: &'n [Named], before: &[Option<Serials>]) -> Vec<(&'n Named, Arc<Catalog>)> {
    let one = |(named, before): (&'n Named, &Option<Serials>)| {
        let snapshot = named.inventory.latest()?;
        let before = before.clone().or_else(|| serials::kept(named)).unwrap_or_default();
        let catalog = Catalog::build_after(&snapshot, &named.plan, &before);
        tell(&catalog);
        Some((named, Arc::new(catalog)))
    };
    let built: Vec<_> = coresmd.iter().zip(before).filter_map(one).collect();
    serials::keep(&built);
    built
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
