//! \[IO\] The door of DHCPv4: a datagram goes to the corridor, its reply goes out, and both are counted and logged.

mod outbox;
mod route;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, Guard};
use dhcp_wire::MessageType;
use serve::udp::{RecvMeta, Replies, UdpEndpoint};
use smd_cache::SnapshotHandle;

use self::outbox::Reply;
pub(super) use self::outbox::{Outbox, Waiting};
use self::route::Route;
use super::addresses::Addresses;
use super::leases::Leases;
use super::metrics::Way;
use super::transaction_log;
use crate::admission::{Admission, Limits};
use crate::policy::Policy;
use crate::v4::{self, Arrival, Asked, DropReason, Hooks, Transaction, Transmit};

/// What every socket's thread shares.
pub(super) struct Door {
    policy: Policy,
    limits: Limits,
    snapshots: SnapshotHandle,
    addresses: Arc<ArcSwap<Addresses>>,
    outbox: Arc<Outbox>,
    /// `None` without a pool.
    leases: Option<Arc<Leases>>,
}

impl Door {
    /// A door with nobody at it.
    pub(super) fn new(
        policy: Policy,
        limits: Limits,
        snapshots: SnapshotHandle,
        addresses: Arc<ArcSwap<Addresses>>,
        outbox: Arc<Outbox>,
        leases: Option<Arc<Leases>>,
    ) -> Self {
        Self { policy, limits, snapshots, addresses, outbox, leases }
    }

    /// The addresses of this machine, to be kept up to date.
    pub(super) fn addresses(&self) -> Arc<ArcSwap<Addresses>> {
        Arc::clone(&self.addresses)
    }

    /// Sends what `sleep` holds back, until the task is dropped.
    pub(super) async fn send_held(&self) {
        if self.policy.holds_replies() {
            self.outbox.send_held().await;
        }
    }
}

/// What one socket's thread has for itself.
pub(super) struct Porter {
    door: Arc<Door>,
    endpoint: Arc<UdpEndpoint>,
    admission: Admission,
    start: Instant,
    /// Room for a frame's payload, used again for each.
    frame: Vec<u8>,
}

impl Porter {
    /// The one that answers by this socket.
    pub(super) fn new(door: Arc<Door>, endpoint: Arc<UdpEndpoint>) -> Self {
        let admission = Admission::new(door.limits);
        Self { door, endpoint, admission, start: now(), frame: Vec::with_capacity(576) }
    }

    /// Answers one datagram.
    pub(super) fn handle(&mut self, meta: &RecvMeta, datagram: &[u8], replies: &mut Replies) {
        let Self { door, endpoint, admission, start, frame } = self;
        let snapshot: Guard<_> = door.snapshots.guard();
        let addresses = door.addresses.load();
        let arrival = Arrival { meta, networks: addresses.of(meta.interface), datagram };
        let since_start = now() - *start;
        let hooks = Hooks {
            admit: &mut |mac, urgency| admission.admit(mac, meta.interface, urgency, since_start),
            observe: &mut transaction_log::rule,
            lender: door.leases.as_deref().map(Leases::lender),
        };
        let mut transaction = v4::handle_with(snapshot.as_deref(), &door.policy, arrival, hooks);
        let way = answer(&mut transaction, door, endpoint, frame, arrival, replies);
        door.outbox.metrics.count(&transaction, way);
        transaction_log::write(&transaction, way);
    }
}

/// Sends the reply, or has it wait; says which way it went, if it has. What fails is the transaction's new outcome.
fn answer(
    transaction: &mut Transaction<'_>,
    door: &Door,
    endpoint: &Arc<UdpEndpoint>,
    frame: &mut Vec<u8>,
    arrival: Arrival<'_>,
    replies: &mut Replies,
) -> Option<Way> {
    let lease = transaction.lease.take();
    let (mut way, mut after_commit) = (None, None);
    if let (Some(asked), Ok(transmit)) = (transaction.asked, &transaction.outcome) {
        let route = Route::of(transmit, arrival);
        if lease.is_some() && transmit.message_type == MessageType::Ack {
            after_commit = Some(wait(door, endpoint, asked, transmit, route));
        } else if transmit.delay.is_zero() {
            way = Some(send(door, frame, transmit, route, replies));
        } else if let Err(reason) = door.outbox.hold(wait(door, endpoint, asked, transmit, route)) {
            transaction.outcome = Err(reason);
        }
    }
    if let (Some(lease), Some(leases)) = (lease, &door.leases)
        && leases.submit(lease, after_commit).is_err()
    {
        transaction.outcome = Err(DropReason::NotStored);
    }
    way
}

/// Sends a reply its way; says which way it went in the end.
fn send(door: &Door, frame: &mut Vec<u8>, transmit: &Transmit, route: Route, replies: &mut Replies) -> Way {
    let Outbox { link, metrics, .. } = &*door.outbox;
    let encode = |out: &mut Vec<u8>| metrics.omitted(transmit.encode(out).len());
    if !route.has_frame() {
        replies.push(route.to, route.from, route.interface, encode);
        return route.way;
    }
    frame.clear();
    encode(frame);
    if route.send_frame(link.as_ref(), frame) {
        return Way::Link;
    }
    replies.push(route.to, route.from, route.interface, |out| out.extend_from_slice(frame));
    route.way
}

/// A reply that does not go out with this batch.
fn wait(door: &Door, endpoint: &Arc<UdpEndpoint>, asked: Asked, transmit: &Transmit, route: Route) -> Waiting {
    let mut payload = Vec::new();
    door.outbox.metrics.omitted(transmit.encode(&mut payload).len());
    let reply = Reply { endpoint: Arc::clone(endpoint), route, payload };
    Waiting { asked, message_type: transmit.message_type, delay: transmit.delay, reply }
}

#[expect(clippy::disallowed_methods, reason = "rates are measured in this room")]
fn now() -> Instant {
    Instant::now()
}
