//! `errors [stdout] { stacktrace; consolidate DURATION REGEX [LEVEL] [show_first] }` (facts, coredhcp-coredns §B5).

use std::time::Duration;

use corefile::{Directive, Word};
use regex::Regex;
use serve::duration;

use super::report::Report;

/// How failures are logged.
#[derive(Debug, Clone, Default)]
pub struct Errors {
    /// Whether a defect of this program is logged with the way that led to it.
    pub stacktrace: bool,
    /// The failures that are counted for a while and told in one line. The first that fits takes a failure.
    pub consolidate: Vec<Consolidation>,
}

/// `consolidate DURATION REGEX [LEVEL] [show_first]`.
#[derive(Debug, Clone)]
pub struct Consolidation {
    /// For how long failures are gathered.
    pub period: Duration,
    /// Which failures: what their text must match.
    pub pattern: Regex,
    /// How the line begins: `ERROR`, `WARNING`, `INFO` or `DEBUG`.
    pub level: &'static str,
    /// Whether the first of them is told at once.
    pub show_first: bool,
}

/// Reads the directive.
pub(super) fn understand(directive: &Directive, report: &mut Report<'_>) -> Errors {
    for word in directive.args.iter().filter(|word| word.text != "stdout") {
        report.error(&word.span, format!("`errors {}` is no output", word.text), "write `errors`");
    }
    let mut errors = Errors::default();
    for line in directive.block.iter().flatten() {
        match line.name.as_str() {
            "stacktrace" => {
                if let Some(word) = line.args.first() {
                    report.error(&word.span, "`stacktrace` takes no value", "write `stacktrace`");
                }
                errors.stacktrace = true;
            }
            "consolidate" => errors.consolidate.extend(consolidation(line, report)),
            other => {
                let help = "there are `stacktrace` and `consolidate DURATION REGEX [LEVEL] [show_first]`";
                report.error(&line.span, format!("unknown option `{other}` of errors"), help);
            }
        }
    }
    errors
}

fn consolidation(line: &Directive, report: &mut Report<'_>) -> Option<Consolidation> {
    let [period, pattern, more @ ..] = &line.args[..] else {
        let help = "write `consolidate 30s \"^plugin/forward: .*\" warning`";
        report.error(&line.span, "`consolidate` needs a duration and a regular expression", help);
        return None;
    };
    let length = duration::parse(&period.text).ok().filter(|length| !length.is_zero());
    if length.is_none() {
        report.error(&period.span, format!("`{}` is not a duration", period.text), "write `30s` or `5m`");
    }
    let regex = Regex::new(&pattern.text);
    if let Err(error) = &regex {
        let message = format!("`{}` is no regular expression: {}", pattern.text, last_line(&error.to_string()));
        report.error(&pattern.span, message, "write it as Go's regexp and RE2 have it");
    }
    let (level, show_first) = options(more, report)?;
    Some(Consolidation { period: length?, pattern: regex.ok()?, level, show_first })
}

fn options(words: &[Word], report: &mut Report<'_>) -> Option<(&'static str, bool)> {
    let (mut level, mut show_first) = ("ERROR", false);
    for word in words {
        match word.text.as_str() {
            "error" => level = "ERROR",
            "warning" => level = "WARNING",
            "info" => level = "INFO",
            "debug" => level = "DEBUG",
            "show_first" => show_first = true,
            other => {
                let help = "there are warning, error, info, debug, and show_first";
                report.error(&word.span, format!("`{other}` is no option of consolidate"), help);
                return None;
            }
        }
    }
    Some((level, show_first))
}

/// The last line of a message: regex draws a picture before it says what is wrong.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}
