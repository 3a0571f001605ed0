//! The client's link, and which of a host's addresses belong to it: the same on every replica, whatever the order of
//! packets (RFC 8415 §13.1).

use std::net::{IpAddr, Ipv6Addr};

use dhcp_wire::v6::Received;
use ipnet::{IpNet, Ipv6Net};
use naming::RuleSet;

use super::Unserved;

/// The length of a network whose length nothing tells: that of every link with autoconfiguration (RFC 4291 §2.5.1).
const SUBNET: u8 = 64;

/// Where the client is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link<'a> {
    /// Behind a relay.
    Relayed {
        /// The relay's address on it.
        near: Ipv6Addr,
        /// The longest subnet around that address that a rule names.
        named: Option<Ipv6Net>,
    },
    /// On the networks of the receiving interface, link-local ones aside.
    Direct(&'a [Ipv6Net]),
}

impl<'a> Link<'a> {
    /// Finds the client's link: a relay's, or where we received it.
    pub(super) fn of(message: &Received<'_>, networks: &'a [Ipv6Net], rules: Option<&RuleSet>) -> Self {
        match message.link_address() {
            Some(near) => {
                let named = rules.and_then(|rules| rules.subnet_of(near.into())).and_then(|subnet| match subnet {
                    IpNet::V6(subnet) => Some(subnet),
                    IpNet::V4(_) => None,
                });
                Self::Relayed { near, named }
            }
            None => Self::Direct(networks),
        }
    }

    /// Whether an address is appropriate for the link; `None` if nothing tells.
    pub(super) fn contains(self, address: Ipv6Addr) -> Option<bool> {
        match self {
            Self::Relayed { near, named } => Some(named.unwrap_or_else(|| around(near)).contains(&address)),
            Self::Direct(networks) => {
                global(networks).map(|network| network.contains(&address)).reduce(|some, other| some || other)
            }
        }
    }

    /// A host's addresses on the link, out of those in SMD's order: the nearest first, the others as they stand.
    ///
    /// Where a rule names the subnet of the link, only addresses within it will do. Otherwise the nearest wins, by longest
    /// common prefix with the relay's address or longest network of the interface, and of equals the first; a host with no
    /// address near has its first one.
    pub(super) fn select(self, addresses: &[IpAddr]) -> Result<Vec<Ipv6Addr>, Unserved> {
        let addresses: Vec<Ipv6Addr> = addresses.iter().filter_map(ipv6).collect();
        let first = *addresses.first().ok_or(Unserved::NoIpv6Address)?;
        let network = match self {
            Self::Relayed { named: Some(named), .. } => named,
            Self::Relayed { near, named: None } => {
                let common = |address: Ipv6Addr| (u128::from(address) ^ u128::from(near)).leading_zeros();
                let best = first_with_highest(addresses.iter().map(|address| (common(*address), *address)));
                around(best.unwrap_or(first))
            }
            Self::Direct(networks) => {
                let holding = addresses.iter().filter_map(|address| longest(networks, *address));
                let best = first_with_highest(holding.map(|network| (network.prefix_len(), network)));
                best.unwrap_or_else(|| around(first))
            }
        };
        let on_link: Vec<_> = addresses.into_iter().filter(|address| network.contains(address)).collect();
        if on_link.is_empty() { Err(Unserved::NotOnLink) } else { Ok(on_link) }
    }
}

/// The longest of the networks that hold an address, link-local ones aside.
pub(super) fn longest(networks: &[Ipv6Net], address: Ipv6Addr) -> Option<Ipv6Net> {
    let holding = global(networks).filter(|network| network.contains(&address));
    first_with_highest(holding.map(|network| (network.prefix_len(), network)))
}

/// The networks that are more than link-local.
pub(super) fn global(networks: &[Ipv6Net]) -> impl Iterator<Item = Ipv6Net> {
    networks.iter().filter(|network| !network.addr().is_unicast_link_local()).copied()
}

fn ipv6(address: &IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V6(address) => Some(*address),
        IpAddr::V4(_) => None,
    }
}

fn around(address: Ipv6Addr) -> Ipv6Net {
    Ipv6Net::new(address, SUBNET).expect("64 is a length of prefixes").trunc()
}

fn first_with_highest<S: Ord, T>(scored: impl Iterator<Item = (S, T)>) -> Option<T> {
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, item)| item)
}
