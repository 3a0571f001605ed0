//! \[IO\] Which addresses are listened on, and the sockets.

mod plan;

pub(super) use plan::{Listener, plan};

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{JoinHandle, available_parallelism};

use serve::drain::Stop;
use serve::udp::{BindSpec, UdpCollector, UdpCounters, UdpEndpoint};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::task::TaskTracker;

use super::service::Service;
use super::{ServerError, tcp, udp};
use crate::metrics::{ListenerLabels, Tally, Worker};

/// A listening address with its sockets.
pub(super) struct Bound {
    service: Arc<Service>,
    /// One for each address and thread.
    udp: Vec<(SocketAddr, UdpEndpoint, Arc<Tally>)>,
    /// One for each address.
    tcp: Vec<(TcpListener, Arc<Tally>)>,
}

/// Binds the sockets of a listening address. Must be called within the runtime.
pub(super) fn bind(listener: &Listener, service: Arc<Service>) -> Result<Bound, ServerError> {
    let mut bound = Bound { service, udp: Vec::new(), tcp: Vec::new() };
    let threads = available_parallelism().map_or(1, NonZeroUsize::get);
    for address in listener.addresses() {
        match bound.address(address, threads) {
            Err(ServerError::Bind { source, .. }) if listener.ip.is_none() && is_without_ipv6(address, &source) => {
                tracing::info!(%address, "this machine has no IPv6: not listening there");
            }
            result => result?,
        }
    }
    Ok(bound)
}

/// The counters of all UDP endpoints as metrics.
pub(super) fn endpoint_collector(listeners: &[Bound]) -> UdpCollector {
    let of_listener = |bound: &Bound| {
        let server = bound.labels().server.clone();
        bound
            .udp
            .iter()
            .enumerate()
            .map(move |(n, (_, endpoint, _))| (format!("{server}#{n}"), endpoint.counters().clone()))
            .collect::<Vec<_>>()
    };
    UdpCollector::new("coresmd_dns", listeners.iter().flat_map(of_listener).collect())
}

impl Bound {
    /// What the listening address and its keys are called in metrics.
    pub(super) fn labels(&self) -> &Arc<ListenerLabels> {
        self.service.labels()
    }

    /// The tallies of its workers.
    pub(super) fn workers(&self) -> impl Iterator<Item = Worker> {
        let udp = self.udp.iter().map(|(_, _, tally)| ("udp", tally));
        let tcp = self.tcp.iter().map(|(_, tally)| ("tcp", tally));
        udp.chain(tcp).map(|(proto, tally)| Worker {
            listener: Arc::clone(self.labels()),
            proto,
            tally: Arc::clone(tally),
        })
    }

    /// The counters of its UDP endpoints.
    pub(super) fn counters(&self) -> impl Iterator<Item = Arc<UdpCounters>> {
        self.udp.iter().map(|(_, endpoint, _)| Arc::clone(endpoint.counters()))
    }

    /// Starts answering: a thread for each UDP endpoint, a task for each TCP listener. A UDP endpoint that fails later
    /// says so to `failed`.
    pub(super) fn start(
        self,
        stop: &Stop,
        tasks: &TaskTracker,
        failed: &UnboundedSender<ServerError>,
    ) -> io::Result<Vec<JoinHandle<()>>> {
        for (listener, tally) in self.tcp {
            let service = tcp::Shared::new(Arc::clone(&self.service), tally);
            tasks.spawn(tcp::serve(listener, service, tasks.clone(), stop.token()));
        }
        let thread = |(address, endpoint, tally)| {
            udp::spawn(address, endpoint, Arc::clone(&self.service), tally, stop.clone(), failed.clone())
        };
        self.udp.into_iter().map(thread).collect()
    }

    fn address(&mut self, address: SocketAddr, threads: usize) -> Result<(), ServerError> {
        let failed = |protocol| move |source| ServerError::Bind { address: address.to_string(), protocol, source };
        let listener = listen_tcp(address).map_err(failed("tcp"))?;
        for _ in 0..threads {
            let spec = BindSpec { reuse_port: true, ..BindSpec::new(address) };
            let endpoint = UdpEndpoint::bind(&spec).map_err(failed("udp"))?;
            self.udp.push((address, endpoint, self.service.tally()));
        }
        self.tcp.push((listener, self.service.tally()));
        Ok(())
    }
}

fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // 0.0.0.0 has a socket of its own
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Whether binding failed because there is no IPv6: then `[::]` is no loss.
fn is_without_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own
    address.is_ipv6() && (error.raw_os_error() == Some(97) || error.kind() == io::ErrorKind::AddrNotAvailable)
}

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
