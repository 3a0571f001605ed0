//! DHCPv4 (RFC 2131): a datagram in, a decision out. Nothing here does IO, reads a clock or logs.
//!
//! ```text
//! handle          one corridor
//!  ├ request      bytes → a client's message
//!  ├ admit        who asks too often goes no further
//!  ├ respond      the steps in their order: who has a reservation for the client, and what else it is told
//!  │   ├ address  which of the host's addresses belongs to the client's link
//!  │   ├ decide   OFFER, ACK, NAK: RFC 2131 §4.3 for reservations
//!  │   ├ naming   hostname, routers, netmask by rule
//!  │   └ boot     file or script
//!  ├ pooled       an address of the pool for whom nobody has a reservation
//!  ├ reply        header and options
//!  └ destination  where it goes: RFC 2131 §4.1
//! ```

mod address;
mod boot;
mod decide;
mod destination;
mod drop_reason;
mod pooled;
mod reply;
mod request;
mod respond;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::time::Duration;

use dhcp_wire::MessageType;
use dhcp_wire::v4::Outgoing;
use ipnet::Ipv4Net;
use naming::RuleSet;
use serve::udp::RecvMeta;
use smd_cache::{Host, Known, MacAddr, Snapshot};

pub use self::destination::Destination;
pub use self::drop_reason::DropReason;
pub use self::pooled::{Lease, Lender};
pub use self::request::is_urgent;
use self::request::{Kind, Request};
use self::respond::Verdict;
use crate::admission::{Excess, Urgency};
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
    /// What changes in the pool with it. An ACK must wait until that is durable.
    pub lease: Option<Lease<'s>>,
}

/// The client's side of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Transaction ID.
    pub xid: u32,
    /// The client's hardware address, zero behind `hlen`.
    pub chaddr: [u8; 16],
    /// How many octets of `chaddr` are the hardware address, at most 16.
    pub hlen: u8,
    /// Who that is: `chaddr`, or what identifies an InfiniBand port.
    pub mac: Option<MacAddr>,
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
    /// How long the reply is held back (`sleep`).
    pub delay: Duration,
}

/// Sees each rule's turn: the host, the rules and what came of one of them.
pub type Observe<'o> = &'o mut dyn FnMut(Host<'_>, &RuleSet, naming::Step<'_>);

/// What the door has a part in.
#[expect(missing_debug_implementations, reason = "closures have nothing to show")]
pub struct Hooks<'h, 's> {
    /// Says who asks too often.
    pub admit: &'h mut dyn FnMut(MacAddr, Urgency) -> Result<(), Excess>,
    /// Sees how the rules are evaluated: for the log.
    pub observe: Observe<'h>,
    /// The pool, if the configuration has one.
    pub lender: Option<Lender<'s>>,
}

/// Answers one datagram, without a pool. `snapshot` is `None` before the first good one: then `coresmd` answers nobody.
pub fn handle<'s>(snapshot: Option<&'s Snapshot>, policy: &Policy, arrival: Arrival<'_>) -> Transaction<'s> {
    let hooks = Hooks { admit: &mut |_, _| Ok(()), observe: &mut |_, _, _| {}, lender: None };
    handle_with(snapshot, policy, arrival, hooks)
}

/// As [`handle`], with the door's part.
pub fn handle_with<'s>(
    snapshot: Option<&'s Snapshot>,
    policy: &Policy,
    arrival: Arrival<'_>,
    hooks: Hooks<'_, 's>,
) -> Transaction<'s> {
    let Hooks { admit, observe, lender } = hooks;
    let message = match request::decode(arrival.datagram) {
        Ok(message) => message,
        Err(reason) => return Transaction { asked: None, host: None, outcome: Err(reason), lease: None },
    };
    let asked = Some(Asked {
        xid: message.xid(),
        chaddr: reply::chaddr(&message),
        hlen: message.hlen(),
        mac: message.client_mac(),
        giaddr: message.giaddr(),
        message_type: message.message_type(),
    });
    let (mut host, mut lease) = (None, None);
    let outcome = Request::read(message).and_then(|request| {
        admit(request.mac, request.kind.urgency())?;
        let known = snapshot.map(|snapshot| snapshot.lookup(request.mac));
        if let Some(Known::Host(found)) = known {
            host = Some(found);
        }
        match respond::respond(known, policy, &request, arrival, observe)? {
            Verdict::Reply(transmit) => Ok(transmit),
            Verdict::Reserved(transmit) => {
                // It leaves the pool, if it was there: it begins anew, or is told to.
                if request.kind == Kind::Discover || transmit.message_type == MessageType::Nak {
                    lease = lender.and_then(|lender| lender.forget(request.mac));
                }
                Ok(transmit)
            }
            Verdict::NoReservation(draft) => match (draft.pool, lender) {
                (Some(step), Some(lender)) => {
                    let (outcome, changed) = pooled::answer(draft, step, snapshot, policy, lender);
                    lease = changed;
                    outcome
                }
                _ => draft.without_reservation().ok_or(DropReason::Unknown),
            },
        }
    });
    Transaction { asked, host, outcome, lease }
}

impl Transmit {
    /// Appends the reply's bytes to `out`; returns the codes of the options that found no room.
    pub fn encode(&self, out: &mut Vec<u8>) -> Vec<u8> {
        self.reply.encode(self.limit, out)
    }
}
