//! A socket and a task for each transfer (RFC 1350 §4: the server chooses a port of its own for it).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serve::drain::Stop;
use serve::udp::{RecvMeta, Replies};
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{Begun, Desk, End, Peer, now};
use crate::tftp::ErrorCode;
use crate::tftp::message;
use crate::tftp::request::{Malformed, Message, ReadRequest};
use crate::tftp::transfer::Step;

/// Octets of the longest message that a client sends in a transfer, an ERROR with its text; the rest is cut off.
const LONGEST: usize = 516;
/// How many clients may be remembered before those that are done are looked for.
const REMEMBERED: usize = 1024;

/// The clients that are being served.
pub(super) struct TransferPorts {
    desk: Arc<Desk>,
    runtime: Handle,
    stop: Stop,
    /// Whom to tell that a client asks again. A client that hears two ports answer takes the first and drops the second.
    clients: FxHashMap<SocketAddr, mpsc::Sender<ReadRequest>>,
}

impl TransferPorts {
    pub(super) fn new(desk: Arc<Desk>, runtime: Handle, stop: Stop) -> Self {
        Self { desk, runtime, stop, clients: FxHashMap::default() }
    }

    /// Deals with one datagram at the listening port, which is only for requests.
    pub(super) fn handle(&mut self, meta: &RecvMeta, datagram: &[u8], replies: &mut Replies) {
        let peer = Peer::of(meta);
        let refused = match Message::decode(datagram) {
            Ok(Message::Read(request)) => self.begin(peer, request).err(),
            Ok(Message::Write { file }) => {
                self.desk.refuse(peer, &file, "write", &"nothing can be written here");
                Some(message::error(ErrorCode::AccessViolation, "nothing can be written here"))
            }
            Ok(Message::Acknowledge(_) | Message::Error { .. }) => None,
            Err(malformed) => {
                self.desk.tally.refused("malformed");
                tracing::debug!(client = %peer.address, reason = %malformed, "tftp");
                let telling = malformed != Malformed::Message;
                telling.then(|| message::error(ErrorCode::IllegalOperation, &malformed.to_string()))
            }
        };
        if let Some(error) = refused {
            peer.push(replies, &error);
        }
    }

    /// A request; one from a client that is being served begins anew, from the same port.
    fn begin(&mut self, peer: Peer, request: ReadRequest) -> Result<(), Vec<u8>> {
        let request = match self.clients.get(&peer.address).map(|client| client.try_send(request.clone())) {
            Some(Ok(()) | Err(mpsc::error::TrySendError::Full(_))) => return Ok(()),
            Some(Err(mpsc::error::TrySendError::Closed(request))) => request,
            None => request,
        };
        let file = request.file.clone();
        let begun = self.desk.begin(peer, request, now())?;
        let inside = self.runtime.enter();
        let socket = open(peer).and_then(UdpSocket::from_std).map_err(|error| {
            self.desk.end(peer, &begun.conversation, &End::Unreadable(format!("no socket for {file}: {error}")), now());
            message::error(ErrorCode::NotDefined, "out of ports, try again")
        })?;
        drop(inside);
        if self.clients.len() >= REMEMBERED {
            self.clients.retain(|_, client| !client.is_closed());
        }
        let (again, asked_again) = mpsc::channel(1);
        self.clients.insert(peer.address, again);
        let (desk, stop) = (Arc::clone(&self.desk), self.stop.clone());
        self.runtime.spawn(async move { converse(&desk, peer, begun, socket, asked_again, stop).await });
        Ok(())
    }
}

/// One client's transfer from its first message to its end.
async fn converse(
    desk: &Desk,
    peer: Peer,
    begun: Begun,
    socket: UdpSocket,
    mut asked_again: mpsc::Receiver<ReadRequest>,
    stop: Stop,
) {
    let Begun { mut conversation, first, mut seat } = begun;
    let mut step = first;
    let mut out = Vec::new();
    let mut incoming = [0; LONGEST];
    let mut stopped = std::pin::pin!(stop.wait());
    let end = loop {
        match send(&socket, &conversation, step, &mut out).await {
            Ok(()) => {}
            Err(end) => break end,
        }
        step = tokio::select! {
            biased;
            received = socket.recv(&mut incoming) => match received.map(|length| Message::decode(&incoming[..length])) {
                Ok(Ok(Message::Acknowledge(block))) => conversation.acknowledge(block, now()),
                Ok(Ok(Message::Error { code, text })) => break End::Stopped(code, text),
                // the client has closed its port (ICMP)
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => break End::Gone,
                Ok(_) | Err(_) => Step::Wait,
            },
            () = tokio::time::sleep_until(conversation.deadline().into()) => conversation.silence(now()),
            Some(request) = asked_again.recv() => {
                desk.end(peer, &conversation, &End::Restarted, now());
                drop(seat);
                match desk.begin(peer, request, now()) {
                    Ok(begun) => {
                        (conversation, seat) = (begun.conversation, begun.seat);
                        begun.first
                    }
                    Err(error) => {
                        // the transfer before this one has been ended above
                        let _ = socket.send(&error).await;
                        return;
                    }
                }
            }
            () = &mut stopped => break End::Shutdown,
        };
    };
    if let End::Unreadable(_) = end {
        let _ = socket.send(&message::error(ErrorCode::NotDefined, "the file cannot be read any more")).await;
    }
    desk.end(peer, &conversation, &end, now());
    drop(seat);
}

/// Does what a step says; fails with the end, if that is one.
async fn send(
    socket: &UdpSocket,
    conversation: &crate::tftp::conversation::Conversation,
    step: Step,
    out: &mut Vec<u8>,
) -> Result<(), End> {
    match step {
        Step::Wait => Ok(()),
        Step::Complete => Err(End::Complete),
        Step::GiveUp => Err(End::Silent),
        Step::Send(blocks) => {
            for block in blocks {
                out.clear();
                conversation.write(block, out).map_err(|error| End::Unreadable(error.to_string()))?;
                // what cannot be sent is lost as if it were lost on the way
                let _ = socket.send(out).await;
            }
            Ok(())
        }
    }
}

/// A socket from our address that the client asked to the client.
#[expect(clippy::disallowed_methods, reason = "each transfer has a socket of its own")]
fn open(peer: Peer) -> io::Result<StdSocket> {
    let socket = StdSocket::bind((peer.local.unwrap_or_else(|| unspecified(peer.address)), 0))?;
    socket.connect(peer.address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The largest packet on the way to a client, in octets, as far as the kernel knows.
#[expect(clippy::disallowed_methods, reason = "only a socket that is connected knows its path")]
pub(super) fn path_mtu(client: SocketAddr) -> Option<u32> {
    let socket = StdSocket::bind((unspecified(client), 0)).ok()?;
    socket.connect(client).ok()?;
    match client {
        SocketAddr::V4(_) => rustix::net::sockopt::ip_mtu(&socket).ok(),
        SocketAddr::V6(_) => rustix::net::sockopt::ipv6_mtu(&socket).ok(),
    }
}

fn unspecified(client: SocketAddr) -> IpAddr {
    match client {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

impl Peer {
    /// Who sent a datagram.
    pub(super) fn of(meta: &RecvMeta) -> Self {
        let link_local = matches!(meta.source.ip(), IpAddr::V6(ip) if ip.is_unicast_link_local());
        let interface = if link_local { meta.interface } else { 0 };
        Self { address: meta.source, local: meta.local, interface }
    }

    /// Adds a message to it to the replies of a batch.
    pub(super) fn push(self, replies: &mut Replies, octets: &[u8]) {
        replies.push(self.address, self.local, self.interface, |out| out.extend_from_slice(octets));
    }
}
