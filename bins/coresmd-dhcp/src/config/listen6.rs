//! Where DHCPv6 is listened to (facts: coredhcp-coredns §A2): `ip%interface:port`, every part optional, an address in
//! brackets with its interface inside.
//!
//! Whatever is written, the groups of RFC 8415 §7.1 are joined: a client knows no other address. So a group here means
//! no more than its interface.

use std::fmt;
use std::net::Ipv6Addr;

use super::listen;
use super::report::Report;
use super::tree::Node;

/// `All_DHCP_Relay_Agents_and_Servers` (RFC 8415 §7.1): what clients send to.
pub const ALL_RELAYS_AND_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
/// `All_DHCP_Servers` (RFC 8415 §7.1): what relays send to that know no server.
pub const ALL_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 1, 3);
/// The port of a DHCPv6 server (RFC 8415 §7.2).
const PORT: u16 = 547;

/// One place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen6 {
    /// The only address that unicast is received at; `::` for all. Never a group.
    pub address: Ipv6Addr,
    /// The port.
    pub port: u16,
    /// The only interface that it receives from.
    pub interface: Option<String>,
}

impl fmt::Display for Listen6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interface {
            Some(interface) => write!(f, "[{}%{interface}]:{}", self.address, self.port),
            None => write!(f, "[{}]:{}", self.address, self.port),
        }
    }
}

/// Reads `listen`, or its older name `interface`, of the section; without either it is `[::]:547`.
pub(super) fn read(section: &Node, report: &mut Report<'_>) -> Vec<Listen6> {
    let everywhere = Listen6 { address: Ipv6Addr::UNSPECIFIED, port: PORT, interface: None };
    listen::read_with(section, everywhere, parse, "`%eth0`, `[::%eth0]:547`, `[fd00::1]`", report)
}

/// Reads one form. The error says what is wrong with the text.
fn parse(text: &str) -> Result<Listen6, String> {
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) => (host, rest),
        Some(None) => return Err(format!("`{text}` has no `]`")),
        None if text.matches(':').count() > 1 => {
            return Err(format!("`{text}`: an IPv6 address is written in brackets: `[{text}]`"));
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some("") => PORT,
        Some(port) => port.parse().map_err(|_| format!("{port:?} is no port"))?,
        None if port.is_empty() => PORT,
        None if port.starts_with('%') => {
            let (interface, port) = port.split_at(port.find(':').unwrap_or(port.len()));
            return Err(format!("`{text}`: the interface stands within the brackets: `[{host}{interface}]{port}`"));
        }
        None => return Err(format!("`{text}` has {port:?} behind its brackets, which is no port")),
    };
    let (address, interface) = match host.split_once('%') {
        Some((_, "")) => return Err(format!("`{text}` names no interface behind `%`")),
        Some((address, interface)) => (address, Some(interface.to_owned())),
        None => (host, None),
    };
    let address = match address {
        "" => Ipv6Addr::UNSPECIFIED,
        address => {
            address.parse().map_err(|_| format!("{address:?} is no IPv6 address; an interface is written `%name`"))?
        }
    };
    let address = match address {
        ALL_RELAYS_AND_SERVERS | ALL_SERVERS => Ipv6Addr::UNSPECIFIED,
        address if address.is_multicast() => {
            return Err(format!("{address} is no group of DHCPv6: those are ff02::1:2 and ff05::1:3"));
        }
        address if address.is_unicast_link_local() && interface.is_none() => {
            return Err(format!("{address} is an address of every interface: write `[{address}%eth0]`"));
        }
        address => address,
    };
    Ok(Listen6 { address, port, interface })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_original() {
        for (text, shown) in [
            ("%eth0", "[::%eth0]:547"),
            ("%eth0:547", "[::%eth0]:547"),
            (":1547", "[::]:1547"),
            ("[::]", "[::]:547"),
            ("[::]:547", "[::]:547"),
            ("[::%eth0]:547", "[::%eth0]:547"),
            ("[ff02::1:2%eth0]", "[::%eth0]:547"),
            ("[ff02::1:2]:547", "[::]:547"),
            ("[ff05::1:3]:547", "[::]:547"),
            ("[fd00:16::253]:547", "[fd00:16::253]:547"),
            ("[fe80::1%eth0]", "[fe80::1%eth0]:547"),
        ] {
            assert_eq!(parse(text).map(|listen| listen.to_string()), Ok(shown.into()), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, says) in [
            ("[::]%eth0", "within the brackets: `[::%eth0]`"),
            ("[::]%eth0:547", "within the brackets"),
            ("::1", "is written in brackets: `[::1]`"),
            ("fe80::1%eth0", "is written in brackets"),
            ("eth0", "is no IPv6 address; an interface is written"),
            ("547", "is no IPv6 address"),
            ("0.0.0.0:547", "is no IPv6 address"),
            ("[10.0.0.1]", "is no IPv6 address"),
            ("[::", "has no `]`"),
            ("[::]547", "which is no port"),
            ("[::]:dhcp", "\"dhcp\" is no port"),
            ("[::%]", "names no interface"),
            ("[ff02::1]:547", "is no group of DHCPv6"),
            ("[fe80::1]:547", "is an address of every interface"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}: {:?}", parse(text));
        }
    }
}
