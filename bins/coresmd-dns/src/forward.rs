//! \[IO\] Questions that others can answer: the directive `forward` (facts, coredhcp-coredns §B5).
//!
//! ```text
//! Forward ─ policy ─▶ upstream ─┬ udp      a socket for each query
//!   │                   │       └ stream   TCP and TLS, connections kept
//!   │                   └ health: checked from its first failure until it answers
//!   └ outgoing   the client's question as an upstream gets it        ▲ setup: resolv.conf, tls
//! ```
//! Replies stay octets ([`crate::relayed`]). Whatever is no reply to the question is passed over until the time is over:
//! RFC 5452 §9.

mod config;
mod metrics;
mod outgoing;
mod policy;
mod setup;
mod stream;
mod tls;
mod udp;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::seq::IndexedRandom;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

pub use config::{ForwardConfig, HealthCheck, Protocol, RCODES, TlsFiles, To};
pub use metrics::Metrics;
pub use outgoing::Outgoing;
pub use policy::Policy;
pub use setup::{MOST_UPSTREAMS, SetupError};

use crate::name::{Name, suffixes};
use crate::relayed::Reply;
use crate::response::Transport;
use crate::wire::{Rcode, Rtype};
use policy::Turn;
use upstream::Upstream;

/// How long a query may take in all.
const OVERALL: Duration = Duration::from_secs(5);
/// How long an upstream may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How often each upstream is tried.
const ROUNDS: usize = 3;
/// How long to rest when none of them could be reached.
const PAUSE: Duration = Duration::from_millis(100);
/// Queries under way where the configuration sets no limit: each may hold a socket.
const MOST_CONCURRENT: usize = 4096;

/// Why a question has no reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ForwardError {
    /// Too many queries are under way. The clients are to blame, or `max_concurrent`.
    #[error("too many queries are under way to the upstreams")]
    Busy,
    /// Zones are transferred between servers that know each other, not through a third. The client is to blame.
    #[error("zone transfers are not forwarded")]
    Transfer,
    /// Every upstream is down.
    #[error("every upstream is down")]
    AllDown,
    /// An upstream cannot be reached, or breaks off. It is to blame, or the network.
    #[error("{upstream}: {reason}")]
    Unreachable {
        /// The one that was tried last.
        upstream: SocketAddr,
        /// The system's reason.
        reason: String,
    },
    /// An upstream does not answer. It is to blame, or the network.
    #[error("{upstream}: no answer in time")]
    Timeout {
        /// The one that was tried last.
        upstream: SocketAddr,
    },
    /// No `forward` takes the name. The configuration is to blame.
    #[error("no upstream is responsible for the name")]
    Nobody,
}

impl ForwardError {
    /// What the client is told.
    pub fn rcode(&self) -> Rcode {
        match self {
            Self::Busy | Self::Transfer | Self::Nobody => Rcode::Refused,
            Self::AllDown | Self::Unreachable { .. } | Self::Timeout { .. } => Rcode::ServFail,
        }
    }

    /// Whether the upstreams failed, which they would again if they were asked at once.
    pub fn is_failure(&self) -> bool {
        self.rcode() == Rcode::ServFail
    }
}

/// A `forward` directive at work.
pub struct Forward {
    from: Name,
    except: Vec<Name>,
    upstreams: Vec<Arc<Upstream>>,
    turn: Turn,
    max_attempts: usize,
    failover: Vec<u16>,
    next: Vec<u16>,
    failfast: bool,
    under_way: Semaphore,
    metrics: Metrics,
}

impl Forward {
    /// Reads the files that the configuration names; no upstream is asked yet.
    pub fn new(config: &ForwardConfig, metrics: &Metrics) -> Result<Self, SetupError> {
        Ok(Self {
            from: config.from.clone(),
            except: config.except.clone(),
            upstreams: setup::upstreams(config, metrics)?,
            turn: Turn::new(config.policy),
            max_attempts: match config.max_connect_attempts {
                0 => usize::MAX,
                most => most as usize,
            },
            failover: config.failover.clone(),
            next: config.next.clone(),
            failfast: config.failfast,
            under_way: Semaphore::new(config.max_concurrent.unwrap_or(MOST_CONCURRENT)),
            metrics: metrics.clone(),
        })
    }

    /// The zone whose names it takes.
    pub fn from(&self) -> &Name {
        &self.from
    }

    /// Whether it takes a name: wire form, lower case.
    pub fn admits(&self, name: &[u8]) -> bool {
        let lies_in = |zone: &Name| suffixes(name).any(|suffix| suffix == zone.as_wire());
        // the apex of FROM itself is never excepted
        lies_in(&self.from) && (name == self.from.as_wire() || !self.except.iter().any(lies_in))
    }

    /// Whether the next `forward` is to be asked, where there is one.
    pub fn passes_on(&self, reply: &Reply) -> bool {
        self.next.contains(&reply.rcode())
    }

    /// Asks the upstreams, one after the other, until one answers or the time is over.
    pub async fn forward(&self, outgoing: &Outgoing, transport: Transport) -> Result<Reply, ForwardError> {
        if matches!(outgoing.qtype(), Rtype::AXFR | Rtype::IXFR) {
            return Err(ForwardError::Transfer);
        }
        let Ok(_permit) = self.under_way.try_acquire() else {
            self.metrics.rejects.inc();
            return Err(ForwardError::Busy);
        };
        let deadline = now() + OVERALL;
        let order = self.turn.order(self.upstreams.len(), &mut rand::rng());
        let mut attempts = 0;
        let mut failure = ForwardError::AllDown;
        for round in 0..ROUNDS {
            if round > 0 {
                sleep(PAUSE).await;
            }
            let mut answered = None;
            for upstream in self.candidates(&order)? {
                if attempts == self.max_attempts || now() >= deadline {
                    return answered.ok_or(failure);
                }
                attempts += 1;
                match timeout_at(deadline.min(now() + ATTEMPT), upstream.ask(outgoing, transport)).await {
                    Ok(Ok(reply)) if self.failover.contains(&reply.rcode()) => answered = Some(reply),
                    Ok(Ok(reply)) => return Ok(reply),
                    Ok(Err(error)) => {
                        failure = ForwardError::Unreachable { upstream: upstream.address(), reason: error.to_string() };
                        upstream.has_failed();
                    }
                    Err(_) => {
                        failure = ForwardError::Timeout { upstream: upstream.address() };
                        upstream.has_failed();
                    }
                }
            }
            if let Some(reply) = answered {
                return Ok(reply);
            }
        }
        Err(failure)
    }

    /// Who is to be tried in a round: those that are up, or else any one of them.
    fn candidates(&self, order: &[usize]) -> Result<Vec<&Arc<Upstream>>, ForwardError> {
        let all = order.iter().map(|place| &self.upstreams[*place]);
        let up: Vec<_> = all.filter(|upstream| !upstream.is_down()).collect();
        if !up.is_empty() {
            return Ok(up);
        }
        self.metrics.broken.inc();
        if self.failfast {
            return Err(ForwardError::AllDown);
        }
        Ok(self.upstreams.choose(&mut rand::rng()).into_iter().collect())
    }
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let upstreams: Vec<_> = self.upstreams.iter().map(|upstream| upstream.address()).collect();
        f.debug_struct("Forward").field("from", &self.from).field("upstreams", &upstreams).finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "the time that a query may take is kept here")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
pub(crate) mod tests;
