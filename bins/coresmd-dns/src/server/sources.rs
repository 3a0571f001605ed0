//! \[IO\] The inventories at work: what polls them, and what they said last. They outlive the configurations that read
//! them, so that a reload does not begin without names.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serve::findings::{Finding, Findings, Severity};
use smd_cache::Snapshot;
use smd_cache::refresh::{Refresher, SourceConfig};
use smd_cache::state::StateHandle;
use smd_cache::token::{Secret, TokenConfig};
use tokio_util::sync::CancellationToken;

use super::edge::Edge;
use super::publish::Publisher;
use crate::config::{Config, Source};
use crate::metrics::Served;

/// An inventory that is polled.
pub(super) struct Inventory {
    /// What it is.
    pub(super) source: Source,
    /// How it is doing.
    pub(super) state: StateHandle,
    /// How much of it is served.
    pub(super) served: Arc<Served>,
    latest: ArcSwapOption<Snapshot>,
    stop: CancellationToken,
}

/// An inventory that is not polled yet.
pub struct Unpolled {
    source: Source,
    refresher: Refresher,
}

/// Opens the inventories of a configuration: reads their CA, token and snapshot files. Each that cannot be opened is a
/// finding.
pub fn open(config: &Config, findings: &mut Findings) -> Vec<Unpolled> {
    open_some(&config.sources, findings)
}

/// Opens the inventories that `running` does not have.
pub(super) fn open_missing(config: &Config, running: &[Arc<Inventory>], findings: &mut Findings) -> Vec<Unpolled> {
    let missing = config.sources.iter().filter(|source| running.iter().all(|known| known.source != **source));
    open_some(missing, findings)
}

fn open_some<'c>(sources: impl IntoIterator<Item = &'c Source>, findings: &mut Findings) -> Vec<Unpolled> {
    let open = |source: &Source| {
        let opened = match source.ca_cert.as_ref().filter(|file| !file.exists()) {
            Some(missing) => Err(format!("CA file {}: there is no such file", missing.display())),
            None => Refresher::new(settings(source)).map_err(|error| error.to_string()),
        };
        opened.map(|refresher| Unpolled { source: source.clone(), refresher }).map_err(|message| {
            let span = &source.span.0;
            let file = span.file.display().to_string();
            let finding = Finding::new(Severity::Error, file, span.line, span.column, message).length("coresmd".len());
            findings.push(finding.help("the files and the URL of `coresmd` must be usable when the server starts"));
        })
    };
    sources.into_iter().map(open).filter_map(Result::ok).collect()
}

fn settings(source: &Source) -> SourceConfig {
    SourceConfig {
        inventory_file: source.inventory.clone(),
        smd_ca: source.ca_cert.clone(),
        token_file: source.token_file.clone(),
        token: source.token.clone().map(|token| token.with_bootstrap_token(bootstrap_token())),
        transport: source.transport.clone(),
        interval: source.cache_duration,
        snapshot_file: source.snapshot_file.clone(),
        ..SourceConfig::new(source.smd_url.clone())
    }
}

impl Inventory {
    /// Begins to poll; each new snapshot goes to `publisher`.
    pub(super) fn start(unpolled: Unpolled, publisher: &Arc<Publisher>, edge: &Edge) -> Arc<Self> {
        let Unpolled { source, refresher } = unpolled;
        let inventory = Arc::new(Self {
            source,
            state: refresher.state(),
            served: Arc::default(),
            latest: ArcSwapOption::empty(),
            stop: CancellationToken::new(),
        });
        let (polled, publisher) = (Arc::clone(&inventory), Arc::clone(publisher));
        let stop = inventory.stop.clone().cancelled_owned();
        let polling = async move {
            let publish = |snapshot: &Arc<Snapshot>| {
                polled.latest.store(Some(Arc::clone(snapshot)));
                publisher.publish(&polled);
            };
            refresher.run(publish, stop).await;
        };
        edge.tasks.spawn_on(polling, &edge.runtime);
        inventory
    }

    /// The snapshot of the moment; `None` before the first good one.
    pub(super) fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.load_full()
    }

    /// Whether another tells of the same machines: it may be read in another way.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.source.name() == other.source.name()
    }

    /// Ends the polling.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }
}

/// The original's variable.
#[expect(clippy::disallowed_methods, reason = "an IO room: the bootstrap token is in the environment and nowhere else")]
fn bootstrap_token() -> Option<Secret> {
    let token = std::env::var(TokenConfig::BOOTSTRAP_VARIABLE).ok()?;
    Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new)
}
