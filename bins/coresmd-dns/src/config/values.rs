//! The values of directives: listening addresses, what to bind to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where an HTTP endpoint listens: `HOST:PORT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HttpAddress {
    /// The address; `None`: every address of both families.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl HttpAddress {
    /// On every address.
    pub(super) const fn everywhere(port: u16) -> Self {
        Self { ip: None, port }
    }

    /// On this machine only.
    pub(super) const fn localhost(port: u16) -> Self {
        Self { ip: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), port }
    }

    /// Reads `:8080`, `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        match host {
            "" => Some(Self::everywhere(port)),
            "localhost" => Some(Self::localhost(port)),
            _ => text.parse().ok().map(|address: SocketAddr| Self { ip: Some(address.ip()), port }),
        }
    }

    /// The sockets to bind. Every address: `[::]`, which takes IPv4 as well.
    pub fn socket(self) -> SocketAddr {
        SocketAddr::new(self.ip.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), self.port)
    }
}

/// What `bind` names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BindTarget {
    /// One address.
    Address(IpAddr),
    /// The addresses that an interface has when the server starts.
    Interface(String),
}

impl BindTarget {
    /// Reads an address or an interface's name. `None` for what looks like an address and is none, or can be no
    /// interface's name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let like_address = text.contains(':') || text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // IFNAMSIZ of Linux, its NUL left out
        let possible = (1..=15).contains(&text.len()) && !text.contains(['/', ' ']);
        (possible && !like_address).then(|| Self::Interface(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_addresses() {
        for (text, socket) in [
            (":8080", "[::]:8080"),
            ("127.0.0.1:8181", "127.0.0.1:8181"),
            ("0.0.0.0:9153", "0.0.0.0:9153"),
            ("localhost:9153", "127.0.0.1:9153"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(HttpAddress::parse(text).unwrap().socket().to_string(), socket, "{text}");
        }
        for text in [":notaport", "8080", ":0", ":99999", "example.org:80", "::1:80", ""] {
            assert_eq!(HttpAddress::parse(text), None, "{text}");
        }
    }

    #[test]
    fn bind_takes_addresses_and_interfaces() {
        assert_eq!(BindTarget::parse("::1"), Some(BindTarget::Address("::1".parse().unwrap())));
        assert_eq!(BindTarget::parse("hsn0"), Some(BindTarget::Interface("hsn0".to_owned())));
        for text in ["127.0.0.1.1", "10.0.0.256", "fd00::g", "", "sixteen-letters-"] {
            assert_eq!(BindTarget::parse(text), None, "{text}");
        }
    }
}
