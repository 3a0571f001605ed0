//! Metrics in the text format of `OpenMetrics` 1.0, from the registry that the server owns.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

/// Media type of the format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a metrics route shows.
pub struct Metrics {
    registry: Arc<RwLock<Registry>>,
    before_scrape: Box<dyn Fn() + Send + Sync>,
}

impl Metrics {
    /// Everything in `registry`, to which the server may add later.
    pub fn new(registry: Arc<RwLock<Registry>>) -> Self {
        Self { registry, before_scrape: Box::new(|| ()) }
    }

    /// Calls `update` before each scrape: for gauges of what is only known by looking, such as an age.
    #[must_use]
    pub fn before_scrape(mut self, update: impl Fn() + Send + Sync + 'static) -> Self {
        self.before_scrape = Box::new(update);
        self
    }

    /// The route at `path`.
    pub fn route(self, path: &str) -> Router {
        let metrics = Arc::new(self);
        Router::new().route(path, get(move || std::future::ready(metrics.answer())))
    }

    fn answer(&self) -> Response {
        (self.before_scrape)();
        let mut text = String::new();
        let encoded = encode(&mut text, &self.registry.read().unwrap_or_else(PoisonError::into_inner));
        match encoded {
            Ok(()) => ([(CONTENT_TYPE, OPENMETRICS)], text).into_response(),
            Err(error) => super::problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }
}
