//! DHCPv6 (RFC 8415): a datagram in, a decision out. Nothing here does IO, reads a clock or logs.
//!
//! ```text
//! handle             one corridor
//!  ├ request         bytes → a client's message, checked by RFC 8415 §16
//!  ├ admit           who asks too often goes no further
//!  ├ respond         what to say: RFC 8415 §18.3
//!  │   ├ reservation whose the client is: SMD's or a file's
//!  │   │   ├ address which of the host's addresses belong to the client's link
//!  │   │   └ naming  hostname by rule
//!  │   └ reply       identifiers, then what each step adds
//!  │       ├ lease   IA_NA, IA_TA, IA_PD
//!  │       │  └ prefix  the pool behind IA_PD: the only state; prefix_file is its text
//!  │       └ boot    file or script
//!  └ destination     where it goes
//! ```

mod address;
mod boot;
mod destination;
mod drop_reason;
mod lease;
pub mod policy;
pub mod prefix;
pub mod prefix_file;
mod reply;
mod request;
mod reservation;
mod respond;
#[cfg(test)]
mod tests;

use std::net::Ipv6Addr;
use std::time::{Duration, SystemTime};

use dhcp_wire::v6::{Duid, MessageType, Received};
use ipnet::Ipv6Net;
use naming::RuleSet;
use serve::udp::RecvMeta;
use smd_cache::{Host, MacAddr, Snapshot};

pub use self::destination::Destination;
pub use self::drop_reason::{DropReason, Unserved};
use self::policy::Policy6;
use self::prefix::PrefixPool;
use self::request::Request;
pub use self::request::is_urgent;
use crate::admission::{Excess, Urgency};

/// A datagram and how it came.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// What the socket says.
    pub meta: &'a RecvMeta,
    /// The addresses of the receiving interface with their networks, link-local ones too; empty if it has none.
    pub networks: &'a [Ipv6Net],
    /// The UDP payload.
    pub datagram: &'a [u8],
}

/// What became of a datagram: all that the door sends, counts and logs.
#[derive(Debug)]
pub struct Transaction<'s> {
    /// Who asked what; `None` for what is no DHCPv6 message.
    pub asked: Option<Asked>,
    /// The host that SMD knows under the client's MAC.
    pub host: Option<Host<'s>>,
    /// The reply, or why there is none.
    pub outcome: Result<Transmit, DropReason>,
}

/// The client's side of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// SOLICIT, REQUEST, …
    pub message_type: MessageType,
    /// Transaction ID.
    pub transaction_id: [u8; 3],
    /// Option 1.
    pub client: Option<Duid>,
    /// The MAC address that DUID, relay or address tell.
    pub mac: Option<MacAddr>,
    /// Relays passed.
    pub relays: usize,
    /// The address of the relay on the client's link, if it names one.
    pub link: Option<Ipv6Addr>,
}

/// A reply with its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// ADVERTISE or REPLY.
    pub message_type: MessageType,
    /// The UDP payload, wrapped for the relays.
    pub datagram: Vec<u8>,
    /// Where it goes.
    pub destination: Destination,
    /// The first address that it gives.
    pub address: Option<Ipv6Addr>,
    /// The first prefix that it gives.
    pub prefix: Option<Ipv6Net>,
    /// Why it refuses the addresses that were asked for.
    pub unserved: Option<Unserved>,
    /// How long to hold it back (`sleep`).
    pub delay: Duration,
}

/// Sees each rule's turn: the host, the rules and what came of one of them.
pub type Observe<'o> = &'o mut dyn FnMut(Host<'_>, &RuleSet, naming::Step<'_>);

/// What the door has a part in.
#[expect(missing_debug_implementations, reason = "closures have nothing to show")]
pub struct Hooks<'h> {
    /// Says who asks too often, by MAC address or by what stands for a client that has none.
    pub admit: &'h mut dyn FnMut(MacAddr, Urgency) -> Result<(), Excess>,
    /// Sees how the rules are evaluated: for the log.
    pub observe: Observe<'h>,
}

/// Answers one datagram. `snapshot` is `None` before the first good one: then nobody is answered whose answer hangs on it.
/// `pools` are those that the policy's `prefix` steps number.
pub fn handle<'s>(
    snapshot: Option<&'s Snapshot>,
    policy: &Policy6,
    pools: &mut [PrefixPool],
    arrival: Arrival<'_>,
    now: SystemTime,
) -> Transaction<'s> {
    let hooks = Hooks { admit: &mut |_, _| Ok(()), observe: &mut |_, _, _| {} };
    handle_with(snapshot, policy, pools, arrival, now, hooks)
}

/// As [`handle`], with the door's part.
pub fn handle_with<'s>(
    snapshot: Option<&'s Snapshot>,
    policy: &Policy6,
    pools: &mut [PrefixPool],
    arrival: Arrival<'_>,
    now: SystemTime,
    hooks: Hooks<'_>,
) -> Transaction<'s> {
    let Hooks { admit, observe } = hooks;
    let message = match request::decode(arrival.datagram) {
        Ok(message) => message,
        Err(reason) => return Transaction { asked: None, host: None, outcome: Err(reason) },
    };
    let asked = Some(asked(&message, arrival.meta));
    let mut host = None;
    let outcome = Request::read(message, &policy.server_id, arrival.meta).and_then(|request| {
        admit(request.sender(), request.kind.urgency())?;
        let found = reservation::find(snapshot, policy, request.mac)?;
        host = found.ok();
        respond::respond(found, policy, pools, &request, arrival, now, observe)
    });
    Transaction { asked, host, outcome }
}

fn asked(message: &Received<'_>, meta: &RecvMeta) -> Asked {
    Asked {
        message_type: message.message_type(),
        transaction_id: message.transaction_id(),
        client: message.client_id(),
        mac: request::mac(message, meta),
        relays: message.relays().len(),
        link: message.link_address(),
    }
}
