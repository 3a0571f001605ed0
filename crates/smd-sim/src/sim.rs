//! The running simulator: its cluster, its faults, what it has been asked. Cheap to clone; all clones are one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::http::Method;
use smd_cache::MacAddr;
use tokio::sync::watch;

use crate::bss::history::History;
use crate::bss::script;
use crate::cluster::Cluster;
use crate::cluster::edit::{Change, ChangeError};
use crate::fault::table::{Refusal, Table};
use crate::fault::{Fault, FaultError, FaultKind};
use crate::reply::Reply;
use crate::settings::Settings;
use crate::tokensmith::{Knobs, TokenSmithState, Tokens};
use crate::view::View;

/// A simulated SMD and BSS. Bind a listener and give it to [`Sim::serve`].
#[derive(Clone)]
pub struct Sim(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    state: Mutex<State>,
    faults: Mutex<Table>,
    requests: Mutex<BTreeMap<String, u64>>,
    history: History,
    tokens: Tokens,
    refusal: watch::Sender<Option<Refusal>>,
    listening: watch::Sender<Option<bool>>,
}

struct State {
    cluster: Arc<Cluster>,
    /// Made when somebody asks.
    view: Option<Arc<View>>,
}

impl Sim {
    /// A simulator with default settings: BSS in SQL mode, no token.
    pub fn new(cluster: Cluster) -> Self {
        Self::with_settings(cluster, Settings::default())
    }

    /// A simulator with these settings.
    pub fn with_settings(cluster: Cluster, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let tokens = Tokens::new(settings.tokensmith.as_ref());
        let state = Mutex::new(State { cluster: Arc::new(cluster), view: None });
        Self(Arc::new(Inner {
            settings,
            state,
            faults: Mutex::default(),
            requests: Mutex::default(),
            history: History::default(),
            tokens,
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
        *state = State { cluster: Arc::new(cluster), view: None };
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

    /// TokenSmith as it is; no token is among it.
    pub fn tokensmith(&self) -> TokenSmithState {
        self.0.tokens.state()
    }

    /// Turns TokenSmith's knobs.
    pub fn set_tokensmith(&self, knobs: Knobs) {
        self.0.tokens.set_knobs(knobs);
    }

    /// One more bootstrap token that is good once.
    pub fn add_bootstrap_token(&self, token: impl Into<String>) {
        self.0.tokens.add_bootstrap(token.into());
    }

    /// Ends all access tokens and refresh tokens.
    pub fn revoke_tokens(&self) {
        self.0.tokens.revoke();
    }

    /// Counts a request.
    pub(crate) fn count(&self, method: &Method, pattern: &str) {
        *lock(&self.0.requests).entry(format!("{method} {pattern}")).or_default() += 1;
    }

    /// The fault in force on a path.
    pub(crate) fn fault_on(&self, path: &str) -> Option<FaultKind> {
        lock(&self.0.faults).on(path, instant()).map(|active| active.kind())
    }

    /// What to answer from on a path: the view as it is, or what a fault makes of it.
    pub(crate) fn view_on(&self, path: &str) -> Arc<View> {
        let degraded = lock(&self.0.faults)
            .on(path, instant())
            .and_then(|active| active.degraded(&self.cluster(), &self.0.settings));
        degraded.unwrap_or_else(|| self.view())
    }

    /// The view without any fault.
    pub(crate) fn view(&self) -> Arc<View> {
        let mut state = lock(&self.0.state);
        let State { cluster, view } = &mut *state;
        Arc::clone(
            view.get_or_insert_with(|| Arc::new(View::new(Cluster::clone(cluster), Arc::clone(&self.0.settings)))),
        )
    }

    /// Lets a request change the rows in place: a copy is made only where somebody still holds the old ones.
    pub(crate) fn write(&self, writer: impl FnOnce(&mut Cluster) -> Reply) -> Reply {
        let mut state = lock(&self.0.state);
        state.view = None;
        writer(Arc::make_mut(&mut state.cluster))
    }

    /// What the services were started with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// TokenSmith's tokens.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// What BSS remembers of the scripts that it gave.
    pub(crate) fn history(&self) -> &History {
        &self.0.history
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

#[expect(clippy::disallowed_methods, reason = "[IO] faults end by the clock")]
fn instant() -> Instant {
    Instant::now()
}

/// A panic of a caller's closure leaves the state as it was, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
