//! \[IO\] What was counted, in the registry of the admin port. Handles are resolved once, so that a packet costs an
//! atomic addition; no label is about a node.

mod inventory;
mod pool;

use std::sync::Arc;

use dhcp_wire::MessageType;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use serve::udp::{UdpCollector, UdpCounters};
use smd_cache::state::StateHandle;

use self::inventory::InventoryCollector;
use self::pool::PoolCollector;
use super::leases::Leases;
use super::transaction_log::type_name;
use crate::v4::{DropReason, Transaction};

/// The way that a reply went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Relay,
    Unicast,
    Link,
    Broadcast,
    /// By broadcast because no frame could be sent.
    Fallback,
}

/// The counters of DHCPv4.
pub(super) struct Metrics {
    requests: [Counter; REQUESTS.len()],
    replies: [Counter; REPLIES.len()],
    drops: [Counter; DropReason::LABELS.len()],
    sends: [Counter; Way::ALL.len()],
    omitted: Counter,
}

/// The label of a request's type; the last one is all that is no request.
const REQUESTS: [&str; 6] = ["discover", "request", "decline", "release", "inform", "other"];
/// The label of a reply's type.
const REPLIES: [&str; 3] = ["offer", "ack", "nak"];

impl Way {
    const ALL: [Self; 5] = [Self::Relay, Self::Unicast, Self::Link, Self::Broadcast, Self::Fallback];

    /// The label in metrics and logs.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Unicast => "unicast",
            Self::Link => "link",
            Self::Broadcast => "broadcast",
            Self::Fallback => "fallback_broadcast",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabel {
    r#type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WayLabel {
    way: &'static str,
}

impl Metrics {
    /// Counters at zero, entered in `registry`.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::<TypeLabel, Counter>::default();
        let replies = Family::<TypeLabel, Counter>::default();
        let drops = Family::<ReasonLabel, Counter>::default();
        let sends = Family::<WayLabel, Counter>::default();
        let omitted = Counter::default();
        registry.register("coresmd_dhcp4_requests", "Messages of clients, by type", requests.clone());
        registry.register("coresmd_dhcp4_replies", "Replies, by type", replies.clone());
        registry.register("coresmd_dhcp4_drops", "Datagrams without a reply, by reason", drops.clone());
        registry.register("coresmd_dhcp4_sends", "Replies, by the way they went", sends.clone());
        registry.register("coresmd_dhcp4_omitted_options", "Options that found no room in a reply", omitted.clone());
        Self {
            requests: REQUESTS.map(|r#type| requests.get_or_create_owned(&TypeLabel { r#type })),
            replies: REPLIES.map(|r#type| replies.get_or_create_owned(&TypeLabel { r#type })),
            drops: DropReason::LABELS.map(|reason| drops.get_or_create_owned(&ReasonLabel { reason })),
            sends: Way::ALL.map(|way| sends.get_or_create_owned(&WayLabel { way: way.label() })),
            omitted,
        }
    }

    /// Counts a transaction; `way` is there if a reply has gone.
    pub(super) fn count(&self, transaction: &Transaction<'_>, way: Option<Way>) {
        if let Some(asked) = transaction.asked {
            self.requests[position(&REQUESTS, asked.message_type)].inc();
        }
        match &transaction.outcome {
            Ok(transmit) => drop(self.replies[position(&REPLIES, Some(transmit.message_type))].inc()),
            Err(reason) => drop(self.drops[reason.index()].inc()),
        }
        if let Some(way) = way {
            self.sent(way);
        }
    }

    /// Counts a reply that was given up after it had been counted.
    pub(super) fn dropped(&self, reason: DropReason) {
        self.drops[reason.index()].inc();
    }

    /// Counts a reply that was held back and has gone.
    pub(super) fn sent(&self, way: Way) {
        self.sends[way as usize].inc();
    }

    /// Counts options that found no room.
    pub(super) fn omitted(&self, options: usize) {
        self.omitted.inc_by(options as u64);
    }
}

/// The registry, with the counters of the sockets (by their names) and what is known of the inventory, if there is one.
pub(super) fn registry(sockets: Vec<(String, Arc<UdpCounters>)>, state: Option<StateHandle>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(UdpCollector::new("coresmd_dhcp4", sockets)));
    if let Some(state) = state {
        registry.register_collector(Box::new(InventoryCollector(state)));
    }
    registry
}

/// Enters the pool.
pub(super) fn add_pool(registry: &mut Registry, leases: &Arc<Leases>) {
    registry.register_collector(Box::new(PoolCollector(Arc::clone(leases))));
}

/// The label of a type, the last one where it has none of its own.
fn position(labels: &[&str], kind: Option<MessageType>) -> usize {
    let name = kind.map_or("", type_name);
    labels.iter().position(|label| *label == name).unwrap_or(labels.len() - 1)
}
