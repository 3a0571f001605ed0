//! The directives that answer out of local data: `hosts`, `file` and `template`, with what they have in common.

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, Scheme, ServerBlock, Word};
use serve::findings::nearest;

use super::file::{self, FileConfig};
use super::hosts::{self, HostsConfig};
use super::report::Report;
use super::{arguments, template};
use crate::name::Name;
use crate::template::Definition;

/// What a server block has of them.
#[derive(Debug, Clone)]
pub struct Local {
    /// Its `hosts`.
    pub hosts: Option<HostsConfig>,
    /// Its `template`s, in the order of the text.
    pub templates: Vec<Definition>,
    /// Its `file`s, in the order of the text.
    pub files: Vec<FileConfig>,
}

/// Reads the directives of a block.
pub(super) fn understand(block: &ServerBlock, report: &mut Report<'_>) -> Local {
    let root = block.named("root").find_map(|root| root.args.first());
    let root = root.map_or_else(PathBuf::new, |path| PathBuf::from(&path.text));
    let mut hosts = None;
    for directive in block.named("hosts") {
        if hosts.is_some() {
            report.error(&directive.span, "`hosts` is given twice in one server block", "remove one of them");
        }
        hosts = hosts.or(hosts::understand(directive, block, &root, report));
    }
    let templates = block.named("template").filter_map(|directive| template::understand(directive, block, report));
    let templates = templates.collect();
    let files = block.named("file").filter_map(|directive| file::understand(directive, block, &root, report)).collect();
    Local { hosts, templates, files }
}

/// The zones that some words name, or those of the server block if there are none. `None`: a word names none.
pub(super) fn zones(words: &[Word], block: &ServerBlock, report: &mut Report<'_>) -> Option<Vec<Name>> {
    if words.is_empty() {
        let keys = block.keys.iter().filter(|key| key.scheme == Scheme::Dns);
        return Some(distinct(keys.filter_map(|key| Name::parse(&key.zone).ok())));
    }
    let zones: Vec<Vec<Name>> = words.iter().map(|word| arguments::zones(word, report)).collect();
    zones.iter().all(|zones| !zones.is_empty()).then(|| distinct(zones.into_iter().flatten()))
}

/// The zones of `fallthrough [ZONES]`; without any it is for every name.
pub(super) fn fallthrough(line: &Directive, report: &mut Report<'_>) -> Vec<Name> {
    no_block(line, report);
    if line.args.is_empty() {
        return vec![Name::root()];
    }
    distinct(line.args.iter().flat_map(|word| arguments::zones(word, report)).collect::<Vec<_>>())
}

/// `reload DURATION`; zero: not at all.
pub(super) fn reload(line: &Directive, report: &mut Report<'_>) -> Option<Duration> {
    no_block(line, report);
    let word = report.single("reload", &line.span, &line.args, "5s")?;
    arguments::duration(word, "`reload`", Duration::ZERO, report)
}

/// A word that no line of the block begins with.
pub(super) fn unknown(line: &Directive, directive: &str, words: &[&'static str], report: &mut Report<'_>) {
    let help = match nearest(&line.name, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words.join(", ")),
    };
    report.error(&line.span, format!("unknown word `{}` in {directive}", line.name), help);
}

/// A line of a block that has none of its own.
pub(super) fn no_block(line: &Directive, report: &mut Report<'_>) {
    if let Some(inner) = line.block.iter().flatten().next() {
        report.error(&inner.span, format!("`{}` has no block", line.name), "remove the block");
    }
}

fn distinct(zones: impl IntoIterator<Item = Name>) -> Vec<Name> {
    let mut distinct = Vec::new();
    for zone in zones {
        if !distinct.contains(&zone) {
            distinct.push(zone);
        }
    }
    distinct
}

#[cfg(test)]
pub(super) mod tests;
