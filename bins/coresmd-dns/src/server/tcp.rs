//! \[IO\] DNS over TCP (RFC 7766): any number of queries on a connection. What can be answered at once is answered in
//! order; what an upstream has to be asked about does not hold up what comes behind it. What a client can make us hold
//! is bounded: connections in all and from one address, queries that wait, the time that a message or a reply may take,
//! and the octets that wait to be sent.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::service::{Asked, Outcome, Post, Question};
use super::transfer::Transfer;
use super::udp::refresh;
use crate::handle::Exchange;
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
/// Queries of one connection that wait for upstreams.
const WAITING: usize = 64;
/// Octets of replies that are gathered before they are sent.
const GATHERED: usize = 16 * 1024;
/// Octets of buffer that a connection keeps between messages.
const KEPT: usize = 4 * 1024;
/// How long an idle connection may take to make room for another.
const MAKE_ROOM: Duration = Duration::from_millis(1);
/// How long to rest when a connection cannot be accepted: the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the connections of one listening address have in common.
pub(super) struct Shared {
    post: Arc<Post>,
    /// How many connections each client has.
    clients: Mutex<FxHashMap<IpAddr, usize>>,
    /// Tells the connection that has been idle the longest to make room.
    room: Notify,
}

impl Shared {
    pub(super) fn new(post: Arc<Post>) -> Arc<Self> {
        Arc::new(Self { post, clients: Mutex::default(), room: Notify::new() })
    }

    /// Sends the zone that a message asks for, behind what waits to be sent. `false`: it asks for none, or for one that
    /// its client may not have now.
    async fn transfer(
        &self,
        stream: &mut TcpStream,
        outgoing: &mut Vec<u8>,
        client: SocketAddr,
        message: &[u8],
    ) -> io::Result<bool> {
        let service = self.post.load_full();
        let exchange = Exchange { transport: Transport::Tcp, client, message, now: service.now() };
        let Some(transfer) = Transfer::begin(service.view(), &exchange) else { return Ok(false) };
        send(stream, outgoing).await?;
        let first = transfer.send(stream).await?;
        if let Some(sample) = service.transferred(&exchange, &first) {
            service.tallies().tcp(&sample);
        }
        Ok(true)
    }

    /// Appends the reply to a message, or nothing. A query that only an upstream can answer joins `waiting`.
    fn answer(&self, client: SocketAddr, message: &[u8], reply: &mut Vec<u8>, waiting: &mut Waiting) {
        let service = self.post.load_full();
        let exchange = Exchange { transport: Transport::Tcp, client, message, now: service.now() };
        let sample = match service.answer(&exchange, reply) {
            Outcome::Done(sample) => sample,
            Outcome::Refresh(sample, pending) => {
                refresh(&service, Question::new(&service, &exchange, pending));
                sample
            }
            Outcome::Pending(pending) => {
                let question = Question::new(&service, &exchange, pending);
                match Asked::seat(&service, question, reply) {
                    Err(sample) => sample,
                    Ok(asked) => {
                        waiting.spawn(async move {
                            let (reply, sample) = asked.answer().await;
                            if let Some(sample) = sample {
                                service.tallies().tcp(&sample);
                            }
                            reply
                        });
                        return;
                    }
                }
            }
        };
        if let Some(sample) = sample {
            service.tallies().tcp(&sample);
        }
    }
}

/// The queries of a connection that wait for upstreams; they give their replies.
type Waiting = JoinSet<Vec<u8>>;

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
                if let Some(seat) = Seat::take_or_make(&shared, client.ip()).await {
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

/// Why a connection is not allowed.
#[derive(PartialEq, Eq)]
enum Refusal {
    /// Its client has as many as one may have.
    Greedy,
    /// There are as many as there may be.
    Crowded,
}

impl Seat {
    /// A seat for a client. When all are taken, the connection that has been idle the longest makes room (RFC 7766
    /// §6.2.3): idle ones keep nobody out who has something to ask.
    async fn take_or_make(shared: &Arc<Shared>, client: IpAddr) -> Option<Self> {
        match Self::take(shared, client) {
            Ok(seat) => Some(seat),
            Err(Refusal::Greedy) => None,
            Err(Refusal::Crowded) => {
                shared.room.notify_one();
                tokio::time::sleep(MAKE_ROOM).await;
                Self::take(shared, client).ok()
            }
        }
    }

    fn take(shared: &Arc<Shared>, client: IpAddr) -> Result<Self, Refusal> {
        let mut clients = lock(&shared.clients);
        let all: usize = clients.values().sum();
        let own = clients.get(&client).copied().unwrap_or(0);
        if own >= CONNECTIONS_OF_ONE {
            return Err(Refusal::Greedy);
        }
        if all >= CONNECTIONS {
            return Err(Refusal::Crowded);
        }
        clients.insert(client, own + 1);
        Ok(Self { shared: Arc::clone(shared), client })
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

/// Serves one connection until its client ends it, breaks the framing or takes too long. Who ends its half still gets
/// the replies to what it has asked.
async fn converse(mut stream: TcpStream, client: SocketAddr, seat: Seat, stop: CancellationToken) {
    // a failure costs latency, no more
    let _ = stream.set_nodelay(true);
    let (mut incoming, mut outgoing) = (Vec::new(), Vec::new());
    let mut waiting = Waiting::new();
    let mut open = true;
    while open || !waiting.is_empty() {
        tokio::select! {
            biased;
            Some(reply) = waiting.join_next() => push_framed(&reply.unwrap_or_default(), &mut outgoing),
            () = seat.shared.room.notified(), if incoming.is_empty() && waiting.is_empty() => return,
            more = next_message(&mut stream, &mut incoming, &stop), if open && waiting.len() < WAITING => {
                open = matches!(more, Ok(true));
                if !open {
                    continue;
                }
                let mut at = 0;
                while let Some(message) = framed(&incoming[at..]).filter(|_| waiting.len() < WAITING) {
                    if message.len() < HEADER {
                        return;
                    }
                    at += 2 + message.len();
                    match seat.shared.transfer(&mut stream, &mut outgoing, client, message).await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(_) => return,
                    }
                    push_reply(&seat.shared, client, message, &mut outgoing, &mut waiting);
                    if outgoing.len() >= GATHERED && send(&mut stream, &mut outgoing).await.is_err() {
                        return;
                    }
                }
                incoming.drain(..at);
                incoming.shrink_to(KEPT);
            }
        }
        if send(&mut stream, &mut outgoing).await.is_err() {
            return;
        }
    }
}

/// Waits until a whole message has come; `false` when there will be none. What has been read stays in `incoming` when
/// the waiting is given up.
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

/// Appends the reply to a message with its length before it, unless it will come later.
fn push_reply(shared: &Shared, client: SocketAddr, message: &[u8], outgoing: &mut Vec<u8>, waiting: &mut Waiting) {
    let start = outgoing.len();
    outgoing.extend_from_slice(&[0, 0]);
    shared.answer(client, message, outgoing, waiting);
    match outgoing.len() - start - 2 {
        0 => outgoing.truncate(start),
        // never more than 65,535: what is longer is cut off with TC
        length => outgoing[start..start + 2].copy_from_slice(&(length as u16).to_be_bytes()),
    }
}

/// Appends a reply with its length before it; nothing for no reply.
fn push_framed(reply: &[u8], outgoing: &mut Vec<u8>) {
    if !reply.is_empty() {
        outgoing.extend_from_slice(&(reply.len() as u16).to_be_bytes());
        outgoing.extend_from_slice(reply);
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
