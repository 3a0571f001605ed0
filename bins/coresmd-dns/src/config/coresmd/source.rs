//! The lines of a `coresmd` block that say where the inventory is.

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, Span};
use serve::duration;
use smd_cache::client::{ClientCertificate, Proxy, Transport};

use super::super::report::Report;
use super::{Place, Source, no_block, token};

/// CoreSMD's interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// Below this, polling is an attack on SMD.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// The words of these lines.
pub(super) const WORDS: [&str; 13] = [
    "smd_url",
    "inventory",
    "ca_cert",
    "token_file",
    "token",
    "auth_mode",
    "tokensmith_url",
    "refresh_before",
    "client_cert",
    "client_key",
    "proxy",
    "cache_duration",
    "snapshot_file",
];

/// The lines as far as they have been read.
#[derive(Default)]
pub(super) struct Lines {
    smd_url: Option<String>,
    inventory: Option<PathBuf>,
    ca_cert: Option<PathBuf>,
    token_file: Option<PathBuf>,
    token: token::Words,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    proxy: Option<Proxy>,
    cache_duration: Option<Duration>,
    snapshot_file: Option<PathBuf>,
    /// The words that have been met, to be used once.
    seen: Vec<&'static str>,
}

impl Lines {
    /// Reads a line if it is one of these.
    pub(super) fn line(&mut self, line: &Directive, report: &mut Report<'_>) -> bool {
        let Some(word) = WORDS.into_iter().find(|word| *word == line.name) else { return false };
        if self.seen.contains(&word) {
            report.error(&line.span, format!("`{word}` is given twice"), "remove one of them");
            return true;
        }
        self.seen.push(word);
        if word == "token" {
            self.token.block(line, report);
            return true;
        }
        no_block(line, report);
        match word {
            "smd_url" => self.smd_url = smd_url(line, report),
            "inventory" => self.inventory = path(line, report),
            "cache_duration" => self.cache_duration = interval(line, report),
            "ca_cert" => self.ca_cert = path(line, report),
            "token_file" => self.token_file = path(line, report),
            "client_cert" => self.client_cert = path(line, report),
            "client_key" => self.client_key = path(line, report),
            "proxy" => self.proxy = proxy(line, report),
            "auth_mode" | "tokensmith_url" | "refresh_before" => self.token.line(line, report),
            _ => self.snapshot_file = path(line, report),
        }
        true
    }

    /// The inventory of the block at `span`.
    pub(super) fn finish(self, span: Span, report: &mut Report<'_>) -> Option<Source> {
        let smd_url = self.origin(&span, report)?;
        let client_certificate = match (self.client_cert, self.client_key) {
            (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                report.error(&span, "`client_cert` and `client_key` belong together", "write both, or none");
                None
            }
        };
        let token = self.token.resolve(client_certificate.is_some(), &span, report);
        if token.is_some() && self.token_file.is_some() {
            report.error(&span, "`token_file`, and a token that is got as well", "remove one of them");
        }
        Some(Source {
            smd_url,
            inventory: self.inventory,
            ca_cert: self.ca_cert,
            token_file: self.token_file,
            token,
            transport: Transport { client_certificate, proxy: self.proxy.unwrap_or_default() },
            cache_duration: self.cache_duration.unwrap_or(DEFAULT_INTERVAL),
            snapshot_file: self.snapshot_file,
            span: Place(span),
        })
    }

    /// The URL of SMD, `""` where there is a file in its place; `None` if neither is given, or both are.
    fn origin(&self, span: &Span, report: &mut Report<'_>) -> Option<String> {
        match (self.seen.contains(&"smd_url"), self.seen.contains(&"inventory")) {
            (true, true) => {
                report.error(span, "`smd_url` and `inventory`: the inventory has one source", "remove one of them");
                None
            }
            (false, false) => {
                report.error(span, "`coresmd` without `smd_url`", "write `smd_url https://smd.example:8443`");
                None
            }
            (true, false) => self.smd_url.clone(),
            (false, true) => self.inventory.as_ref().map(|_| String::new()),
        }
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
