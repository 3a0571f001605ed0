//! \[IO\] The server: sockets, threads, polling, HTTP, signals. What is said to a query is decided elsewhere
//! ([`crate::handle`]).
//!
//! ```text
//! listen ─▶ udp   threads × SO_REUSEPORT, batches in and out ─┐
//!        └▶ tcp   one task a connection                       ├─▶ Service ─▶ handle, then count and log
//!                                                             │      ▲ a new View, swapped in whole
//! Refresher ──Snapshot──▶ Publisher ──Catalog─────────────────┴──────┘
//! ```

mod admin;
mod journal;
mod listen;
mod publish;
mod service;
mod sources;
mod tcp;
mod udp;

pub use sources::open as open_sources;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::registry::Registry;
use serve::drain::{Grace, Stop};
use serve::interfaces::Interfaces;
use smd_cache::refresh::Refresher;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Source};
use crate::metrics::{Collector, InventoryCollector};
use journal::Journal;
use publish::Publisher;
use service::Service;

/// How long what still runs may take when the server ends.
const GRACE: Duration = Duration::from_secs(3);

/// Why the server cannot start, or cannot go on. This machine or its set-up is to blame.
#[derive(Debug, Error)]
pub enum ServerError {
    /// A `bind` that names an interface which is not here, or has no address.
    #[error("bind {0}: there is no such interface with an address on this machine")]
    Interface(String),
    /// A socket cannot be bound.
    #[error("cannot listen on {address} ({protocol}): {source}")]
    Bind {
        /// Where.
        address: String,
        /// `udp`, `tcp` or `http`.
        protocol: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// A socket that worked cannot be used any more.
    #[error("cannot receive on {address} any more: {source}")]
    Receive {
        /// Where.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives us no threads, descriptors or signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// A server that is bound to its sockets and not answering yet.
pub struct Server {
    config: Config,
    runtime: Runtime,
    listeners: Vec<listen::Bound>,
    http: Vec<admin::Bound>,
    publisher: Arc<Publisher>,
    sources: Vec<Refresher>,
}

impl Server {
    /// Binds every socket. `sources` are the opened inventories of the configuration, in its order.
    pub fn bind(config: Config, sources: Vec<Refresher>) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("coresmd-dns").build()?;
        let inside = runtime.enter();
        let (journal, blocks) = (Journal::to_stdout(), publish::blocks(&config));
        let (mut services, mut listeners) = (Vec::new(), Vec::new());
        for listener in listen::plan(&config, &Interfaces::list()?)? {
            let service = Arc::new(Service::new(&listener, &config, &blocks, &journal));
            services.push(Arc::clone(&service));
            listeners.push(listen::bind(&listener, service)?);
        }
        let http = admin::bind(&config)?;
        let publisher = Arc::new(Publisher::new(&config, services));
        drop(inside);
        Ok(Self { config, runtime, listeners, http, publisher, sources })
    }

    /// The zones and ports that are served, one a line, as CoreDNS prints them when it starts.
    pub fn banner(&self) -> String {
        let keys = self.config.blocks.iter().flat_map(|block| &block.keys);
        let lines = keys.map(|key| format!("{}:{}\n", key.zone, key.port)).collect::<Vec<_>>().concat();
        format!("{lines}coresmd-dns-{}\n", env!("CARGO_PKG_VERSION"))
    }

    /// Answers until SIGTERM or SIGINT, or until a socket fails.
    pub fn run(self) -> Result<(), ServerError> {
        let (signals, work) = (Stop::on_signals()?, Stop::new()?);
        let (failed, mut failures) = mpsc::unbounded_channel();
        let (tasks, draining) = (TaskTracker::new(), Arc::new(AtomicBool::new(false)));
        let lameduck = self.lameduck();
        let (registry, readiness) = (Arc::new(RwLock::new(self.registry())), self.readiness(&draining));

        let inside = self.runtime.enter();
        self.runtime.spawn(other_signals()?);
        for bound in self.http {
            tasks.spawn(bound.serve(&readiness, &registry, work.wait()));
        }
        let mut threads = Vec::new();
        for listener in self.listeners {
            threads.extend(listener.start(&work, &tasks, &failed)?);
        }
        for (index, source) in self.sources.into_iter().enumerate() {
            let publisher = Arc::clone(&self.publisher);
            tasks.spawn(source.run(move |snapshot| publisher.publish(index, snapshot), work.wait()));
        }
        drop(inside);

        let ended = self.runtime.block_on(async {
            tokio::select! {
                () = signals.wait() => Ok(()),
                Some(error) = failures.recv() => Err(error),
            }
        });
        draining.store(true, Ordering::Relaxed);
        if ended.is_ok() {
            self.runtime.block_on(async { tokio::time::sleep(lameduck).await });
        }
        work.set();
        finish(&self.runtime, threads, &tasks);
        ended
    }

    /// How long answering goes on after the signal: the longest that a `health` asks for.
    fn lameduck(&self) -> Duration {
        let health = self.config.blocks.iter().filter_map(|block| block.health);
        health.map(|health| health.lameduck).max().unwrap_or_default()
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Collector {
            listeners: self.listeners.iter().map(|listener| Arc::clone(listener.labels())).collect(),
            workers: self.listeners.iter().flat_map(listen::Bound::workers).collect(),
            endpoints: self.listeners.iter().flat_map(listen::Bound::counters).collect(),
        }));
        registry.register_collector(Box::new(listen::endpoint_collector(&self.listeners)));
        let sources = self.publisher.inventories(&self.config, &self.sources);
        registry.register_collector(Box::new(InventoryCollector { sources }));
        registry
    }

    fn readiness(&self, draining: &Arc<AtomicBool>) -> admin::Readiness {
        let urls = self.config.sources.iter().map(Source::name);
        let states = urls.zip(self.sources.iter().map(Refresher::state)).collect();
        admin::Readiness { publisher: Arc::clone(&self.publisher), states, draining: Arc::clone(draining) }
    }
}

/// Waits for what still runs, for a while.
fn finish(runtime: &Runtime, threads: Vec<JoinHandle<()>>, tasks: &TaskTracker) {
    let grace = Grace::starting_now(GRACE);
    for straggler in grace.join_threads(threads) {
        tracing::warn!("{straggler}");
    }
    tasks.close();
    if runtime.block_on(async { grace.finish(tasks.wait()).await }).is_none() {
        tracing::warn!(tasks = tasks.len(), "some connections or requests were cut off");
    }
}

/// SIGHUP and SIGUSR1, which would end the process if nobody listened: the terminal may go (CoreDNS ignores that too),
/// and who asks for the Corefile to be read again is told that a restart is needed.
fn other_signals() -> io::Result<impl Future<Output = ()> + Send> {
    let (mut hangup, mut user) = (signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?);
    Ok(async move {
        loop {
            tokio::select! {
                _ = hangup.recv() => tracing::debug!("SIGHUP ignored"),
                _ = user.recv() => tracing::warn!("SIGUSR1: reading the Corefile again is not supported yet; restart"),
            }
        }
    })
}
