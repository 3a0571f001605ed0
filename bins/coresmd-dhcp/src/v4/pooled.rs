//! An address of the pool for a client that nobody has a reservation for: `range` and `bootloop`.
//!
//! The pool decides (RFC 2131 §4.3); here its part of a message is read, and its verdict becomes a reply. An address that
//! is reserved for somebody is not for the pool to give, whatever its range says: SMD often learns of a machine by the
//! very address that it got here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use dhcp_wire::OptionCode;
use dhcp_wire::v4::Received;
use smd_cache::{MacAddr, Snapshot};

use super::request::{Kind, Request};
use super::respond::{Draft, PoolStep};
use super::{Arrival, DropReason, Transmit, boot, reply};
use crate::policy::Policy;
use crate::pool::{Answer, Change, ClientKey, ClientState, Link, Pool, Request as PoolRequest, Verdict};

/// Submissions that may wait for the disk before who begins is turned away: his ACK would come too late.
const BACKLOG_OF_OFFERS: usize = 5_000;
/// Submissions that may wait for the disk at all: half a second's work of an ordinary one.
const BACKLOG: usize = 10_000;

/// The pool, as a message finds it.
#[derive(Debug, Clone, Copy)]
pub struct Lender<'s> {
    /// The pool.
    pub pool: &'s Mutex<Pool>,
    /// How many submissions its writer has not written yet.
    pub backlog: usize,
    /// The time by the clock: leases outlive the process.
    pub now: SystemTime,
}

/// What one message has changed in the pool. The pool is locked until this is dropped, so that changes reach the writer
/// in the order in which they were made: submit them first.
pub struct Lease<'s> {
    /// For the writer.
    pub changes: Vec<Change>,
    _pool: MutexGuard<'s, Pool>,
}

impl fmt::Debug for Lease<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("changes", &self.changes).finish_non_exhaustive()
    }
}

impl<'s> Lender<'s> {
    /// A client that has a reservation is not the pool's any more.
    pub(super) fn forget(self, mac: MacAddr) -> Option<Lease<'s>> {
        let mut pool = self.lock();
        let changes = pool.forget(&mac.into());
        (!changes.is_empty()).then(|| Lease { changes, _pool: pool })
    }

    fn lock(self) -> MutexGuard<'s, Pool> {
        // Whoever panicked with the lock did so outside of the pool, whose own code does not panic.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the disk keeps up with messages of this kind.
    fn keeps_up(self, kind: Kind) -> bool {
        self.backlog < if kind == Kind::Discover { BACKLOG_OF_OFFERS } else { BACKLOG }
    }
}

/// Answers a message out of the pool.
pub(super) fn answer<'s>(
    mut draft: Draft<'_>,
    step: PoolStep<'_>,
    snapshot: Option<&Snapshot>,
    policy: &Policy,
    lender: Lender<'s>,
) -> (Result<Transmit, DropReason>, Option<Lease<'s>>) {
    let request = draft.request;
    if let PoolStep::Bootloop(bootloop) = step {
        let boot = boot::next(&request.message, || bootloop.script.clone());
        reply::boots(&request.message, boot.as_ref(), &mut draft.reply);
    }
    if request.kind == Kind::Inform {
        return (draft.without_reservation().ok_or(DropReason::Unknown), None);
    }
    if !lender.keeps_up(request.kind) {
        return (Err(DropReason::LeasesBehind), None);
    }
    let server = draft.server;
    let reserved = |address: Ipv4Addr| {
        address == server
            || address == request.message.giaddr()
            || snapshot.is_some_and(|snapshot| snapshot.host_at(address.into()).is_some())
            || policy.address_files().any(|file| file.lists(address))
    };
    let mut pool = lender.lock();
    let Answer { verdict, changes } = match ask(&mut pool, request, draft.arrival, &reserved, lender.now) {
        Ok(answer) => answer,
        Err(reason) => return (Err(reason), None),
    };
    let lease_time = u32::try_from(pool.lease_time()).unwrap_or(u32::MAX);
    draft.reply.options.set(OptionCode::AddressLeaseTime, &lease_time.to_be_bytes());
    let outcome = match verdict {
        Verdict::Offer(address) | Verdict::Ack(address) => Ok(draft.leased(address)),
        Verdict::Nak => Ok(draft.refused()),
        Verdict::Silence(silence) => Err(silence.into()),
    };
    (outcome, (!changes.is_empty()).then(|| Lease { changes, _pool: pool }))
}

/// Asks the pool what the client asks us.
fn ask(
    pool: &mut Pool,
    request: &Request<'_>,
    arrival: Arrival<'_>,
    reserved: &dyn Fn(Ipv4Addr) -> bool,
    now: SystemTime,
) -> Result<Answer, DropReason> {
    let message = &request.message;
    let client = ClientKey::from(request.mac);
    let link = link(message, arrival);
    Ok(match request.kind {
        Kind::Discover => pool.discover(&client, link, message.requested_address(), reserved, now),
        Kind::Release => pool.release(&client, message.ciaddr(), now),
        Kind::Decline => {
            let address = message.requested_address().ok_or(DropReason::NothingRequested)?;
            pool.decline(&client, address, now)
        }
        Kind::Request | Kind::Inform => {
            let (state, address) = state(message, arrival)?;
            if pool.contains(address) && reserved(address) {
                return Ok(Answer { verdict: Verdict::Nak, changes: pool.forget(&client) });
            }
            let hostname = message.option(OptionCode::Hostname);
            let hostname = hostname.as_deref().filter(|name| name.len() <= 255);
            let hostname = hostname.and_then(|name| std::str::from_utf8(name).ok());
            pool.request(&PoolRequest { client: &client, link, state, address, hostname }, now)
        }
    })
}

/// Where the client is: selected (RFC 3527, RFC 3011), or its relay's link, or the receiving interface's.
fn link<'a>(message: &Received<'_>, arrival: Arrival<'a>) -> Link<'a> {
    let selected = message.relay_agent().and_then(|info| info.link_selection()).or_else(|| message.subnet_selection());
    let relay = Some(message.giaddr()).filter(|giaddr| !giaddr.is_unspecified());
    selected.or(relay).map_or(Link::Direct(arrival.networks), Link::Near)
}

/// The state of a client that sends a REQUEST, and the address that it wants (RFC 2131 table 4).
fn state(message: &Received<'_>, arrival: Arrival<'_>) -> Result<(ClientState, Ipv4Addr), DropReason> {
    let held = message.ciaddr();
    if !held.is_unspecified() {
        let local = arrival.meta.local;
        let to_us = local.is_some_and(|local: IpAddr| arrival.meta.destination == Some(local));
        let renewing = to_us && message.giaddr().is_unspecified();
        return Ok((if renewing { ClientState::Renewing } else { ClientState::Rebinding }, held));
    }
    let wanted = message.requested_address().ok_or(DropReason::NothingRequested)?;
    let selecting = message.server_identifier().is_some();
    Ok((if selecting { ClientState::Selecting } else { ClientState::InitReboot }, wanted))
}
