//! \[IO\] One upstream: asking it, and knowing whether it is up. It is checked from its first failure on until it
//! answers again (facts, coredhcp-coredns §B5).

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::config::{HealthCheck, Protocol};
use super::metrics::{Metrics, Proto, UpstreamMetrics};
use super::outgoing::Outgoing;
use super::stream::Streams;
use super::udp;
use crate::relayed::Reply;
use crate::response::Transport;

/// How long the reply to a health check may take.
const CHECK: Duration = Duration::from_secs(1);

/// An upstream.
pub(super) struct Upstream {
    address: SocketAddr,
    streams: Arc<Streams>,
    habits: Habits,
    /// Health checks that failed in a row.
    fails: AtomicU32,
    /// Whether it is being checked.
    checking: AtomicBool,
    metrics: UpstreamMetrics,
}

/// How it is asked and checked.
pub(super) struct Habits {
    pub(super) protocol: Protocol,
    pub(super) over_tls: bool,
    /// Failed checks in a row that it may have while it still counts as up; 0: it is always up, and never checked.
    pub(super) max_fails: u32,
    pub(super) health_check: HealthCheck,
}

impl Upstream {
    pub(super) fn new(address: SocketAddr, streams: Arc<Streams>, habits: Habits, metrics: &Metrics) -> Arc<Self> {
        let (fails, checking) = Default::default();
        Arc::new(Self { address, streams, habits, fails, checking, metrics: metrics.upstream(address) })
    }

    /// Where it is.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether too many of its checks have failed.
    pub(super) fn is_down(&self) -> bool {
        self.habits.max_fails > 0 && self.fails.load(Ordering::Relaxed) > self.habits.max_fails
    }

    /// Asks it, and waits for as long as the caller does.
    pub(super) async fn ask(&self, outgoing: &Outgoing, transport: Transport) -> io::Result<Reply> {
        if self.habits.over_tls {
            return self.over_stream(outgoing, Proto::Tls).await;
        }
        match (self.habits.protocol, transport) {
            (Protocol::Tcp, _) | (Protocol::Clients, Transport::Tcp) => self.over_stream(outgoing, Proto::Tcp).await,
            (Protocol::Clients, Transport::Udp) => self.over_udp(outgoing).await,
            (Protocol::UdpFirst, _) => {
                let reply = self.over_udp(outgoing).await?;
                if reply.is_truncated() { self.over_stream(outgoing, Proto::Tcp).await } else { Ok(reply) }
            }
        }
    }

    async fn over_udp(&self, outgoing: &Outgoing) -> io::Result<Reply> {
        let start = now();
        let reply = udp::exchange(self.address, outgoing).await?;
        self.metrics.answered(reply.rcode(), start.elapsed(), Proto::Udp, false);
        Ok(reply)
    }

    async fn over_stream(&self, outgoing: &Outgoing, proto: Proto) -> io::Result<Reply> {
        let start = now();
        let exchanged = self.streams.exchange(outgoing).await?;
        self.metrics.answered(exchanged.reply.rcode(), start.elapsed(), proto, exchanged.reused);
        Ok(exchanged.reply)
    }

    /// It did not answer: its idle connections may be as dead. It is checked until it answers, unless it is being
    /// checked already.
    pub(super) fn has_failed(self: &Arc<Self>) {
        self.streams.close_idle();
        if self.habits.max_fails > 0 && !self.checking.swap(true, Ordering::Relaxed) {
            tokio::spawn(check(Arc::downgrade(self)));
        }
    }

    /// Whether it answers a health check; with what does not matter.
    async fn answers_check(&self) -> bool {
        let probe = Outgoing::probe(&self.habits.health_check.domain, self.habits.health_check.recursion);
        let answered = if self.habits.over_tls || self.habits.protocol == Protocol::Tcp {
            timeout(CHECK, self.streams.exchange(&probe)).await.is_ok_and(|exchanged| exchanged.is_ok())
        } else {
            timeout(CHECK, udp::exchange(self.address, &probe)).await.is_ok_and(|reply| reply.is_ok())
        };
        if answered {
            self.fails.store(0, Ordering::Relaxed);
            self.checking.store(false, Ordering::Relaxed);
        } else {
            // counted no further than what makes it down
            self.fails.store(self.fails.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
            self.metrics.health_check_failed();
        }
        answered
    }
}

/// Checks an upstream until it answers, or is no longer in the configuration.
async fn check(upstream: Weak<Upstream>) {
    while let Some(upstream) = upstream.upgrade() {
        if upstream.answers_check().await {
            return;
        }
        let interval = upstream.habits.health_check.interval;
        drop(upstream);
        sleep(interval).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "how long an upstream takes is measured here")]
fn now() -> Instant {
    Instant::now()
}
