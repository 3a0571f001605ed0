//! Polls SMD and BSS, their successors, or files in their place, and publishes a snapshot whenever their content has changed. \[IO\]
//!
//! Each source is taken whole or not at all, and keeps its last good bodies while it fails; SMD's two collections are
//! one source. What is published never gets worse than what was: a failed poll changes nothing, and one that would lose
//! more than half of the hosts is held back ([`ShrinkGuard`]).

mod backoff;
mod config;
mod control;
mod guard;
mod sources;
mod store;

pub use crate::client::Timeouts;
pub use config::{BssSource, ShrinkPolicy, SourceConfig, StartError};
pub use control::Control;
pub use guard::ShrinkGuard;
pub use sources::{FileError, file_faults};
pub use store::{News, Offered, Outcome, Parts, SmdBodies, Store};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use crate::disk::{self, Saved};
use crate::handle::SnapshotHandle;
use crate::snapshot::Snapshot;
use crate::state::{CacheState, FailureKind, PartFailure, StateHandle};
use crate::token::{Keeper, TokenConfig, TokenState, TokenStatus};
use sources::Sources;

/// Keeps a [`SnapshotHandle`] up to date.
#[derive(Debug)]
pub struct Refresher {
    sources: Sources,
    keeper: Option<Keeper>,
    store: Store,
    interval: Duration,
    snapshot_file: Option<PathBuf>,
    handle: SnapshotHandle,
    control: Control,
    state: CacheState,
    state_handle: StateHandle,
    /// Polls that failed in a row.
    failed_polls: u32,
    /// The snapshot from disk and when it was fetched, until it is published.
    from_disk: Option<(Arc<Snapshot>, SystemTime)>,
}

impl Refresher {
    /// Reads the CA, token and snapshot files; sends nothing. A snapshot file that cannot be used is reported in the
    /// log and the state, and is no error: the service starts without it.
    ///
    /// # Errors
    /// [`StartError`] names the setting or the file at fault. A file that is a source may be at fault where the snapshot
    /// file has something to serve instead: then that is what is served, as later on.
    pub fn new(config: SourceConfig) -> Result<Self, StartError> {
        let keeper = config.token.as_ref().map(|token| {
            let token = TokenConfig { ca: token.ca.clone().or_else(|| config.smd_ca.clone()), ..token.clone() };
            Keeper::new(&token, &config.transport, config.timeouts.connect)
        });
        let keeper = keeper.transpose().map_err(StartError::Token)?;
        let sources = Sources::new(&config, keeper.as_ref().map(Keeper::handle).as_ref())?;
        let SourceConfig { inventory_file, boot_file, bss, groups, interval, snapshot_file, shrink, .. } = config;
        let boot = bss.is_some() || boot_file.is_some();
        let mut refresher = Self {
            sources,
            keeper,
            store: Store::new(bss.as_ref().map(|bss| bss.precedence).unwrap_or_default(), shrink),
            interval,
            snapshot_file,
            handle: SnapshotHandle::default(),
            control: Control::default(),
            state: CacheState { stale: true, ..CacheState::default() },
            state_handle: StateHandle::default(),
            failed_polls: 0,
            from_disk: None,
        };
        if let Some(file) = refresher.snapshot_file.clone() {
            match disk::load(&file) {
                Ok(None) => {}
                Ok(Some(mut saved)) => {
                    saved.parts.groups.take_if(|_| !(groups || boot || inventory_file.is_some()));
                    saved.parts.partitions.take_if(|_| !(groups || boot));
                    saved.parts.boot.take_if(|_| !boot);
                    refresher.start_from(&file, saved);
                }
                Err(error) => refresher.fail(FailureKind::Disk, &error.to_string()),
            }
        }
        if let Some(fault) = refresher.sources.file_fault().filter(|_| refresher.from_disk.is_none()) {
            return Err(StartError::File(fault.clone()));
        }
        refresher.state_handle.store(&refresher.state);
        refresher.keeper.iter().for_each(|keeper| refresher.state_handle.store_token(&keeper.handle().status()));
        Ok(refresher)
    }

    /// Where the current snapshot is found; empty before the first good one.
    pub fn handle(&self) -> SnapshotHandle {
        self.handle.clone()
    }

    /// Where the state is found.
    pub fn state(&self) -> StateHandle {
        self.state_handle.clone()
    }

    /// What can be asked of it while it runs.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Publishes the snapshot from disk, if there is one, then polls until `shutdown` completes. `on_publish` is called
    /// with each snapshot before it can be seen through the handle.
    pub async fn run(
        mut self,
        on_publish: impl Fn(&Arc<Snapshot>) + Send + Sync,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let keeping = keep(self.keeper.take(), self.state_handle.clone(), self.control.clone());
        let polling = async {
            if let Some((snapshot, fetched_at)) = self.from_disk.take() {
                self.state.fetched_at = Some(fetched_at);
                self.state.from_disk = true;
                self.publish(&snapshot, &on_publish);
                self.state_handle.store(&self.state);
            }
            loop {
                let started = now_instant();
                self.poll(&on_publish).await;
                self.state_handle.store(&self.state);
                self.wait(started).await;
            }
        };
        tokio::select! {
            () = polling => {}
            () = keeping => {}
            () = shutdown => {}
        }
    }

    /// Builds the snapshot of a file, to be published by [`Refresher::run`].
    fn start_from(&mut self, file: &Path, saved: Saved) {
        let offered = Offered {
            smd: saved.parts.smd.map_or(News::Unchanged, News::New),
            groups: saved.parts.groups.map_or(News::Unchanged, News::New),
            partitions: saved.parts.partitions.map_or(News::Unchanged, News::New),
            boot: saved.parts.boot.map_or(News::Unchanged, News::New),
        };
        let outcome = self.store.offer(offered);
        for error in &outcome.refused {
            self.fail(FailureKind::Disk, &format!("snapshot file {}: {error}", file.display()));
        }
        if let Some(snapshot) = outcome.fresh.clone() {
            self.take(outcome);
            self.from_disk = Some((snapshot, saved.fetched_at));
        }
    }

    /// One poll: fetch, read, build, publish, save.
    async fn poll(&mut self, on_publish: &(impl Fn(&Arc<Snapshot>) + Send + Sync)) {
        self.state.polls += 1;
        self.state.failing.clear();
        for fault in self.sources.reload().await {
            self.fail(FailureKind::Credentials, &fault.to_string());
        }
        if self.control.take_acceptance() {
            self.store.accept_shrink();
        }
        let fetched_at = now();
        let (offered, failures) = self.sources.fetch(self.store.parts()).await;
        for failure in failures {
            self.fail_part(failure);
        }
        let smd_failed = matches!(offered.smd, News::Failed);
        let Some(outcome) = self.offer(offered).await else { return };
        let confirmed = !smd_failed && outcome.held_back.is_none() && !outcome.refuses_smd();
        for error in &outcome.refused {
            self.fail_part(PartFailure {
                part: error.part,
                kind: sources::body_failure(&error.error),
                text: error.to_string(),
            });
        }
        self.failed_polls = if self.state.failing.is_empty() { 0 } else { self.failed_polls.saturating_add(1) };
        self.state.stale = !confirmed;
        if confirmed {
            self.state.fetched_at = Some(fetched_at);
            self.state.from_disk = false;
        }
        let fresh = outcome.fresh.clone();
        self.take(outcome);
        match fresh {
            Some(snapshot) => {
                self.publish(&snapshot, on_publish);
                self.save().await;
            }
            None if self.state.failing.is_empty() && confirmed => self.state.unchanged += 1,
            None => {}
        }
    }

    /// Reads and builds what a poll brought, off the async threads: it takes a tenth of a second at 30,000 interfaces.
    async fn offer(&mut self, offered: Offered) -> Option<Outcome> {
        if !offered.has_news() {
            return Some(self.store.offer(offered));
        }
        let mut store = self.store.clone();
        let built = spawn_blocking(move || {
            let outcome = store.offer(offered);
            (store, outcome)
        });
        match built.await {
            Ok((store, outcome)) => {
                self.store = store;
                Some(outcome)
            }
            Err(error) => {
                self.fail(FailureKind::Internal, &format!("the snapshot could not be built: {error}"));
                self.state.stale = true;
                self.failed_polls = self.failed_polls.saturating_add(1);
                None
            }
        }
    }

    /// Notes what an outcome says about what is served and what is held back.
    fn take(&mut self, outcome: Outcome) {
        self.state.held_back = outcome.held_back;
        self.state.boot_held_back = outcome.boot_held_back;
        self.control.set_holding(self.store.is_holding());
        if let Some(rejected) = outcome.rejected {
            self.state.rejected = rejected;
            self.state.boot_identifiers = self.store.boot_identifiers();
        }
    }

    fn publish(&mut self, snapshot: &Arc<Snapshot>, on_publish: &impl Fn(&Arc<Snapshot>)) {
        on_publish(snapshot);
        self.handle.store(Arc::clone(snapshot));
        self.state.counts = snapshot.counts();
        self.state.digest = Some(snapshot.digest());
    }

    /// Saves what is served, off the async threads.
    async fn save(&mut self) {
        let (Some(file), Some(fetched_at)) = (self.snapshot_file.clone(), self.state.fetched_at) else { return };
        let saved = Saved { fetched_at, parts: self.store.parts().clone() };
        match spawn_blocking(move || disk::save(&file, &saved)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(FailureKind::Disk, &error.to_string()),
            Err(error) => self.fail(FailureKind::Internal, &format!("the snapshot could not be saved: {error}")),
        }
    }

    /// Waits for the next poll: the interval (less while polls fail), or until somebody asks for one, or a file that is a
    /// source has changed.
    async fn wait(&self, started: Instant) {
        let due = started + backoff::next_poll(self.interval, self.failed_polls, rand::random());
        let not_before = started + self.interval.min(backoff::SHORTEST);
        tokio::select! {
            () = sleep_until(due) => {}
            () = self.control.asked() => sleep_until(not_before.min(due)).await,
            () = self.sources.changed() => {}
        }
    }

    fn fail_part(&mut self, failure: PartFailure) {
        self.fail(failure.kind, &failure.text);
        self.state.failing.push(failure);
    }

    fn fail(&mut self, kind: FailureKind, text: &str) {
        tracing::warn!(kind = kind.label(), "{text}");
        self.state.fail(kind, text);
    }
}

/// Keeps the token, if there is one to be kept. Once there is one, SMD is asked at once for what it has refused so far.
async fn keep(keeper: Option<Keeper>, state: StateHandle, control: Control) {
    let Some(keeper) = keeper else { return std::future::pending().await };
    let told = |status: &TokenStatus| {
        state.store_token(status);
        if status.state == TokenState::Valid && !state.load().failing.is_empty() {
            control.refresh_now();
        }
    };
    keeper.run(told).await;
}

fn now() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "an IO room: the time of a poll is read here and handed on")]
    SystemTime::now()
}

fn now_instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an IO room: polls are paced here")]
    Instant::now()
}
