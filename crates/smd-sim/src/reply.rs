//! An answer as a value: status, content type, body; turned into HTTP at the very end.
//!
//! Errors are problem+json (RFC 7807) in both services; bodies end in a newline, and beyond 2 kB they go out chunked,
//! as Go's server sends them (facts §1).

use std::time::Duration;

use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::body::Paced;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: StatusCode,
    /// `Content-Type`, where there is one.
    pub(crate) content_type: Option<&'static str>,
    /// `Allow`, in a 405.
    pub(crate) allow: Option<&'static str>,
    /// The body.
    pub(crate) body: Bytes,
    /// Set where the connection is to end instead of an answer.
    pub(crate) cut: Option<Cut>,
}

/// How a connection ends without an answer; found in a response's extensions by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is closed, as when a handler of a Go server panics.
    Close,
    /// It is reset (TCP RST).
    Reset,
}

/// Content type of SMD's answers.
pub(crate) const JSON: &str = "application/json";
/// Content type of BSS's answers.
pub(crate) const JSON_UTF8: &str = "application/json; charset=UTF-8";
/// Content type of errors.
pub(crate) const PROBLEM: &str = "application/problem+json";
/// Content type of Go's own error texts.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Longest body that Go sends with a `Content-Length` on its own account.
const CHUNKED_BEYOND: usize = 2048;

impl Reply {
    /// Any answer with a body.
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: Some(content_type), allow: None, body: body.into(), cut: None }
    }

    /// 200 with SMD's JSON.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self::json_as(JSON, value)
    }

    /// 200 with JSON of some content type.
    pub(crate) fn json_as(content_type: &'static str, value: &impl Serialize) -> Self {
        let mut body = serde_json::to_vec(value).expect("rows have text keys, and their times are in range");
        body.push(b'\n');
        Self::new(StatusCode::OK, content_type, body)
    }

    /// An error as RFC 7807 has it.
    pub(crate) fn problem(status: StatusCode, detail: &str) -> Self {
        #[derive(Serialize)]
        struct Problem<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            title: &'static str,
            detail: &'a str,
            status: u16,
        }
        let title = status.canonical_reason().unwrap_or_default();
        let problem = Problem { kind: "about:blank", title, detail, status: status.as_u16() };
        Self { status, content_type: Some(PROBLEM), ..Self::json(&problem) }
    }

    /// 400 with a detail.
    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::problem(StatusCode::BAD_REQUEST, detail)
    }

    /// 404 with a detail.
    pub(crate) fn not_found(detail: &str) -> Self {
        Self::problem(StatusCode::NOT_FOUND, detail)
    }

    /// 204, with the content type that the service sends all the same.
    pub(crate) fn no_content(content_type: Option<&'static str>) -> Self {
        Self { status: StatusCode::NO_CONTENT, content_type, allow: None, body: Bytes::new(), cut: None }
    }

    /// No answer at all.
    pub(crate) fn cut(cut: Cut) -> Self {
        Self { cut: Some(cut), ..Self::no_content(None) }
    }

    /// The same answer with its body sent in its own way.
    pub(crate) fn into_response_with(self, body: impl FnOnce(Bytes) -> axum::body::Body) -> Response {
        let mut response = (self.status, body(self.body)).into_response();
        response.headers_mut().remove(CONTENT_TYPE);
        for (name, value) in [(CONTENT_TYPE, self.content_type), (ALLOW, self.allow)] {
            if let Some(value) = value {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
        }
        if let Some(cut) = self.cut {
            response.extensions_mut().insert(cut);
        }
        response
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        self.into_response_with(|body| {
            if body.len() > CHUNKED_BEYOND {
                Paced::new(body, usize::MAX, Duration::ZERO).into_body()
            } else {
                axum::body::Body::from(body)
            }
        })
    }
}
