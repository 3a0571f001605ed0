//! \[IO\] The listener: accepts, serves, refuses and cuts connections.
//!
//! Serves HTTP/1.1 connection by connection on hyper, axum's own floor, because a simulated outage needs more than a
//! router can do: no listener at all for a while, and connections that end without an answer.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Uri};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::dispatch;
use crate::fault::table::Refusal;
use crate::reply::Cut;
use crate::sim::Sim;

impl Sim {
    /// Serves on this listener until `shutdown` is ready; connections then have two seconds to finish.
    ///
    /// # Errors
    /// If the listener has no address.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) -> io::Result<()> {
        let address = listener.local_addr()?;
        let service = TowerToHyperService::new(dispatch::router(self));
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        let mut refusals = self.refusals();
        let mut listener = Some(listener);
        while let Some(open) = listener {
            self.set_listening(Some(true));
            let close = CancellationToken::new();
            listener = tokio::select! {
                () = &mut shutdown => None,
                () = accept(&open, &service, &close, &mut connections) => None,
                () = refused(&mut refusals) => {
                    close.cancel();
                    drop(open);
                    tokio::select! {
                        () = &mut shutdown => None,
                        reopened = self.stay_closed(address, &mut refusals) => Some(reopened),
                    }
                }
            };
            close.cancel();
        }
        self.set_listening(None);
        // those that do not finish in time are aborted when the set is dropped
        let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
        Ok(())
    }

    /// Holds the port without listening on it, so that the kernel refuses every connection and nobody else gets the
    /// port; then listens again.
    async fn stay_closed(&self, address: SocketAddr, refusals: &mut watch::Receiver<Option<Refusal>>) -> TcpListener {
        let held = until_ok("hold", address, || hold(address)).await;
        self.set_listening(Some(false));
        if refusal_ends(refusals).await == End::ByTime {
            self.end_refusal();
        }
        match held.listen(BACKLOG) {
            Ok(listener) => listener,
            Err(_) => until_ok("listen on", address, || hold(address)?.listen(BACKLOG)).await,
        }
    }
}

/// Accepts connections for ever; each is served by a task of its own until it ends or `close` asks it to.
async fn accept(
    listener: &TcpListener,
    service: &TowerToHyperService<axum::Router>,
    close: &CancellationToken,
    connections: &mut JoinSet<()>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve_connection(stream, service.clone(), close.clone()));
                while connections.try_join_next().is_some() {}
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(RETRY).await;
            }
        }
    }
}

/// Serves one connection. An answer that carries a [`Cut`] ends it without a reply.
async fn serve_connection(stream: TcpStream, service: TowerToHyperService<axum::Router>, close: CancellationToken) {
    // a second handle, to reset the connection with after hyper has let go of it
    let Ok(handle) = SockRef::from(&stream).try_clone() else { return };
    let reset = Arc::new(AtomicBool::new(false));
    let resetting = Arc::clone(&reset);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = service.call(without_trailing_slash(request).map(Body::new));
        let reset = Arc::clone(&resetting);
        async move {
            let response: Response = answer.await.unwrap_or_else(|never| match never {});
            match response.extensions().get::<Cut>() {
                None => Ok(response),
                Some(cut) => {
                    reset.store(*cut == Cut::Reset, Ordering::Relaxed);
                    Err(io::Error::from(io::ErrorKind::ConnectionAborted))
                }
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = close.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
    if reset.load(Ordering::Relaxed) {
        // closing with a linger time of zero sends RST; a socket that is already gone needs none
        let _ = handle.set_linger(Some(Duration::ZERO));
    }
}

/// Both services strip trailing slashes before they look for the route.
fn without_trailing_slash(mut request: Request<Incoming>) -> Request<Incoming> {
    let path = request.uri().path();
    let stripped = path.trim_end_matches('/');
    if stripped.is_empty() || stripped.len() == path.len() {
        return request;
    }
    let text = match request.uri().query() {
        Some(query) => format!("{stripped}?{query}"),
        None => stripped.to_owned(),
    };
    if let Ok(uri) = text.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    request
}

/// A socket that has the port and does not listen.
fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn until_ok<T>(what: &str, address: SocketAddr, mut attempt: impl FnMut() -> io::Result<T>) -> T {
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(error) => tracing::warn!(%error, "cannot {what} {address} yet"),
        }
        sleep(RETRY).await;
    }
}

async fn refused(refusals: &mut watch::Receiver<Option<Refusal>>) {
    if refusals.wait_for(Option::is_some).await.is_err() {
        // nobody is left to refuse anything
        std::future::pending::<()>().await;
    }
}

/// How a refusal ended.
#[derive(PartialEq, Eq)]
enum End {
    ByTime,
    Cleared,
}

/// Waits until connections are no longer to be refused; another refusal may take the place of the first.
async fn refusal_ends(refusals: &mut watch::Receiver<Option<Refusal>>) -> End {
    loop {
        let Some(refusal) = *refusals.borrow_and_update() else { return End::Cleared };
        let time_is_up = async {
            match refusal.until {
                Some(instant) => sleep_until(instant.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time_is_up => return End::ByTime,
            changed = refusals.changed() => if changed.is_err() { return End::Cleared },
        }
    }
}

/// How long connections may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(50);
const BACKLOG: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_held_port_refuses() {
        let socket = hold("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let listener = socket.listen(BACKLOG).unwrap();
        assert!(TcpStream::connect(address).await.is_ok());
        drop(listener);
    }
}
