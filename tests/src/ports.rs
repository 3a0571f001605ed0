//! Free ports on loopback for servers that are told their port.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Mutex;

/// What this test program has been given already: the system would give a port again as soon as it is let go.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// An address on 127.0.0.1 whose port nobody has, neither in UDP nor in TCP.
pub fn free() -> SocketAddr {
    let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        if TcpListener::bind(address).is_ok() && given.insert(address.port()) {
            return address;
        }
    }
}
