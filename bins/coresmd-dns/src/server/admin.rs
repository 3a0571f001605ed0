//! \[IO\] Health, readiness and metrics, at the addresses of their directives (facts, coredhcp-coredns §B5,
//! coresmd-plugins §7).

mod pulse;

pub(super) use pulse::{Pulse, check};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use prometheus_client::registry::Registry;
use serve::admin::{Metrics, Ready, health, run};
use smd_cache::state::StateHandle;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::ServerError;
use super::edge::Edge;
use super::local_files::LocalFiles;
use super::publish::Publisher;
use crate::config::{Config, HttpAddress};

/// An HTTP address with its socket. It outlives the configurations that want it.
pub(super) struct Endpoint {
    /// The address.
    pub(super) address: HttpAddress,
    /// Until it is served.
    listener: Option<TcpListener>,
    /// What is shown there at present.
    router: Arc<ArcSwap<Router>>,
    stop: CancellationToken,
}

/// What an HTTP address shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shows {
    /// `/health`.
    health: bool,
    /// `/ready`: at its own address, and at that of health, where Kubernetes looks for both.
    ready: bool,
    /// `/metrics`.
    metrics: bool,
}

/// What readiness depends on.
#[derive(Clone)]
pub(super) struct Readiness {
    /// The inventories.
    pub(super) publisher: Arc<Publisher>,
    /// Their states, for the details.
    pub(super) states: Vec<(String, StateHandle)>,
    /// The local files: what is wrong with them is a detail too.
    pub(super) files: Arc<LocalFiles>,
    /// Set when the server is about to end.
    pub(super) draining: Arc<AtomicBool>,
}

/// Binds an address. Must be called within the runtime.
pub(super) fn bind(address: HttpAddress) -> Result<Endpoint, ServerError> {
    let failed = |source| ServerError::Bind { address: address.socket().to_string(), protocol: "http", source };
    let listener = Some(listen(address).map_err(failed)?);
    Ok(Endpoint { address, listener, router: Arc::default(), stop: CancellationToken::new() })
}

impl Endpoint {
    /// Shows this from now on; begins to serve if it does not yet.
    pub(super) fn show(&mut self, shows: Shows, readiness: &Readiness, registry: &Arc<RwLock<Registry>>, edge: &Edge) {
        let mut router = Router::new();
        if shows.health {
            router = router.merge(health("/health", "OK"));
        }
        if shows.ready {
            router = router.merge(readiness.clone().ready().route("/ready"));
        }
        if shows.metrics {
            router = router.merge(Metrics::new(Arc::clone(registry)).route("/metrics"));
        }
        self.router.store(Arc::new(router));
        let Some(listener) = self.listener.take() else { return };
        let (current, stop) = (Arc::clone(&self.router), self.stop.clone());
        let whatever = any(move |request: Request| {
            let router = Router::clone(&current.load());
            async move { router.oneshot(request).await }
        });
        let whatever = Router::new().route("/", whatever.clone()).route("/{*path}", whatever);
        let serving = async move {
            if let Err(error) = run(listener, whatever, stop.cancelled_owned()).await {
                tracing::error!(%error, "HTTP ended");
            }
        };
        edge.tasks.spawn_on(serving, &edge.runtime);
    }

    /// Ends serving.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Readiness {
    /// CoreDNS's words: `OK`, or the directives that are not ready.
    fn ready(self) -> Ready {
        let Self { publisher, states, files, draining } = self;
        let reasons = move || {
            let ending = draining.load(Ordering::Relaxed).then_some("lameduck");
            let waiting = (!publisher.is_ready()).then_some("coresmd");
            ending.into_iter().chain(waiting).map(str::to_owned).collect()
        };
        let details = move || {
            let inventories = states.iter().map(|(url, state)| detail(url, state));
            inventories.chain(files.problems()).collect()
        };
        Ready::new(reasons).words("OK", ",").details(details)
    }
}

/// A line about an inventory.
fn detail(url: &str, state: &StateHandle) -> String {
    let state = state.load();
    let (interfaces, components) = (state.counts.interfaces, state.counts.components);
    let stale = if state.stale { ", not confirmed by the last poll" } else { "" };
    let failure = state.last_failure.as_deref().map_or_else(String::new, |text| format!("; last failure: {text}"));
    let token = state.token.as_ref().map_or_else(String::new, |token| format!("; {token}"));
    format!("{url}: {interfaces} interfaces, {components} components{stale}{failure}{token}")
}

/// What is shown where.
pub(super) fn plan(config: &Config) -> BTreeMap<HttpAddress, Shows> {
    let mut plan: BTreeMap<HttpAddress, Shows> = BTreeMap::new();
    for block in &config.blocks {
        if let Some(health) = block.health {
            let shows = plan.entry(health.address).or_default();
            (shows.health, shows.ready) = (true, true);
        }
        if let Some(address) = block.ready {
            plan.entry(address).or_default().ready = true;
        }
        if let Some(address) = block.prometheus {
            plan.entry(address).or_default().metrics = true;
        }
    }
    plan
}

/// Listens on an address; `[::]` takes IPv4 too, and where there is no IPv6, it is 0.0.0.0.
fn listen(address: HttpAddress) -> std::io::Result<TcpListener> {
    let mut socket_address = address.socket();
    let socket = match Socket::new(Domain::for_address(socket_address), Type::STREAM, None) {
        Err(_) if address.ip.is_none() => {
            socket_address = ([0, 0, 0, 0], address.port).into();
            Socket::new(Domain::IPV4, Type::STREAM, None)?
        }
        socket => socket?,
    };
    if socket_address.is_ipv6() {
        socket.set_only_v6(address.ip.is_some())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&socket_address.into())?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    #[test]
    fn addresses_may_be_shared_and_ready_is_beside_health() {
        let text = ". {\n health :1\n ready :2\n prometheus :1\n}\na {\n health :1\n ready 127.0.0.1:2\n}\n";
        let shown: Vec<_> = plan(&config(text)).into_iter().map(|(a, s)| (a.socket().to_string(), s)).collect();
        let shows = |health, ready, metrics| Shows { health, ready, metrics };
        assert_eq!(
            shown,
            [
                ("[::]:1".to_owned(), shows(true, true, true)),
                ("[::]:2".to_owned(), shows(false, true, false)),
                ("127.0.0.1:2".to_owned(), shows(false, true, false)),
            ]
        );
    }
}
