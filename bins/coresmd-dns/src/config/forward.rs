//! The directive `forward` (facts, coredhcp-coredns §B5).
//!
//! ```text
//! forward FROM TO… {                  TO: IP[:PORT], tls://IP[:PORT][%NAME] or a file like /etc/resolv.conf
//!     except ZONES…
//!     max_fails N                     2; 0: always up
//!     max_connect_attempts N          0: until the time is over
//!     health_check DURATION [no_rec] [domain NAME]       500ms
//!     force_tcp, prefer_udp
//!     tls [CERT KEY [CA]] or tls CA
//!     tls_servername NAME
//!     expire DURATION                 10s
//!     max_idle_conns N
//!     policy random|round_robin|sequential               random
//!     max_concurrent N
//!     next RCODE…, failover RCODE…
//!     failfast_all_unhealthy_upstreams
//! }
//! ```

mod to;

use std::path::{Path, PathBuf};
use std::time::Duration;

use corefile::{Directive, Word};

use super::arguments::{duration, no_more, number, options, zones};
use super::report::Report;
use crate::forward::{ForwardConfig, HealthCheck, MOST_UPSTREAMS, Policy, Protocol, TlsFiles};
use crate::name::Name;
use crate::wire::{rcode_named, rcode_names};

/// The words of the block.
const WORDS: [&str; 15] = [
    "except",
    "max_fails",
    "max_connect_attempts",
    "health_check",
    "force_tcp",
    "prefer_udp",
    "tls",
    "tls_servername",
    "expire",
    "max_idle_conns",
    "policy",
    "max_concurrent",
    "next",
    "failover",
    "failfast_all_unhealthy_upstreams",
];

/// The largest count that any option takes.
const LARGEST: u32 = 1_000_000;

/// The shortest time between two health checks: more often would be an attack.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// Reads one `forward` of a block.
/// `root` is what its paths begin at.
pub(super) fn understand(directive: &Directive, root: &Path, report: &mut Report<'_>) -> Option<ForwardConfig> {
    let before = report.errors();
    let [from, to @ ..] = &directive.args[..] else {
        report.error(&directive.span, "`forward` without zone and upstream", "write `forward . 10.0.0.53`");
        return None;
    };
    if to.is_empty() {
        let message = format!("`forward {}` without an upstream", from.text);
        report.error(&directive.span, message, format!("write `forward {} 10.0.0.53`", from.text));
    }
    let zone = one_zone(from, report);
    let mut config = ForwardConfig {
        from: zone.unwrap_or_else(Name::root),
        to: to.iter().filter_map(|word| to::understand(word, report)).collect(),
        except: Vec::new(),
        max_fails: 2,
        max_connect_attempts: 0,
        health_check: HealthCheck { interval: Duration::from_millis(500), recursion: true, domain: Name::root() },
        protocol: Protocol::Clients,
        tls: TlsFiles::default(),
        tls_servername: None,
        expire: Duration::from_secs(10),
        max_idle_conns: 0,
        policy: Policy::Random,
        max_concurrent: None,
        next: Vec::new(),
        failover: Vec::new(),
        failfast: false,
        span: directive.span.clone(),
    };
    if let Some(surplus) = to.get(MOST_UPSTREAMS) {
        let message = format!("{} upstreams are more than {MOST_UPSTREAMS}", to.len());
        report.error(&surplus.span, message, "remove some");
    }
    let seen = options(directive, &WORDS, "except", report, |line, report| option(&mut config, line, report));
    if seen.contains(&"force_tcp") && seen.contains(&"prefer_udp") {
        report.error(&directive.span, "`force_tcp` and `prefer_udp` exclude each other", "remove one of them");
    }
    for path in config.paths() {
        // an absolute path stays what it is
        *path = root.join(&*path);
    }
    (report.errors() == before).then_some(config)
}

fn option(config: &mut ForwardConfig, line: &Directive, report: &mut Report<'_>) {
    match line.name.as_str() {
        "except" => {
            if line.args.is_empty() {
                report.error(&line.span, "`except` without a zone", "write `except example.org`");
            }
            config.except.extend(line.args.iter().flat_map(|word| zones(word, report)));
        }
        "max_fails" => set(&mut config.max_fails, count(line, 0, report)),
        "max_connect_attempts" => set(&mut config.max_connect_attempts, count(line, 0, report)),
        "max_idle_conns" => set(&mut config.max_idle_conns, count(line, 0, report).map(|most| most as usize)),
        "max_concurrent" => {
            let most = count(line, 0, report).filter(|most| *most > 0);
            config.max_concurrent = most.map(|most| most as usize);
        }
        "health_check" => health_check(&mut config.health_check, line, report),
        "force_tcp" => set_flag(line, report, || config.protocol = Protocol::Tcp),
        "prefer_udp" => set_flag(line, report, || config.protocol = Protocol::UdpFirst),
        "failfast_all_unhealthy_upstreams" => set_flag(line, report, || config.failfast = true),
        "tls" => tls(&mut config.tls, line, report),
        "tls_servername" => config.tls_servername = server_name(line, report),
        "expire" => {
            if let Some(word) = report.single("expire", &line.span, &line.args, "10s") {
                set(&mut config.expire, duration(word, "expire", Duration::from_secs(1), report));
            }
            no_more(line, 1, "expire 10s", report);
        }
        "policy" => policy(&mut config.policy, line, report),
        "next" => config.next = rcodes(line, report),
        _ => {
            config.failover = rcodes(line, report);
            if config.failover.contains(&0) {
                report.error(&line.span, "`failover NOERROR` would never accept an answer", "remove NOERROR");
            }
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// An option without words.
fn set_flag(line: &Directive, report: &mut Report<'_>, mut set: impl FnMut()) {
    no_more(line, 0, &line.name, report);
    set();
}

fn one_zone(word: &Word, report: &mut Report<'_>) -> Option<Name> {
    let mut all = zones(word, report).into_iter();
    let zone = all.next();
    if all.next().is_some() {
        let message = format!("`{}` is several reverse zones", word.text);
        report.error(&word.span, message, "write one `forward` for each network on a label boundary");
    }
    zone
}

/// `OPTION N`.
fn count(line: &Directive, least: u32, report: &mut Report<'_>) -> Option<u32> {
    no_more(line, 1, &format!("{} N", line.name), report);
    let word = line.args.first();
    if word.is_none() {
        report.error(&line.span, format!("`{}` without a value", line.name), format!("write `{} N`", line.name));
    }
    number(word?, &format!("value of {}", line.name), least..=LARGEST, report)
}

/// `health_check DURATION [no_rec] [domain NAME]`.
fn health_check(check: &mut HealthCheck, line: &Directive, report: &mut Report<'_>) {
    let usage = "health_check 500ms [no_rec] [domain NAME]";
    let Some((interval, options)) = line.args.split_first() else {
        return report.error(&line.span, "`health_check` without an interval", format!("write `{usage}`"));
    };
    set(&mut check.interval, duration(interval, "health_check", SHORTEST_INTERVAL, report));
    let mut options = options.iter();
    while let Some(word) = options.next() {
        match word.text.as_str() {
            "no_rec" => check.recursion = false,
            "domain" => match options.next() {
                Some(name) => set(&mut check.domain, one_zone(name, report)),
                None => report.error(&word.span, "`domain` without a name", format!("write `{usage}`")),
            },
            other => {
                let message = format!("unknown option `{other}` of health_check");
                report.error(&word.span, message, format!("write `{usage}`"));
            }
        }
    }
    no_more(line, line.args.len(), usage, report);
}

/// `tls`, `tls CA`, `tls CERT KEY` or `tls CERT KEY CA`.
fn tls(files: &mut TlsFiles, line: &Directive, report: &mut Report<'_>) {
    let path = |word: &Word| PathBuf::from(&word.text);
    match &line.args[..] {
        [] => {}
        [ca] => files.ca = Some(path(ca)),
        [certificate, key, ca @ ..] => {
            files.identity = Some((path(certificate), path(key)));
            files.ca = ca.first().map(path);
        }
    }
    no_more(line, 3, "tls [CERT KEY [CA]]", report);
}

fn server_name(line: &Directive, report: &mut Report<'_>) -> Option<String> {
    no_more(line, 1, "tls_servername dns.example", report);
    let word = line.args.first();
    if word.is_none() {
        report.error(&line.span, "`tls_servername` without a name", "write `tls_servername dns.example`");
    }
    to::certificate_name(word?, &word?.text, report)
}

fn policy(policy: &mut Policy, line: &Directive, report: &mut Report<'_>) {
    let usage = "policy random|round_robin|sequential";
    no_more(line, 1, usage, report);
    let Some(word) = line.args.first() else {
        return report.error(&line.span, "`policy` without a value", format!("write `{usage}`"));
    };
    match word.text.as_str() {
        "random" => *policy = Policy::Random,
        "round_robin" => *policy = Policy::RoundRobin,
        "sequential" => *policy = Policy::Sequential,
        other => {
            let message = format!("`{other}` is no policy");
            report.error(&word.span, message, "there are random, round_robin and sequential");
        }
    }
}

fn rcodes(line: &Directive, report: &mut Report<'_>) -> Vec<u16> {
    let usage = format!("{} SERVFAIL REFUSED", line.name);
    if line.args.is_empty() {
        report.error(&line.span, format!("`{}` without a response code", line.name), format!("write `{usage}`"));
    }
    no_more(line, line.args.len(), &usage, report);
    let mut codes = Vec::new();
    for word in &line.args {
        let code = rcode_named(&word.text);
        if code.is_none() {
            let help = format!("there are {}", rcode_names());
            report.error(&word.span, format!("`{}` is no response code", word.text), help);
        }
        codes.extend(code);
    }
    codes
}

#[cfg(test)]
mod tests;
