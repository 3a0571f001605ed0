//! Serving a router such that no client, slow or many, can keep the others out for long.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at one time; more wait in the listener's queue.
const CONNECTIONS: usize = 128;
/// How long a client may take to send a request's header, the idle time before it included.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long sent octets may stay unacknowledged (`TCP_USER_TIMEOUT`): ends connections whose client does not read.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to rest when a connection cannot be accepted: the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests in flight may go on after the shutdown.
const DRAIN: Duration = Duration::from_secs(2);

/// Serves `router` on `listener` until `shutdown` completes, then lets the requests in flight end (two seconds at
/// most). What the router has no route or method for is answered by 404 or 405 as `application/problem+json`.
///
/// The error is the listener's, when it cannot be used any more.
pub async fn run(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let router = router.fallback(not_found).method_not_allowed_fallback(not_allowed);
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let ending = CancellationToken::new();
    let mut shutdown = pin!(shutdown);
    let result = loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break Ok(()),
            accepted = accept(&listener, &permits) => accepted,
        };
        match accepted {
            Ok((stream, permit)) => {
                connections.spawn(connection(stream, router.clone(), ending.clone(), permit));
            }
            Err(error) if fatal(&error) => break Err(error),
            Err(error) => {
                tracing::warn!(%error, "admin connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    };
    ending.cancel();
    connections.close();
    // Those that take longer are dropped with the runtime.
    let _ = tokio::time::timeout(DRAIN, connections.wait()).await;
    result
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

/// Serves one connection until its client ends it, a limit is reached or the server ends.
async fn connection(stream: TcpStream, router: Router, ending: CancellationToken, permit: OwnedSemaphorePermit) {
    // Without the option a client that does not read keeps its place longer; it is served all the same.
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    // An error is the client's: it sent no HTTP, took too long or went away.
    let _ = tokio::select! {
        result = serving.as_mut() => result,
        () = ending.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    drop(permit);
}

/// Whether accept(2) will fail for ever.
fn fatal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK | libc::EOPNOTSUPP))
}

async fn not_found(uri: Uri) -> axum::response::Response {
    super::problem(StatusCode::NOT_FOUND, &format!("there is nothing at {}", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> axum::response::Response {
    super::problem(StatusCode::METHOD_NOT_ALLOWED, &format!("{} cannot be asked by {method}", uri.path()))
}
