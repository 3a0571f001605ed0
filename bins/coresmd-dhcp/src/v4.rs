//! DHCPv4 (RFC 2131): a datagram in, a decision out. Nothing here does IO, reads a clock or logs.
//!
//! ```text
//! handle          one corridor
//!  ├ request      bytes → a client's message
//!  ├ respond      what to say: RFC 2131 §4.3 for reservations
//!  │   ├ address  which of the host's addresses belongs to the client's link
//!  │   ├ naming   hostname, routers, netmask by rule
//!  │   └ boot     file or script
//!  ├ reply        header and options
//!  └ destination  where it goes: RFC 2131 §4.1
//! ```

mod address;
mod boot;
mod destination;
mod drop_reason;
mod reply;
mod request;
mod respond;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use dhcp_wire::MessageType;
use dhcp_wire::v4::Outgoing;
use ipnet::Ipv4Net;
use naming::RuleSet;
use serve::udp::RecvMeta;
use smd_cache::{Host, Snapshot};

pub use self::destination::Destination;
pub use self::drop_reason::DropReason;
use self::request::Request;
use crate::policy::Policy;

/// A datagram and how it came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// What the socket says.
    pub meta: &'a RecvMeta,
    /// The addresses of the receiving interface with their networks; empty if it has none.
    pub networks: &'a [Ipv4Net],
    /// The UDP payload.
    pub datagram: &'a [u8],
}

/// What became of a datagram: all that the door sends, counts and logs.
#[derive(Debug)]
pub struct Transaction<'s> {
    /// Who asked what; `None` for what is no message of a DHCP client.
    pub asked: Option<Asked>,
    /// The host that SMD knows under the client's MAC.
    pub host: Option<Host<'s>>,
    /// The reply, or why there is none.
    pub outcome: Result<Transmit, DropReason>,
}

/// The client's side of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Transaction ID.
    pub xid: u32,
    /// The client's hardware address, zero behind `hlen`.
    pub chaddr: [u8; 16],
    /// Length of the hardware address.
    pub hlen: u8,
    /// The relay; 0.0.0.0 if there is none.
    pub giaddr: Ipv4Addr,
    /// DISCOVER, REQUEST, …; `None` if option 53 is missing or malformed.
    pub message_type: Option<MessageType>,
}

/// A reply with its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// OFFER, ACK or NAK.
    pub message_type: MessageType,
    /// The message.
    pub reply: Outgoing,
    /// The largest message that the client takes, in bytes.
    pub limit: usize,
    /// Where it goes.
    pub destination: Destination,
    /// Our address: option 54, and the source where the reply is a frame of our own.
    pub server: Ipv4Addr,
}

/// Sees each rule's turn: the host, the rules and what came of one of them.
pub type Observe<'o> = &'o mut dyn FnMut(Host<'_>, &RuleSet, naming::Step<'_>);

/// Answers one datagram. `snapshot` is `None` before the first good one: then nobody is answered.
pub fn handle<'s>(snapshot: Option<&'s Snapshot>, policy: &Policy, arrival: Arrival<'_>) -> Transaction<'s> {
    handle_observed(snapshot, policy, arrival, &mut |_, _, _| {})
}

/// As [`handle`], and `observe` sees how the rules are evaluated: for the log.
pub fn handle_observed<'s>(
    snapshot: Option<&'s Snapshot>,
    policy: &Policy,
    arrival: Arrival<'_>,
    observe: Observe<'_>,
) -> Transaction<'s> {
    let message = match request::decode(arrival.datagram) {
        Ok(message) => message,
        Err(reason) => return Transaction { asked: None, host: None, outcome: Err(reason) },
    };
    let asked = Some(Asked {
        xid: message.xid(),
        chaddr: reply::chaddr(&message),
        hlen: message.hlen(),
        giaddr: message.giaddr(),
        message_type: message.message_type(),
    });
    let mut host = None;
    let outcome = Request::read(message).and_then(|request| {
        let found = respond::find(snapshot, request.mac)?;
        host = Some(found);
        respond::respond(found, policy, &request, arrival, observe)
    });
    Transaction { asked, host, outcome }
}

impl Transmit {
    /// Appends the reply's bytes to `out`; returns the codes of the options that found no room.
    pub fn encode(&self, out: &mut Vec<u8>) -> Vec<u8> {
        self.reply.encode(self.limit, out)
    }
}
