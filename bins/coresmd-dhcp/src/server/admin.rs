//! \[IO\] The admin port: /healthz, /readyz, /metrics.

use std::future::Future;
use std::sync::{Arc, RwLock};

use axum::Router;
use prometheus_client::registry::Registry;
use serve::admin::{self, Ready};
use smd_cache::state::{CacheState, StateHandle};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::ServerError;
use super::leases::Leases;
use super::troubles::Troubles;
use crate::config;

/// A bound admin port.
pub(super) struct Admin {
    listener: TcpListener,
    router: Router,
}

impl Admin {
    /// Binds the port. The server is ready while there is an inventory, if `state` is that of one, and no trouble. Not to
    /// get the default port is a warning: another server on this machine may have it.
    #[expect(clippy::disallowed_methods, reason = "this room binds the admin port")]
    pub(super) fn bind(
        runtime: &Runtime,
        config: &config::Admin,
        registry: Arc<RwLock<Registry>>,
        state: Option<StateHandle>,
        leases: Option<Arc<Leases>>,
        troubles: Troubles,
    ) -> Result<Option<Self>, ServerError> {
        let address = config.listen;
        let details = state.clone();
        let warnings = move || {
            let leases = leases.as_ref().map(|leases| leases.warnings()).unwrap_or_default();
            [leases, troubles.list()].concat()
        };
        let ready = Ready::new(move || state.as_ref().map(|state| reasons(&state.load())).unwrap_or_default())
            .warnings(warnings)
            .details(move || details.as_ref().map(|state| describe(&state.load())).unwrap_or_default());
        let router = admin::router(ready, admin::Metrics::new(registry));
        match runtime.block_on(TcpListener::bind(address)) {
            Ok(listener) => {
                tracing::info!(address = %listener.local_addr().unwrap_or(address), "admin port");
                Ok(Some(Self { listener, router }))
            }
            Err(source) if config.required => Err(ServerError::Admin { address, source }),
            Err(error) => {
                tracing::warn!(%address, %error, "no admin port: set `admin: {{listen: …}}` to have one");
                Ok(None)
            }
        }
    }

    /// Serves until `shutdown`.
    pub(super) async fn run(self, shutdown: impl Future<Output = ()>) {
        if let Err(error) = admin::run(self.listener, self.router, shutdown).await {
            tracing::error!(%error, "the admin port failed");
        }
    }
}

/// Why the server answers nobody. An old inventory is no reason: known nodes keep their addresses.
fn reasons(state: &CacheState) -> Vec<String> {
    if state.fetched_at.is_some() {
        return Vec::new();
    }
    let failure = state.last_failure.as_deref().unwrap_or("SMD has not been asked yet");
    vec![format!("no inventory yet: {failure}")]
}

/// What else is known of the inventory.
fn describe(state: &CacheState) -> Vec<String> {
    let counts = &state.counts;
    let mut lines = vec![
        format!("hosts: {} of {} interfaces, {} rejected", counts.hosts, counts.interfaces, state.rejected.len()),
        format!(
            "polls: {}, unchanged: {}, stale: {}, from disk: {}",
            state.polls, state.unchanged, state.stale, state.from_disk
        ),
    ];
    lines.extend(state.token.iter().map(ToString::to_string));
    lines.extend(state.failing.iter().map(|failure| format!("failing: {}", failure.text)));
    lines.extend(state.held_back.map(|held| format!("held back: {} hosts instead of {}", held.offered, held.now)));
    lines
}
