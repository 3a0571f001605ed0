//! Where to listen (facts: coredhcp-coredns §A2): `ip%interface:port`, every part optional.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::report::{Fault, Report};
use super::tree::{Entry, Node, Value};
use super::words::{self, Word};

/// One socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Address and port; 0.0.0.0 receives on all addresses.
    pub address: SocketAddrV4,
    /// The only interface that it receives from.
    pub interface: Option<String>,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.interface {
            Some(interface) => write!(f, "{}%{interface}:{}", self.address.ip(), self.address.port()),
            None => self.address.fmt(f),
        }
    }
}

/// The port of a DHCP server (RFC 2131 §4.1).
const PORT: u16 = 67;

/// Reads `listen`, or its older name `interface`, of a section; without either it is `0.0.0.0:67`.
pub(super) fn read(section: &Node, report: &mut Report<'_>) -> Vec<Listen> {
    let everywhere = Listen { address: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT), interface: None };
    read_with(section, everywhere, parse, "`%eth0`, `10.0.0.1:67`", report)
}

/// Reads `listen` or `interface` of a section of either family: the forms by `parse`, of which `examples` shows some, or
/// `everywhere`.
pub(super) fn read_with<L: PartialEq>(
    section: &Node,
    everywhere: L,
    parse: impl Fn(&str) -> Result<L, String>,
    examples: &str,
    report: &mut Report<'_>,
) -> Vec<L> {
    let words = match (section.get("listen"), section.get("interface")) {
        (Some(listen), Some(_)) => {
            let fault = Fault::new(listen.span.clone(), "`listen` and `interface` exclude each other");
            report.error(fault.help("keep `listen`; `interface: X` is the same as `listen: \"%X\"`"));
            return Vec::new();
        }
        (Some(listen), None) => entries(listen, report),
        (None, Some(interface)) => {
            let mut words = entries(interface, report);
            for word in &mut words {
                word.text.insert(0, '%');
            }
            words
        }
        (None, None) => return vec![everywhere],
    };
    let mut sockets: Vec<L> = Vec::new();
    for word in words {
        match parse(&word.text) {
            Ok(listen) if sockets.contains(&listen) => {
                report.warn(Fault::new(word.span, format!("`{}` is listed already: it is ignored", word.text)));
            }
            Ok(listen) => sockets.push(listen),
            Err(message) => report.error(
                Fault::new(word.span, message)
                    .help(format!("`address%interface:port`, each part optional: {examples}")),
            ),
        }
    }
    sockets
}

/// The words of a string, or of the strings of a list.
fn entries(entry: &Entry, report: &mut Report<'_>) -> Vec<Word> {
    let nodes = match &entry.node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(&entry.node),
    };
    let mut words = Vec::new();
    for node in nodes {
        match words::split(node, report.text()) {
            Some(found) => words.extend(found),
            None => report
                .error(Fault::new(node.span.clone(), format!("`{}` takes a string or a list of strings", entry.key))),
        }
    }
    if words.is_empty() {
        report.error(Fault::new(entry.span.clone(), format!("`{}` names nothing", entry.key)));
    }
    words
}

/// Reads one form. The error says what is wrong with the text.
fn parse(text: &str) -> Result<Listen, String> {
    if text.starts_with('[') || text.matches(':').count() > 1 {
        return Err(format!("`{text}` is an IPv6 address: server4 listens on IPv4"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, "")) => (host, PORT),
        Some((host, port)) => (host, port.parse().map_err(|_| format!("{port:?} is no port"))?),
        None => (text, PORT),
    };
    let (address, interface) = match host.split_once('%') {
        Some((_, "")) => return Err(format!("`{text}` names no interface behind `%`")),
        Some((address, interface)) => (address, Some(interface.to_owned())),
        None => (host, None),
    };
    let address = match address {
        "" => Ipv4Addr::UNSPECIFIED,
        address => {
            address.parse().map_err(|_| format!("{address:?} is no IPv4 address; an interface is written `%name`"))?
        }
    };
    if address.is_multicast() || address.is_broadcast() {
        return Err(format!("{address} is no address to listen on"));
    }
    Ok(Listen { address: SocketAddrV4::new(address, port), interface })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_original() {
        for (text, address, interface) in [
            ("%eth0", "0.0.0.0:67", Some("eth0")),
            ("%eth0:67", "0.0.0.0:67", Some("eth0")),
            ("%virbr-openchami", "0.0.0.0:67", Some("virbr-openchami")),
            ("10.0.0.1%eth0:6767", "10.0.0.1:6767", Some("eth0")),
            (":67", "0.0.0.0:67", None),
            (":6767", "0.0.0.0:6767", None),
            ("0.0.0.0", "0.0.0.0:67", None),
            ("172.16.0.253", "172.16.0.253:67", None),
        ] {
            let listen = Listen { address: address.parse().unwrap(), interface: interface.map(str::to_owned) };
            assert_eq!(parse(text), Ok(listen), "{text}");
        }
    }

    #[test]
    fn what_the_original_refuses() {
        for (text, says) in [
            ("eth0", "is no IPv4 address; an interface is written"),
            ("67", "is no IPv4 address"),
            ("[::]", "is an IPv6 address"),
            ("::1", "is an IPv6 address"),
            ("[::]%eth0:547", "is an IPv6 address"),
            ("%", "names no interface"),
            ("10.0.0.1:dhcp", "\"dhcp\" is no port"),
            ("10.0.0.1:70000", "\"70000\" is no port"),
            ("224.0.0.1", "is no address to listen on"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}: {:?}", parse(text));
        }
    }
}
