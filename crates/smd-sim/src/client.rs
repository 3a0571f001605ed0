//! \[IO\] Sends a [`discover`](crate::discover) plan to an SMD, over HTTP without TLS.

use std::io;

use axum::body::{Body, to_bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::uri::InvalidUri;
use axum::http::{Request as HttpRequest, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;

use crate::discover::{Request, Step};

/// Why a plan could not be sent to its end.
#[derive(Debug, Error)]
pub enum SendError {
    /// The caller's URL is none.
    #[error("{0:?} is not a URL")]
    Url(String, #[source] InvalidUri),
    /// The caller's URL has another scheme, or no host.
    #[error("{0:?} is not http://HOST:PORT")]
    Scheme(String),
    /// The caller's token or path cannot stand in a request.
    #[error("{0} cannot be asked for")]
    Request(String, #[source] axum::http::Error),
    /// Nobody listens there, or the connection broke.
    #[error("{0}")]
    Connection(String, #[source] io::Error),
    /// The server does not speak HTTP, or broke off.
    #[error("{0}")]
    Http(String, #[source] hyper::Error),
    /// The answer was cut off, or has no end.
    #[error("{0}")]
    Answer(String, #[source] axum::Error),
}

/// Sends each step, and its second request after a 409. `told` gets each request with the status and the body of its
/// answer.
///
/// # Errors
/// If there is no answer to one of them; the others are not sent then.
pub async fn send(
    base_url: &str,
    token: Option<&str>,
    steps: &[Step],
    mut told: impl FnMut(&Request, u16, &str),
) -> Result<(), SendError> {
    let url: Uri = base_url.parse().map_err(|error| SendError::Url(base_url.into(), error))?;
    let (Some("http"), Some(host)) = (url.scheme_str(), url.host()) else {
        return Err(SendError::Scheme(base_url.into()));
    };
    let address = format!("{host}:{}", url.port_u16().unwrap_or(80));
    let prefix = url.path().trim_end_matches('/');
    for step in steps {
        let status = exchange(&address, prefix, token, &step.request, &mut told).await?;
        if let Some(second) = step.on_conflict.as_ref().filter(|_| status == 409) {
            exchange(&address, prefix, token, second, &mut told).await?;
        }
    }
    Ok(())
}

/// One request on a connection of its own.
async fn exchange(
    address: &str,
    prefix: &str,
    token: Option<&str>,
    request: &Request,
    told: &mut impl FnMut(&Request, u16, &str),
) -> Result<u16, SendError> {
    let path = format!("{prefix}{}", request.path);
    let mut http = HttpRequest::builder().method(request.method).uri(&path).header(HOST, address);
    if let Some(token) = token {
        http = http.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let http = http.header(CONTENT_TYPE, "application/json").body(Body::from(request.body.to_string()));
    let http = http.map_err(|error| SendError::Request(path, error))?;
    let stream = TcpStream::connect(address).await.map_err(|error| SendError::Connection(address.into(), error))?;
    let failed = |error| SendError::Http(address.into(), error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // it ends with the sender; what goes wrong on it, the sender says
    tokio::spawn(connection);
    let response = sender.send_request(http).await.map_err(failed)?;
    let status = response.status().as_u16();
    let body = to_bytes(Body::new(response.into_body()), MAX_BODY).await;
    let body = body.map_err(|error| SendError::Answer(address.into(), error))?;
    told(request, status, &String::from_utf8_lossy(&body));
    Ok(status)
}

/// Longest answer.
const MAX_BODY: usize = 16 << 20;
