//! \[IO\] DNS over TCP (RFC 7766): any number of queries on a connection, answered in order. What a client can make us
//! hold is bounded: connections in all and from one address, the time that a message or a reply may take, and the
//! octets that wait to be sent.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::service::{Exchange, Service};
use super::transfer::Transfer;
use crate::metrics::Tally;
use crate::query::HEADER;
use crate::response::Transport;

/// Connections at one time on one listening address.
const CONNECTIONS: usize = 1024;
/// Of these, from one client.
const CONNECTIONS_OF_ONE: usize = 64;
/// How long a connection may lie idle.
const IDLE: Duration = Duration::from_secs(10);
/// How long a message may take to come in, from its first octet.
const READ: Duration = Duration::from_secs(3);
/// How long replies may take to be taken.
const WRITE: Duration = Duration::from_secs(5);
/// Octets of replies that are gathered before they are sent.
const GATHERED: usize = 16 * 1024;
/// Octets of buffer that a connection keeps between messages.
const KEPT: usize = 4 * 1024;
/// How long to rest when a connection cannot be accepted: the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the connections of one listening address have in common.
pub(super) struct Shared {
    service: Arc<Service>,
    /// Written by one connection at a time.
    tally: Mutex<Arc<Tally>>,
    /// How many connections each client has.
    clients: Mutex<FxHashMap<IpAddr, usize>>,
}

impl Shared {
    pub(super) fn new(service: Arc<Service>, tally: Arc<Tally>) -> Arc<Self> {
        Arc::new(Self { service, tally: Mutex::new(tally), clients: Mutex::default() })
    }

    /// Appends the reply to a message, or nothing.
    fn answer(&self, client: SocketAddr, message: &[u8], reply: &mut Vec<u8>) {
        let view = self.service.view().load();
        let exchange = Exchange { transport: Transport::Tcp, client, message };
        if let Some(sample) = self.service.answer(&view, &exchange, reply) {
            lock(&self.tally).record(&sample);
        }
    }
}

/// Accepts connections until the stop. Those that are open then get the replies to what they have asked.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, tasks: TaskTracker, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, client)) => {
                // without a seat the connection is closed
                if let Some(seat) = Seat::take(&shared, client.ip()) {
                    tasks.spawn(converse(stream, client, seat, stop.clone()));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "connection not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A connection that is allowed; given back when it is dropped.
struct Seat {
    shared: Arc<Shared>,
    client: IpAddr,
}

impl Seat {
    fn take(shared: &Arc<Shared>, client: IpAddr) -> Option<Self> {
        let mut clients = lock(&shared.clients);
        let all: usize = clients.values().sum();
        let own = clients.get(&client).copied().unwrap_or(0);
        if all >= CONNECTIONS || own >= CONNECTIONS_OF_ONE {
            return None;
        }
        clients.insert(client, own + 1);
        Some(Self { shared: Arc::clone(shared), client })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut clients = lock(&self.shared.clients);
        if let Some(own) = clients.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

/// Serves one connection until its client ends it, breaks the framing or takes too long.
async fn converse(mut stream: TcpStream, client: SocketAddr, seat: Seat, stop: CancellationToken) {
    // a failure costs latency, no more
    let _ = stream.set_nodelay(true);
    let mut incoming = Vec::new();
    let mut outgoing = Vec::new();
    while let Ok(true) = next_message(&mut stream, &mut incoming, &stop).await {
        let mut at = 0;
        while let Some(message) = framed(&incoming[at..]) {
            if message.len() < HEADER {
                return;
            }
            at += 2 + message.len();
            if let Some(transfer) = Transfer::begin(&seat.shared.service.view().load(), client.ip(), message) {
                if send(&mut stream, &mut outgoing).await.is_err() || transfer.send(&mut stream).await.is_err() {
                    return;
                }
                continue;
            }
            push_reply(&seat.shared, client, message, &mut outgoing);
            if outgoing.len() >= GATHERED && send(&mut stream, &mut outgoing).await.is_err() {
                return;
            }
        }
        incoming.drain(..at);
        incoming.shrink_to(KEPT);
        if send(&mut stream, &mut outgoing).await.is_err() {
            return;
        }
    }
}

/// Waits until a whole message has come; `false` when there will be none.
async fn next_message(stream: &mut TcpStream, incoming: &mut Vec<u8>, stop: &CancellationToken) -> io::Result<bool> {
    if incoming.is_empty() {
        let first = tokio::select! {
            () = stop.cancelled() => return Ok(false),
            first = within(IDLE, stream.read_buf(incoming)) => first?,
        };
        if first == 0 {
            return Ok(false);
        }
    }
    within(READ, async {
        while framed(incoming).is_none() {
            if stream.read_buf(incoming).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}

/// The message at the front, if it is there in whole (RFC 1035 §4.2.2: two octets of length before it).
fn framed(octets: &[u8]) -> Option<&[u8]> {
    let (length, rest) = octets.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}

/// Appends the reply to a message with its length before it.
fn push_reply(shared: &Shared, client: SocketAddr, message: &[u8], outgoing: &mut Vec<u8>) {
    let start = outgoing.len();
    outgoing.extend_from_slice(&[0, 0]);
    shared.answer(client, message, outgoing);
    match outgoing.len() - start - 2 {
        0 => outgoing.truncate(start),
        // never more than 65,535: what is longer is cut off with TC
        length => outgoing[start..start + 2].copy_from_slice(&(length as u16).to_be_bytes()),
    }
}

async fn send(stream: &mut TcpStream, outgoing: &mut Vec<u8>) -> io::Result<()> {
    if !outgoing.is_empty() {
        within(WRITE, stream.write_all(outgoing)).await?;
        outgoing.clear();
        outgoing.shrink_to(KEPT);
    }
    Ok(())
}

async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
