//! \[IO\] One listening address at work: its current view, and what is counted and logged about each message.

mod line;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::journal::Journal;
use super::listen::Listener;
use crate::config::{Block as BlockConfig, Config, LogRule};
use crate::handle::{Answered, Handled, handle};
use crate::metrics::{KeyLabels, ListenerLabels, Sample, Tally};
use crate::name::suffixes;
use crate::response::Transport;
use crate::view::{Block, Key, View};
use crate::wire::Rcode;
use line::{class_of, error_line, log_line};

/// What answers on one listening address.
pub(super) struct Service {
    view: ArcSwap<View>,
    /// For each block, what it logs.
    telling: Vec<Telling>,
    labels: Arc<ListenerLabels>,
    /// Whether anything here is shown in metrics.
    counted: bool,
    /// Whether anybody wants to know how long an answer took: reading the clock twice is a part of what it takes.
    timed: bool,
    journal: Journal,
}

/// What a block tells the operator about its queries.
struct Telling {
    errors: bool,
    log: Vec<LogRule>,
}

/// A message and how it came.
pub(super) struct Exchange<'m> {
    /// How it came.
    pub(super) transport: Transport,
    /// From whom.
    pub(super) client: SocketAddr,
    /// The message.
    pub(super) message: &'m [u8],
}

impl Service {
    /// For a listening address of the configuration, with the blocks as they are before the first snapshot.
    pub(super) fn new(listener: &Listener, config: &Config, blocks: &[Block], journal: &Journal) -> Self {
        let view = View { keys: listener.keys.clone(), blocks: blocks.to_vec() };
        let telling = config.blocks.iter().map(|block| Telling { errors: block.errors, log: block.log.clone() });
        let keys = listener.keys.iter().map(|key| key_labels(key, &config.blocks[key.block]));
        let labels = ListenerLabels { server: listener.server(), keys: keys.collect() };
        let counted = labels.keys.iter().any(|key| key.shown);
        Self {
            view: ArcSwap::from_pointee(view),
            telling: telling.collect(),
            counted,
            timed: counted || config.blocks.iter().any(|block| !block.log.is_empty()),
            labels: Arc::new(labels),
            journal: journal.clone(),
        }
    }

    /// The current view.
    pub(super) fn view(&self) -> &ArcSwap<View> {
        &self.view
    }

    /// Swaps in what the blocks know now.
    pub(super) fn update(&self, blocks: &[Block]) {
        let keys = self.view.load().keys.clone();
        self.view.store(Arc::new(View { keys, blocks: blocks.to_vec() }));
    }

    /// What the listening address and its keys are called in metrics.
    pub(super) fn labels(&self) -> &Arc<ListenerLabels> {
        &self.labels
    }

    /// A tally for one worker.
    pub(super) fn tally(&self) -> Arc<Tally> {
        Arc::new(Tally::new(self.labels.keys.iter().map(|key| key.zones.len())))
    }

    /// Answers a message: appends the reply to `out`, or nothing where there must be none. Logs what is to be logged
    /// and returns what is to be counted.
    pub(super) fn answer(&self, view: &View, exchange: &Exchange<'_>, out: &mut Vec<u8>) -> Option<Sample> {
        let before = out.len();
        let start = self.timed.then(now);
        let handled = handle(view, exchange.transport, exchange.message, out);
        let reply = &out[before..];
        let duration = start.map_or(Duration::ZERO, |start| now().duration_since(start));
        if let Handled::Answered(answered) = &handled {
            self.tell(view, exchange, answered, reply, duration);
        }
        self.counted.then(|| sample(view, exchange, &handled, reply.len(), duration)).flatten()
    }

    /// Writes the lines of `log` and `errors`.
    fn tell(
        &self,
        view: &View,
        exchange: &Exchange<'_>,
        answered: &Answered<'_, '_>,
        reply: &[u8],
        duration: Duration,
    ) {
        let Some(key) = answered.key else { return };
        let telling = &self.telling[view.keys[key].block];
        if telling.errors && answered.answer.rcode == Rcode::ServFail {
            let without_data = view.block(key).catalog.is_none();
            self.journal.line(&error_line(&answered.query, without_data));
        }
        if telling.log.is_empty() {
            return;
        }
        let name = answered.query.lower_name();
        let fits = |rule: &&LogRule| {
            suffixes(name.as_wire()).any(|suffix| rule.zones.iter().any(|zone| zone.as_wire() == suffix))
        };
        if let Some(rule) = telling.log.iter().find(fits)
            && class_of(&answered.answer, rule.classes)
        {
            self.journal.line(&log_line(&rule.format, exchange, answered, reply, duration));
        }
    }
}

fn key_labels(key: &Key, block: &BlockConfig) -> KeyLabels {
    let zones = block.coresmd.iter().flat_map(|coresmd| &coresmd.plan.zones).map(|zone| &zone.apex);
    let first = zones.clone().find(|apex| !apex.is_reverse());
    let handlers = [
        ("errors", block.errors),
        ("log", !block.log.is_empty()),
        ("prometheus", block.prometheus.is_some()),
        ("coresmd", block.coresmd.is_some()),
    ];
    KeyLabels {
        zone: key.zone.to_string(),
        shown: block.prometheus.is_some(),
        plugins: handlers.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect(),
        zones: zones.chain(first).map(|apex| apex.to_string().trim_end_matches('.').to_owned()).collect(),
    }
}

/// What is to be counted about a message; nothing about one that was dropped, which has neither id nor question.
fn sample(
    view: &View,
    exchange: &Exchange<'_>,
    handled: &Handled<'_, '_>,
    response_size: usize,
    duration: Duration,
) -> Option<Sample> {
    let bare = |rcode| Sample {
        key: None,
        ipv6: exchange.client.is_ipv6(),
        qtype: None,
        rcode,
        dnssec_ok: false,
        request_size: exchange.message.len(),
        response_size,
        duration,
        coresmd: None,
    };
    match handled {
        Handled::Dropped(_) => None,
        Handled::Rejected(_, error) => error.rcode().map(bare),
        Handled::Answered(Answered { query, key, answer, .. }) => Some(Sample {
            key: *key,
            qtype: Some(query.qtype),
            dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
            coresmd: key.filter(|key| view.block(*key).catalog.is_some()).map(|_| (answer.zone, answer.is_hit())),
            ..bare(answer.rcode)
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long an answer took is a metric and stands in log lines")]
fn now() -> Instant {
    Instant::now()
}
