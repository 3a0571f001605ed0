//! Readiness: 200 while the server would answer as it should, else 503 with the reasons.

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;

/// Lists lines of text when asked.
type Lines = Box<dyn Fn() -> Vec<String> + Send + Sync>;

/// What a readiness route says.
pub struct Ready {
    reasons: Lines,
    warnings: Lines,
    details: Lines,
    ok: &'static str,
    separator: &'static str,
}

impl Ready {
    /// Ready while `reasons` lists nothing; its lines say why not. The route answers 200 `ok`, or 503 with one reason
    /// a line.
    pub fn new(reasons: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        Self {
            reasons: Box::new(reasons),
            warnings: Box::new(Vec::new),
            details: Box::new(Vec::new),
            ok: "ok",
            separator: "\n",
        }
    }

    /// Lines about what is wrong although the server answers. They follow after an empty one, ready or not.
    #[must_use]
    pub fn warnings(mut self, warnings: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        self.warnings = Box::new(warnings);
        self
    }

    /// Lines that follow after an empty one when the route is asked with `?verbose`, ready or not.
    #[must_use]
    pub fn details(mut self, details: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        self.details = Box::new(details);
        self
    }

    /// Answers `ok` for ready and puts `separator` between the reasons (`CoreDNS`: `OK` and `,`).
    #[must_use]
    pub fn words(mut self, ok: &'static str, separator: &'static str) -> Self {
        self.ok = ok;
        self.separator = separator;
        self
    }

    /// The route at `path`.
    pub fn route(self, path: &str) -> Router {
        let ready = Arc::new(self);
        let answer = move |RawQuery(query): RawQuery| {
            let verbose = query.is_some_and(|query| query.split('&').any(|word| word == "verbose"));
            std::future::ready(ready.answer(verbose))
        };
        Router::new().route(path, get(answer))
    }

    fn answer(&self, verbose: bool) -> (StatusCode, String) {
        let reasons = (self.reasons)();
        let (status, mut body) = if reasons.is_empty() {
            (StatusCode::OK, self.ok.to_owned())
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, reasons.join(self.separator))
        };
        let details = if verbose { Some((self.details)()) } else { None };
        for lines in [Some((self.warnings)()).filter(|lines| !lines.is_empty()), details].into_iter().flatten() {
            body.push_str("\n\n");
            body.push_str(&lines.join("\n"));
        }
        (status, body)
    }
}
