//! A response body of unknown length (so HTTP/1.1 sends it chunked): whole, in drips, or cut off in the middle.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

/// Parts of a body with a pause after each but the last.
pub(crate) struct Paced {
    parts: VecDeque<Bytes>,
    pause: Duration,
    pausing: Option<Pin<Box<Sleep>>>,
    /// End with an error, so that the terminating chunk is never sent.
    truncated: bool,
}

impl Paced {
    /// The whole body in parts of at most `part` bytes (1 or more).
    pub(crate) fn new(body: Bytes, part: usize, pause: Duration) -> Self {
        let mut parts = VecDeque::new();
        let mut rest = body;
        while rest.len() > part {
            parts.push_back(rest.split_to(part));
        }
        parts.push_back(rest);
        Self { parts, pause, pausing: None, truncated: false }
    }

    /// The first bytes of the body; then the connection ends without the last chunk.
    pub(crate) fn truncated(body: &Bytes, bytes: usize) -> Self {
        let parts = VecDeque::from([body.slice(..bytes.min(body.len()))]);
        Self { parts, pause: FLUSH, pausing: None, truncated: true }
    }

    /// As a body of a response.
    pub(crate) fn into_body(self) -> Body {
        Body::new(self)
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if let Some(pausing) = &mut this.pausing {
            ready!(pausing.as_mut().poll(cx));
            this.pausing = None;
        }
        match this.parts.pop_front() {
            Some(part) => {
                if this.truncated || !this.parts.is_empty() {
                    this.pausing = Some(Box::pin(sleep(this.pause)));
                }
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            None if this.truncated => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            None => Poll::Ready(None),
        }
    }
}

/// Long enough for what was written to be sent before the connection breaks.
const FLUSH: Duration = Duration::from_millis(5);
