//! What forwarding counts, under `CoreDNS`'s names (facts, coredhcp-coredns §B7).

use std::net::SocketAddr;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::config::RCODES;

/// The counters of every `forward` of the process; clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Queries for which every upstream was down.
    pub(super) broken: Counter,
    /// Queries that were refused because too many were under way.
    pub(super) rejects: Counter,
    durations: Family<Answered, Histogram, fn() -> Histogram>,
    health_failures: Family<To, Counter>,
    hits: Family<Connected, Counter>,
    misses: Family<Connected, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    proxy_name: &'static str,
    to: String,
    rcode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct To {
    proxy_name: &'static str,
    to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connected {
    proxy_name: &'static str,
    to: String,
    proto: &'static str,
}

/// How a connection is called in labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proto {
    Udp,
    Tcp,
    Tls,
}

/// The counters of one upstream.
#[derive(Debug)]
pub(super) struct UpstreamMetrics {
    all: Metrics,
    to: String,
    health_failures: Counter,
    /// By [`Proto`].
    hits: [Counter; 3],
    misses: [Counter; 3],
}

impl Default for Metrics {
    fn default() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        Self {
            broken: Counter::default(),
            rejects: Counter::default(),
            durations: Family::new_with_constructor(durations),
            health_failures: Family::default(),
            hits: Family::default(),
            misses: Family::default(),
        }
    }
}

impl Metrics {
    /// Shows them.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Queries for which every upstream was down";
        registry.register("coredns_forward_healthcheck_broken", help, self.broken.clone());
        let help = "Queries refused because too many were under way";
        registry.register("coredns_forward_max_concurrent_rejects", help, self.rejects.clone());
        let help = "Seconds that an upstream took to answer";
        let name = "coredns_proxy_request_duration";
        registry.register_with_unit(name, help, Unit::Seconds, self.durations.clone());
        let help = "Health checks that failed";
        registry.register("coredns_proxy_healthcheck_failures", help, self.health_failures.clone());
        let help = "Queries that went over a connection which was there";
        registry.register("coredns_proxy_conn_cache_hits", help, self.hits.clone());
        let help = "Queries for which a connection or a socket was made";
        registry.register("coredns_proxy_conn_cache_misses", help, self.misses.clone());
    }

    /// Those of one upstream.
    pub(super) fn upstream(&self, to: SocketAddr) -> UpstreamMetrics {
        let to = to.to_string();
        let connected = |family: &Family<Connected, Counter>| {
            [Proto::Udp, Proto::Tcp, Proto::Tls].map(|proto| {
                let proto = ["udp", "tcp", "tcp-tls"][proto as usize];
                family.get_or_create_owned(&Connected { proxy_name: PROXY_NAME, to: to.clone(), proto })
            })
        };
        UpstreamMetrics {
            all: self.clone(),
            health_failures: self.health_failures.get_or_create_owned(&To { proxy_name: PROXY_NAME, to: to.clone() }),
            hits: connected(&self.hits),
            misses: connected(&self.misses),
            to,
        }
    }
}

impl UpstreamMetrics {
    /// A reply came over a connection that was new or had been used before.
    pub(super) fn answered(&self, rcode: u16, took: Duration, proto: Proto, reused: bool) {
        let connections = if reused { &self.hits } else { &self.misses };
        connections[proto as usize].inc();
        let labels = Answered { proxy_name: PROXY_NAME, to: self.to.clone(), rcode: rcode_label(rcode) };
        self.all.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A health check failed.
    pub(super) fn health_check_failed(&self) {
        self.health_failures.inc();
    }
}

/// A response code as a label: by name where it has one, so that no upstream can make up labels.
fn rcode_label(rcode: u16) -> &'static str {
    RCODES.iter().find(|(_, known)| *known == rcode).map_or("other", |(name, _)| *name)
}

const PROXY_NAME: &str = "forward";
