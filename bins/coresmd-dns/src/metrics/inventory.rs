//! \[IO\] How the inventories are doing, read from their state at each scrape.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use smd_cache::state::{CacheState, StateHandle};
use smd_cache::token::TokenState;

/// How much of an inventory is served.
#[derive(Debug, Default)]
pub struct Served {
    /// Names that exist, over all catalogs made of it.
    pub names: AtomicUsize,
    /// What of it could not be named.
    pub problems: AtomicUsize,
}

/// The inventories, by the URL of their SMD.
#[derive(Debug)]
pub struct InventoryCollector {
    /// URL, state, and what is served.
    pub sources: Vec<(String, StateHandle, Arc<Served>)>,
}

/// A gauge: name, help, and its value for a state, if it has one.
type Gauge<'g, V> = (&'g str, &'g str, &'g dyn Fn(&CacheState, &Served) -> Option<V>);

impl Collector for InventoryCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.coresmd(encoder)?;
        let now = now();
        self.gauge(
            encoder,
            ("coresmd_snapshot_age_seconds", "Since SMD last confirmed the inventory", &|state, _| age(state, now)),
        )?;
        let flags: [Gauge<'_, i64>; 4] = [
            ("coresmd_dns_ready", "Whether there is an inventory to answer from", &|state, _| {
                Some(i64::from(state.fetched_at.is_some()))
            }),
            ("coresmd_snapshot_stale", "Whether the last poll did not confirm it", &|state, _| {
                Some(i64::from(state.stale))
            }),
            ("coresmd_snapshot_from_disk", "Whether it comes from the disk", &|state, _| {
                Some(i64::from(state.from_disk))
            }),
            ("coresmd_snapshot_held_back", "Whether a smaller one is held back", &|state, _| {
                Some(i64::from(state.held_back.is_some()))
            }),
        ];
        let sizes: [Gauge<'_, i64>; 6] = [
            ("coresmd_snapshot_hosts", "Interfaces that are served", &|state, _| size(state.counts.hosts)),
            ("coresmd_snapshot_interfaces", "Interfaces that SMD lists", &|state, _| size(state.counts.interfaces)),
            ("coresmd_snapshot_components", "Components that SMD lists", &|state, _| size(state.counts.components)),
            ("coresmd_snapshot_rejected", "Rows that were put aside", &|state, _| size(state.rejected.len())),
            ("coresmd_dns_names", "Names that exist", &|_, served| size(served.names.load(Ordering::Relaxed))),
            ("coresmd_dns_name_problems", "What could not be named, or not alone", &|_, served| {
                size(served.problems.load(Ordering::Relaxed))
            }),
        ];
        for gauge in flags.into_iter().chain(sizes) {
            self.gauge(encoder, gauge)?;
        }
        self.counter(encoder, "coresmd_polls", "Polls of SMD", |state| state.polls)?;
        self.counter(encoder, "coresmd_polls_unchanged", "Polls that changed nothing", |state| state.unchanged)?;
        self.tokens(encoder)?;
        let help = "Failures, by kind";
        let mut family = encoder.encode_descriptor("coresmd_poll_failures", help, None, MetricType::Counter)?;
        for (url, state, _) in &self.sources {
            for (kind, count) in state.load().failures.iter() {
                let labels = [("source", url.as_str()), ("kind", kind.label())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

impl InventoryCollector {
    /// CoreSMD's own gauges, which know one inventory only: they tell about the first.
    fn coresmd(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some((_, state, _)) = self.sources.first() else { return Ok(()) };
        let state = state.load();
        if let Some(age) = age(&state, now()) {
            let (name, help) = ("coredns_coresmd_smd_cache_age_seconds", "Since SMD last confirmed the inventory");
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(age).encode(family.encode_family(&[("server", "default")])?)?;
        }
        let (name, help) = ("coredns_coresmd_smd_cache_size", "What SMD lists");
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (kind, count) in [("ethernet_interfaces", state.counts.interfaces), ("components", state.counts.components)]
        {
            let labels = [("server", "default"), ("type", kind)];
            ConstGauge::new(size(count).unwrap_or(i64::MAX)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// How it stands with the tokens of those inventories that have one.
    fn tokens(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        if !self.sources.iter().any(|(_, state, _)| state.load().token.is_some()) {
            return Ok(());
        }
        let help = "Whether the token is in this state";
        let mut family = encoder.encode_descriptor("coresmd_token_state", help, None, MetricType::Gauge)?;
        for (url, state, _) in &self.sources {
            let state = state.load();
            for known in TokenState::ALL.into_iter().filter(|_| state.token.is_some()) {
                let is = i64::from(state.token.as_ref().is_some_and(|token| token.state == known));
                let labels = [("source", url.as_str()), ("state", known.label())];
                ConstGauge::new(is).encode(family.encode_family(&labels)?)?;
            }
        }
        let got = |state: &CacheState| state.token.as_ref().map_or(0, |token| token.granted);
        self.counter(encoder, "coresmd_tokens", "Tokens got", got)?;
        let failed = |state: &CacheState| state.token.as_ref().map_or(0, |token| token.failed);
        self.counter(encoder, "coresmd_token_failures", "Attempts to get one that failed", failed)
    }

    fn gauge<V: EncodeGaugeValue>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        (name, help, value): Gauge<'_, V>,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (url, state, served) in &self.sources {
            if let Some(value) = value(&state.load(), served) {
                ConstGauge::new(value).encode(family.encode_family(&[("source", url.as_str())])?)?;
            }
        }
        Ok(())
    }

    fn counter(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        value: impl Fn(&CacheState) -> u64,
    ) -> fmt::Result {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (url, state, _) in &self.sources {
            ConstCounter::new(value(&state.load())).encode(family.encode_family(&[("source", url.as_str())])?)?;
        }
        Ok(())
    }
}

fn age(state: &CacheState, now: SystemTime) -> Option<f64> {
    Some(now.duration_since(state.fetched_at?).unwrap_or_default().as_secs_f64())
}

fn size(count: usize) -> Option<i64> {
    i64::try_from(count).ok()
}

#[expect(clippy::disallowed_methods, reason = "an age is about now")]
fn now() -> SystemTime {
    SystemTime::now()
}
