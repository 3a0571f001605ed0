//! \[IO\] The door of DHCPv6: a datagram goes to the corridor, what it promises is written down, its reply goes out, and
//! all is counted and logged.

mod held;
mod identity;
mod metrics;
mod prefixes;
mod sockets;
mod transaction_log;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use arc_swap::{ArcSwap, Guard};
use prometheus_client::registry::Registry;
use serve::interfaces::Interfaces;
use serve::udp::{RecvMeta, Replies, UdpEndpoint};
use smd_cache::{Snapshot, SnapshotHandle};
use tokio::runtime::Runtime;

use self::held::Reply;
use self::metrics::Metrics;
use self::prefixes::Prefixes;
use self::sockets::Socket;
use super::addresses::Addresses;
use super::held::Held;
use super::troubles::Troubles;
use super::{ServerError, address_files, system};
use crate::admission::{Admission, Limits};
use crate::config::Server6;
use crate::v6::policy::{Policy6, Step6};
use crate::v6::{self, Arrival, Asked, DropReason, Hooks, Transaction};

/// DHCPv6 whose sockets are bound.
pub(super) struct Service {
    sockets: Vec<Socket>,
    door: Arc<Door>,
}

/// What the rest of the server lends.
pub(super) struct Surroundings {
    pub(super) limits: Limits,
    pub(super) snapshots: SnapshotHandle,
    pub(super) addresses: Arc<ArcSwap<Addresses>>,
    pub(super) state_directory: Option<PathBuf>,
    pub(super) troubles: Troubles,
}

/// What every socket's thread shares.
struct Door {
    policy: Policy6,
    limits: Limits,
    snapshots: SnapshotHandle,
    addresses: Arc<ArcSwap<Addresses>>,
    /// Empty pools where no step is `prefix`.
    prefixes: Mutex<Prefixes>,
    delegates: bool,
    metrics: Metrics,
    held: Held<Asked, Reply>,
}

impl Service {
    /// Finds out who we are, reads what was kept, binds the sockets and enters the counters in `registry`.
    pub(super) fn start(
        config: Server6,
        surroundings: Surroundings,
        registry: &mut Registry,
    ) -> Result<Self, ServerError> {
        let Surroundings { limits, snapshots, addresses, state_directory, troubles } = surroundings;
        address_files::follow(config.address_files().cloned()).map_err(system("start a thread"))?;
        let Server6 { listen, server_id, steps, pools } = config;
        let interfaces = Interfaces::list().map_err(system("list the interfaces"))?;
        let server_id = identity::server_id(server_id, state_directory.as_deref(), &interfaces, &troubles)?;
        tracing::info!(%server_id, "DHCPv6");
        let delegates = !pools.is_empty();
        let prefixes = Prefixes::open(pools, state_directory.as_deref(), troubles)?;
        let sockets = sockets::open(&listen, &interfaces)?;
        let counters =
            sockets.iter().map(|socket| (socket.place.to_string(), Arc::clone(socket.endpoint.counters()))).collect();
        let metrics = Metrics::register(registry, counters);
        metrics.prefixes(prefixes.len());
        let door = Door {
            policy: Policy6 { server_id, steps },
            limits,
            snapshots,
            addresses,
            prefixes: Mutex::new(prefixes),
            delegates,
            metrics,
            held: Held::new(),
        };
        Ok(Self { sockets, door: Arc::new(door) })
    }

    /// Starts what goes on beside the sockets.
    pub(super) fn spawn(&self, runtime: &Runtime) {
        runtime.spawn(sockets::follow(self.sockets.clone()));
        if self.door.policy.steps.iter().any(|step| matches!(step, Step6::Sleep(_))) {
            let door = Arc::clone(&self.door);
            runtime.spawn(async move { door.held.send_all(|reply| reply.send()).await });
        }
    }

    /// Each socket with its name and the one that answers by it.
    pub(super) fn porters(self) -> impl Iterator<Item = (String, Arc<UdpEndpoint>, Porter)> {
        let Self { sockets, door } = self;
        sockets.into_iter().map(move |Socket { place, endpoint }| {
            (place.to_string(), Arc::clone(&endpoint), Porter::new(Arc::clone(&door), endpoint))
        })
    }
}

/// What one socket's thread has for itself.
pub(super) struct Porter {
    door: Arc<Door>,
    endpoint: Arc<UdpEndpoint>,
    admission: Admission,
    start: Instant,
}

impl Porter {
    fn new(door: Arc<Door>, endpoint: Arc<UdpEndpoint>) -> Self {
        let admission = Admission::new(door.limits);
        Self { door, endpoint, admission, start: now() }
    }

    /// Answers one datagram.
    pub(super) fn handle(&mut self, meta: &RecvMeta, datagram: &[u8], replies: &mut Replies) {
        let Self { door, endpoint, admission, start } = self;
        let snapshot: Guard<_> = door.snapshots.guard();
        let addresses = door.addresses.load();
        let arrival = Arrival { meta, networks: addresses.ipv6_of(meta.interface), datagram };
        let since_start = now() - *start;
        let hooks = Hooks {
            admit: &mut |sender, urgency| admission.admit(sender, meta.interface, urgency, since_start),
            observe: &mut super::transaction_log::rule,
        };
        let mut transaction = door.decide(snapshot.as_deref(), arrival, hooks);
        if let (Some(asked), Ok(transmit)) = (&transaction.asked, &transaction.outcome) {
            let sent = if transmit.delay.is_zero() {
                let destination = transmit.destination;
                replies.push(destination.to, destination.from, destination.interface, |out| {
                    out.extend_from_slice(&transmit.datagram);
                });
                Ok(())
            } else {
                held::hold(&door.held, asked, transmit, endpoint, &door.metrics)
            };
            if let Err(reason) = sent {
                transaction.outcome = Err(reason);
            }
        }
        door.metrics.count(&transaction);
        transaction_log::write(&transaction);
    }
}

impl Door {
    /// The corridor's answer. Where it promises a prefix, that is on the disk when this returns, or there is no answer.
    fn decide<'s>(&self, snapshot: Option<&'s Snapshot>, arrival: Arrival<'_>, hooks: Hooks<'_>) -> Transaction<'s> {
        let time = time();
        if !self.delegates {
            return v6::handle_with(snapshot, &self.policy, &mut [], arrival, time, hooks);
        }
        // Whoever panicked with the lock left the pools usable: a lease that was being made is there or not, and the next
        // message of its client finds out.
        let mut prefixes = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = v6::handle_with(snapshot, &self.policy, &mut prefixes.pools, arrival, time, hooks);
        if !prefixes.keep() {
            transaction.outcome = transaction.outcome.and(Err(DropReason::NotKept));
        }
        self.metrics.prefixes(prefixes.len());
        transaction
    }
}

#[expect(clippy::disallowed_methods, reason = "rates are measured in this room")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "leases end by the clock")]
fn time() -> SystemTime {
    SystemTime::now()
}
