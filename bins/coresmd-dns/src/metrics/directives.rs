//! What the directives of the server blocks count, under the names of the original.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

use crate::chain::Chain;
use crate::plugins::acl::Action;
use crate::template::{Definition, Failed, Template};
use crate::wire::Class;

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
        self.matches(&mut encoder)?;
        let (name, help) = ("coredns_template_failures", "Texts that could not be written");
        self.failures(&mut encoder, name, help, |failed| failed.text)?;
        let (name, help) = ("coredns_template_rr_failures", "Texts that came to no record");
        self.failures(&mut encoder, name, help, |failed| failed.records)
    }
}

impl DirectiveCollector {
    /// Questions that `template` answered.
    fn matches(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (name, help) = ("coredns_template_matches", "Questions that a template answered");
        let mut sums: BTreeMap<[String; 4], u64> = BTreeMap::new();
        for (of, template) in self.templates() {
            let [class, qtype] = about(template.definition());
            for (zone, count) in template.matches() {
                let labels = [of.server.clone(), zone.to_string(), class.clone(), qtype.clone()];
                *sums.entry(labels).or_default() += count;
            }
        }
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for ([server, zone, class, qtype], sum) in sums {
            let labels =
                [("server", server.as_str()), ("zone", &zone), ("view", ""), ("class", &class), ("type", &qtype)];
            ConstCounter::new(sum).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// Texts of `template` that failed.
    fn failures(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        count: impl Fn(&Failed<'_>) -> u64,
    ) -> fmt::Result {
        let mut sums: BTreeMap<[String; 6], u64> = BTreeMap::new();
        for (of, template) in self.templates() {
            let [class, qtype] = about(template.definition());
            for failed in template.failures() {
                let section = failed.section.name().to_owned();
                let labels = [
                    of.server.clone(),
                    of.zone.clone(),
                    class.clone(),
                    qtype.clone(),
                    section,
                    failed.template.to_owned(),
                ];
                *sums.entry(labels).or_default() += count(&failed);
            }
        }
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for ([server, zone, class, qtype, section, template], sum) in sums {
            let labels = [
                ("server", server.as_str()),
                ("zone", &zone),
                ("view", ""),
                ("class", &class),
                ("type", &qtype),
                ("section", &section),
                ("template", &template),
            ];
            ConstCounter::new(sum).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn templates(&self) -> impl Iterator<Item = (&DirectivesOf, &Template)> {
        self.of.iter().flat_map(|of| of.chain.templates.iter().map(move |template| (of, template)))
    }
}

/// Class and type of a `template`, as it writes them.
fn about(definition: &Definition) -> [String; 2] {
    let class = definition.class.map_or_else(|| "ANY".to_owned(), |class| Class(class).to_string());
    [class, definition.qtype.map_or_else(|| "ANY".to_owned(), |qtype| qtype.to_string())]
}
