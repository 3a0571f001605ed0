//! The lines of a `coresmd` block that say where the inventory is.

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, Span};
use serve::duration;

use super::super::report::Report;
use super::{Place, Source, no_block};

/// CoreSMD's interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// Below this, polling is an attack on SMD.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// The lines as far as they have been read.
#[derive(Default)]
pub(super) struct Lines {
    smd_url: Option<String>,
    ca_cert: Option<PathBuf>,
    token_file: Option<PathBuf>,
    cache_duration: Option<Duration>,
    snapshot_file: Option<PathBuf>,
    /// The words that have been met, to be used once.
    seen: Vec<String>,
}

impl Lines {
    /// Reads a line if it is one of these.
    pub(super) fn line(&mut self, line: &Directive, report: &mut Report<'_>) -> bool {
        let word = line.name.as_str();
        if !["smd_url", "ca_cert", "token_file", "cache_duration", "snapshot_file"].contains(&word) {
            return false;
        }
        if self.seen.iter().any(|seen| seen == word) {
            report.error(&line.span, format!("`{word}` is given twice"), "remove one of them");
            return true;
        }
        self.seen.push(word.to_owned());
        no_block(line, report);
        match word {
            "smd_url" => self.smd_url = smd_url(line, report),
            "cache_duration" => self.cache_duration = interval(line, report),
            "ca_cert" => self.ca_cert = path(line, report),
            "token_file" => self.token_file = path(line, report),
            _ => self.snapshot_file = path(line, report),
        }
        true
    }

    /// The inventory of the block at `span`.
    pub(super) fn finish(self, span: Span, report: &mut Report<'_>) -> Option<Source> {
        let Some(smd_url) = self.smd_url else {
            if !self.seen.iter().any(|seen| seen == "smd_url") {
                report.error(&span, "`coresmd` without `smd_url`", "write `smd_url https://smd.example:8443`");
            }
            return None;
        };
        Some(Source {
            smd_url,
            ca_cert: self.ca_cert,
            token_file: self.token_file,
            cache_duration: self.cache_duration.unwrap_or(DEFAULT_INTERVAL),
            snapshot_file: self.snapshot_file,
            span: Place(span),
        })
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

/// A path; the empty one counts as none.
fn path(line: &Directive, report: &mut Report<'_>) -> Option<PathBuf> {
    let word = report.single(&line.name, &line.span, &line.args, "FILE")?;
    (!word.text.is_empty()).then(|| PathBuf::from(&word.text))
}
