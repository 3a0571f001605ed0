//! \[IO\] Health, readiness and metrics, at the addresses of their directives (facts, coredhcp-coredns §B5,
//! coresmd-plugins §7).

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use axum::Router;
use prometheus_client::registry::Registry;
use serve::admin::{Metrics, Ready, health, run};
use smd_cache::state::StateHandle;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

use super::ServerError;
use super::publish::Publisher;
use crate::config::{Config, HttpAddress};

/// An HTTP address with its socket and what is shown there.
pub(super) struct Bound {
    listener: TcpListener,
    shows: Shows,
}

/// What an HTTP address shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shows {
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
    /// Set when the server is about to end.
    pub(super) draining: Arc<AtomicBool>,
}

/// Binds the addresses of `health`, `ready` and `prometheus`. Must be called within the runtime.
pub(super) fn bind(config: &Config) -> Result<Vec<Bound>, ServerError> {
    let bind = |(address, shows): (HttpAddress, Shows)| {
        let failed = |source| ServerError::Bind { address: address.socket().to_string(), protocol: "http", source };
        listen(address).map(|listener| Bound { listener, shows }).map_err(failed)
    };
    plan(config).into_iter().map(bind).collect()
}

impl Bound {
    /// Serves until `shutdown`.
    pub(super) fn serve(
        self,
        readiness: &Readiness,
        registry: &Arc<RwLock<Registry>>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut router = Router::new();
        if self.shows.health {
            router = router.merge(health("/health", "OK"));
        }
        if self.shows.ready {
            router = router.merge(readiness.clone().ready().route("/ready"));
        }
        if self.shows.metrics {
            router = router.merge(Metrics::new(Arc::clone(registry)).route("/metrics"));
        }
        async move {
            if let Err(error) = run(self.listener, router, shutdown).await {
                tracing::error!(%error, "HTTP ended");
            }
        }
    }
}

impl Readiness {
    /// CoreDNS's words: `OK`, or the directives that are not ready.
    fn ready(self) -> Ready {
        let Self { publisher, states, draining } = self;
        let reasons = move || {
            let ending = draining.load(Ordering::Relaxed).then_some("lameduck");
            let waiting = (!publisher.is_ready()).then_some("coresmd");
            ending.into_iter().chain(waiting).map(str::to_owned).collect()
        };
        let details = move || states.iter().map(|(url, state)| detail(url, state)).collect();
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
fn plan(config: &Config) -> BTreeMap<HttpAddress, Shows> {
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
