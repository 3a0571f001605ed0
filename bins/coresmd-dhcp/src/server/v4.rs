//! \[IO\] The door of DHCPv4: a datagram goes to the corridor, its reply goes out, and both are counted and logged.

mod held;
mod route;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::{ArcSwap, Guard};
use serve::link::LinkSocket;
use serve::udp::{RecvMeta, Replies, UdpEndpoint};
use smd_cache::SnapshotHandle;

use self::held::{Held, Reply};
use self::route::Route;
use super::addresses::Addresses;
use super::metrics::{Metrics, Way};
use super::transaction_log;
use crate::admission::{Admission, Limits};
use crate::policy::Policy;
use crate::v4::{self, Arrival, Asked, DropReason, Hooks, Transmit};

/// What every socket's thread shares.
pub(super) struct Door {
    policy: Policy,
    limits: Limits,
    snapshots: SnapshotHandle,
    addresses: Arc<ArcSwap<Addresses>>,
    /// `None` without the right to send frames: then those clients are answered by broadcast.
    link: Option<LinkSocket>,
    metrics: Arc<Metrics>,
    held: Held,
}

impl Door {
    /// A door with nobody at it.
    pub(super) fn new(
        policy: Policy,
        limits: Limits,
        snapshots: SnapshotHandle,
        addresses: Arc<ArcSwap<Addresses>>,
        link: Option<LinkSocket>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { policy, limits, snapshots, addresses, link, metrics, held: Held::new() }
    }

    /// The addresses of this machine, to be kept up to date.
    pub(super) fn addresses(&self) -> Arc<ArcSwap<Addresses>> {
        Arc::clone(&self.addresses)
    }

    /// Sends what `sleep` holds back, until the task is dropped.
    pub(super) async fn send_held(&self) {
        if self.policy.holds_replies() {
            self.held.send_all(self.link.as_ref(), &self.metrics).await;
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
        let Self { door, admission, start, .. } = self;
        let snapshot: Guard<_> = door.snapshots.guard();
        let addresses = door.addresses.load();
        let arrival = Arrival { meta, networks: addresses.of(meta.interface), datagram };
        let since_start = now() - *start;
        let hooks = Hooks {
            admit: &mut |mac, urgency| admission.admit(mac, meta.interface, urgency, since_start),
            observe: &mut transaction_log::rule,
        };
        let mut transaction = v4::handle_with(snapshot.as_deref(), &door.policy, arrival, hooks);
        let mut way = None;
        if let (Some(asked), Ok(transmit)) = (transaction.asked, &transaction.outcome) {
            let route = Route::of(transmit, arrival);
            let sent = if transmit.delay.is_zero() {
                way = Some(send(door, &mut self.frame, transmit, route, replies));
                Ok(())
            } else {
                hold(door, &self.endpoint, asked, transmit, route)
            };
            if let Err(reason) = sent {
                transaction.outcome = Err(reason);
            }
        }
        door.metrics.count(&transaction, way);
        transaction_log::write(&transaction, way);
    }
}

/// Sends a reply its way; says which way it went in the end.
fn send(door: &Door, frame: &mut Vec<u8>, transmit: &Transmit, route: Route, replies: &mut Replies) -> Way {
    let encode = |out: &mut Vec<u8>| door.metrics.omitted(transmit.encode(out).len());
    if !route.has_frame() {
        replies.push(route.to, route.from, route.interface, encode);
        return route.way;
    }
    frame.clear();
    encode(frame);
    if route.send_frame(door.link.as_ref(), frame) {
        return Way::Link;
    }
    replies.push(route.to, route.from, route.interface, |out| out.extend_from_slice(frame));
    route.way
}

/// Keeps a reply until its time has come.
fn hold(
    door: &Door,
    endpoint: &Arc<UdpEndpoint>,
    asked: Asked,
    transmit: &Transmit,
    route: Route,
) -> Result<(), DropReason> {
    let mut payload = Vec::new();
    door.metrics.omitted(transmit.encode(&mut payload).len());
    let reply = Reply { endpoint: Arc::clone(endpoint), route, payload };
    door.held.hold(asked, transmit.message_type, transmit.delay, reply, &door.metrics)
}

#[expect(clippy::disallowed_methods, reason = "rates are measured in this room")]
fn now() -> Instant {
    Instant::now()
}
