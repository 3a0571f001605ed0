//! An answer as a value: status, content type, headers, body; turned into HTTP at the very end.
//!
//! Errors are problem+json (RFC 7807) in both services; bodies end in a newline, and beyond 2 kB they go out chunked,
//! as Go's server sends them (facts §1).

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
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
    /// Other headers: `Allow`, `Location`, BSS's referral token.
    pub(crate) headers: Vec<(HeaderName, String)>,
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
        Self { status, content_type: Some(content_type), headers: Vec::new(), body: body.into(), cut: None }
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

    /// 409 with a detail.
    pub(crate) fn conflict(detail: &str) -> Self {
        Self::problem(StatusCode::CONFLICT, detail)
    }

    /// 500 with a detail.
    pub(crate) fn internal_error(detail: &str) -> Self {
        Self::problem(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// SMD's 200 in words.
    pub(crate) fn message(text: &str) -> Self {
        #[derive(Serialize)]
        struct Message<'a> {
            code: i32,
            message: &'a str,
        }
        Self::json(&Message { code: 0, message: text })
    }

    /// SMD's answer to the deletion of rows: how many, or 404 in these words if there were none.
    pub(crate) fn deleted(entries: usize, none: &str) -> Self {
        match entries {
            0 => Self::not_found(none),
            1 => Self::message("deleted 1 entry"),
            entries => Self::message(&format!("deleted {entries} entries")),
        }
    }

    /// 201 of a new resource.
    pub(crate) fn created(uri: &str) -> Self {
        Self { status: StatusCode::CREATED, ..Self::json(&Uri::of(uri)) }.with_header(LOCATION, uri)
    }

    /// 201 of new resources of a collection that answers with a list even for one.
    pub(crate) fn created_list(uris: &[String], location: &str) -> Self {
        let list: Vec<Uri<'_>> = uris.iter().map(|uri| Uri::of(uri)).collect();
        Self { status: StatusCode::CREATED, ..Self::json(&list) }.with_header(LOCATION, location)
    }

    /// 204, with the content type that the service sends all the same.
    pub(crate) fn no_content(content_type: Option<&'static str>) -> Self {
        Self { status: StatusCode::NO_CONTENT, content_type, headers: Vec::new(), body: Bytes::new(), cut: None }
    }

    /// No answer at all.
    pub(crate) fn cut(cut: Cut) -> Self {
        Self { cut: Some(cut), ..Self::no_content(None) }
    }

    /// The same with one more header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same answer with its body sent in its own way.
    pub(crate) fn into_response_with(self, body: impl FnOnce(Bytes) -> axum::body::Body) -> Response {
        let mut response = (self.status, body(self.body)).into_response();
        let headers = response.headers_mut();
        headers.remove(CONTENT_TYPE);
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            // a location may hold what a client sent; what cannot stand in a header is left out
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.insert(name, value);
            }
        }
        if let Some(cut) = self.cut {
            response.extensions_mut().insert(cut);
        }
        response
    }
}

/// Where a new resource is, as SMD's bodies say it.
#[derive(Serialize)]
struct Uri<'a> {
    #[serde(rename = "URI")]
    uri: &'a str,
}

impl<'a> Uri<'a> {
    fn of(uri: &'a str) -> Self {
        Self { uri }
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
