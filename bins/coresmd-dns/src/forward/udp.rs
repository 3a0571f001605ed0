//! \[IO\] One query over UDP: from a socket of its own, so that whoever wants to forge the reply has to guess its port
//! and its id (RFC 5452 §9), and so that no upstream is waited for by more than those who asked it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;

use super::outgoing::Outgoing;
use crate::relayed::Reply;

/// The longest datagram that is read; we ask for no more than [`crate::relayed::UDP_SIZE`].
const LONGEST: usize = 4096;

/// Asks, and waits for the reply for as long as the caller does. What is no reply to the question is passed over.
pub(super) async fn exchange(to: SocketAddr, outgoing: &Outgoing) -> io::Result<Reply> {
    let any = if to.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    // port 0: the system draws one at random
    #[expect(clippy::disallowed_methods, reason = "the sockets of questions are this room's own")]
    let socket = UdpSocket::bind((any, 0)).await?;
    // connected: the system passes only what comes from there
    socket.connect(to).await?;
    let id = rand::random::<u16>();
    socket.send(&outgoing.message(id)).await?;
    let mut datagram = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut datagram).await?;
        let message = &datagram[..length];
        if message.starts_with(&id.to_be_bytes())
            && let Ok(reply) = Reply::read(outgoing.question(), message)
        {
            return Ok(reply);
        }
    }
}
