//! A REQUEST, as far as the pool cares.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::ClientKey;

/// Where a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// On the subnet of this address: the relay's (giaddr), or selected by option 82.5 or 118.
    Near(Ipv4Addr),
    /// No relay says where: on a network of the receiving interface.
    Direct(&'a [Ipv4Net]),
}

/// A REQUEST (RFC 2131 §4.3.2).
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub client: &'a ClientKey,
    /// From where.
    pub link: Link<'a>,
    /// In which state.
    pub state: ClientState,
    /// For which address: option 50 while selecting and after a reboot, else ciaddr.
    pub address: Ipv4Addr,
    /// Option 12. `None` keeps what the store has.
    pub hostname: Option<&'a str>,
}

/// The state of a client that sends a REQUEST (RFC 2131 table 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientState {
    /// It takes our offer: option 54 names us, ciaddr is zero.
    Selecting,
    /// It has rebooted and remembers an address: no option 54, ciaddr is zero.
    InitReboot,
    /// Half of its lease is over: no option 54, by unicast to us.
    Renewing,
    /// Its lease is nearly over: no option 54, by broadcast or through a relay.
    Rebinding,
}
