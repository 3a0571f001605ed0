//! What the caches count, under `CoreDNS`'s names (facts, coredhcp-coredns §B7).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The counters of every cache of the process; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    entries: Family<Typed, Gauge>,
    hits: Family<Typed, Counter>,
    evictions: Family<Typed, Counter>,
    requests: Family<Labels, Counter>,
    misses: Family<Labels, Counter>,
    prefetches: Family<Labels, Counter>,
    drops: Family<Labels, Counter>,
    served_stale: Family<Labels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    server: String,
    zones: String,
    view: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Typed {
    server: String,
    r#type: &'static str,
    zones: String,
    view: &'static str,
}

/// The counters of one cache. Where there are two, the first is of answers and the second of denials.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    pub(super) entries: [Gauge; 2],
    pub(super) hits: [Counter; 2],
    pub(super) evictions: [Counter; 2],
    pub(super) requests: Counter,
    pub(super) misses: Counter,
    pub(super) prefetches: Counter,
    pub(super) drops: Counter,
    pub(super) served_stale: Counter,
}

impl Metrics {
    /// Shows them.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("coredns_cache_entries", "Answers in the cache", self.entries.clone());
        registry.register("coredns_cache_hits", "Queries answered from the cache", self.hits.clone());
        registry.register("coredns_cache_evictions", "Answers forgotten for want of room", self.evictions.clone());
        registry.register("coredns_cache_requests", "Queries that looked into the cache", self.requests.clone());
        registry.register("coredns_cache_misses", "Queries that found nothing there", self.misses.clone());
        let help = "Answers fetched anew before their time was over";
        registry.register("coredns_cache_prefetch", help, self.prefetches.clone());
        registry.register("coredns_cache_drops", "Replies that could not be kept", self.drops.clone());
        let help = "Queries answered with what was no longer true";
        registry.register("coredns_cache_served_stale", help, self.served_stale.clone());
    }

    /// The counters of the cache of a server block: `server` as `dns://:53`, `zones` those of the directive.
    pub fn counters(&self, server: &str, zones: &str) -> Counters {
        let labels = Labels { server: server.to_owned(), zones: zones.to_owned(), view: "" };
        let typed = ["success", "denial"].map(|kind| Typed {
            server: server.to_owned(),
            r#type: kind,
            zones: zones.to_owned(),
            view: "",
        });
        let plain = |family: &Family<Labels, Counter>| family.get_or_create_owned(&labels);
        Counters {
            entries: typed.each_ref().map(|labels| self.entries.get_or_create_owned(labels)),
            hits: typed.each_ref().map(|labels| self.hits.get_or_create_owned(labels)),
            evictions: typed.each_ref().map(|labels| self.evictions.get_or_create_owned(labels)),
            requests: plain(&self.requests),
            misses: plain(&self.misses),
            prefetches: plain(&self.prefetches),
            drops: plain(&self.drops),
            served_stale: plain(&self.served_stale),
        }
    }
}
