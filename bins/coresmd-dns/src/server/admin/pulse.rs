//! `[IO]` The server's hand on its own pulse: once a second it asks itself for `/health`, as CoreDNS does, and counts
//! how long that took. An overloaded process shows there first.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::config::HttpAddress;

/// How often it asks.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What it found.
#[derive(Debug, Clone)]
pub(in crate::server) struct Pulse {
    duration: Histogram,
    failures: Counter,
}

impl Default for Pulse {
    fn default() -> Self {
        // CoreDNS's bounds, in seconds
        Self { duration: Histogram::new([0.00025, 0.0025, 0.025, 0.25, 2.5]), failures: Counter::default() }
    }
}

impl Pulse {
    /// Shows it as the original does.
    pub(in crate::server) fn register(&self, registry: &mut Registry) {
        let help = "Seconds that the server took to say that it lives";
        registry.register("coredns_health_request_duration_seconds", help, self.duration.clone());
        let help = "Times that it did not say so";
        registry.register("coredns_health_request_failures", help, self.failures.clone());
    }
}

/// Asks at an address until the stop.
#[expect(clippy::disallowed_methods, reason = "what is measured here is the time that an answer takes")]
pub(in crate::server) async fn check(address: HttpAddress, pulse: Pulse, stop: CancellationToken) {
    let local = match address.socket() {
        SocketAddr::V6(socket) if socket.ip().is_unspecified() && address.ip.is_some() => {
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        }
        socket if socket.ip().is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        socket => socket.ip(),
    };
    let mut turns = tokio::time::interval(INTERVAL);
    while stop.run_until_cancelled(turns.tick()).await.is_some() {
        let start = Instant::now();
        let asked = timeout(PATIENCE, ask(SocketAddr::new(local, address.port))).await;
        pulse.duration.observe(start.elapsed().as_secs_f64());
        if !matches!(asked, Ok(Ok(true))) {
            pulse.failures.inc();
        }
    }
}

/// Whether the server at an address says 200 to `/health`.
async fn ask(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    Ok(status.ends_with(b" 200"))
}
