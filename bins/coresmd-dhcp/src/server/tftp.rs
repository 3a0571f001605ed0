//! \[IO\] TFTP at its socket. One of two ways: every transfer stays on the listening port, which address translation and
//! firewalls like (`single_port`), or each has a port of its own, as RFC 1350 §4 has it.
//!
//! ```text
//! 69 ─▶ Desk ─▶ single_port     all in one thread, batches in and out
//!            └▶ transfer_port   a task and a socket each
//! ```

mod seats;
mod single_port;
mod tally;
mod transfer_port;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use prometheus_client::registry::Registry;
use serve::drain::Stop;
use serve::udp::{BindSpec, UdpCollector, UdpEndpoint};
use smd_cache::SnapshotHandle;
use tokio::runtime::Handle;

use self::seats::{Seat, Seats};
use self::single_port::SinglePort;
use self::tally::Tally;
use self::transfer_port::TransferPorts;
use crate::config::Tftp;
use crate::tftp::ErrorCode;
use crate::tftp::conversation::{Conversation, Refusal};
use crate::tftp::library::{Library, OpenError};
use crate::tftp::message;
use crate::tftp::negotiate::Limits;
use crate::tftp::request::ReadRequest;
use crate::tftp::transfer::Step;

/// Datagrams that are received and answered at a time.
const BATCH: usize = 64;
/// Octets of DATA headers, UDP and IP around a block.
const OVERHEAD_V4: usize = 4 + 8 + 20;
const OVERHEAD_V6: usize = 4 + 8 + 40;

/// What the sockets of TFTP share.
struct Desk {
    library: Library,
    limits: Limits,
    seats: Arc<Seats>,
    snapshots: SnapshotHandle,
    tally: Arc<Tally>,
}

/// A client at its address, and ours that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Peer {
    address: SocketAddr,
    /// Our address that it asked.
    local: Option<IpAddr>,
    /// The interface that it asked through, where replies have to name it.
    interface: u32,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Complete,
    /// The client sent an ERROR.
    Stopped(u16, String),
    /// The client has closed its port.
    Gone,
    /// The client asked again and is served from the beginning.
    Restarted,
    /// The client was silent for too long.
    Silent,
    /// The file cannot be read any more.
    Unreadable(String),
    /// The server stops.
    Shutdown,
}

impl Desk {
    /// A desk with nobody at it.
    fn new(library: Library, limits: Limits, snapshots: SnapshotHandle, tally: Arc<Tally>) -> Self {
        Self { library, limits, seats: Arc::new(Seats::default()), snapshots, tally }
    }

    /// Begins a transfer, or says which ERROR the client gets instead.
    fn begin(&self, peer: Peer, request: ReadRequest, now: Instant) -> Result<Begun, Vec<u8>> {
        let file = request.file.clone();
        let Some(seat) = self.seats.take(peer.address.ip()) else {
            self.refuse(peer, &file, "too_many", &"too many transfers at a time");
            return Err(message::error(ErrorCode::NotDefined, "too many transfers at a time, try again"));
        };
        match Conversation::begin(&self.library, request, &self.limits_for(peer.address), now) {
            Ok((conversation, first)) => {
                self.tally.begun();
                Ok(Begun { conversation, first, seat })
            }
            Err(refusal) => {
                self.refuse(peer, &file, refusal.label(), &refusal);
                Err(message::error(refusal.code(), &text_of(&refusal)))
            }
        }
    }

    /// Counts and logs a request that is turned down.
    fn refuse(&self, peer: Peer, file: &str, verdict: &'static str, reason: &dyn std::fmt::Display) {
        self.tally.refused(verdict);
        let host = self.host_at(peer.address.ip());
        tracing::warn!(client = %peer.address, host, file = file.escape_debug().to_string(), verdict, %reason, "tftp");
    }

    /// Counts and logs the end of a transfer.
    fn end(&self, peer: Peer, conversation: &Conversation, end: &End, now: Instant) {
        let summary = conversation.summary(now);
        self.tally.ended(end.label(), &summary);
        let host = self.host_at(peer.address.ip());
        let (client, file, verdict) = (peer.address, summary.file.escape_debug().to_string(), end.label());
        let (octets, resent, ms) = (summary.octets, summary.resent, summary.duration.as_millis());
        let (blksize, windowsize) = (summary.block_size, summary.window_size);
        match end {
            End::Complete => {
                tracing::info!(%client, host, file, verdict, octets, ms, resent, blksize, windowsize, "tftp");
            }
            // EDK2 asks for the size first and stops the transfer with code 8.
            End::Stopped(code, text) => tracing::info!(%client, host, file, verdict, code, text, octets, ms, "tftp"),
            End::Unreadable(error) => tracing::error!(%client, host, file, verdict, error, octets, ms, "tftp"),
            End::Restarted => tracing::debug!(%client, host, file, verdict, octets, ms, "tftp"),
            End::Gone | End::Silent | End::Shutdown => {
                tracing::warn!(%client, host, file, verdict, octets, ms, resent, blksize, windowsize, "tftp");
            }
        }
    }

    /// The component that the inventory knows at an address.
    fn host_at(&self, address: IpAddr) -> Option<String> {
        let snapshot = self.snapshots.load()?;
        snapshot.host_at(address.to_canonical()).map(|host| host.id().to_string())
    }

    /// The limits on the way to a client: a block never needs fragments (RFC 2348: that is the client's trouble, but it
    /// is ours when firmware cannot put them together).
    fn limits_for(&self, client: SocketAddr) -> Limits {
        let overhead = if client.is_ipv4() { OVERHEAD_V4 } else { OVERHEAD_V6 };
        let room = transfer_port::path_mtu(client).map(|mtu| (mtu as usize).saturating_sub(overhead));
        Limits {
            block_size: room.map_or(self.limits.block_size, |room| room.clamp(8, self.limits.block_size)),
            ..self.limits
        }
    }
}

/// A transfer that has begun.
struct Begun {
    conversation: Conversation,
    first: Step,
    seat: Seat,
}

impl End {
    fn label(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped(8, _) => "size_only",
            Self::Stopped(..) => "stopped",
            Self::Gone => "gone",
            Self::Restarted => "restarted",
            Self::Silent => "silent",
            Self::Unreadable(_) => "unreadable",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What a client is told: nothing about this machine.
fn text_of(refusal: &Refusal) -> String {
    match refusal {
        Refusal::File(OpenError::System(_)) => "cannot read the file".into(),
        other => other.to_string(),
    }
}

/// What the configuration asks for, bound.
pub(super) struct Service {
    desk: Arc<Desk>,
    bound: Vec<Bound>,
}

impl Service {
    /// Binds the port on every address of both families. Nobody loses an address for want of a boot file: what cannot be
    /// bound is logged, and the rest is served.
    pub(super) fn open(config: &Tftp, snapshots: SnapshotHandle, registry: &mut Registry) -> Self {
        if !config.root.is_dir() {
            tracing::warn!(root = %config.root.display(), "the directory of boot files is not there (yet)");
        }
        let made_up = [("default".to_owned(), REBOOT_SCRIPT.to_vec())];
        let library = Library::new(config.root.clone(), made_up);
        let tally = Arc::new(Tally::register(registry));
        let desk = Arc::new(Desk::new(library, Limits::default(), snapshots, tally));
        let addresses = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
        let bind = |address| match Bound::bind(SocketAddr::new(address, config.port), config.single_port) {
            Ok(bound) => Some(bound),
            // a machine without IPv6 is a machine like others
            Err(error) if address.is_ipv6() && error.kind() == io::ErrorKind::Unsupported => None,
            Err(error) => {
                tracing::error!(%address, port = config.port, %error, "boot files cannot be served (TFTP)");
                None
            }
        };
        let bound: Vec<_> = addresses.into_iter().filter_map(bind).collect();
        let name =
            |bound: &Bound| bound.endpoint.local_addr().map_or_else(|_| "?".into(), |address| address.to_string());
        let sockets = bound.iter().map(|bound| (name(bound), Arc::clone(bound.endpoint.counters())));
        registry.register_collector(Box::new(UdpCollector::new("coresmd_tftp", sockets.collect())));
        Self { desk, bound }
    }

    /// Serves until the stop, on threads of its own.
    pub(super) fn serve(self, runtime: &Handle, stop: &Stop) -> io::Result<Vec<JoinHandle<()>>> {
        let mut threads = Vec::new();
        for bound in self.bound {
            let failed =
                |error| tracing::error!(%error, "a TFTP socket failed: no boot files are served by it any more");
            threads.extend(bound.serve(Arc::clone(&self.desk), runtime, stop, failed)?);
        }
        Ok(threads)
    }
}

/// What a client without a boot file of its own gets by the name `default`: it asks again, and may be known by then.
const REBOOT_SCRIPT: &[u8] = b"#!ipxe\nreboot\n";

/// A TFTP socket that is bound.
struct Bound {
    endpoint: Arc<UdpEndpoint>,
    single_port: bool,
}

impl Bound {
    /// Binds a listening address.
    fn bind(address: SocketAddr, single_port: bool) -> io::Result<Self> {
        let endpoint = UdpEndpoint::bind(&BindSpec::new(address))?;
        Ok(Self { endpoint: Arc::new(endpoint), single_port })
    }

    /// Serves until the stop on threads of its own. `failed` is told when the socket fails.
    fn serve(
        self,
        desk: Arc<Desk>,
        runtime: &Handle,
        stop: &Stop,
        failed: impl FnOnce(io::Error) + Send + 'static,
    ) -> io::Result<Vec<JoinHandle<()>>> {
        let (endpoint, waiter) = (self.endpoint, stop.clone());
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| thread::Builder::new().name(name.into()).spawn(work);
        if !self.single_port {
            let mut ports = TransferPorts::new(desk, runtime.clone(), stop.clone());
            return Ok(vec![spawn(
                "tftp",
                Box::new(move || {
                    let handle = |meta: &_, datagram: &_, replies: &mut _| ports.handle(meta, datagram, replies);
                    if let Err(error) = endpoint.run(BATCH, &waiter, handle) {
                        failed(error);
                    }
                }),
            )?]);
        }
        let port = Arc::new(SinglePort::new(desk));
        let (ticker, clock, ticking) = (Arc::clone(&port), Arc::clone(&endpoint), stop.clone());
        Ok(vec![
            spawn(
                "tftp",
                Box::new(move || {
                    let handle = |meta: &_, datagram: &_, replies: &mut _| port.handle(meta, datagram, replies);
                    if let Err(error) = endpoint.run(BATCH, &waiter, handle) {
                        failed(error);
                    }
                }),
            )?,
            spawn("tftp clock", Box::new(move || ticker.keep_time(&clock, &ticking)))?,
        ])
    }
}

#[expect(clippy::disallowed_methods, reason = "transfers are timed in this room")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
