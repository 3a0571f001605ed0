//! What `forward` and `cache` are written of: options, numbers, durations, zones. What cannot be read is reported.

use std::ops::RangeInclusive;
use std::time::Duration;

use corefile::{Directive, Scheme, Word};
use serve::duration;
use serve::findings::nearest;

use super::report::Report;
use crate::name::Name;

/// Gives each line of the directive's block to `read`, if it begins with one of `words`; only `repeatable` may begin
/// several. Returns the words that are there.
pub(super) fn options(
    directive: &Directive,
    words: &[&'static str],
    repeatable: &str,
    report: &mut Report<'_>,
    mut read: impl FnMut(&Directive, &mut Report<'_>),
) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for line in directive.block.iter().flatten() {
        let Some(word) = words.iter().copied().find(|word| *word == line.name) else {
            let help = match nearest(&line.name, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", words.join(", ")),
            };
            report.error(&line.span, format!("unknown option `{}` of {}", line.name, directive.name), help);
            continue;
        };
        if seen.contains(&word) && word != repeatable {
            report.error(&line.span, format!("`{word}` is given twice"), "remove one of them");
        }
        seen.push(word);
        read(line, report);
    }
    seen
}

/// A whole number within a range.
pub(super) fn number(word: &Word, what: &str, range: RangeInclusive<u32>, report: &mut Report<'_>) -> Option<u32> {
    let number = word.text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        report.error(&word.span, format!("`{}` is no {what}", word.text), help);
    }
    number
}

/// A duration of at least `least`.
pub(super) fn duration(word: &Word, what: &str, least: Duration, report: &mut Report<'_>) -> Option<Duration> {
    match duration::parse(&word.text) {
        Ok(duration) if duration >= least => Some(duration),
        Ok(_) => {
            let message = format!("`{}` is too short for {what}", word.text);
            report.error(&word.span, message, format!("it must be {least:?} or more"));
            None
        }
        Err(_) => {
            let message = format!("`{}` is not a duration, for {what}", word.text);
            report.error(&word.span, message, "write it as `30s`, `500ms` or `1m30s`");
            None
        }
    }
}

/// A zone; a network stands for its reverse zones, of which there may be several.
pub(super) fn zones(word: &Word, report: &mut Report<'_>) -> Vec<Name> {
    let keys = match corefile::keys(&word.text, &word.span) {
        Ok(keys) => keys,
        Err(error) => {
            let help = "write the zone as `example.org` or `10.0.0.0/8`";
            report.error(&word.span, format!("`{}` is no zone: {error}", word.text), help);
            return Vec::new();
        }
    };
    if keys.iter().any(|key| key.port.is_some() || key.scheme != Scheme::Dns) {
        report.error(&word.span, format!("`{}` is more than a zone", word.text), "leave scheme and port out");
        return Vec::new();
    }
    // a key's zone is a name that has been checked
    keys.iter().filter_map(|key| Name::parse(&key.zone).ok()).collect()
}

/// The directive's words from `at` on are too many.
pub(super) fn no_more(line: &Directive, at: usize, usage: &str, report: &mut Report<'_>) {
    if let Some(surplus) = line.args.get(at) {
        let message = format!("`{}` is one word too many for `{}`", surplus.text, line.name);
        report.error(&surplus.span, message, format!("write `{usage}`"));
    }
    if let Some(inner) = line.block.iter().flatten().next() {
        report.error(&inner.span, format!("`{}` has no block", line.name), format!("write `{usage}`"));
    }
}

#[cfg(test)]
pub(super) mod tests;
