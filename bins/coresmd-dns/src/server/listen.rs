//! \[IO\] Which addresses are listened on, and the sockets.

mod plan;

pub(super) use plan::{Listener, plan};

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::{JoinHandle, available_parallelism};

use serve::drain::Stop;
use serve::udp::{BindSpec, UdpCounters, UdpEndpoint};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

use super::service::{Post, Service};
use super::{ServerError, tcp, udp};

/// The sockets of a listening address. They outlive the configurations that want them.
pub(super) struct Listening {
    /// The IP address; `None`: every address.
    pub(super) ip: Option<IpAddr>,
    /// The port.
    pub(super) port: u16,
    /// Where they find what to say.
    pub(super) post: Arc<Post>,
    /// One for each address and thread.
    udp: Vec<(SocketAddr, Arc<UdpEndpoint>)>,
    /// One for each address, until they are served.
    tcp: Vec<TcpListener>,
    stop: Stop,
}

/// Binds the sockets of a listening address. Must be called within the runtime.
pub(super) fn bind(listener: &Listener, service: Service) -> Result<Listening, ServerError> {
    let Listener { ip, port, .. } = *listener;
    let post = Arc::new(Post::from_pointee(service));
    let mut bound = Listening { ip, port, post, udp: Vec::new(), tcp: Vec::new(), stop: Stop::new()? };
    for address in listener.addresses() {
        match bound.address(address) {
            Err(ServerError::Bind { source, .. }) if ip.is_none() && is_without_ipv6(address, &source) => {
                tracing::info!(%address, "this machine has no IPv6: not listening there");
            }
            result => result?,
        }
    }
    Ok(bound)
}

impl Listening {
    /// Whether it is what a configuration wants.
    pub(super) fn serves(&self, listener: &Listener) -> bool {
        (self.ip, self.port) == (listener.ip, listener.port)
    }

    /// The counters of its UDP endpoints, each with its name.
    pub(super) fn counters(&self) -> Vec<(String, Arc<UdpCounters>)> {
        let server = self.post.load().labels().server.clone();
        let named = |(n, (_, endpoint)): (usize, &(SocketAddr, Arc<UdpEndpoint>))| {
            (format!("{server}#{n}"), Arc::clone(endpoint.counters()))
        };
        self.udp.iter().enumerate().map(named).collect()
    }

    /// Starts answering: a thread for each UDP endpoint, a task for each TCP listener. A UDP endpoint that fails later
    /// says so to `failed`. Once only.
    pub(super) fn start(&mut self, failed: &UnboundedSender<ServerError>) -> io::Result<Vec<JoinHandle<()>>> {
        let tasks = self.post.load().edge().tasks.clone();
        for listener in self.tcp.drain(..) {
            let shared = tcp::Shared::new(Arc::clone(&self.post));
            tasks.spawn(tcp::serve(listener, shared, tasks.clone(), self.stop.token()));
        }
        let thread = |(worker, (address, endpoint)): (usize, &(SocketAddr, Arc<UdpEndpoint>))| {
            udp::spawn(
                *address,
                Arc::clone(endpoint),
                worker,
                Arc::clone(&self.post),
                self.stop.clone(),
                failed.clone(),
            )
        };
        self.udp.iter().enumerate().map(thread).collect()
    }

    /// Ends answering.
    pub(super) fn stop(&self) {
        self.stop.set();
    }

    fn address(&mut self, address: SocketAddr) -> Result<(), ServerError> {
        let failed = |protocol| move |source| ServerError::Bind { address: address.to_string(), protocol, source };
        let listener = listen_tcp(address).map_err(failed("tcp"))?;
        for _ in 0..threads() {
            let spec = BindSpec { reuse_port: true, ..BindSpec::new(address) };
            let endpoint = UdpEndpoint::bind(&spec).map_err(failed("udp"))?;
            self.udp.push((address, Arc::new(endpoint)));
        }
        self.tcp.push(listener);
        Ok(())
    }
}

/// How many threads answer on each address.
pub(super) fn threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
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
