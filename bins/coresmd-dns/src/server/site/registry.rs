//! \[IO\] The metrics of everything that is alive.

use prometheus_client::registry::Registry;
use serve::udp::UdpCollector;

use super::Site;
use crate::metrics::{Collector, DirectiveCollector, DirectivesOf, InventoryCollector};

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
    let sources = sources.map(|known| (known.source.smd_url.clone(), known.state.clone(), known.served.clone()));
    registry.register_collector(Box::new(InventoryCollector { sources: sources.collect() }));
    let directives = services.iter().flat_map(|service| {
        let (labels, view) = (service.labels(), service.view());
        let shown = labels.keys.iter().zip(&view.keys).filter(|(labels, _)| labels.shown);
        shown.map(|(of, key)| DirectivesOf {
            server: labels.server.clone(),
            zone: of.zone.clone(),
            chain: view.blocks[key.block].chain.clone(),
        })
    });
    registry.register_collector(Box::new(DirectiveCollector { of: directives.collect() }));
    site.meters.register(&mut registry);
    site.pulse.register(&mut registry);
    site.reloads.register(&mut registry);
    registry
}
