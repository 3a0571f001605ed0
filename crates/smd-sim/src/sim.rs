//! The running simulator: its cluster, its faults, what it has been asked. Cheap to clone; all clones are one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::http::Method;
use smd_cache::MacAddr;
use tokio::sync::watch;

use crate::bss::script;
use crate::cluster::Cluster;
use crate::cluster::edit::{Change, ChangeError};
use crate::fault::table::{Refusal, Table};
use crate::fault::{Fault, FaultError, FaultKind};
use crate::settings::Settings;
use crate::view::View;

/// A simulated SMD and BSS. Bind a listener and give it to [`Sim::serve`].
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    state: Mutex<State>,
    faults: Mutex<Table>,
    requests: Mutex<BTreeMap<String, u64>>,
    refusal: watch::Sender<Option<Refusal>>,
    listening: watch::Sender<Option<bool>>,
}

struct State {
    cluster: Arc<Cluster>,
    view: Arc<View>,
}

impl Sim {
    /// A simulator with default settings: BSS in SQL mode, no token.
    pub fn new(cluster: Cluster) -> Self {
        Self::with_settings(cluster, Settings::default())
    }

    /// A simulator with these settings.
    pub fn with_settings(cluster: Cluster, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let state = Mutex::new(State::new(cluster, &settings));
        Self(Arc::new(Inner {
            settings,
            state,
            faults: Mutex::default(),
            requests: Mutex::default(),
            refusal: watch::Sender::new(None),
            listening: watch::Sender::new(None),
        }))
    }

    /// The cluster as it is now, rows in the order they were declared.
    pub fn cluster(&self) -> Arc<Cluster> {
        Arc::clone(&lock(&self.0.state).cluster)
    }

    /// Changes the cluster in any way; the next request sees the whole change. The closure gets the time, for rows
    /// that want one.
    #[expect(clippy::disallowed_methods, reason = "[IO] rows are stamped with the time of the change")]
    pub fn change<R>(&self, edit: impl FnOnce(&mut Cluster, SystemTime) -> R) -> R {
        let mut state = lock(&self.0.state);
        let mut cluster = Cluster::clone(&state.cluster);
        let result = edit(&mut cluster, SystemTime::now());
        *state = State::new(cluster, &self.0.settings);
        result
    }

    /// Makes a list of changes, all or none.
    ///
    /// # Errors
    /// If one of them names something that is not there.
    pub fn apply(&self, changes: &[Change]) -> Result<(), ChangeError> {
        self.change(|cluster, now| {
            let mut changed = cluster.clone();
            changes.iter().try_for_each(|change| changed.apply(change, now))?;
            *cluster = changed;
            Ok(())
        })
    }

    /// The boot script that BSS gives to a known node asking by this MAC; `None` if BSS would call it unknown.
    pub fn boot_script(&self, mac: MacAddr) -> Option<String> {
        script::of_known_mac(&self.view(), &mac.to_string())
    }

    /// Replaces all faults. Those with a duration end by themselves.
    ///
    /// # Errors
    /// If a fault makes no sense, or two have the same path; then nothing has changed.
    pub fn set_faults(&self, faults: Vec<Fault>) -> Result<(), FaultError> {
        let table = Table::new(faults, instant())?;
        self.0.refusal.send_replace(table.refusal());
        *lock(&self.0.faults) = table;
        Ok(())
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.0.refusal.send_replace(None);
        *lock(&self.0.faults) = Table::default();
    }

    /// The faults in force; a duration is what is left of it.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.0.faults).list(instant())
    }

    /// Waits until the listener is as the faults want it: closed if connections are to be refused, else open. Returns
    /// at once if nobody serves.
    pub async fn settled(&self) {
        let mut listening = self.0.listening.subscribe();
        let refusing = self.0.refusal.borrow().is_some();
        // an error means that the sender is gone, and we hold it
        let _ = listening.wait_for(|open| open.is_none_or(|open| open != refusing)).await;
    }

    /// How often each route has been asked, by method and path pattern: `GET /hsm/v2/State/Components/{xname}`.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        lock(&self.0.requests).clone()
    }

    /// Starts to count anew.
    pub fn reset_requests(&self) {
        lock(&self.0.requests).clear();
    }

    /// Counts a request.
    pub(crate) fn count(&self, method: &Method, pattern: &str) {
        *lock(&self.0.requests).entry(format!("{method} {pattern}")).or_default() += 1;
    }

    /// The fault in force on a path, and what to answer from: the view as it is, or what the fault makes of it.
    pub(crate) fn fault_and_view(&self, path: &str) -> (Option<FaultKind>, Arc<View>) {
        let (cluster, view) = {
            let state = lock(&self.0.state);
            (Arc::clone(&state.cluster), Arc::clone(&state.view))
        };
        match lock(&self.0.faults).on(path, instant()) {
            None => (None, view),
            Some(active) => {
                let degraded = active.degraded(&cluster, &self.0.settings);
                (Some(active.kind()), degraded.unwrap_or(view))
            }
        }
    }

    /// The view without any fault.
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&lock(&self.0.state).view)
    }

    /// Follows whether connections are to be refused.
    pub(crate) fn refusals(&self) -> watch::Receiver<Option<Refusal>> {
        self.0.refusal.subscribe()
    }

    /// Ends a refusal whose time is over.
    pub(crate) fn end_refusal(&self) {
        lock(&self.0.faults).forget_refusal();
        self.0.refusal.send_replace(None);
    }

    /// Tells [`Sim::settled`] whether the listener is open; `None`: nobody serves.
    pub(crate) fn set_listening(&self, open: Option<bool>) {
        self.0.listening.send_replace(open);
    }
}

impl State {
    fn new(cluster: Cluster, settings: &Arc<Settings>) -> Self {
        let view = Arc::new(View::new(cluster.clone(), Arc::clone(settings)));
        Self { cluster: Arc::new(cluster), view }
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] faults end by the clock")]
fn instant() -> Instant {
    Instant::now()
}

/// A panic of a caller's closure leaves the state as it was, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
