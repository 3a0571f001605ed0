//! \[IO\] The server: sockets, threads, polling, HTTP, signals. What is said to a query is decided elsewhere
//! ([`crate::handle`]).
//!
//! ```text
//! listen ─▶ udp   threads × SO_REUSEPORT, batches in and out ─┐       Post ─▶ Service ─▶ handle, then count and log
//!        └▶ tcp   one task a connection                       ├────────┘ ▲ a new one, swapped in whole
//!                                                             │          │
//! sources ──Snapshot──▶ Publisher ──Catalog────────────────────┴──────────┤
//! Corefile ─▶ Config ─▶ Site: prepare, commit ────────────────────────────┘
//! ```

mod admin;
mod chains;
mod edge;
mod journal;
mod listen;
pub mod local_files;
mod panics;
mod probe;
mod publish;
mod reload;
mod service;
mod site;
mod sources;
mod tcp;
mod transfer;
mod udp;

pub use reload::{Reading, tell};
pub use sources::{Unpolled, open as open_sources};

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use serve::drain::{Grace, Stop};
use serve::telemetry::Telemetry;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_util::task::TaskTracker;
use tracing::level_filters::LevelFilter;

use crate::config::Config;
use crate::forward::SetupError;
use edge::Edge;
use journal::Journal;
use reload::{Reloads, next_look, reload};
use site::{Prepared, Site};

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
    /// A `forward` whose files cannot be used.
    #[error("forward: {0}")]
    Forward(#[from] SetupError),
    /// An upstream sends our queries back to us.
    #[error("loop: an upstream of zone {0} sends our queries back to this server; see `forward` of that zone")]
    Loop(String),
    /// The system gives us no threads, descriptors or signals.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// A server that is bound to its sockets and not answering yet.
pub struct Server {
    runtime: Runtime,
    tasks: TaskTracker,
    site: Site,
    prepared: Prepared,
    reloads: Reloads,
    banner: String,
    failures: UnboundedReceiver<ServerError>,
}

/// What makes a running server do something beside answering.
enum Event {
    /// SIGTERM or SIGINT.
    End,
    /// Something cannot go on.
    Failed(ServerError),
    /// SIGUSR1: the Corefile is to be read again.
    Reload,
    /// It is time to look whether the Corefile has changed.
    Look,
}

impl Server {
    /// Binds every socket. `sources` are the opened inventories of the configuration.
    pub fn bind(config: Config, sources: Vec<Unpolled>) -> Result<Self, ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("coresmd-dns").build()?;
        let (failed, failures) = mpsc::unbounded_channel();
        let edge = Edge::new(Journal::to_stdout(), runtime.handle().clone());
        let (tasks, reloads, banner) = (edge.tasks.clone(), Reloads::default(), banner(&config));
        let site = Site::new(edge, reloads.clone(), failed);
        let prepared = {
            let _inside = runtime.enter();
            site.prepare(config, sources)?
        };
        Ok(Self { runtime, tasks, site, prepared, reloads, banner, failures })
    }

    /// The zones and ports that are served, one a line, as CoreDNS prints them when it starts.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// Answers until SIGTERM or SIGINT, or until a socket fails. `read` reads the Corefile again, `digest` is that of the
    /// one that is served first.
    pub fn run(self, digest: String, read: &dyn Fn() -> Reading, telemetry: &Telemetry) -> Result<(), ServerError> {
        let Self { runtime, tasks, mut site, prepared, reloads, mut failures, .. } = self;
        panics::log_them();
        let signals = Stop::on_signals()?;
        let mut user = {
            let _inside = runtime.enter();
            runtime.spawn(ignore_hangups()?);
            site.commit(prepared)?;
            signal(SignalKind::user_defined1())?
        };
        reloads.serving(&digest);
        let mut seen = digest;
        let ended = loop {
            adjust(site.config(), telemetry);
            let event = runtime.block_on(next_event(site.config(), &signals, &mut failures, &mut user));
            let forced = match event {
                Event::End => break Ok(()),
                Event::Failed(error) => break Err(error),
                Event::Reload => true,
                Event::Look => false,
            };
            let reading = read();
            if !forced && reading.digest == seen {
                continue;
            }
            // a Corefile that cannot be served is told about once, not each time that it is looked at
            reading.digest.clone_into(&mut seen);
            if let Err(error) = reload(&mut site, reading, &reloads, &runtime) {
                break Err(error);
            }
        };
        site.drain();
        if ended.is_ok() {
            let lameduck = lameduck(site.config());
            runtime.block_on(async { tokio::time::sleep(lameduck).await });
        }
        finish(&runtime, site.end(), &tasks);
        ended
    }
}

/// Waits for what happens next.
async fn next_event(
    config: &Config,
    signals: &Stop,
    failures: &mut UnboundedReceiver<ServerError>,
    user: &mut Signal,
) -> Event {
    let looks = config.blocks.iter().filter_map(|block| block.rules.reload).min_by_key(|reload| reload.interval);
    let look = async {
        match looks {
            Some(reload) => tokio::time::sleep(next_look(reload)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = signals.wait() => Event::End,
        Some(error) = failures.recv() => Event::Failed(error),
        Some(()) = user.recv() => Event::Reload,
        () = look => Event::Look,
    }
}

/// The lines that CoreDNS prints when it starts.
fn banner(config: &Config) -> String {
    let keys = config.blocks.iter().flat_map(|block| &block.keys);
    let lines = keys.map(|key| format!("{}:{}\n", key.zone, key.port)).collect::<Vec<_>>().concat();
    format!("{lines}coresmd-dns-{}\n", env!("CARGO_PKG_VERSION"))
}

/// Does what a configuration says about the process as a whole: `debug`, and `stacktrace` of `errors`.
fn adjust(config: &Config, telemetry: &Telemetry) {
    let debug = config.blocks.iter().any(|block| block.rules.debug);
    telemetry.set_level(if debug { LevelFilter::DEBUG } else { LevelFilter::INFO });
    panics::with_stacktrace(config.blocks.iter().flat_map(|block| &block.errors).any(|errors| errors.stacktrace));
}

/// How long answering goes on after the signal: the longest that a `health` asks for.
fn lameduck(config: &Config) -> Duration {
    let health = config.blocks.iter().filter_map(|block| block.health);
    health.map(|health| health.lameduck).max().unwrap_or_default()
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

/// SIGHUP, which would end the process if nobody listened: the terminal may go, as with CoreDNS.
fn ignore_hangups() -> io::Result<impl Future<Output = ()> + Send> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            tracing::debug!("SIGHUP ignored");
        }
    })
}
