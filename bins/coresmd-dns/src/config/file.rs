//! `file FILE [ZONES…] { reload DURATION; fallthrough [ZONES…]; upstream }` (facts, coredhcp-coredns §B5).

use std::path::{Path, PathBuf};
use std::time::Duration;

use corefile::{Directive, ServerBlock};

use super::local;
use super::report::Report;
use crate::name::Name;

/// A `file` directive.
#[derive(Debug, Clone)]
pub struct FileConfig {
    /// The master file.
    pub path: PathBuf,
    /// The zones that are made of it, each with its names relative to itself.
    pub zones: Vec<Name>,
    /// Where a name that does not exist is for the next directive to say.
    pub fallthrough: Vec<Name>,
    /// How often the file is looked at; zero: never again.
    pub reload: Duration,
}

/// The original's interval.
const DEFAULT_RELOAD: Duration = Duration::from_mins(1);

/// The words of the block.
const WORDS: [&str; 3] = ["fallthrough", "reload", "upstream"];

/// Reads the directive.
pub(super) fn understand(
    directive: &Directive,
    block: &ServerBlock,
    root: &Path,
    report: &mut Report<'_>,
) -> Option<FileConfig> {
    let Some((path, zones)) = directive.args.split_first() else {
        report.error(&directive.span, "`file` without a file", "write `file db.example.org example.org`");
        return None;
    };
    let zones = local::zones(zones, block, report)?;
    let mut config = FileConfig { path: root.join(&path.text), zones, fallthrough: Vec::new(), reload: DEFAULT_RELOAD };
    for line in directive.block.iter().flatten() {
        match line.name.as_str() {
            "fallthrough" => config.fallthrough = local::fallthrough(line, report),
            "reload" => config.reload = local::reload(line, report).unwrap_or(DEFAULT_RELOAD),
            "upstream" => {
                let help = "remove it: CoreDNS ignores it too; aliases are followed in the zone";
                report.note(&line.span, "`upstream` of file has no effect", help);
            }
            _ => local::unknown(line, "file", &WORDS, report),
        }
    }
    Some(config)
}
