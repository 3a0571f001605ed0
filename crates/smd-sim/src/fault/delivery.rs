//! Faults that answer instead of the service, and faults that spoil the delivery of its answer.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::sleep;

use super::FaultKind;
use crate::body::Paced;
use crate::reply::{Cut, JSON, Reply, TEXT};

impl FaultKind {
    /// The answer that the client gets instead of the service's; `None`: the service answers.
    pub(crate) fn instead(&self) -> Option<Reply> {
        let ok = |body: &'static str| Reply::new(StatusCode::OK, JSON, body);
        Some(match self {
            Self::Status { code, detail } => {
                let status = StatusCode::from_u16(*code).expect("checked when the fault was set");
                Reply::problem(status, detail)
            }
            Self::Html503 => Reply::new(StatusCode::SERVICE_UNAVAILABLE, "text/html", HAPROXY_503),
            Self::Unauthorized => Reply::new(StatusCode::UNAUTHORIZED, TEXT, "no token found\n"),
            Self::Empty => ok(""),
            Self::Null => ok("null\n"),
            Self::GarbageJson => ok("{\"Components\":[{\"ID\":\"x1000c0s0b0n0\",\"Ty"),
            // Refused: a connection that came in before the listener was closed
            Self::Reset | Self::Refused => Reply::cut(Cut::Reset),
            Self::SlowHeader { .. }
            | Self::SlowBody { .. }
            | Self::Truncated { .. }
            | Self::GarbageRows
            | Self::MassDeletion { .. } => return None,
        })
    }

    /// Sends the service's answer the way this fault wants it.
    pub(crate) async fn deliver(&self, reply: Reply) -> Response {
        match *self {
            Self::SlowHeader { milliseconds } => {
                sleep(Duration::from_millis(milliseconds)).await;
                reply.into_response()
            }
            Self::SlowBody { bytes, milliseconds } => reply
                .into_response_with(|body| Paced::new(body, bytes, Duration::from_millis(milliseconds)).into_body()),
            Self::Truncated { bytes } => {
                reply.into_response_with(|body| Paced::truncated(&body, bytes.unwrap_or(body.len() / 2)).into_body())
            }
            _ => reply.into_response(),
        }
    }
}

/// What haproxy says when no server is up.
const HAPROXY_503: &str = "<html><body><h1>503 Service Unavailable</h1>\n\
                           No server is available to handle this request.\n</body></html>\n";
