//! Making the socket: every option before the bind.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::BindSpec;
use crate::sys::set_option;

/// A UDP socket bound by `spec`, which reports destination and interface of each datagram.
pub(super) fn bind(spec: &BindSpec) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(spec.address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(spec.reuse_address)?;
    socket.set_reuse_port(spec.reuse_port)?;
    socket.set_broadcast(spec.broadcast)?;
    match spec.address {
        SocketAddr::V4(_) => set_option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?,
        SocketAddr::V6(_) => {
            socket.set_only_v6(true)?;
            set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
    }
    set_option(&socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
    if let Some(device) = &spec.device {
        socket.bind_device(Some(device.as_bytes()))?;
    }
    receive_buffer(&socket, spec.receive_buffer)?;
    socket.bind(&spec.address.into())?;
    Ok(socket)
}

/// Asks for the buffer beyond the system's limit (`net.core.rmem_max`) first, which needs `CAP_NET_ADMIN`, then for as
/// much as the limit allows.
fn receive_buffer(socket: &Socket, octets: usize) -> io::Result<()> {
    let octets = i32::try_from(octets).unwrap_or(i32::MAX);
    set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, octets)
        .or_else(|_| set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, octets))
}
