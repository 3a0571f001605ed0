//! \[IO\] From a changed Corefile to a changed server, or to a line about why not (facts, coredhcp-coredns §B5).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serve::findings::{Findings, Severity};
use tokio::runtime::Runtime;

use super::ServerError;
use super::site::Site;
use super::sources::open_missing;
use crate::config::{Config, Reload};

/// What reading the Corefile gives.
pub struct Reading {
    /// The SHA-512 of its text and of what it imports, in hex; empty if it cannot be read.
    pub digest: String,
    /// What it says, if it is right.
    pub config: Option<Config>,
    /// What is wrong with it.
    pub findings: Findings,
}

/// What reloads have done so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Reloads {
    failed: Counter,
    /// The digest of the Corefile that is served.
    digest: Arc<Mutex<String>>,
}

/// Takes the Corefile up as it is now. What keeps it from being served is logged and counted, and the configuration of
/// before stays. The error is one that ends the server.
pub(super) fn reload(
    site: &mut Site,
    reading: Reading,
    reloads: &Reloads,
    runtime: &Runtime,
) -> Result<(), ServerError> {
    let Reading { digest, config, mut findings } = reading;
    let unpolled = config.as_ref().map(|config| open_missing(config, site.inventories(), &mut findings));
    tell(&findings);
    let (Some(config), Some(unpolled), false) = (config, unpolled, findings.has_errors()) else {
        reloads.fail("the Corefile is wrong");
        return Ok(());
    };
    let prepared = {
        let _inside = runtime.enter();
        site.prepare(config, unpolled)
    };
    match prepared {
        Err(error) => reloads.fail(&error.to_string()),
        Ok(prepared) => {
            runtime.block_on(Site::first_answers(&prepared));
            let _inside = runtime.enter();
            site.commit(prepared)?;
            reloads.serving(&digest);
            tracing::info!(digest, "the Corefile has been read again and is served");
        }
    }
    Ok(())
}

/// Logs findings one by one, each with its place.
pub fn tell(findings: &Findings) {
    for finding in findings.sorted() {
        let place = format!("{}:{}:{}", finding.file, finding.line, finding.column);
        let help = finding.help.as_deref();
        match finding.severity {
            Severity::Error => tracing::error!(place, help, "configuration: {}", finding.message),
            Severity::Note => tracing::info!(place, help, "configuration: {}", finding.message),
            Severity::Warning => tracing::warn!(place, help, "configuration: {}", finding.message),
        }
    }
}

/// When to look at the Corefile next: after the interval, a little earlier or later.
pub(super) fn next_look(Reload { interval, jitter }: Reload) -> Duration {
    // the jitter is half of the interval at most
    interval.saturating_sub(jitter / 2) + jitter.mul_f64(rand::random())
}

impl Reloads {
    /// Remembers which Corefile is served.
    pub(super) fn serving(&self, digest: &str) {
        digest.clone_into(&mut self.digest.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Shows them as the original does.
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Times that a changed Corefile could not be served";
        registry.register("coredns_reload_failed", help, self.failed.clone());
        registry.register_collector(Box::new(self.clone()));
    }

    fn fail(&self, reason: &str) {
        self.failed.inc();
        tracing::error!(
            reason,
            "the Corefile has been read again and is not served; the configuration of before stays"
        );
    }
}

impl prometheus_client::collector::Collector for Reloads {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        let help = "The Corefile that is served";
        let mut family = encoder.encode_descriptor("coredns_reload_version_info", help, None, MetricType::Gauge)?;
        ConstGauge::new(1_i64).encode(family.encode_family(&[("hash", "sha512"), ("value", digest.as_str())])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_look_is_within_half_the_jitter() {
        let reload = Reload { interval: Duration::from_secs(30), jitter: Duration::from_secs(15) };
        for _ in 0..1000 {
            let next = next_look(reload);
            assert!((Duration::from_millis(22_500)..=Duration::from_millis(37_500)).contains(&next), "{next:?}");
        }
        let still = Reload { jitter: Duration::ZERO, ..reload };
        assert_eq!(next_look(still), Duration::from_secs(30));
    }
}
