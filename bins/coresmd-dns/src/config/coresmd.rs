//! The `coresmd` block (facts, coresmd-plugins §7; coredhcp-coredns §B6): which inventory, and which zones are made of
//! it.
//!
//! ```text
//! coresmd {
//!     smd_url URL                    required, or
//!     inventory FILE                 a nodes.yaml instead of SMD, read again when it changes
//!     ca_cert FILE                   the system's certificates where it is missing or empty
//!     token_file FILE                a bearer token, read again when it changes
//!     token { … }                    or one that is got and renewed; also auth_mode, tokensmith_url, refresh_before
//!     client_cert FILE               who we are in TLS, with client_key FILE
//!     proxy environment              or off: whether HTTPS_PROXY, HTTP_PROXY and NO_PROXY count
//!     cache_duration 30s             how often SMD is asked
//!     snapshot_file FILE             the last good inventory, served at once after a start
//!     zone NAME { nodes PATTERN }    any number; none: cluster.local with nid{04d}
//! }
//! ```

mod token;

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, ServerBlock, Span};
use naming::Pattern;
use serve::duration;
use serve::findings::nearest;
use smd_cache::client::{ClientCertificate, Proxy, Transport};
use smd_cache::token::TokenConfig;

use super::report::Report;
use crate::catalog::Zone;
use crate::name::Name;

/// The `coresmd` directive of a server block.
#[derive(Debug, Clone)]
pub struct Coresmd {
    /// Its inventory, as an index of [`super::Config::sources`].
    pub source: usize,
    /// Its zones; never empty.
    pub zones: Vec<Zone>,
}

/// An inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Base URL of SMD, to which the API's paths are appended; `""` where there is a file.
    pub smd_url: String,
    /// The file in SMD's place.
    pub inventory: Option<PathBuf>,
    /// The CA that SMD's certificate must come from; `None`: the system's.
    pub ca_cert: Option<PathBuf>,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// Where a token comes from that is got and renewed.
    pub token: Option<TokenConfig>,
    /// The client certificate and the proxy.
    pub transport: Transport,
    /// The time between two polls.
    pub cache_duration: Duration,
    /// Where the last good inventory is kept.
    pub snapshot_file: Option<PathBuf>,
    /// Where the directive stands.
    pub span: Place,
}

impl Source {
    /// What it is called where there are several: its URL or its file.
    pub fn name(&self) -> String {
        self.inventory.as_ref().map_or_else(|| self.smd_url.clone(), |file| file.display().to_string())
    }
}

/// Where a directive stands; places do not matter when sources are compared.
#[derive(Debug, Clone)]
pub struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// The words of the block.
const WORDS: [&str; 14] = [
    "smd_url",
    "inventory",
    "ca_cert",
    "token_file",
    "cache_duration",
    "snapshot_file",
    "zone",
    "token",
    "auth_mode",
    "tokensmith_url",
    "refresh_before",
    "client_cert",
    "client_key",
    "proxy",
];

/// The pattern and the zone where none are given.
const DEFAULT_ZONE: &str = "cluster.local";
const DEFAULT_PATTERN: &str = "nid{04d}";

/// CoreSMD's interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// Below this, polling is an attack on SMD.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// Reads the `coresmd` directives of a block, which count as one.
pub(super) fn understand(block: &ServerBlock, report: &mut Report<'_>) -> Option<(Source, Vec<Zone>)> {
    let span = block.named("coresmd").next()?.span.clone();
    let mut wire = Wire::default();
    for line in block.named("coresmd").flat_map(|directive| directive.block.iter().flatten()) {
        wire.line(line, report);
    }
    let zones = wire.zones(report);
    let both = wire.seen.contains(&"smd_url") && wire.seen.contains(&"inventory");
    if both {
        report.error(&span, "`smd_url` and `inventory`: the inventory has one source", "remove one of them");
    }
    let smd_url = match (wire.smd_url, &wire.inventory) {
        _ if both => return None,
        (Some(url), _) => url,
        (None, Some(_)) => String::new(),
        (None, None) => {
            if !wire.seen.iter().any(|word| matches!(*word, "smd_url" | "inventory")) {
                report.error(&span, "`coresmd` without `smd_url`", "write `smd_url https://smd.example:8443`");
            }
            return None;
        }
    };
    let interval = wire.cache_duration.unwrap_or(DEFAULT_INTERVAL);
    let Wire { inventory, ca_cert, token_file, snapshot_file, .. } = wire;
    let client_certificate = match (wire.client_cert, wire.client_key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            report.error(&span, "`client_cert` and `client_key` belong together", "write both, or none");
            None
        }
    };
    let token = wire.token.resolve(client_certificate.is_some(), &span, report);
    if token.is_some() && token_file.is_some() {
        report.error(&span, "`token_file`, and a token that is got as well", "remove one of them");
    }
    let transport = Transport { client_certificate, proxy: wire.proxy.unwrap_or_default() };
    let (cache_duration, span) = (interval, Place(span));
    let source =
        Source { smd_url, inventory, ca_cert, token_file, token, transport, cache_duration, snapshot_file, span };
    Some((source, zones?))
}

/// The block as far as it has been read.
#[derive(Default)]
struct Wire {
    smd_url: Option<String>,
    inventory: Option<PathBuf>,
    ca_cert: Option<PathBuf>,
    token_file: Option<PathBuf>,
    cache_duration: Option<Duration>,
    snapshot_file: Option<PathBuf>,
    token: token::Words,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    proxy: Option<Proxy>,
    zones: Vec<(Zone, Span)>,
    /// The words that have been met, to be used once.
    seen: Vec<&'static str>,
    /// Whether a zone was at fault.
    bad_zone: bool,
}

impl Wire {
    fn line(&mut self, line: &Directive, report: &mut Report<'_>) {
        let Some(word) = WORDS.into_iter().find(|word| *word == line.name) else {
            let help = match nearest(&line.name, WORDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", WORDS.join(", ")),
            };
            return report.error(&line.span, format!("unknown word `{}` in coresmd", line.name), help);
        };
        if word == "zone" {
            return self.zone(line, report);
        }
        if self.seen.contains(&word) {
            return report.error(&line.span, format!("`{word}` is given twice"), "remove one of them");
        }
        self.seen.push(word);
        if word == "token" {
            return self.token.block(line, report);
        }
        if let Some(block) = &line.block {
            let span = block.first().map_or(&line.span, |inner| &inner.span);
            report.error(span, format!("`{word}` has no block"), format!("write `{word}` and its value on one line"));
        }
        match word {
            "smd_url" => self.smd_url = smd_url(line, report),
            "cache_duration" => self.cache_duration = interval(line, report),
            "ca_cert" => self.ca_cert = path(line, report),
            "token_file" => self.token_file = path(line, report),
            "inventory" => self.inventory = path(line, report),
            "client_cert" => self.client_cert = path(line, report),
            "client_key" => self.client_key = path(line, report),
            "proxy" => self.proxy = proxy(line, report),
            "auth_mode" | "tokensmith_url" | "refresh_before" => self.token.line(line, report),
            _ => self.snapshot_file = path(line, report),
        }
    }

    fn zone(&mut self, line: &Directive, report: &mut Report<'_>) {
        match zone(line, report) {
            None => self.bad_zone = true,
            Some(zone) => match self.zones.iter().find(|(known, _)| known.apex == zone.apex) {
                None => self.zones.push((zone, line.span.clone())),
                Some((_, first)) => {
                    let message = format!("`zone {}` is given twice", zone.apex);
                    report.error(&line.span, message, format!("merge it with the one at {first}"));
                    self.bad_zone = true;
                }
            },
        }
    }

    /// The zones, or the default one.
    fn zones(&mut self, report: &mut Report<'_>) -> Option<Vec<Zone>> {
        if self.bad_zone {
            return None;
        }
        let Some((_, span)) = self.zones.first() else {
            let (apex, nodes) = (Name::parse(DEFAULT_ZONE).ok()?, DEFAULT_PATTERN.parse().ok());
            return Some(vec![Zone { apex, nodes }]);
        };
        if self.zones.iter().all(|(zone, _)| zone.apex.is_reverse()) {
            let help = "add the zone of the names, such as `zone cluster.local { nodes nid{04d} }`";
            report.error(span, "reverse zones only: there is no name for a PTR to give", help);
        }
        Some(std::mem::take(&mut self.zones).into_iter().map(|(zone, _)| zone).collect())
    }
}

fn smd_url(line: &Directive, report: &mut Report<'_>) -> Option<String> {
    let word = report.single("smd_url", &line.span, &line.args, "https://smd.example:8443")?;
    let host = ["http://", "https://"].iter().find_map(|scheme| word.text.strip_prefix(scheme));
    if host.is_none_or(|host| host.is_empty() || host.starts_with(['/', ':'])) {
        let help = "write `smd_url https://smd.example:8443`";
        report.error(&word.span, format!("`{}` is not an http or https URL", word.text), help);
        return None;
    }
    Some(word.text.clone())
}

fn interval(line: &Directive, report: &mut Report<'_>) -> Option<Duration> {
    let word = report.single("cache_duration", &line.span, &line.args, "30s")?;
    match duration::parse(&word.text) {
        Ok(interval) if interval >= SHORTEST_INTERVAL => Some(interval),
        Ok(_) => {
            let message = format!("`cache_duration {}` is less than 100ms", word.text);
            report.error(&word.span, message, "30s is CoreSMD's; 1s is often enough for anybody");
            None
        }
        Err(_) => {
            let message = format!("`{}` is not a duration, for `cache_duration`", word.text);
            report.error(&word.span, message, "write it as `30s`, `500ms` or `1m30s`");
            None
        }
    }
}

fn proxy(line: &Directive, report: &mut Report<'_>) -> Option<Proxy> {
    let word = report.single("proxy", &line.span, &line.args, "environment")?;
    match word.text.as_str() {
        "environment" => Some(Proxy::Environment),
        "off" => Some(Proxy::Off),
        other => {
            let message = format!("`proxy {other}` is neither environment nor off");
            report.error(&word.span, message, "off: SMD is asked directly, whatever HTTPS_PROXY and HTTP_PROXY say");
            None
        }
    }
}

/// A path; the empty one counts as none.
fn path(line: &Directive, report: &mut Report<'_>) -> Option<PathBuf> {
    let word = report.single(&line.name, &line.span, &line.args, "FILE")?;
    (!word.text.is_empty()).then(|| PathBuf::from(&word.text))
}

/// `zone NAME { nodes PATTERN }`.
fn zone(line: &Directive, report: &mut Report<'_>) -> Option<Zone> {
    let word = report.single("zone", &line.span, &line.args, "NAME { nodes nid{04d} }")?;
    let apex = Name::parse(&word.text).map_err(|error| {
        report.error(&word.span, format!("`zone {}` {error}", word.text), "write the zone as `cluster.local`");
    });
    let Some(block) = &line.block else {
        let help = format!("write `zone {} {{ nodes nid{{04d}} }}`", word.text);
        report.error(&line.span, "`zone` without a block", help);
        return None;
    };
    let mut nodes = None;
    let mut right = true;
    for inner in block {
        let read = match inner.name.as_str() {
            "nodes" if nodes.is_none() => pattern(inner, report),
            "nodes" => {
                report.error(&inner.span, "`nodes` is given twice in one zone", "remove one of them");
                None
            }
            other => {
                report.error(&inner.span, format!("unknown word `{other}` in zone"), "there is `nodes PATTERN`");
                None
            }
        };
        right &= read.is_some();
        nodes = nodes.or(read);
    }
    let apex = apex.ok()?;
    if apex.is_reverse() && nodes.is_some() {
        report.error(&word.span, "`nodes` in a reverse zone, which holds no names of nodes", "remove `nodes`");
        return None;
    }
    right.then_some(Zone { apex, nodes })
}

fn pattern(line: &Directive, report: &mut Report<'_>) -> Option<Pattern> {
    let word = report.single("nodes", &line.span, &line.args, "nid{04d}")?;
    let pattern = word.text.parse::<Pattern>().map_err(|error| {
        let help = "a pattern is text with `{id}` and `{04d}`: `nid{04d}`";
        report.error(&word.span, format!("`{}`: {error}", word.text), help);
    });
    pattern.ok()
}
