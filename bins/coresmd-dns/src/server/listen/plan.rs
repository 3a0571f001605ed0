//! From the server blocks to the addresses that are listened on, each with the keys that it serves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serve::interfaces::Interfaces;

use super::super::ServerError;
use crate::config::{BindTarget, Block, Config};
use crate::view::Key;

/// A listening address.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) struct Listener {
    /// The IP address; `None`: every address.
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// The keys that are served there, each with its block.
    pub keys: Vec<Key>,
}

/// The listening addresses of a configuration, on a machine with these interfaces.
pub(in crate::server) fn plan(config: &Config, interfaces: &Interfaces) -> Result<Vec<Listener>, ServerError> {
    let mut listeners: Vec<Listener> = Vec::new();
    for (index, block) in config.blocks.iter().enumerate() {
        let addresses = addresses(block, interfaces)?;
        for key in &block.keys {
            for ip in &addresses {
                let same = listeners.iter().position(|listener| listener.ip == *ip && listener.port == key.port);
                let place = same.unwrap_or_else(|| {
                    listeners.push(Listener { ip: *ip, port: key.port, keys: Vec::new() });
                    listeners.len() - 1
                });
                listeners[place].keys.push(Key { zone: key.zone.clone(), block: index });
            }
        }
    }
    Ok(listeners)
}

impl Listener {
    /// As CoreDNS names it in labels: `dns://127.0.0.1:53`, `dns://:53`.
    pub(in crate::server) fn server(&self) -> String {
        match self.ip {
            Some(ip) => format!("dns://{}", SocketAddr::new(ip, self.port)),
            None => format!("dns://:{}", self.port),
        }
    }

    /// The addresses to bind sockets to.
    pub(in crate::server) fn addresses(&self) -> Vec<SocketAddr> {
        let every = || vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        let ips = self.ip.map_or_else(every, |ip| vec![ip]);
        ips.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect()
    }
}

/// The addresses of a block; `[None]` without `bind`.
fn addresses(block: &Block, interfaces: &Interfaces) -> Result<Vec<Option<IpAddr>>, ServerError> {
    let of = |targets: &[BindTarget]| {
        targets.iter().map(|target| resolve(target, interfaces)).collect::<Result<Vec<_>, _>>()
    };
    let except = of(&block.except)?.concat();
    let mut ips = Vec::new();
    for ip in of(&block.bind)?.concat() {
        if !except.contains(&ip) && !ips.contains(&Some(ip)) {
            ips.push(Some(ip));
        }
    }
    Ok(if block.bind.is_empty() { vec![None] } else { ips })
}

/// The addresses that a target means. Link-local ones of an interface are left out: they would need the interface's
/// name beside them wherever a resolver is configured.
fn resolve(target: &BindTarget, interfaces: &Interfaces) -> Result<Vec<IpAddr>, ServerError> {
    let name = match target {
        BindTarget::Address(ip) => return Ok(vec![*ip]),
        BindTarget::Interface(name) => name,
    };
    let interface = interfaces.by_name(name);
    let v4 = interface.iter().flat_map(|interface| &interface.ipv4).map(|(ip, _)| IpAddr::V4(*ip));
    let v6 = interface.iter().flat_map(|interface| &interface.ipv6).map(|(ip, _)| *ip);
    let ips: Vec<IpAddr> = v4.chain(v6.filter(|ip| !ip.is_unicast_link_local()).map(IpAddr::V6)).collect();
    if ips.is_empty() { Err(ServerError::Interface(name.clone())) } else { Ok(ips) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    fn shown(text: &str) -> Vec<String> {
        let interfaces = Interfaces::list().unwrap();
        let listeners = plan(&config(text), &interfaces).unwrap();
        let keys = |listener: &Listener| {
            listener.keys.iter().map(|key| format!("{}={}", key.zone, key.block)).collect::<Vec<_>>().join(" ")
        };
        listeners.iter().map(|listener| format!("{} {}", listener.server(), keys(listener))).collect()
    }

    #[test]
    fn blocks_share_an_address_and_a_key_may_have_its_own_port() {
        let text = ". {\n errors\n}\na.example, b.example:1053 {\n errors\n}\n";
        assert_eq!(shown(text), ["dns://:53 .=0 a.example.=1", "dns://:1053 b.example.=1"]);
        let text = "a {\n bind 127.0.0.1 ::1 127.0.0.1\n errors\n}\nb {\n bind ::1\n errors\n}\n";
        assert_eq!(shown(text), ["dns://127.0.0.1:53 a.=0", "dns://[::1]:53 a.=0 b.=1"]);
    }

    #[test]
    fn an_interface_stands_for_its_addresses() {
        let listeners = shown(". {\n bind lo {\n except ::1\n }\n errors\n}\n");
        assert_eq!(listeners, ["dns://127.0.0.1:53 .=0"]);
        let missing = plan(&config(". {\n bind nosuch0\n errors\n}\n"), &Interfaces::default());
        assert!(matches!(missing, Err(ServerError::Interface(name)) if name == "nosuch0"));
    }
}
