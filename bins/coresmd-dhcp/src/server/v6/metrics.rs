//! \[IO\] What was counted of DHCPv6, in the registry of the admin port.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serve::udp::{UdpCollector, UdpCounters};

use super::transaction_log::type_name;
use crate::v6::{DropReason, Transaction, Unserved};

/// The counters of DHCPv6.
pub(super) struct Metrics {
    requests: Vec<(&'static str, Counter)>,
    replies: Vec<(&'static str, Counter)>,
    drops: Vec<(&'static str, Counter)>,
    unserved: Vec<(&'static str, Counter)>,
    prefixes: Gauge,
}

/// The label of a request's type; the last one is all that is no client's message.
const REQUESTS: [&str; 9] =
    ["solicit", "request", "confirm", "renew", "rebind", "release", "decline", "information-request", "other"];
/// The label of a reply's type.
const REPLIES: [&str; 2] = ["advertise", "reply"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabel {
    r#type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl Metrics {
    /// Counters at zero, entered in `registry` with those of the sockets (by their names).
    pub(super) fn register(registry: &mut Registry, sockets: Vec<(String, Arc<UdpCounters>)>) -> Self {
        let requests = Family::<TypeLabel, Counter>::default();
        let replies = Family::<TypeLabel, Counter>::default();
        let drops = Family::<ReasonLabel, Counter>::default();
        let unserved = Family::<ReasonLabel, Counter>::default();
        let prefixes = Gauge::default();
        registry.register_collector(Box::new(UdpCollector::new("coresmd_dhcp6", sockets)));
        registry.register("coresmd_dhcp6_requests", "Messages of clients, by type", requests.clone());
        registry.register("coresmd_dhcp6_replies", "Replies, by type", replies.clone());
        registry.register("coresmd_dhcp6_drops", "Datagrams without a reply, by reason", drops.clone());
        registry.register("coresmd_dhcp6_unserved", "Replies that refuse an address, by reason", unserved.clone());
        registry.register("coresmd_dhcp6_prefixes", "Prefixes that are delegated or offered", prefixes.clone());
        let by_type =
            |family: &Family<TypeLabel, Counter>, r#type| (r#type, family.get_or_create_owned(&TypeLabel { r#type }));
        let by_reason = |family: &Family<ReasonLabel, Counter>, reason| {
            (reason, family.get_or_create_owned(&ReasonLabel { reason }))
        };
        let reasons = DropReason::LABELS.into_iter().chain(Unserved::LABELS);
        Self {
            requests: REQUESTS.map(|label| by_type(&requests, label)).into(),
            replies: REPLIES.map(|label| by_type(&replies, label)).into(),
            drops: reasons.map(|label| by_reason(&drops, label)).collect(),
            unserved: Unserved::LABELS.map(|label| by_reason(&unserved, label)).into(),
            prefixes,
        }
    }

    /// Counts a transaction.
    pub(super) fn count(&self, transaction: &Transaction<'_>) {
        if let Some(asked) = &transaction.asked {
            increment(&self.requests, type_name(asked.message_type));
        }
        match &transaction.outcome {
            Ok(transmit) => {
                increment(&self.replies, type_name(transmit.message_type));
                if let Some(reason) = transmit.unserved {
                    increment(&self.unserved, reason.label());
                }
            }
            Err(reason) => self.dropped(*reason),
        }
    }

    /// Counts a datagram, or a reply that was given up after it had been counted.
    pub(super) fn dropped(&self, reason: DropReason) {
        increment(&self.drops, reason.label());
    }

    /// Says how many prefixes are taken.
    pub(super) fn prefixes(&self, taken: usize) {
        self.prefixes.set(i64::try_from(taken).unwrap_or(i64::MAX));
    }
}

/// Counts under a label, under the last one where it has none of its own.
fn increment(counters: &[(&'static str, Counter)], label: &str) {
    let found = counters.iter().find(|(known, _)| *known == label).or(counters.last());
    if let Some((_, counter)) = found {
        counter.inc();
    }
}
