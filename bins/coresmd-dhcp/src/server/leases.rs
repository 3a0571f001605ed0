//! \[IO\] The pool with its lease file: read at the start, kept in step by the writer's thread, closed at the end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::v4::{Outbox, Waiting};
use super::{ServerError, system};
use crate::policy::PoolSettings;
use crate::pool::store::{Loaded, SetAside, Sqlite, Store, StoreError};
use crate::pool::{Pool, Progress, Restored, Stopped, Usage, Writer};
use crate::v4::{Lease, Lender};

/// How long a lease may be over before the lease file knows.
const PERIOD: Duration = Duration::from_secs(1);
/// Rows that are logged one by one; of more, only their number.
const ROWS: usize = 20;

/// The pool of the configuration.
#[derive(Debug)]
pub(super) struct Leases {
    pool: Mutex<Pool>,
    writer: Writer<Waiting>,
    file: PathBuf,
    set_aside: Option<SetAside>,
}

impl Leases {
    /// Opens the lease file and takes its leases in. Replies whose leases are durable go to `outbox`.
    pub(super) fn open(settings: &PoolSettings, outbox: Arc<Outbox>) -> Result<Self, ServerError> {
        let (mut store, set_aside) = Sqlite::open(&settings.file, now())?;
        if let Some(set_aside) = &set_aside {
            tracing::error!("{set_aside}");
        }
        let mut pool = settings.empty();
        let Loaded { records, unreadable } = store.load()?;
        let restored = pool.restore(records, now());
        log(&settings.file.display(), &restored, &unreadable);
        let mut failing = false;
        let complete = move |written: Result<(), &StoreError>, waiting: Vec<Waiting>| match written {
            Ok(()) => {
                if failing {
                    tracing::info!("leases are written again");
                }
                failing = false;
                outbox.release(waiting);
            }
            Err(error) => {
                if !failing {
                    tracing::error!(%error, "leases cannot be written: their clients are not answered");
                }
                failing = true;
                outbox.give_up(&waiting);
            }
        };
        let writer = Writer::start(store, complete).map_err(system("start a thread"))?;
        // The thread has just been started: it takes them.
        let _ = writer.submit(restored.changes, None);
        Ok(Self { pool: Mutex::new(pool), writer, file: settings.file.clone(), set_aside })
    }

    /// The pool for one message.
    pub(super) fn lender(&self) -> Lender<'_> {
        Lender { pool: &self.pool, backlog: self.writer.backlog(), now: now() }
    }

    /// Has changes written, and then `waiting` sent; unlocks the pool.
    pub(super) fn submit(&self, mut lease: Lease<'_>, waiting: Option<Waiting>) -> Result<(), Stopped> {
        self.writer.submit(std::mem::take(&mut lease.changes), waiting)
    }

    /// Ends what has run out, until the task is dropped.
    pub(super) async fn expire(&self) {
        let mut ticks = tokio::time::interval(PERIOD);
        loop {
            ticks.tick().await;
            let mut pool = self.lock();
            let changes = pool.expire(now());
            if self.writer.submit(changes, None).is_err() {
                return;
            }
        }
    }

    /// Writes what is queued, sends what waits for it, and closes the lease file.
    pub(super) fn close(&self) {
        if let Err(error) = self.writer.close() {
            tracing::error!(%error, "the lease file could not be closed");
        }
    }

    /// How full the pool is, range by range.
    pub(super) fn usage(&self) -> Vec<Usage> {
        self.lock().usage().collect()
    }

    /// How many submissions are not written yet.
    pub(super) fn backlog(&self) -> usize {
        self.writer.backlog()
    }

    /// How the writer is doing.
    pub(super) fn progress(&self) -> &Progress {
        self.writer.progress()
    }

    /// Whether the lease file was corrupt, so that leases are forgotten.
    pub(super) fn lost_leases(&self) -> bool {
        self.set_aside.is_some()
    }

    /// What whoever asks for readiness must be told, although the server answers.
    pub(super) fn warnings(&self) -> Vec<String> {
        let failing = self.progress().is_failing().then(|| {
            format!("leases cannot be written to {}: clients of the pool are not answered", self.file.display())
        });
        self.set_aside.iter().map(ToString::to_string).chain(failing).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pool> {
        // As in the corridor: the pool's own code does not panic.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs what came of the rows of the lease file.
fn log(file: &dyn std::fmt::Display, restored: &Restored, unreadable: &[crate::pool::store::Unreadable]) {
    let Restored { bound, expired, superseded, outside, .. } = restored;
    tracing::info!(%file, bound, expired, superseded, "leases");
    for row in unreadable.iter().take(ROWS) {
        tracing::warn!(%file, "{row}");
    }
    for record in outside.iter().take(ROWS) {
        let (client, address) = (&record.client, record.address);
        tracing::warn!(%file, %client, %address, "no range of the configuration has the address of this lease");
    }
    let more = unreadable.len().saturating_sub(ROWS) + outside.len().saturating_sub(ROWS);
    if more > 0 {
        tracing::warn!(%file, rows = more, "more rows of the lease file are of no use");
    }
}

#[expect(clippy::disallowed_methods, reason = "this room gives the pool its time")]
fn now() -> SystemTime {
    SystemTime::now()
}
