//! `[IO]` The UDP edge: datagrams in by the batch, each to the handler, replies out by the batch, from the address and by
//! the interface that the handler names (`IP_PKTINFO`, `IPV6_PKTINFO`).
//!
//! One [`UdpEndpoint::run`] per thread. Unicast load is shared among several endpoints on one port with
//! [`BindSpec::reuse_port`]; but a broadcast reaches every socket of such a group, so a DHCP server binds one endpoint
//! for each interface.

mod counters;
mod replies;
mod socket;
mod urgency;

pub use counters::{SendErrorKind, UdpCollector, UdpCounters};
pub use replies::Replies;

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;

use crate::drain::Stop;
use crate::sys::receive::{ReceiveBatch, Received};
use crate::sys::transmit::{Route, TransmitBatch};
use crate::sys::{self, Readiness};

/// How long a thread rests when the kernel has no memory for it.
const PAUSE: Duration = Duration::from_millis(10);

/// What is known of a received datagram beside its octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvMeta {
    /// Who sent it. Never port 0, never a broadcast or multicast address.
    pub source: SocketAddr,
    /// The destination address in its header; may be a broadcast or multicast address.
    pub destination: Option<IpAddr>,
    /// This machine's address to answer from: the destination if that is an address of this machine, else (broadcast)
    /// the address that the kernel would answer from; `None` when there is none on that interface, or for IPv6 multicast.
    pub local: Option<IpAddr>,
    /// Index of the interface it came in by; 0 unknown.
    pub interface: u32,
}

/// How to bind an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindSpec {
    /// Address and port; port 0 takes a free one. An IPv6 socket never receives IPv4 (`IPV6_V6ONLY`).
    pub address: SocketAddr,
    /// Receive and send through this interface only (`SO_BINDTODEVICE`).
    pub device: Option<String>,
    /// Allow sending to broadcast addresses (`SO_BROADCAST`).
    pub broadcast: bool,
    /// Bind although another socket that says so too has the address, on another interface say (`SO_REUSEADDR`). Of two
    /// that receive the same unicast, one gets nothing: only for sockets that listen for broadcasts.
    pub reuse_address: bool,
    /// Share the port and its unicast load with other sockets of this user that say so too (`SO_REUSEPORT`).
    pub reuse_port: bool,
    /// Octets of the receive buffer (`SO_RCVBUF`); beyond the system's limit only with `CAP_NET_ADMIN`.
    pub receive_buffer: usize,
}

impl BindSpec {
    /// 4 MiB: what a boot storm or a burst of queries fills between two turns of a thread.
    pub const RECEIVE_BUFFER: usize = 4 << 20;

    /// `address` on every interface, no broadcast, nothing shared, a receive buffer of [`BindSpec::RECEIVE_BUFFER`].
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            device: None,
            broadcast: false,
            reuse_address: false,
            reuse_port: false,
            receive_buffer: Self::RECEIVE_BUFFER,
        }
    }
}

/// A bound UDP socket with its counters.
#[derive(Debug)]
pub struct UdpEndpoint {
    socket: Socket,
    counters: Arc<UdpCounters>,
}

impl UdpEndpoint {
    /// Binds a socket by `spec`. The error is the system's: address in use or not of this machine, no such device, not
    /// permitted.
    pub fn bind(spec: &BindSpec) -> io::Result<Self> {
        Ok(Self { socket: socket::bind(spec)?, counters: Arc::default() })
    }

    /// The address bound, with the port that was chosen for port 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("a UDP socket has an IP address"))
    }

    /// Receives what is sent to an IPv6 group by the interface with this index. To have joined already is no error.
    pub fn join(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        match self.socket.join_multicast_v6(&group, interface) {
            Err(error) if error.raw_os_error() == Some(libc::EADDRINUSE) => Ok(()),
            joined => joined,
        }
    }

    /// What went through this endpoint, for metrics.
    pub fn counters(&self) -> &Arc<UdpCounters> {
        &self.counters
    }

    /// Sends one datagram outside of [`UdpEndpoint::run`]: for answers that take long enough to be found elsewhere.
    /// `from` and `interface` as in [`Replies::push`]. Does not wait for buffer space. Counted like any other.
    pub fn send(&self, to: SocketAddr, from: Option<IpAddr>, interface: u32, payload: &[u8]) -> io::Result<()> {
        let route = Route { to, from, interface };
        let result = TransmitBatch::default().send(&self.socket, std::iter::once((route, payload)));
        match &result {
            Ok(sent) => self.counters.sent(*sent),
            Err(error) => self.counters.send_error(error, 1),
        }
        result.map(drop)
    }

    /// Receives until `stop` is set, up to `batch` datagrams at a time, gives each to `handler` and sends the replies
    /// that it pushed after each batch. Blocks: one thread per call; several threads may run one endpoint.
    ///
    /// Datagrams that nobody should answer (source port 0, source broadcast or multicast) or that do not fit 4096
    /// octets are counted and not given to the handler. A panic of the handler is counted, takes the replies to its
    /// datagram with it and nothing else. Failures to send are counted by kind.
    ///
    /// Returns `Ok` once stopped, the system's error when the socket cannot be used any more.
    pub fn run(
        &self,
        batch: usize,
        stop: &Stop,
        mut handler: impl FnMut(&RecvMeta, &[u8], &mut Replies),
    ) -> io::Result<()> {
        let mut incoming = ReceiveBatch::new(batch);
        let mut replies = Replies::default();
        let mut outgoing = TransmitBatch::default();
        let mut more = false;
        while !stop.is_set() {
            // A full batch means that more is waiting; anything less, that it is worth asking first.
            if !more && !self.wait_readable(stop)? {
                continue;
            }
            let received = self.receive(&mut incoming, stop)?;
            more = received == incoming.slots();
            for slot in 0..received {
                self.handle(&incoming.datagram(slot), &mut replies, &mut handler);
            }
            self.flush(&mut replies, &mut outgoing, stop);
        }
        Ok(())
    }

    /// Takes what waits on the socket; none after an error that passes.
    fn receive(&self, incoming: &mut ReceiveBatch, stop: &Stop) -> io::Result<usize> {
        match incoming.receive(&self.socket) {
            Ok(received) => {
                self.counters.received(received);
                Ok(received)
            }
            Err(error) => self.receive_error(error, stop).map(|()| 0),
        }
    }

    /// Waits for a datagram or for the stop; says whether there is a datagram.
    fn wait_readable(&self, stop: &Stop) -> io::Result<bool> {
        let [socket, _] = sys::poll(self.socket.as_fd(), libc::POLLIN, stop.as_fd(), None)?;
        match socket {
            Readiness::Invalid => Err(io::Error::from_raw_os_error(libc::EBADF)),
            readiness => Ok(readiness == Readiness::Ready),
        }
    }

    /// Passes on what cannot get better; the rest is another message's failure (ICMP) or passing want of memory.
    fn receive_error(&self, error: io::Error, stop: &Stop) -> io::Result<()> {
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINTR) => Ok(()),
            Some(libc::ECONNREFUSED | libc::EHOSTUNREACH | libc::ENETUNREACH) => {
                self.counters.receive_error();
                Ok(())
            }
            Some(libc::ENOBUFS | libc::ENOMEM | libc::ENETDOWN) => {
                self.counters.receive_error();
                // Waiting for no event of the socket: only the stop or the time ends the pause.
                sys::poll(self.socket.as_fd(), 0, stop.as_fd(), Some(PAUSE)).map(drop)
            }
            _ => Err(error),
        }
    }

    /// Gives one datagram to the handler, if it is one to be answered.
    fn handle(
        &self,
        datagram: &Received<'_>,
        replies: &mut Replies,
        handler: &mut impl FnMut(&RecvMeta, &[u8], &mut Replies),
    ) {
        if let Some(meta) = self.meta(datagram) {
            self.call(&meta, datagram.payload, replies, handler);
        }
    }

    /// What is known of a datagram; `None`, counted, if nobody should answer it.
    fn meta(&self, datagram: &Received<'_>) -> Option<RecvMeta> {
        let arrival = datagram.arrival;
        self.counters.lost(arrival.lost);
        if datagram.truncated {
            self.counters.truncated();
            return None;
        }
        let Some(source) = datagram.source.filter(answerable) else {
            self.counters.unanswerable();
            return None;
        };
        Some(RecvMeta { source, destination: arrival.destination, local: arrival.local, interface: arrival.interface })
    }

    fn call(
        &self,
        meta: &RecvMeta,
        payload: &[u8],
        replies: &mut Replies,
        handler: &mut impl FnMut(&RecvMeta, &[u8], &mut Replies),
    ) {
        let before = replies.len();
        // Unwind safe: what the panic may have left half done in `replies` is cut off below, and the handler's own
        // state is the handler's to keep whole, as it would have to with a mutex.
        let outcome = catch_unwind(AssertUnwindSafe(|| handler(meta, payload, replies)));
        if outcome.is_err() {
            replies.truncate(before);
            self.counters.panicked();
        }
    }

    /// Sends all replies, each once. One that cannot be sent is counted and skipped; when the send buffer stays full,
    /// the rest of the batch is dropped, for the senders will ask again.
    fn flush(&self, replies: &mut Replies, outgoing: &mut TransmitBatch, stop: &Stop) {
        let mut next = 0;
        let mut waited = false;
        while next < replies.len() {
            match outgoing.send(&self.socket, replies.iter_from(next)) {
                Ok(sent) => {
                    self.counters.sent(sent);
                    next += sent;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !waited => {
                    waited = true;
                    // An error of poll(2) itself leaves it to the second attempt to fail.
                    let _ = sys::poll(self.socket.as_fd(), libc::POLLOUT, stop.as_fd(), Some(PAUSE));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.counters.send_error(&error, replies.len() - next);
                    break;
                }
                Err(error) => {
                    self.counters.send_error(&error, 1);
                    next += 1;
                }
            }
        }
        replies.truncate(0);
    }
}

/// Whether a reply to this source would go to one receiver.
fn answerable(source: &SocketAddr) -> bool {
    let group = match source.ip() {
        IpAddr::V4(address) => address.is_broadcast() || address.is_multicast(),
        IpAddr::V6(address) => address.is_multicast(),
    };
    source.port() != 0 && !group
}

#[cfg(test)]
mod tests;
