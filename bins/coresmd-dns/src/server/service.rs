//! `[IO]` One listening address at work: what it says at present, and what is counted and logged about each message.
//!
//! A [`Service`] never changes. A new snapshot or a new configuration means a new one, put whole into the [`Post`] that
//! the sockets of the address look at for each message.

mod failures;
mod later;
mod line;
mod tallies;

pub(super) use later::{Asked, Question, outgoing};
pub(super) use tallies::Tallies;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::edge::Edge;
use super::listen::Listener;
use crate::config::{Config, LogRule};
use crate::forward::ForwardError;
use crate::handle::{Answered, Exchange, Handled, Pending, Unfinished, conclude, handle, transferred};
use crate::metrics::{KeyLabels, ListenerLabels, Sample};
use crate::name::suffixes;
use crate::relayed::Relayed;
use crate::view::{Block, Key, View};
use failures::FailureLog;
use line::{class_of, log_line};

/// Where the sockets of a listening address find the service of the moment.
pub(super) type Post = ArcSwap<Service>;

/// What answers on one listening address, at one moment.
pub(super) struct Service {
    view: View,
    frame: Arc<Frame>,
    /// The moment that those see who do not look at the time.
    born: Instant,
    /// Whether anybody wants to know the time: reading the clock is a part of what an answer costs.
    timed: bool,
}

/// What of a service lasts as long as its configuration.
struct Frame {
    /// For each block, what it logs.
    telling: Vec<Telling>,
    labels: Arc<ListenerLabels>,
    /// Whether anything here is shown in metrics.
    counted: bool,
    tallies: Arc<Tallies>,
    edge: Edge,
}

/// What a block tells the operator about its queries.
struct Telling {
    errors: Option<FailureLog>,
    log: Vec<LogRule>,
}

/// What became of a message at once.
pub(super) enum Outcome {
    /// It is over: the reply is written, or there is none.
    Done(Option<Sample>),
    /// The reply is written, and the cache wants its entry fetched anew.
    Refresh(Option<Sample>, Pending),
    /// An upstream has to be asked.
    Pending(Pending),
}

impl Service {
    /// For a listening address of a configuration. `before` is the service that it takes over from, if there is one:
    /// what has been counted goes on where the labels are the same.
    pub(super) fn new(
        listener: &Listener,
        config: &Config,
        blocks: &[Block],
        edge: &Edge,
        before: Option<&Self>,
    ) -> Self {
        let view = View { keys: listener.keys.clone(), blocks: blocks.to_vec() };
        let telling = config
            .blocks
            .iter()
            .map(|block| Telling { errors: block.errors.as_ref().map(FailureLog::new), log: block.log.clone() });
        let keys = listener.keys.iter().map(|key| key_labels(key, &config.blocks[key.block]));
        let labels = Arc::new(ListenerLabels { server: listener.server(), keys: keys.collect() });
        let same = before.filter(|before| before.frame.labels == labels);
        let tallies = same.map_or_else(|| Arc::new(Tallies::new(listener, &labels)), |same| Arc::clone(same.tallies()));
        let counted = labels.keys.iter().any(|key| key.shown);
        let frame = Frame { telling: telling.collect(), counted, labels, tallies, edge: edge.clone() };
        let timed = counted || config.blocks.iter().any(|block| !block.log.is_empty()) || view.needs_clock();
        Self { view, frame: Arc::new(frame), born: now(), timed }
    }

    /// The same with what the blocks know now.
    pub(super) fn with(&self, blocks: &[Block]) -> Self {
        let view = View { keys: self.view.keys.clone(), blocks: blocks.to_vec() };
        Self { view, frame: Arc::clone(&self.frame), born: self.born, timed: self.timed }
    }

    /// What the listening address and its keys are called in metrics.
    pub(super) fn labels(&self) -> &Arc<ListenerLabels> {
        &self.frame.labels
    }

    /// What its workers count.
    pub(super) fn tallies(&self) -> &Arc<Tallies> {
        &self.frame.tallies
    }

    /// What is shared with every other.
    pub(super) fn edge(&self) -> &Edge {
        &self.frame.edge
    }

    /// What it knows.
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// The time for [`Exchange::now`].
    pub(super) fn now(&self) -> Instant {
        if self.timed { now() } else { self.born }
    }

    /// Answers a message: appends the reply to `out`, or nothing where there must be none, or none yet. Logs what is to
    /// be logged and returns what is to be counted.
    pub(super) fn answer(&self, exchange: &Exchange<'_>, out: &mut Vec<u8>) -> Outcome {
        let before = out.len();
        match handle(&self.view, exchange, out) {
            Handled::Pending(pending) => Outcome::Pending(pending),
            handled => {
                let sample = self.note(exchange, &handled, &out[before..]);
                match handled {
                    Handled::Answered(Answered { refresh: true, key: Some(key), .. }) => {
                        Outcome::Refresh(sample, Pending { key, unfinished: None })
                    }
                    _ => Outcome::Done(sample),
                }
            }
        }
    }

    /// Answers a message with what came from upstream, as [`Service::answer`] does.
    pub(super) fn conclude(
        &self,
        exchange: &Exchange<'_>,
        unfinished: Option<&Unfinished>,
        outcome: Result<&Relayed, ForwardError>,
        out: &mut Vec<u8>,
    ) -> Option<Sample> {
        let before = out.len();
        let handled = conclude(&self.view, exchange, unfinished, outcome, out);
        self.note(exchange, &handled, &out[before..])
    }

    /// The same for a query that was answered with a whole zone; `reply` is the first message of it.
    pub(super) fn transferred(&self, exchange: &Exchange<'_>, reply: &[u8]) -> Option<Sample> {
        self.note(exchange, &Handled::Answered(transferred(&self.view, exchange)?), reply)
    }

    /// Logs what is to be logged about a message that is done with, and returns what is to be counted.
    fn note(&self, exchange: &Exchange<'_>, handled: &Handled<'_>, reply: &[u8]) -> Option<Sample> {
        let duration = if self.timed { now().duration_since(exchange.now) } else { Duration::ZERO };
        if let Handled::Answered(answered) = handled {
            self.tell(exchange, answered, reply, duration);
        }
        self.frame.counted.then(|| sample(exchange, handled, reply.len(), duration)).flatten()
    }

    /// Writes the lines of `log` and `errors`.
    fn tell(&self, exchange: &Exchange<'_>, answered: &Answered<'_>, reply: &[u8], duration: Duration) {
        let Some(key) = answered.key else { return };
        let telling = &self.frame.telling[self.view.keys[key].block];
        if let (Some(errors), Some(failure)) = (&telling.errors, &answered.failure) {
            errors.tell(answered, failure, self.edge());
        }
        if telling.log.is_empty() {
            return;
        }
        let name = answered.query.lower_name();
        let fits = |rule: &&LogRule| {
            suffixes(name.as_wire()).any(|suffix| rule.zones.iter().any(|zone| zone.as_wire() == suffix))
        };
        if let Some(rule) = telling.log.iter().find(fits)
            && class_of(reply, rule.classes)
        {
            self.edge().journal.line(&log_line(&rule.format, exchange, answered, reply, duration));
        }
    }
}

fn key_labels(key: &Key, block: &crate::config::Block) -> KeyLabels {
    let zones = block.coresmd.iter().flat_map(|coresmd| &coresmd.plan.zones).map(|zone| &zone.apex);
    let first = zones.clone().find(|apex| !apex.is_reverse());
    KeyLabels {
        zone: key.zone.to_string(),
        shown: block.prometheus.is_some(),
        plugins: block.handlers(),
        zones: zones.chain(first).map(|apex| apex.to_string().trim_end_matches('.').to_owned()).collect(),
    }
}

/// What is to be counted about a message; nothing about one that was dropped.
fn sample(exchange: &Exchange<'_>, handled: &Handled<'_>, response_size: usize, duration: Duration) -> Option<Sample> {
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
        Handled::Dropped(_) | Handled::Pending(_) => None,
        Handled::Rejected(_, error) => error.rcode().map(|rcode| bare(rcode.into())),
        Handled::Answered(Answered { query, key, rcode, coresmd, .. }) => Some(Sample {
            key: *key,
            qtype: Some(query.qtype),
            dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
            coresmd: *coresmd,
            ..bare(*rcode)
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "how long an answer took is a metric and stands in log lines")]
fn now() -> Instant {
    Instant::now()
}
