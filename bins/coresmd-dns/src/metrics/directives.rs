//! What the directives of the server blocks count, under the names of the original.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

use crate::chain::Chain;
use crate::plugins::acl::Action;

/// The directives of the blocks that show their metrics.
#[derive(Debug)]
pub struct DirectiveCollector {
    /// For each key.
    pub of: Vec<DirectivesOf>,
}

/// The directives behind a key.
#[derive(Debug)]
pub struct DirectivesOf {
    /// The listening address.
    pub server: String,
    /// The zone of the key.
    pub zone: String,
    /// The directives.
    pub chain: Arc<Chain>,
}

/// A counter: its name, its help, and what it counts of a block, if the block has the directive.
type Counter<'c> = (&'c str, &'c str, &'c dyn Fn(&Chain) -> Option<u64>);

impl Collector for DirectiveCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let access = |action: Action| {
            move |chain: &Chain| chain.acl.as_ref().map(|_| chain.access[action as usize].load(Ordering::Relaxed))
        };
        let counters: [Counter<'_>; 6] = [
            ("coredns_acl_allowed_requests", "Queries that acl let pass", &access(Action::Allow)),
            ("coredns_acl_blocked_requests", "Queries that acl refused", &access(Action::Block)),
            ("coredns_acl_filtered_requests", "Queries that acl answered with nothing", &access(Action::Filter)),
            ("coredns_acl_dropped_requests", "Queries that acl dropped", &access(Action::Drop)),
            ("coredns_rrl_responses_exceeded", "Replies over their limit", &|chain| {
                chain.rate_limit.as_ref().map(|limit| limit.responses_exceeded.load(Ordering::Relaxed))
            }),
            ("coredns_rrl_requests_exceeded", "Queries over their limit", &|chain| {
                chain.rate_limit.as_ref().map(|limit| limit.requests_exceeded.load(Ordering::Relaxed))
            }),
        ];
        for (name, help, value) in counters {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for of in &self.of {
                let Some(value) = value(&of.chain) else { continue };
                let labels = [("server", of.server.as_str()), ("zone", of.zone.as_str()), ("view", "")];
                ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
