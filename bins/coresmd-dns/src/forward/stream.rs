//! \[IO\] Queries over TCP and TLS (RFC 7766, RFC 7858): one at a time on a connection, which is kept for the next.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::outgoing::Outgoing;
use crate::relayed::Reply;

/// The connections to an upstream.
pub(super) struct Streams {
    to: SocketAddr,
    /// How the connection is secured, and the name that the upstream's certificate must be for.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    expire: Duration,
    max_idle: usize,
    kept: Mutex<Kept>,
}

/// The connections that wait for the next query.
#[derive(Default)]
struct Kept {
    /// The oldest first.
    idle: Vec<Idle>,
    /// Whether a task closes those that nobody uses again.
    watched: bool,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The reply, and whether the connection had been used before.
pub(super) struct Exchanged {
    pub(super) reply: Reply,
    pub(super) reused: bool,
}

impl Streams {
    /// No connections yet.
    pub(super) fn new(
        to: SocketAddr,
        tls: Option<(TlsConnector, ServerName<'static>)>,
        expire: Duration,
        max_idle: usize,
    ) -> Arc<Self> {
        Arc::new(Self { to, tls, expire, max_idle, kept: Mutex::default() })
    }

    /// Asks, and waits for the reply for as long as the caller does. A kept connection that the upstream has closed in
    /// the meantime is passed over.
    pub(super) async fn exchange(self: &Arc<Self>, outgoing: &Outgoing) -> io::Result<Exchanged> {
        while let Some(mut connection) = self.take() {
            match connection.exchange(outgoing).await {
                Ok(reply) => {
                    self.keep(connection);
                    return Ok(Exchanged { reply, reused: true });
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
                Err(_) => {}
            }
        }
        let mut connection = self.connect().await?;
        let reply = connection.exchange(outgoing).await?;
        self.keep(connection);
        Ok(Exchanged { reply, reused: false })
    }

    async fn connect(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(self.to).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Connection::Plain(stream),
            Some((connector, name)) => Connection::Tls(Box::new(connector.connect(name.clone(), stream).await?)),
        })
    }

    /// The connection that was used last, unless it is too old.
    fn take(&self) -> Option<Connection> {
        let mut kept = self.lock();
        let last = kept.idle.pop()?;
        if now() < last.since + self.expire {
            return Some(last.connection);
        }
        kept.idle.clear();
        None
    }

    /// Keeps a connection. While there are any, a task closes those that nobody used again.
    fn keep(self: &Arc<Self>, connection: Connection) {
        let mut kept = self.lock();
        if kept.idle.len() < self.max_idle {
            kept.idle.push(Idle { connection, since: now() });
            if !kept.watched {
                kept.watched = true;
                tokio::spawn(close_expired(Arc::downgrade(self), self.expire));
            }
        }
    }

    /// Closes the connections that are kept.
    pub(super) fn close_idle(&self) {
        self.lock().idle.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close_expired(streams: Weak<Streams>, expire: Duration) {
    loop {
        tokio::time::sleep(expire).await;
        let Some(streams) = streams.upgrade() else { return };
        let mut kept = streams.lock();
        kept.idle.retain(|idle| now() < idle.since + expire);
        if kept.idle.is_empty() {
            kept.watched = false;
            return;
        }
    }
}

impl Connection {
    async fn exchange(&mut self, outgoing: &Outgoing) -> io::Result<Reply> {
        match self {
            Self::Plain(stream) => exchange_on(stream, outgoing).await,
            Self::Tls(stream) => exchange_on(stream, outgoing).await,
        }
    }
}

/// One query on a connection (RFC 1035 §4.2.2: two octets of length before each message). What does not answer it ends
/// the connection: nothing else is under way there.
async fn exchange_on(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), outgoing: &Outgoing) -> io::Result<Reply> {
    let id = rand::random::<u16>();
    let message = outgoing.message(id);
    let mut framed = (message.len() as u16).to_be_bytes().to_vec();
    framed.extend_from_slice(&message);
    stream.write_all(&framed).await?;
    stream.flush().await?;
    let mut message = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut message).await?;
    if !message.starts_with(&id.to_be_bytes()) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a reply with another id"));
    }
    Reply::read(outgoing.question(), &message).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[expect(clippy::disallowed_methods, reason = "how long a connection has been idle")]
fn now() -> Instant {
    Instant::now()
}
