//! What went through an endpoint, counted without locks and read by the metrics of the server.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;

/// Counters of one endpoint since it was bound.
#[derive(Debug, Default)]
pub struct UdpCounters {
    received: AtomicU64,
    truncated: AtomicU64,
    unanswerable: AtomicU64,
    overload: AtomicU64,
    lost: AtomicU64,
    panics: AtomicU64,
    receive_errors: AtomicU64,
    sent: AtomicU64,
    send_errors: [AtomicU64; SendErrorKind::ALL.len()],
}

/// Why a datagram could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendErrorKind {
    /// An ICMP message said that nobody listens there (`ECONNREFUSED`).
    Refused,
    /// No buffer space in time (`EAGAIN`, `ENOBUFS`, `ENOMEM`).
    NoBuffers,
    /// Forbidden by a firewall, or a broadcast that was not asked for (`EPERM`, `EACCES`).
    NotPermitted,
    /// No route, or the interface is down (`ENETUNREACH`, `EHOSTUNREACH`, `ENETDOWN`, `ENODEV`, `ENXIO`).
    Unreachable,
    /// Larger than a datagram or than the path allows (`EMSGSIZE`).
    TooLarge,
    /// Not an address to send to or from (`EINVAL`, `EADDRNOTAVAIL`).
    BadAddress,
    /// Anything else.
    Other,
}

impl SendErrorKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::NoBuffers,
        Self::NotPermitted,
        Self::Unreachable,
        Self::TooLarge,
        Self::BadAddress,
        Self::Other,
    ];

    /// The stable text of a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NoBuffers => "no_buffers",
            Self::NotPermitted => "not_permitted",
            Self::Unreachable => "unreachable",
            Self::TooLarge => "too_large",
            Self::BadAddress => "bad_address",
            Self::Other => "other",
        }
    }

    /// The kind of a system's error.
    pub fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ECONNREFUSED) => Self::Refused,
            Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => Self::NoBuffers,
            Some(libc::EPERM | libc::EACCES) => Self::NotPermitted,
            Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::ENODEV | libc::ENXIO) => {
                Self::Unreachable
            }
            Some(libc::EMSGSIZE) => Self::TooLarge,
            Some(libc::EINVAL | libc::EADDRNOTAVAIL) => Self::BadAddress,
            _ => Self::Other,
        }
    }
}

/// Each getter is the count since the endpoint was bound.
impl UdpCounters {
    /// Datagrams that the kernel gave us, those below included.
    pub fn get_received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Of these, longer than the receive buffer, and dropped.
    pub fn get_truncated(&self) -> u64 {
        self.truncated.load(Ordering::Relaxed)
    }

    /// Of these, from port 0 or from a broadcast or multicast address, and dropped.
    pub fn get_unanswerable(&self) -> u64 {
        self.unanswerable.load(Ordering::Relaxed)
    }

    /// Of these, dropped from the queue of a server that is behind.
    pub fn get_overload(&self) -> u64 {
        self.overload.load(Ordering::Relaxed)
    }

    /// Of these, datagrams at which the handler panicked.
    pub fn get_panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Datagrams that the kernel had no room for in the socket's buffer, as it said with a later one. Not among those
    /// received.
    pub fn get_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Errors of receiving that did not end the endpoint.
    pub fn get_receive_errors(&self) -> u64 {
        self.receive_errors.load(Ordering::Relaxed)
    }

    /// Datagrams that the kernel took from us.
    pub fn get_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Datagrams that it did not, by kind.
    pub fn get_send_errors(&self, kind: SendErrorKind) -> u64 {
        self.send_errors[kind as usize].load(Ordering::Relaxed)
    }

    pub(super) fn received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn truncated(&self) {
        self.truncated.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unanswerable(&self) {
        self.unanswerable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overload(&self) {
        self.overload.fetch_add(1, Ordering::Relaxed);
    }

    /// The kernel's own count since the socket was made; its 32 bits are enough to see that there is a loss.
    pub(super) fn lost(&self, since_made: u32) {
        if since_made > 0 {
            self.lost.fetch_max(since_made.into(), Ordering::Relaxed);
        }
    }

    pub(super) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn receive_error(&self) {
        self.receive_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn send_error(&self, error: &io::Error, count: usize) {
        self.send_errors[SendErrorKind::of(error) as usize].fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The counters of several endpoints as metrics, labelled `endpoint`: `PREFIX_udp_received_total`, `_sent_total`,
/// `_dropped_total{reason}`, `_receive_errors_total`, `_send_errors_total{kind}`.
#[derive(Debug)]
pub struct UdpCollector {
    prefix: String,
    endpoints: Vec<(String, Arc<UdpCounters>)>,
}

impl UdpCollector {
    /// Metrics whose names begin with `prefix`, of `endpoints` with the values of their label. Give it to
    /// [`prometheus_client::registry::Registry::register_collector`].
    pub fn new(prefix: impl Into<String>, endpoints: Vec<(String, Arc<UdpCounters>)>) -> Self {
        Self { prefix: prefix.into(), endpoints }
    }

    /// One metric: a sample for each endpoint and each of `labels`.
    fn counter<const N: usize>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        samples: impl Fn(&UdpCounters) -> [(Option<(&'static str, &'static str)>, u64); N],
    ) -> fmt::Result {
        let name = format!("{}_udp_{name}", self.prefix);
        let kind = prometheus_client::metrics::MetricType::Counter;
        let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
        for (endpoint, counters) in &self.endpoints {
            for (label, value) in samples(counters) {
                let labels: Vec<_> = [("endpoint", endpoint.as_str())].into_iter().chain(label).collect();
                ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

impl Collector for UdpCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.counter(encoder, "received", "Datagrams received", |counters| [(None, counters.get_received())])?;
        self.counter(encoder, "sent", "Datagrams sent", |counters| [(None, counters.get_sent())])?;
        self.counter(encoder, "dropped", "Datagrams that did not reach the handler, or made it panic", |counters| {
            [
                (Some(("reason", "truncated")), counters.get_truncated()),
                (Some(("reason", "unanswerable")), counters.get_unanswerable()),
                (Some(("reason", "overload")), counters.get_overload()),
                (Some(("reason", "socket_full")), counters.get_lost()),
                (Some(("reason", "panic")), counters.get_panics()),
            ]
        })?;
        self.counter(encoder, "receive_errors", "Errors of receiving", |counters| {
            [(None, counters.get_receive_errors())]
        })?;
        self.counter(encoder, "send_errors", "Datagrams that could not be sent", |counters| {
            SendErrorKind::ALL.map(|kind| (Some(("kind", kind.label())), counters.get_send_errors(kind)))
        })
    }
}
