//! `[IO]` Health, readiness and metrics over HTTP/1.
//!
//! Each is a route of its own, at the path that the caller names, so that a server can have them all on one port
//! ([`router`]) or, as `CoreDNS` has, on three. [`run`] serves a router on the caller's listener until the shutdown.

mod metrics;
mod problem;
mod ready;
mod server;

pub use metrics::Metrics;
pub use problem::problem;
pub use ready::Ready;
pub use server::run;

use axum::Router;
use axum::routing::get;

/// The usual three: `/healthz`, `/readyz`, `/metrics`.
pub fn router(ready: Ready, metrics: Metrics) -> Router {
    health("/healthz", "ok").merge(ready.route("/readyz")).merge(metrics.route("/metrics"))
}

/// A route at `path` that always answers 200 with `body`: the process lives.
pub fn health(path: &str, body: &'static str) -> Router {
    Router::new().route(path, get(move || async move { body }))
}

#[cfg(test)]
mod tests;
