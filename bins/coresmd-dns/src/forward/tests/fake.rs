//! Upstreams on loopback that do as a test tells them.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// An upstream.
pub(crate) struct Fake {
    /// Where it is; UDP and TCP have the same port.
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    ports: Arc<Mutex<HashSet<(u16, u16)>>>,
    /// What it says.
    react: Arc<Mutex<Reaction>>,
}

/// From a query, and whether it came over a stream, to the messages that go back.
type Reaction = Box<dyn Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync>;

impl Fake {
    /// One that answers each query so.
    pub(crate) async fn new(react: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::start(None, Box::new(react)).await
    }

    /// One that speaks TLS on its TCP port.
    pub(crate) async fn tls(react: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("../../../tests/tls/server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../tests/tls/server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), Box::new(react)).await
    }

    async fn start(tls: Option<TlsAcceptor>, react: Reaction) -> Self {
        let (udp, tcp) = loop {
            #[expect(clippy::disallowed_methods, reason = "a test binds to loopback")]
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            #[expect(clippy::disallowed_methods, reason = "a test binds to loopback")]
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let fake = Self {
            address: udp.local_addr().unwrap(),
            asked: Arc::default(),
            connections: Arc::default(),
            ports: Arc::default(),
            react: Arc::new(Mutex::new(react)),
        };
        let (asked, connections, ports) = (&fake.asked, &fake.connections, &fake.ports);
        tokio::spawn(datagrams(udp, Arc::clone(asked), Arc::clone(ports), Arc::clone(&fake.react)));
        tokio::spawn(streams(tcp, tls, Arc::clone(asked), Arc::clone(connections), Arc::clone(&fake.react)));
        fake
    }

    /// From now on it answers so.
    pub(crate) fn now(&self, react: impl Fn(&[u8], bool) -> Vec<Vec<u8>> + Send + Sync + 'static) {
        *self.react.lock().unwrap() = Box::new(react);
    }

    /// How many queries it has had.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many connections it has had.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many different ports and ids the queries over UDP have had.
    pub(crate) fn ports(&self) -> usize {
        self.ports.lock().unwrap().len()
    }
}

async fn datagrams(
    socket: UdpSocket,
    asked: Arc<AtomicUsize>,
    ports: Arc<Mutex<HashSet<(u16, u16)>>>,
    react: Arc<Mutex<Reaction>>,
) {
    let mut datagram = [0; 2048];
    while let Ok((length, client)) = socket.recv_from(&mut datagram).await {
        asked.fetch_add(1, Ordering::Relaxed);
        ports.lock().unwrap().insert((client.port(), u16::from_be_bytes([datagram[0], datagram[1]])));
        let replies = (react.lock().unwrap())(&datagram[..length], false);
        for reply in replies {
            socket.send_to(&reply, client).await.unwrap();
        }
    }
}

async fn streams(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    asked: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    react: Arc<Mutex<Reaction>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        let (asked, react) = (Arc::clone(&asked), Arc::clone(&react));
        match tls.clone() {
            None => _ = tokio::spawn(converse(stream, asked, react)),
            Some(tls) => {
                tokio::spawn(async move {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, asked, react).await;
                    }
                });
            }
        }
    }
}

/// No reply to a query ends the connection.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    asked: Arc<AtomicUsize>,
    react: Arc<Mutex<Reaction>>,
) {
    while let Ok(length) = stream.read_u16().await {
        let mut message = vec![0; usize::from(length)];
        if stream.read_exact(&mut message).await.is_err() {
            return;
        }
        asked.fetch_add(1, Ordering::Relaxed);
        let replies = (react.lock().unwrap())(&message, true);
        if replies.is_empty() {
            return;
        }
        for reply in replies {
            let framed = [&(reply.len() as u16).to_be_bytes()[..], &reply].concat();
            if stream.write_all(&framed).await.and(stream.flush().await).is_err() {
                return;
            }
        }
    }
}
