//! \[IO\] Ports of 127.0.0.1 that nobody uses at this moment.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::settings::{Ports, SERVER};

/// How many ports are tried until one is free for UDP and TCP.
const ATTEMPTS: usize = 100;

/// A port for each purpose, all different: every socket is held until all are found.
#[expect(clippy::disallowed_methods, reason = "[IO] asks the operating system for ports, and gives them back")]
pub(crate) fn free() -> io::Result<Ports> {
    let (dns, _dns) = for_udp_and_tcp()?;
    let dhcp = UdpSocket::bind((SERVER, 0))?;
    // TFTP is served on every address
    let tftp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    let mut listeners = Vec::new();
    let mut http = || -> io::Result<u16> {
        let listener = TcpListener::bind((SERVER, 0))?;
        let port = listener.local_addr()?.port();
        listeners.push(listener);
        Ok(port)
    };
    Ok(Ports {
        dhcp: dhcp.local_addr()?.port(),
        dhcp_admin: http()?,
        tftp: tftp.local_addr()?.port(),
        dns,
        dns_health: http()?,
        dns_ready: http()?,
        dns_metrics: http()?,
    })
}

#[expect(clippy::disallowed_methods, reason = "[IO] asks the operating system for ports, and gives them back")]
fn for_udp_and_tcp() -> io::Result<(u16, (TcpListener, UdpSocket))> {
    let mut attempt = 1;
    loop {
        let tcp = TcpListener::bind((SERVER, 0))?;
        let port = tcp.local_addr()?.port();
        match UdpSocket::bind((SERVER, port)) {
            Ok(udp) => return Ok((port, (tcp, udp))),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(_) => attempt += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_tcp_ports_differ() {
        let ports = free().unwrap();
        let tcp = [ports.dns, ports.dhcp_admin, ports.dns_health, ports.dns_ready, ports.dns_metrics];
        assert_eq!(HashSet::from(tcp).len(), tcp.len());
    }
}
