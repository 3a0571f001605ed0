//! `[IO]` UDP datagrams to a hardware address: how a DHCP server answers a client that has no IPv4 address to ARP for
//! (RFC 2131 §4.1).
//!
//! An `AF_PACKET` socket of type `SOCK_DGRAM`: the kernel writes the link header, `frame` the IPv4 and UDP headers.
//! Needs `CAP_NET_RAW` and nothing else, and leaves the ARP table alone.

mod frame;

use std::io::{self, IoSlice};
use std::net::SocketAddrV4;

use socket2::{Domain, Protocol, Socket, Type};

use crate::sys;

/// One socket that sends on every interface and receives nothing.
#[derive(Debug)]
pub struct LinkSocket {
    socket: Socket,
}

impl LinkSocket {
    /// Opens the socket. [`io::ErrorKind::PermissionDenied`] without `CAP_NET_RAW`.
    pub fn open() -> io::Result<Self> {
        // Protocol 0: no frame of any kind is queued on this socket.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(0)))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket })
    }

    /// Sends `payload` out of the interface with index `interface` to the station `to`, as a UDP datagram with these
    /// addresses (of which the receiver need not own any).
    ///
    /// An error is the reason to fall back to broadcast: the kernel's `EINVAL` (the interface has other hardware
    /// addresses than Ethernet's), `ENETDOWN`, `ENXIO` (no such interface), `EPERM`, `EMSGSIZE` (more than the MTU),
    /// `EAGAIN` (the send buffer is full).
    pub fn send(
        &self,
        interface: u32,
        to: [u8; 6],
        source: SocketAddrV4,
        destination: SocketAddrV4,
        payload: &[u8],
    ) -> io::Result<()> {
        let headers = frame::headers(source, destination, payload).ok_or(io::ErrorKind::InvalidInput)?;
        let station = sys::packet::ethernet_station(interface, to);
        self.socket.send_to_vectored(&[IoSlice::new(&headers), IoSlice::new(payload)], &station)?;
        Ok(())
    }
}
