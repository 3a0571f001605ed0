//! \[IO\] Everything that a configuration has brought to life, and the step from one configuration to the next.
//!
//! ```text
//! Config ─▶ prepare   whatever can fail: addresses, sockets, inventories. Nothing is visible yet.
//!             └─▶ commit   services, routers and metrics are swapped in; what nobody wants any more ends
//! ```
//! A start is the step from nothing. What both configurations want (sockets, inventories, counters) stays, so that a
//! reload loses no query.

mod registry;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::registry::Registry;
use serve::interfaces::Interfaces;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::admin::{self, Endpoint, Readiness};
use super::chains::Files;
use super::edge::Edge;
use super::listen::{self, Listener, Listening};
use super::local_files::LocalFiles;
use super::publish::{Named, Publisher};
use super::reload::Reloads;
use super::service::Service;
use super::sources::{Inventory, Unpolled};
use super::{ServerError, chains, probe};
use crate::chain::Chain;
use crate::config::Config;

/// How long a reload waits for the first answer of a new inventory before it goes without.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is alive.
pub(super) struct Site {
    edge: Edge,
    config: Config,
    listening: Vec<Listening>,
    endpoints: Vec<Endpoint>,
    inventories: Vec<Arc<Inventory>>,
    publisher: Arc<Publisher>,
    registry: Arc<RwLock<Registry>>,
    pulse: admin::Pulse,
    meters: chains::Meters,
    files: Arc<LocalFiles>,
    reloads: Reloads,
    /// Set when the server is about to end.
    draining: Arc<AtomicBool>,
    /// Ends what works for the configuration of the moment alone.
    background: CancellationToken,
    failed: UnboundedSender<ServerError>,
    threads: Vec<JoinHandle<()>>,
}

/// A configuration with everything that it needs and that is not there yet.
pub(super) struct Prepared {
    config: Config,
    listeners: Vec<Listener>,
    blocks: Vec<crate::view::Block>,
    files: Arc<LocalFiles>,
    listening: Vec<Listening>,
    endpoints: Vec<Endpoint>,
    inventories: Vec<Arc<Inventory>>,
}

impl Site {
    /// Nothing yet. What fails later than its start says so to `failed`.
    pub(super) fn new(edge: Edge, reloads: Reloads, failed: UnboundedSender<ServerError>) -> Self {
        Self {
            edge,
            config: Config { blocks: Vec::new(), sources: Vec::new() },
            listening: Vec::new(),
            endpoints: Vec::new(),
            inventories: Vec::new(),
            publisher: Arc::default(),
            registry: Arc::default(),
            pulse: admin::Pulse::default(),
            meters: chains::Meters::default(),
            files: Arc::default(),
            reloads,
            draining: Arc::default(),
            background: CancellationToken::new(),
            failed,
            threads: Vec::new(),
        }
    }

    /// The inventories of the moment.
    pub(super) fn inventories(&self) -> &[Arc<Inventory>] {
        &self.inventories
    }

    /// The configuration of the moment.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Gets what a configuration needs. `unpolled` are those of its inventories that are not there yet. Must be called
    /// within the runtime.
    pub(super) fn prepare(&self, config: Config, unpolled: Vec<Unpolled>) -> Result<Prepared, ServerError> {
        let files = Arc::new(LocalFiles::default());
        let blocks = chains::blocks(&config, &self.meters, &Files { new: &files, previous: &self.files })?;
        let listeners = listen::plan(&config, &Interfaces::list()?)?;
        let new = listeners.iter().filter(|listener| self.listening.iter().all(|known| !known.serves(listener)));
        let bind =
            |listener: &Listener| listen::bind(listener, Service::new(listener, &config, &blocks, &self.edge, None));
        let listening = new.map(bind).collect::<Result<_, _>>()?;
        let addresses = admin::plan(&config).into_keys();
        let new = addresses.filter(|address| self.endpoints.iter().all(|known| known.address != *address));
        let endpoints = new.map(admin::bind).collect::<Result<_, _>>()?;
        // last, since from here on there is something to stop
        let start = |unpolled| Inventory::start(unpolled, &self.publisher, &self.edge);
        let inventories = unpolled.into_iter().map(start).collect();
        Ok(Prepared { config, listeners, blocks, files, listening, endpoints, inventories })
    }

    /// Makes a configuration the one that is served. Fails only when the system has no threads left.
    pub(super) fn commit(&mut self, prepared: Prepared) -> Result<(), ServerError> {
        let Prepared { config, listeners, blocks, files, listening, endpoints, inventories } = prepared;
        self.listening.extend(listening);
        self.endpoints.extend(endpoints);
        self.inventories.extend(inventories);

        let posts = listeners.iter().filter_map(|listener| self.listening.iter().find(|known| known.serves(listener)));
        let posts: Vec<_> = posts.map(|known| Arc::clone(&known.post)).collect();
        let service = |post: &super::service::Post, blocks: &[crate::view::Block]| {
            let before = post.load();
            let listener = listeners.iter().zip(&posts).find(|(_, known)| std::ptr::eq(Arc::as_ptr(known), post));
            let (listener, _) = listener.expect("each post belongs to a listener");
            Service::new(listener, &config, blocks, &self.edge, Some(&before))
        };
        let chains = blocks.iter().map(|block| Arc::clone(&block.chain)).collect();
        self.publisher.replace(self.named(&config), blocks, &posts, service);

        self.config = config;
        files.follow()?;
        self.files = files;
        self.drop_unwanted(&listeners);
        self.show();
        self.start_background(chains);
        for listening in &mut self.listening {
            self.threads.extend(listening.start(&self.failed)?);
        }
        Ok(())
    }

    /// Waits until each new inventory has been read, for a while.
    pub(super) async fn first_answers(prepared: &Prepared) {
        let read = async {
            while prepared.inventories.iter().any(|inventory| inventory.latest().is_none()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, read).await.is_err() {
            tracing::warn!("a new inventory has not answered yet: its names fail until it does");
        }
    }

    /// Says to everybody who asks that the server is about to end.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Ends everything, and hands over the threads to be joined.
    pub(super) fn end(self) -> Vec<JoinHandle<()>> {
        self.background.cancel();
        self.listening.iter().for_each(Listening::stop);
        self.endpoints.iter().for_each(Endpoint::stop);
        self.inventories.iter().for_each(|inventory| inventory.stop());
        self.threads
    }

    /// The blocks of a configuration that have names from an inventory.
    fn named(&self, config: &Config) -> Vec<Named> {
        let mut ordinals = vec![0..; config.sources.len()];
        let named = |(block, config_of): (usize, &crate::config::Block)| {
            let coresmd = config_of.coresmd.as_ref()?;
            let source = &config.sources[coresmd.source];
            let inventory = self.inventories.iter().find(|inventory| inventory.source == *source)?;
            let ordinal = ordinals[coresmd.source].next()?;
            Some(Named { block, inventory: Arc::clone(inventory), ordinal, plan: Arc::new(coresmd.plan.clone()) })
        };
        config.blocks.iter().enumerate().filter_map(named).collect()
    }

    /// Ends what the configuration does not want any more.
    fn drop_unwanted(&mut self, listeners: &[Listener]) {
        self.listening
            .extract_if(.., |known| !listeners.iter().any(|listener| known.serves(listener)))
            .for_each(|gone| gone.stop());
        let shown = admin::plan(&self.config);
        self.endpoints.extract_if(.., |known| !shown.contains_key(&known.address)).for_each(|gone| gone.stop());
        let sources = &self.config.sources;
        self.inventories.extract_if(.., |known| !sources.contains(&known.source)).for_each(|gone| gone.stop());
        self.threads.retain(|thread| !thread.is_finished());
    }

    /// Shows the health, readiness and metrics of the configuration.
    fn show(&mut self) {
        let registry = registry::registry(self);
        *self.registry.write().unwrap_or_else(std::sync::PoisonError::into_inner) = registry;
        let states = self.inventories.iter().map(|known| (known.source.name(), known.state.clone())).collect();
        let (publisher, draining) = (Arc::clone(&self.publisher), Arc::clone(&self.draining));
        let readiness = Readiness { publisher, states, files: Arc::clone(&self.files), draining };
        let shown = admin::plan(&self.config);
        for endpoint in &mut self.endpoints {
            let shows = shown.get(&endpoint.address).copied().unwrap_or_default();
            endpoint.show(shows, &readiness, &self.registry, &self.edge);
        }
    }

    /// Starts what works for this configuration, and ends what worked for the one before.
    fn start_background(&mut self, chains: Vec<Arc<Chain>>) {
        std::mem::take(&mut self.background).cancel();
        let health = self.config.blocks.iter().filter_map(|block| block.health);
        let addresses: std::collections::BTreeSet<_> = health.map(|health| health.address).collect();
        for address in addresses {
            let work = admin::check(address, self.pulse.clone(), self.background.clone());
            self.edge.tasks.spawn_on(work, &self.edge.runtime);
        }
        for chain in chains {
            let work = probe::detect(chain, self.failed.clone());
            let stop = self.background.clone();
            self.edge.tasks.spawn_on(async move { stop.run_until_cancelled(work).await }, &self.edge.runtime);
        }
    }
}
