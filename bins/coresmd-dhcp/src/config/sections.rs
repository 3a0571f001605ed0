//! The sections that `CoreDHCP` does not have, each optional and strict: `smd`, `bss`, `policy`, `pool`, `admin`,
//! `log`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serve::duration;
use serve::telemetry::UnknownLevel;
use smd_cache::boot::Precedence;
use smd_cache::client::{ClientCertificate, Proxy, Transport};
use smd_cache::refresh::{BssSource, ShrinkPolicy, SourceConfig};
use smd_cache::token::{KeysError, Secret, TokenConfig};

use super::coresmd::Settings;
use super::{Environment, values};
use crate::admission::Limits;
use crate::cli::Level;
use crate::pool::Times;

/// The section `admin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Where health, readiness and metrics are served.
    pub listen: SocketAddr,
    /// The configuration names the address: not to get it is fatal, while the default is only a convenience.
    pub required: bool,
}

/// The section `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// `level`: as `--loglevel`.
    pub level: Option<Level>,
    /// `format`: `json` for one JSON object a line.
    pub json: bool,
}

/// `smd` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SmdSection {
    url: Option<HttpUrl>,
    inventory: Option<FilePath>,
    boot: Option<FilePath>,
    token_file: Option<FilePath>,
    token: Option<token::TokenSection>,
    client_cert: Option<FilePath>,
    client_key: Option<FilePath>,
    proxy: Option<ProxyWord>,
    snapshot_file: Option<FilePath>,
    max_body: Option<Size>,
    shrink: Option<Shrink>,
    timeouts: TimeoutsSection,
}

/// `smd.timeouts` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TimeoutsSection {
    connect: Option<Timeout>,
    header: Option<Timeout>,
    body: Option<Timeout>,
}

/// `bss` as it is written. The outer option: whether there is such a section.
pub(super) type BssSection = Option<BssKeys>;

/// The keys of `bss`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BssKeys {
    url: HttpUrl,
    ca_cert: Option<FilePath>,
    token_file: Option<FilePath>,
    precedence: Option<Resolution>,
}

/// `policy` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicySection {
    max_rate_per_mac: Option<Rate>,
    max_rate_per_interface: Option<Rate>,
}

/// `pool` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PoolSection {
    offer_hold: Option<Timeout>,
    quarantine: Option<Timeout>,
}

/// `admin` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdminSection {
    listen: Option<Endpoint>,
}

/// `log` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogSection {
    level: Option<LevelName>,
    format: Option<LogFormat>,
}

impl PolicySection {
    /// With the defaults where nothing is written.
    pub(super) fn resolve(self) -> Limits {
        let defaults = Limits::default();
        Limits {
            per_mac: self.max_rate_per_mac.map_or(defaults.per_mac, |rate| rate.0),
            per_interface: self.max_rate_per_interface.map_or(defaults.per_interface, |rate| rate.0),
        }
    }
}

impl PoolSection {
    /// Sets what is written; a lease's time is the step's own.
    pub(super) fn apply(self, times: &mut Times) {
        // Rounded up: a hold of half a second is not none.
        let seconds = |time: Timeout| time.0.as_secs() + u64::from(time.0.subsec_nanos() > 0);
        times.offer_hold = self.offer_hold.map_or(times.offer_hold, seconds);
        times.quarantine = self.quarantine.map_or(times.quarantine, seconds);
    }
}

impl AdminSection {
    /// With the default where nothing is written.
    pub(super) fn resolve(self) -> Admin {
        let required = self.listen.is_some();
        let listen = self.listen.map_or(SocketAddr::from(([127, 0, 0, 1], 8067)), |endpoint| endpoint.0);
        Admin { listen, required }
    }
}

impl LogSection {
    /// With the defaults where nothing is written.
    pub(super) fn resolve(self) -> Log {
        Log { level: self.level.map(|level| level.0), json: self.format.is_some_and(|format| format.0) }
    }
}

impl SmdSection {
    /// Whether it says where the inventory is.
    pub(super) fn names_inventory(&self) -> bool {
        self.url.is_some() || self.inventory.is_some()
    }

    /// The inventory's source: what `coresmd` says about SMD, with what these sections add. `None` where neither names
    /// one.
    ///
    /// # Errors
    /// Keys of `smd`, or of its `token`, that do not go together.
    pub(super) fn resolve(
        self,
        bss: BssSection,
        coresmd: &Settings,
        environment: &Environment,
    ) -> Option<Result<SourceConfig, KeysError>> {
        let url = self.url.as_ref().map(|url| url.0.clone()).or_else(|| coresmd.smd_url.clone());
        let url = if self.inventory.is_some() { String::new() } else { url? };
        Some(self.resolve_at(url, bss, coresmd, environment))
    }

    fn resolve_at(
        self,
        url: String,
        bss: BssSection,
        coresmd: &Settings,
        environment: &Environment,
    ) -> Result<SourceConfig, KeysError> {
        let mut source = SourceConfig::new(url);
        source.inventory_file = self.inventory.map(|path| path.0);
        source.boot_file = self.boot.map(|path| path.0);
        source.smd_ca.clone_from(&coresmd.ca_cert);
        source.interval = coresmd.cache_valid;
        source.token_file = self.token_file.map(|path| path.0);
        source.transport = transport(self.client_cert, self.client_key, self.proxy)?;
        let keys = token::keys(self.token, &coresmd.token);
        let token = keys.resolve(source.transport.client_certificate.is_some())?;
        source.token = token.map(|token| token.with_bootstrap_token(environment.bootstrap_token()));
        if source.token.is_some() && source.token_file.is_some() {
            let message = "is given, and a token is got as well: keep one of them".to_owned();
            return Err(KeysError { key: "token_file", message });
        }
        source.bss = bss.map(BssKeys::resolve);
        let beside_state = || Some(environment.state_directory.as_ref()?.join("snapshot"));
        source.snapshot_file = self.snapshot_file.map(|path| path.0).or_else(beside_state);
        source.max_body = self.max_body.map_or(source.max_body, |size| size.0);
        source.shrink = self.shrink.map_or(source.shrink, |shrink| shrink.0);
        let timeouts = &mut source.timeouts;
        timeouts.connect = self.timeouts.connect.map_or(timeouts.connect, |timeout| timeout.0);
        timeouts.header = self.timeouts.header.map_or(timeouts.header, |timeout| timeout.0);
        timeouts.body = self.timeouts.body.map_or(timeouts.body, |timeout| timeout.0);
        Ok(source)
    }
}

impl Environment {
    /// The original's variable.
    fn bootstrap_token(&self) -> Option<Secret> {
        let (_, token) = self.variables.iter().find(|(name, _)| name == TokenConfig::BOOTSTRAP_VARIABLE)?;
        Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new)
    }
}

/// How SMD is reached.
fn transport(
    certificate: Option<FilePath>,
    key: Option<FilePath>,
    proxy: Option<ProxyWord>,
) -> Result<Transport, KeysError> {
    let client_certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate: certificate.0, key: key.0 }),
        (None, None) => None,
        (Some(_), None) => return Err(KeysError { key: "client_cert", message: "needs `client_key`".to_owned() }),
        (None, Some(_)) => return Err(KeysError { key: "client_key", message: "needs `client_cert`".to_owned() }),
    };
    Ok(Transport { client_certificate, proxy: proxy.map_or_else(Proxy::default, |word| word.0) })
}

impl BssKeys {
    fn resolve(self) -> BssSource {
        BssSource {
            url: self.url.0,
            ca: self.ca_cert.map(|path| path.0),
            token_file: self.token_file.map(|path| path.0),
            precedence: self.precedence.map_or_else(Precedence::default, |resolution| resolution.0),
        }
    }
}

/// A value that is written as a scalar and parsed from its text; the error says what is wrong with it.
macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $parse:expr) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        struct $name($inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                parse(&text).map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

mod token;

scalar!(
    /// A URL of SMD or BSS.
    HttpUrl(String),
    values::http_url
);
scalar!(
    /// A file's path.
    FilePath(PathBuf),
    |text| if text.is_empty() { Err("the path is empty".into()) } else { Ok(text.into()) }
);
scalar!(
    /// A number of octets.
    Size(usize),
    values::size
);
scalar!(
    /// A duration longer than zero.
    Timeout(Duration),
    |text| match duration::parse(text)? {
        Duration::ZERO => Err("a timeout is longer than 0".into()),
        timeout => Ok(timeout),
    }
);
scalar!(
    /// `environment` or `off`.
    ProxyWord(Proxy),
    |text| match text {
        "environment" => Ok(Proxy::Environment),
        "off" => Ok(Proxy::Off),
        _ => Err(format!("{text:?} is neither environment nor off")),
    }
);
scalar!(
    /// `hold` or `accept`.
    Shrink(ShrinkPolicy),
    |text| match text {
        "hold" => Ok(ShrinkPolicy::Hold),
        "accept" => Ok(ShrinkPolicy::Accept),
        _ => Err(format!("{text:?} is neither hold nor accept")),
    }
);
scalar!(
    /// `sql` or `kv`: how BSS resolves.
    Resolution(Precedence),
    |text| match text {
        "sql" => Ok(Precedence::Sql),
        "kv" => Ok(Precedence::Kv),
        _ => Err(format!("{text:?} is neither sql nor kv")),
    }
);
scalar!(
    /// Messages a second; none for `off`.
    Rate(Option<u32>),
    |text| match text {
        "off" => Ok(None),
        _ => match text.parse() {
            Ok(rate @ 1..=1_000_000_000) => Ok(Some(rate)),
            _ => Err(format!("{text:?} is neither a number of messages a second nor off")),
        },
    }
);
scalar!(
    /// An address and a port.
    Endpoint(SocketAddr),
    |text| text.parse().map_err(|_| format!("{text:?} is no address: write it as 127.0.0.1:8067"))
);
scalar!(
    /// A level by `CoreDHCP`'s name.
    LevelName(Level),
    |text| text.parse().map_err(|error: UnknownLevel| error.to_string())
);
scalar!(
    /// `text` or `json`; true for JSON.
    LogFormat(bool),
    |text| match text {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
);
