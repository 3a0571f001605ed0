//! \[IO\] The metrics of everything that is alive.

use std::sync::Arc;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serve::udp::UdpCollector;

use super::{LocalFiles, Site};
use crate::metrics::{Collector, DirectiveCollector, DirectivesOf, InventoryCollector};
use crate::view::Key;

/// The hosts files.
struct HostsFiles(Arc<LocalFiles>);

impl std::fmt::Debug for HostsFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HostsFiles").field(&self.0.hosts_states()).finish()
    }
}

impl prometheus_client::collector::Collector for HostsFiles {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let states = self.0.hosts_states();
        let gauge = MetricType::Gauge;
        let mut family = encoder.encode_descriptor("coredns_hosts_entries", "Entries of hosts files", None, gauge)?;
        for state in &states {
            let labels = [("hostsfile", state.file.as_str())];
            ConstGauge::new(state.entries as f64).encode(family.encode_family(&labels)?)?;
        }
        let newest = states.iter().map(|state| state.modified).fold(0.0, f64::max);
        let help = "When the newest hosts file was written, in seconds since 1970";
        let family = encoder.encode_descriptor("coredns_hosts_reload_timestamp_seconds", help, None, gauge)?;
        if states.is_empty() { Ok(()) } else { ConstGauge::new(newest).encode(family) }
    }
}

/// A registry of what is alive now.
pub(super) fn registry(site: &Site) -> Registry {
    let services: Vec<_> = site.listening.iter().map(|listening| listening.post.load_full()).collect();
    let counters: Vec<_> = site.listening.iter().flat_map(super::Listening::counters).collect();
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collector {
        listeners: services.iter().map(|service| service.labels().clone()).collect(),
        workers: services.iter().flat_map(|service| service.tallies().workers(service.labels())).collect(),
        endpoints: counters.iter().map(|(_, counters)| counters.clone()).collect(),
    }));
    registry.register_collector(Box::new(UdpCollector::new("coresmd_dns", counters)));
    let sources = site.inventories.iter();
    let sources = sources.map(|known| (known.source.name(), known.state.clone(), known.served.clone()));
    registry.register_collector(Box::new(InventoryCollector { sources: sources.collect() }));
    let directives = services.iter().flat_map(|service| {
        let (labels, view) = (service.labels(), service.view());
        let shown = labels.keys.iter().zip(&view.keys).filter(|(labels, _)| labels.shown);
        // the keys of a block have their directives in common: the first stands for them all
        let first = |key: &Key| view.keys.iter().find(|other| other.block == key.block) == Some(key);
        shown.filter(move |(_, key)| first(key)).map(|(of, key)| DirectivesOf {
            server: labels.server.clone(),
            zone: of.zone.clone(),
            chain: view.blocks[key.block].chain.clone(),
        })
    });
    registry.register_collector(Box::new(DirectiveCollector { of: directives.collect() }));
    registry.register_collector(Box::new(HostsFiles(site.files.clone())));
    site.meters.register(&mut registry);
    site.pulse.register(&mut registry);
    site.reloads.register(&mut registry);
    registry
}
