//! Which of a host's addresses belongs to the client's link: the same on every replica, whatever the order of packets.
//!
//! The link is named by link selection (option 82.5, RFC 3527), else by subnet selection (option 118, RFC 3011), else by
//! giaddr, else by the receiving interface. Sources: RFC 2131 §4.3.1; facts: coresmd-plugins §4.2.

use std::net::{IpAddr, Ipv4Addr};

use dhcp_wire::v4::Received;
use ipnet::{IpNet, Ipv4Net};
use naming::RuleSet;

use super::DropReason;

/// Fewer equal leading bits than an octet say nothing about two addresses.
const SIGNIFICANT_BITS: u32 = 8;

/// Where the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link<'a> {
    /// On the subnet of this address.
    Near(Ipv4Addr),
    /// On the networks of the receiving interface.
    Direct(&'a [Ipv4Net]),
    /// Anywhere, with this address: who renews or informs without a relay sends by unicast, through routers.
    Holds(Ipv4Addr),
}

/// The addresses of a host that are valid on a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidates {
    /// The one to give.
    pub(super) best: Ipv4Addr,
    /// The subnet that the others must be in; `None` if any of the host's addresses is as good.
    subnet: Option<IpNet>,
}

/// Finds the client's link: selected, or the relay's, or where its address says, or where we received it.
pub(super) fn link<'a>(message: &Received<'_>, networks: &'a [Ipv4Net]) -> Link<'a> {
    let selected = message.relay_agent().and_then(|info| info.link_selection()).or_else(|| message.subnet_selection());
    match (selected, message.giaddr(), message.ciaddr()) {
        (Some(address), _, _) => Link::Near(address),
        (None, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED) => Link::Direct(networks),
        (None, Ipv4Addr::UNSPECIFIED, held) => Link::Holds(held),
        (None, giaddr, _) => Link::Near(giaddr),
    }
}

/// Chooses among a host's addresses, which are in SMD's order.
///
/// Where a rule names the subnet of the link, only an address within it will do. Otherwise the nearest address wins (by
/// longest common prefix), and of equals the first.
pub(super) fn select(addresses: &[IpAddr], link: Link<'_>, rules: &RuleSet) -> Result<Candidates, DropReason> {
    let first = ipv4(addresses).next().ok_or(DropReason::NoIpv4Address)?;
    let anywhere = |best: Option<Ipv4Addr>| Ok(Candidates { best: best.unwrap_or(first), subnet: None });
    match link {
        Link::Holds(held) => anywhere(ipv4(addresses).find(|address| *address == held)),
        Link::Near(near) => match rules.subnet_of(near.into()) {
            Some(subnet) => {
                let within = ipv4(addresses).find(|address| subnet.contains(&IpAddr::from(*address)));
                let best = within.ok_or(DropReason::NotOnLink)?;
                Ok(Candidates { best, subnet: Some(subnet) })
            }
            None => anywhere(nearest(addresses, near)),
        },
        Link::Direct(networks) => {
            let on_link = |address: &Ipv4Addr| {
                networks.iter().filter(|network| network.contains(address)).map(Ipv4Net::prefix_len).max()
            };
            anywhere(first_with_highest(ipv4(addresses).filter_map(|address| Some((on_link(&address)?, address)))))
        }
    }
}

impl Candidates {
    /// A single address, valid on every link.
    pub(super) fn only(address: Ipv4Addr) -> Self {
        Self { best: address, subnet: None }
    }

    /// Whether an address that the client holds is one of the host's, and on its link.
    pub(super) fn include(&self, held: Ipv4Addr, addresses: &[IpAddr]) -> bool {
        let held = IpAddr::from(held);
        addresses.contains(&held) && self.subnet.is_none_or(|subnet| subnet.contains(&held))
    }
}

fn ipv4(addresses: &[IpAddr]) -> impl Iterator<Item = Ipv4Addr> {
    addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    })
}

fn nearest(addresses: &[IpAddr], near: Ipv4Addr) -> Option<Ipv4Addr> {
    let common = |address: Ipv4Addr| (u32::from(address) ^ u32::from(near)).leading_zeros();
    let scored = ipv4(addresses).map(|address| (common(address), address));
    first_with_highest(scored.filter(|(bits, _)| *bits >= SIGNIFICANT_BITS))
}

fn first_with_highest<S: Ord>(scored: impl Iterator<Item = (S, Ipv4Addr)>) -> Option<Ipv4Addr> {
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, address)| address)
}
