//! `rrl [ZONES…] { … }` (facts, coredhcp-coredns §B5).

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use corefile::Directive;

use super::report::Report;
use crate::plugins::rate_limit::{Kind, RateLimits};

/// Reads the directive.
pub(super) fn understand(directive: &Directive, report: &mut Report<'_>) -> RateLimits {
    let faults = report.errors();
    for word in &directive.args {
        let help = "the limits of a block are for all its names; write a block for the zone";
        report.error(&word.span, "`rrl` for some zones of a block is not supported", help);
    }
    let mut limits = RateLimits {
        window: Duration::from_secs(15),
        ipv4_prefix_length: 24,
        ipv6_prefix_length: 56,
        allowances: [0.0; Kind::COUNT],
        requests: 0.0,
        slip_ratio: 0,
        max_table_size: 100_000,
        report_only: false,
    };
    let mut allowances = [None; Kind::COUNT];
    for line in directive.block.iter().flatten() {
        let name = line.name.as_str();
        if let Some((_, kind)) = ALLOWANCES.iter().find(|(option, _)| *option == name) {
            allowances[*kind as usize] = number(line, 0.0..=1e6, report);
            continue;
        }
        match name {
            "window" => {
                set(number(line, 1.0..=3600.0, report), |n| limits.window = Duration::from_secs_f64(n));
            }
            "ipv4-prefix-length" => set(number(line, 1..=32, report), |n| limits.ipv4_prefix_length = n),
            "ipv6-prefix-length" => set(number(line, 1..=128, report), |n| limits.ipv6_prefix_length = n),
            "requests-per-second" => set(number(line, 0.0..=1e6, report), |n| limits.requests = n),
            "slip-ratio" => set(number(line, 0..=10, report), |n| limits.slip_ratio = n),
            "max-table-size" => set(number(line, 64..=100_000_000, report), |n| limits.max_table_size = n),
            "report-only" => {
                if let Some(word) = line.args.first() {
                    report.error(&word.span, "`report-only` takes no value", "write `report-only`");
                }
                limits.report_only = true;
            }
            other => {
                let help = "there are window, ipv4-prefix-length, ipv6-prefix-length, responses-per-second, \
                    nodata-per-second, nxdomains-per-second, referrals-per-second, errors-per-second, \
                    requests-per-second, slip-ratio, max-table-size and report-only";
                report.error(&line.span, format!("unknown option `{other}` of rrl"), help);
            }
        }
    }
    // what is not said about a kind is what is said about answers
    let [responses, ..] = allowances;
    limits.allowances = allowances.map(|allowance| allowance.or(responses).unwrap_or(0.0));
    let unlimited = limits.requests <= 0.0 && limits.allowances.iter().all(|allowance| *allowance <= 0.0);
    if unlimited && report.errors() == faults {
        let help = "write `rrl { responses-per-second 10 }`, an option a line";
        report.error(&directive.span, "`rrl` limits nothing", help);
    }
    limits
}

fn set<N>(value: Option<N>, put: impl FnOnce(N)) {
    if let Some(value) = value {
        put(value);
    }
}

/// The number of a line, within its bounds.
fn number<N>(line: &Directive, range: RangeInclusive<N>, report: &mut Report<'_>) -> Option<N>
where
    N: FromStr + PartialOrd + Display,
{
    let word = report.single(&line.name, &line.span, &line.args, "10")?;
    let number = word.text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!("`{}` is no number for {}", word.text, line.name);
        report.error(&word.span, message, format!("write a number from {} to {}", range.start(), range.end()));
    }
    number
}

/// The options with the answers a second, by kind.
const ALLOWANCES: [(&str, Kind); Kind::COUNT] = [
    ("responses-per-second", Kind::Response),
    ("nodata-per-second", Kind::NoData),
    ("nxdomains-per-second", Kind::NxDomain),
    ("referrals-per-second", Kind::Referral),
    ("errors-per-second", Kind::Error),
];
