//! \[IO\] From what the configuration names to upstreams that can be asked: resolv.conf files read, TLS prepared.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::config::{ForwardConfig, To};
use super::metrics::Metrics;
use super::stream::Streams;
use super::tls;
use super::upstream::{Habits, Upstream};

/// CoreDNS's limit of upstreams.
pub const MOST_UPSTREAMS: usize = 15;

/// Idle connections to an upstream that are kept where the configuration sets no limit.
const IDLE_CONNECTIONS: usize = 64;

/// The port of DNS.
const DNS_PORT: u16 = 53;

/// Why a `forward` cannot be put to work. A file that the configuration names is to blame, or the machine.
#[derive(Debug, Error)]
pub enum SetupError {
    /// A file cannot be read, or does not hold what it should.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS cannot be prepared.
    #[error("{0}")]
    Tls(String),
    /// More upstreams than [`MOST_UPSTREAMS`].
    #[error("{0} upstreams; at most {MOST_UPSTREAMS} are supported")]
    TooMany(usize),
}

impl SetupError {
    pub(super) fn file(path: &Path, reason: String) -> Self {
        Self::File { path: path.to_owned(), reason }
    }
}

/// The upstreams of a `forward`, in the order of the configuration.
pub(super) fn upstreams(config: &ForwardConfig, metrics: &Metrics) -> Result<Vec<Arc<Upstream>>, SetupError> {
    let mut all = Vec::new();
    for to in &config.to {
        match to {
            To::ResolvConf(path) => all.extend(nameservers(path)?.into_iter().map(To::Plain)),
            named => all.push(named.clone()),
        }
    }
    if all.len() > MOST_UPSTREAMS {
        return Err(SetupError::TooMany(all.len()));
    }
    let mut connector = None;
    let mut upstreams = Vec::with_capacity(all.len());
    for to in all {
        let (address, tls) = match to {
            To::Tls { address, name } => {
                let connector = match &connector {
                    Some(connector) => connector,
                    None => connector.insert(tls::connector(&config.tls)?),
                };
                let name = name.as_deref().or(config.tls_servername.as_deref());
                (address, Some((connector.clone(), tls::server_name(name, address.ip())?)))
            }
            To::Plain(address) => (address, None),
            To::ResolvConf(_) => continue,
        };
        let max_idle = if config.max_idle_conns == 0 { IDLE_CONNECTIONS } else { config.max_idle_conns };
        let over_tls = tls.is_some();
        let streams = Streams::new(address, tls, config.expire, max_idle);
        let habits = Habits {
            protocol: config.protocol,
            over_tls,
            max_fails: config.max_fails,
            health_check: config.health_check.clone(),
        };
        upstreams.push(Upstream::new(address, streams, habits, metrics));
    }
    Ok(upstreams)
}

/// The addresses of the `nameserver` lines of a file, one at least (resolv.conf(5)).
fn nameservers(path: &Path) -> Result<Vec<SocketAddr>, SetupError> {
    #[expect(clippy::disallowed_methods, reason = "a file that the configuration names as its list of upstreams")]
    let text = std::fs::read_to_string(path).map_err(|error| SetupError::file(path, error.to_string()))?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split_ascii_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        let word = words.next().unwrap_or_default();
        let fault = |what: &str| SetupError::file(path, format!("line {}: `{word}` {what}", number + 1));
        let address: IpAddr = word.parse().map_err(|_| fault("is not an IP address without a zone"))?;
        found.push(SocketAddr::new(address, DNS_PORT));
    }
    if found.is_empty() {
        return Err(SetupError::file(path, "it names no nameserver".to_owned()));
    }
    Ok(found)
}
