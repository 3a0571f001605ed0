//! From the tallies of the workers to the text of a scrape.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use serve::udp::UdpCounters;

use super::tally::{Count, DURATION_BOUNDS, Histogram, KeyTally, NAMED_TYPES, SIZE_BOUNDS, TYPES, Tally, ZoneTally};
use crate::wire::RCODE_NAMES;

/// What a listening address is called in labels.
#[derive(Debug, PartialEq, Eq)]
pub struct ListenerLabels {
    /// `dns://127.0.0.1:53`.
    pub server: String,
    /// Its keys.
    pub keys: Vec<KeyLabels>,
}

/// What a key is called in labels.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyLabels {
    /// The zone of the key, `example.org.`.
    pub zone: String,
    /// Whether its block has `prometheus`: without it, nothing is shown.
    pub shown: bool,
    /// The directives of its block that handle queries.
    pub plugins: Vec<&'static str>,
    /// The zones of its `coresmd`, and last what reverse names in none of them count as; none without `coresmd`.
    pub zones: Vec<String>,
}

/// A worker and where it works.
#[derive(Debug)]
pub struct Worker {
    /// The listening address that it serves.
    pub listener: Arc<ListenerLabels>,
    /// `udp` or `tcp`.
    pub proto: &'static str,
    /// What it counts.
    pub tally: Arc<Tally>,
}

/// All workers, as a source of metrics.
#[derive(Debug)]
pub struct Collector {
    /// The listening addresses.
    pub listeners: Vec<Arc<ListenerLabels>>,
    /// The workers.
    pub workers: Vec<Worker>,
    /// The UDP endpoints, which count panics.
    pub endpoints: Vec<Arc<UdpCounters>>,
}

/// Label names and values.
type Labels = Vec<(&'static str, String)>;

/// The samples of one counter, added up by label.
type Sums = BTreeMap<Labels, u64>;

/// A histogram, added up.
struct Distribution {
    buckets: Vec<(f64, u64)>,
    sum: f64,
}

/// The samples of one histogram, added up by label.
type Distributions = BTreeMap<Labels, Distribution>;

impl prometheus_client::collector::Collector for Collector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.about_the_program(encoder)?;
        self.about_messages(encoder)?;
        self.about_coresmd(encoder)
    }
}

impl Collector {
    fn about_the_program(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor("coredns_build_info", "The version", None, MetricType::Gauge)?;
        let labels = [("version", env!("CARGO_PKG_VERSION"))];
        ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
        let panics: u64 = self.endpoints.iter().map(|counters| counters.get_panics()).sum();
        let help = "Queries that were lost to a defect of this program";
        let family = encoder.encode_descriptor("coredns_panics", help, None, MetricType::Counter)?;
        ConstCounter::new(panics).encode(family)?;
        let help = "The directives of each server block";
        let mut family = encoder.encode_descriptor("coredns_plugin_enabled", help, None, MetricType::Gauge)?;
        for listener in &self.listeners {
            for key in listener.keys.iter().filter(|key| key.shown) {
                for plugin in &key.plugins {
                    let labels = labels_of(listener, &key.zone, &[("name", plugin)]);
                    ConstGauge::new(1_i64).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        Ok(())
    }

    fn about_messages(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut requests = Sums::new();
        let mut dnssec_ok = Sums::new();
        let mut responses = Sums::new();
        let mut durations = Distributions::new();
        let mut request_sizes = Distributions::new();
        let mut response_sizes = Distributions::new();
        for (worker, zone, plugin, key) in self.keys() {
            let labels = |more: &[(&'static str, &str)]| labels_of(&worker.listener, zone, more);
            for (family, by_type) in ["1", "2"].into_iter().zip(&key.requests) {
                for (qtype, count) in TYPES.into_iter().chain(["other"]).zip(by_type) {
                    let more = [("proto", worker.proto), ("family", family), ("type", qtype)];
                    add(&mut requests, || labels(&more), count);
                }
            }
            let names = RCODE_NAMES.into_iter().map(|(_, name)| name).chain(["other"]);
            for (rcode, count) in names.zip(&key.responses) {
                add(&mut responses, || labels(&[("rcode", rcode), ("plugin", plugin)]), count);
            }
            add(&mut dnssec_ok, || labels(&[]), &key.dnssec_ok);
            distribute(&mut durations, || labels(&[]), &key.duration, &DURATION_BOUNDS, 1e-9);
            let proto = [("proto", worker.proto)];
            distribute(&mut request_sizes, || labels(&proto), &key.request_size, &SIZE_BOUNDS, 1.0);
            distribute(&mut response_sizes, || labels(&proto), &key.response_size, &SIZE_BOUNDS, 1.0);
        }
        counter(encoder, "coredns_dns_requests", "Messages that came", &requests)?;
        counter(encoder, "coredns_dns_do_requests", "Queries with the DO bit", &dnssec_ok)?;
        counter(encoder, "coredns_dns_responses", "Replies by response code", &responses)?;
        let help = "Seconds from having a query to having its reply";
        histogram(encoder, "coredns_dns_request_duration_seconds", help, &durations)?;
        histogram(encoder, "coredns_dns_request_size_bytes", "Octets of a query", &request_sizes)?;
        histogram(encoder, "coredns_dns_response_size_bytes", "Octets of a reply", &response_sizes)
    }

    fn about_coresmd(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut requests = Sums::new();
        let mut hits = Sums::new();
        let mut misses = Sums::new();
        let mut durations = Distributions::new();
        for (zone, tally) in self.zones() {
            let labels = |more: &[(&'static str, &str)]| {
                let fixed = [("server", "default"), ("zone", zone)];
                fixed.into_iter().chain(more.iter().copied()).map(|(name, value)| (name, value.to_owned())).collect()
            };
            for (place, qtype) in NAMED_TYPES.into_iter().enumerate() {
                add(&mut requests, || labels(&[("type", qtype)]), &tally.requests[place]);
                add(&mut hits, || labels(&[("record_type", qtype)]), &tally.hits[place]);
                add(&mut misses, || labels(&[("record_type", qtype)]), &tally.misses[place]);
            }
            distribute(&mut durations, || labels(&[]), &tally.duration, &DURATION_BOUNDS, 1e-9);
        }
        counter(encoder, "coredns_coresmd_requests", "Queries by zone and type", &requests)?;
        counter(encoder, "coredns_coresmd_cache_hits", "Queries that the inventory answered", &hits)?;
        counter(encoder, "coredns_coresmd_cache_misses", "Queries that it did not", &misses)?;
        let help = "Seconds from having a query to having its reply";
        histogram(encoder, "coredns_coresmd_request_duration_seconds", help, &durations)
    }

    /// What was counted for each key of each worker: with the key's zone and what stands before its answers.
    fn keys(&self) -> impl Iterator<Item = (&Worker, &str, &'static str, &KeyTally)> {
        self.workers.iter().flat_map(|worker| {
            let known = worker.listener.keys.iter().map(|key| {
                // CoreDNS names the first handler behind `prometheus`, whoever answered
                let telling = ["errors", "log", "prometheus"];
                let plugin = key.plugins.iter().find(|name| !telling.contains(name)).copied().unwrap_or_default();
                (key.shown, key.zone.as_str(), plugin)
            });
            let none = worker.listener.keys.iter().any(|key| key.shown);
            let labels = known.chain([(none, "dropped", "")]);
            let shown = labels.zip(&worker.tally.keys).filter(|((shown, ..), _)| *shown);
            shown.map(move |((_, zone, plugin), tally)| (worker, zone, plugin, tally))
        })
    }

    /// What was counted for each zone of `coresmd`.
    fn zones(&self) -> impl Iterator<Item = (&str, &ZoneTally)> {
        self.workers.iter().flat_map(|worker| {
            let keys = worker.listener.keys.iter().zip(&worker.tally.keys).filter(|(key, _)| key.shown);
            keys.flat_map(|(key, tally)| key.zones.iter().map(String::as_str).chain(["unknown"]).zip(&tally.zones))
        })
    }
}

/// Labels in CoreDNS's order.
fn labels_of(listener: &ListenerLabels, zone: &str, more: &[(&'static str, &str)]) -> Labels {
    let fixed = [("server", listener.server.as_str()), ("zone", zone), ("view", "")];
    fixed.into_iter().chain(more.iter().copied()).map(|(name, value)| (name, value.to_owned())).collect()
}

fn add(sums: &mut Sums, labels: impl FnOnce() -> Labels, count: &Count) {
    let count = count.get();
    if count > 0 {
        *sums.entry(labels()).or_default() += count;
    }
}

fn distribute<const N: usize>(
    distributions: &mut Distributions,
    labels: impl FnOnce() -> Labels,
    histogram: &Histogram<N>,
    bounds: &[u64; N],
    unit: f64,
) {
    let counts: Vec<u64> = histogram.buckets.iter().chain([&histogram.above]).map(Count::get).collect();
    if counts.iter().all(|count| *count == 0) {
        return;
    }
    let empty = || Distribution {
        buckets: bounds
            .iter()
            .map(|bound| *bound as f64 * unit)
            .chain([f64::INFINITY])
            .map(|bound| (bound, 0))
            .collect(),
        sum: 0.0,
    };
    let distribution = distributions.entry(labels()).or_insert_with(empty);
    for ((_, bucket), count) in distribution.buckets.iter_mut().zip(counts) {
        *bucket += count;
    }
    distribution.sum += histogram.sum.get() as f64 * unit;
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, sums: &Sums) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, sum) in sums {
        ConstCounter::new(*sum).encode(family.encode_family(labels)?)?;
    }
    Ok(())
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    distributions: &Distributions,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for (labels, Distribution { buckets, sum }) in distributions {
        let count = buckets.iter().map(|(_, count)| count).sum();
        family.encode_family(labels)?.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)?;
    }
    Ok(())
}
