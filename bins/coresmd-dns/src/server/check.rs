//! \[IO\] Everything that a configuration names and that can be looked at without serving it, for `check`.

use serve::findings::{Finding, Findings, Severity};

use super::local_files::LocalFiles;
use super::sources;
use crate::config::Config;
use crate::forward::{self, Forward};

/// Reads the files of every directive; what is wrong with them becomes findings.
pub fn check(config: &Config, findings: &mut Findings) {
    sources::open(config, findings);
    LocalFiles::check(config, findings);
    for config in config.blocks.iter().flat_map(|block| &block.forward) {
        if let Err(error) = Forward::new(config, &forward::Metrics::default()) {
            let (span, file) = (&config.span, config.span.file.display().to_string());
            let finding = Finding::new(Severity::Error, file, span.line, span.column, error.to_string());
            let help = "the files of `forward` must be usable when the server starts";
            findings.push(finding.length("forward".len()).help(help));
        }
    }
}
