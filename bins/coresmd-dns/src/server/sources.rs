//! \[IO\] From the inventories of the configuration to what polls them.

use serve::findings::{Finding, Findings, Severity};
use smd_cache::refresh::{Refresher, SourceConfig};
use smd_cache::token::{Secret, TokenConfig};

use crate::config::{Config, Source};

/// Opens the inventories: reads their CA, token and snapshot files. Each that cannot be opened is a finding.
pub fn open(config: &Config, findings: &mut Findings) -> Vec<Refresher> {
    let open = |source: &Source| {
        let opened = match source.ca_cert.as_ref().filter(|file| !file.exists()) {
            Some(missing) => Err(format!("CA file {}: there is no such file", missing.display())),
            None => Refresher::new(settings(source)).map_err(|error| error.to_string()),
        };
        opened.map_err(|message| {
            let span = &source.span.0;
            let file = span.file.display().to_string();
            let finding = Finding::new(Severity::Error, file, span.line, span.column, message).length("coresmd".len());
            findings.push(finding.help("the files and the URL of `coresmd` must be usable when the server starts"));
        })
    };
    config.sources.iter().map(open).filter_map(Result::ok).collect()
}

fn settings(source: &Source) -> SourceConfig {
    SourceConfig {
        inventory_file: source.inventory.clone(),
        smd_ca: source.ca_cert.clone(),
        token_file: source.token_file.clone(),
        token: source.token.clone().map(|token| token.with_bootstrap_token(bootstrap_token())),
        transport: source.transport.clone(),
        interval: source.cache_duration,
        snapshot_file: source.snapshot_file.clone(),
        ..SourceConfig::new(source.smd_url.clone())
    }
}

/// The original's variable.
#[expect(clippy::disallowed_methods, reason = "an IO room: the bootstrap token is in the environment and nowhere else")]
fn bootstrap_token() -> Option<Secret> {
    let token = std::env::var(TokenConfig::BOOTSTRAP_VARIABLE).ok()?;
    Some(token.trim()).filter(|token| !token.is_empty()).map(Secret::new)
}
