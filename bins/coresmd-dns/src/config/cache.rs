//! The directive `cache` (facts, coredhcp-coredns §B5).
//!
//! ```text
//! cache [TTL] [ZONES…] {
//!     success CAPACITY [TTL [MINTTL]]            9984 3600 5
//!     denial CAPACITY [TTL [MINTTL]]             9984 1800 5
//!     prefetch AMOUNT [DURATION [PERCENTAGE%]]   off; 1m 10%
//!     serve_stale [DURATION] [immediate|verify]  off; 1h immediate
//!     servfail DURATION                          5s, at most 5m; 0: off
//!     disable success|denial [ZONES…]
//!     keepttl
//! }
//! ```

use std::time::Duration;

use corefile::{Directive, Word};

use super::arguments::{duration, no_more, number, options, zones};
use super::report::Report;
use crate::cache::{CacheConfig, Prefetch, Share, Stale};
use crate::name::Name;

/// The words of the block.
const WORDS: [&str; 7] = ["success", "denial", "prefetch", "serve_stale", "servfail", "disable", "keepttl"];

/// Answers that are kept of each kind.
const CAPACITY: usize = 9984;
/// The most that may be asked for: tens of gigabytes.
const LARGEST: u32 = 100_000_000;
/// The longest TTL that can be said: a week (RFC 8767 §4).
const LONGEST_TTL: u32 = 7 * 24 * 3600;
/// The longest that a failure may be remembered (RFC 9520 §3.2).
const LONGEST_FAILURE: Duration = Duration::from_mins(5);

/// Reads the directive of a block.
pub(super) fn understand(directive: &Directive, report: &mut Report<'_>) -> Option<CacheConfig> {
    let before = report.errors();
    let mut config = CacheConfig {
        zones: Vec::new(),
        success: Share { capacity: CAPACITY, longest: 3600, shortest: 5 },
        denial: Share { capacity: CAPACITY, longest: 1800, shortest: 5 },
        failure: Duration::from_secs(5),
        prefetch: None,
        stale: None,
        uncached_success: Vec::new(),
        uncached_denial: Vec::new(),
        keep_ttl: false,
        span: directive.span.clone(),
    };
    let (ttl, names) = match directive.args.split_first() {
        // a zone of nothing but digits would be no zone that anybody has
        Some((first, names)) if first.text.parse::<i64>().is_ok() => (Some(first), names),
        _ => (None, &directive.args[..]),
    };
    if let Some(ttl) = ttl.and_then(|word| number(word, "TTL in seconds", 1..=LONGEST_TTL, report)) {
        (config.success.longest, config.denial.longest) = (ttl, ttl);
    }
    config.zones = names.iter().flat_map(|word| zones(word, report)).collect();
    options(directive, &WORDS, "disable", report, |line, report| option(&mut config, line, report));
    (report.errors() == before).then_some(config)
}

fn option(config: &mut CacheConfig, line: &Directive, report: &mut Report<'_>) {
    match line.name.as_str() {
        "success" => share(&mut config.success, line, report),
        "denial" => share(&mut config.denial, line, report),
        "prefetch" => config.prefetch = prefetch(line, report),
        "serve_stale" => config.stale = stale(line, report),
        "servfail" => {
            if let Some(word) = report.single("servfail", &line.span, &line.args, "5s")
                && let Some(failure) = duration(word, "servfail", Duration::ZERO, report)
            {
                if failure > LONGEST_FAILURE || failure.subsec_nanos() > 0 {
                    let message = format!("`servfail {}` is not of whole seconds up to 5m", word.text);
                    report.error(&word.span, message, "write `servfail 5s`; RFC 9520 allows no more than 5m");
                }
                config.failure = failure;
            }
            no_more(line, 1, "servfail 5s", report);
        }
        "disable" => disable(config, line, report),
        _ => {
            no_more(line, 0, "keepttl", report);
            config.keep_ttl = true;
        }
    }
}

/// `success|denial CAPACITY [TTL [MINTTL]]`.
fn share(share: &mut Share, line: &Directive, report: &mut Report<'_>) {
    let usage = format!("{} CAPACITY [TTL [MINTTL]]", line.name);
    let Some(capacity) = first(line, &usage, report) else { return };
    if let Some(capacity) = number(capacity, "number of answers", 1..=LARGEST, report) {
        share.capacity = capacity as usize;
    }
    if let Some(ttl) = line.args.get(1)
        && let Some(longest) = number(ttl, "TTL in seconds", 1..=LONGEST_TTL, report)
    {
        share.longest = longest;
    }
    if let Some(ttl) = line.args.get(2)
        && let Some(shortest) = number(ttl, "TTL in seconds", 0..=LONGEST_TTL, report)
    {
        share.shortest = shortest;
        if shortest > share.longest {
            let message = format!("a MINTTL of {shortest} is more than the TTL, {}", share.longest);
            report.error(&ttl.span, message, format!("write `{usage}`"));
        }
    }
    no_more(line, 3, &usage, report);
}

/// `prefetch AMOUNT [DURATION [PERCENTAGE%]]`.
fn prefetch(line: &Directive, report: &mut Report<'_>) -> Option<Prefetch> {
    let usage = "prefetch AMOUNT [DURATION [PERCENTAGE%]]";
    no_more(line, 3, usage, report);
    let amount = number(first(line, usage, report)?, "number of queries", 0..=LARGEST, report)?;
    let gap = match line.args.get(1) {
        None => Duration::from_mins(1),
        Some(word) => duration(word, "prefetch", Duration::from_millis(1), report)?,
    };
    let percentage = match line.args.get(2) {
        None => 10,
        Some(word) => {
            let number: Option<u8> = word.text.strip_suffix('%').and_then(|text| text.parse().ok());
            let percentage = number.filter(|number| (10..=90).contains(number));
            if percentage.is_none() {
                let message = format!("`{}` is no percentage from 10% to 90%", word.text);
                report.error(&word.span, message, format!("write `{usage}`"));
            }
            percentage?
        }
    };
    (amount > 0).then_some(Prefetch { amount, gap, percentage })
}

/// `serve_stale [DURATION] [immediate|verify]`.
fn stale(line: &Directive, report: &mut Report<'_>) -> Option<Stale> {
    let usage = "serve_stale [DURATION] [immediate|verify]";
    no_more(line, 2, usage, report);
    let duration = match line.args.first() {
        None => Duration::from_hours(1),
        Some(word) => duration(word, "serve_stale", Duration::from_secs(1), report)?,
    };
    let verify = match line.args.get(1).map(|word| (word, word.text.to_ascii_lowercase())) {
        None => false,
        Some((_, mode)) if mode == "immediate" => false,
        Some((_, mode)) if mode == "verify" => true,
        Some((word, _)) => {
            let message = format!("`{}` is no way of serving stale answers", word.text);
            report.error(&word.span, message, format!("write `{usage}`"));
            return None;
        }
    };
    Some(Stale { duration, verify })
}

/// `disable success|denial [ZONES…]`.
fn disable(config: &mut CacheConfig, line: &Directive, report: &mut Report<'_>) {
    let usage = "disable success|denial [ZONES…]";
    let Some(kind) = first(line, usage, report) else { return };
    let uncached = match kind.text.as_str() {
        "success" => &mut config.uncached_success,
        "denial" => &mut config.uncached_denial,
        other => {
            let message = format!("`{other}` is no kind of answers");
            return report.error(&kind.span, message, format!("write `{usage}`"));
        }
    };
    match &line.args[1..] {
        [] => uncached.push(Name::root()),
        names => uncached.extend(names.iter().flat_map(|word| zones(word, report))),
    }
}

fn first<'l>(line: &'l Directive, usage: &str, report: &mut Report<'_>) -> Option<&'l Word> {
    if line.args.is_empty() {
        report.error(&line.span, format!("`{}` without a value", line.name), format!("write `{usage}`"));
    }
    line.args.first()
}

#[cfg(test)]
mod tests;
