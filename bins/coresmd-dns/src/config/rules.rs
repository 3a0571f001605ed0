//! The directives that do something with queries and replies beside answering, and those about the server block as a
//! whole (facts, coredhcp-coredns §B5).

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, ServerBlock};
use ipnet::IpNet;
use serve::duration;

use super::block::{no_block, once};
use super::report::Report;
use super::{acl, rrl};
use crate::name::Name;
use crate::plugins::acl::Acl;
use crate::plugins::header::{HeaderRules, flag};
use crate::plugins::loadbalance::LoadBalance;
use crate::plugins::rate_limit::RateLimits;
use crate::response::{MAX_UDP, PLAIN_UDP};

/// What a server block says beside who answers.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// `acl`.
    pub acl: Option<Acl>,
    /// `rrl`.
    pub rate_limits: Option<RateLimits>,
    /// `header`.
    pub header: Option<HeaderRules>,
    /// `loadbalance`.
    pub loadbalance: Option<LoadBalance>,
    /// `nsid`.
    pub nsid: Option<Nsid>,
    /// `bufsize`: the largest reply over UDP.
    pub bufsize: Option<u16>,
    /// `loop`.
    pub detect_loop: bool,
    /// `whoami`.
    pub whoami: bool,
    /// `debug`.
    pub debug: bool,
    /// `reload`.
    pub reload: Option<Reload>,
    /// `root`: where the relative paths of the block begin.
    pub root: Option<PathBuf>,
}

/// What a server calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nsid {
    /// By the name of its machine.
    Hostname,
    /// Like this.
    Text(String),
}

/// `reload [INTERVAL] [JITTER]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reload {
    /// How often the Corefile is looked at.
    pub interval: Duration,
    /// How much earlier or later that may be, so that replicas do not all reload at once.
    pub jitter: Duration,
}

/// Reads these directives of a block.
pub(super) fn understand(block: &ServerBlock, report: &mut Report<'_>) -> Rules {
    let keys: Vec<Name> = block.keys.iter().filter_map(|key| Name::parse(&key.zone).ok()).collect();
    let mut bare = |name: &'static str| {
        let directive = once(block, name, report);
        if let Some(directive) = directive {
            no_block(directive, report);
            if let Some(word) = directive.args.first() {
                report.error(&word.span, format!("`{name}` takes no value"), format!("write `{name}`"));
            }
        }
        directive.is_some()
    };
    let (detect_loop, whoami, debug) = (bare("loop"), bare("whoami"), bare("debug"));
    Rules {
        acl: acl::understand(block, &keys, report),
        rate_limits: once(block, "rrl", report).map(|directive| rrl::understand(directive, report)),
        header: header(block, report),
        loadbalance: once(block, "loadbalance", report).map(|directive| loadbalance(directive, report)),
        nsid: once(block, "nsid", report).map(|directive| nsid(directive, report)),
        bufsize: once(block, "bufsize", report).and_then(|directive| bufsize(directive, report)),
        detect_loop,
        whoami,
        debug,
        reload: once(block, "reload", report).and_then(|directive| reload(directive, report)),
        root: once(block, "root", report).and_then(|directive| root(directive, report)),
    }
}

/// `header { query|response set|clear aa|ra|rd… }`; all directives of a block count as one.
fn header(block: &ServerBlock, report: &mut Report<'_>) -> Option<HeaderRules> {
    let (faults, mut rules) = (report.errors(), HeaderRules::default());
    let mut present = None;
    for directive in block.named("header") {
        present = Some(&directive.span);
        for line in directive.block.iter().flatten() {
            let rule = match line.name.as_str() {
                "query" => &mut rules.query,
                "response" => &mut rules.response,
                other => {
                    let help = "write `query` or `response`, then `set` or `clear`, then flags";
                    report.error(&line.span, format!("`{other}` is neither query nor response"), help);
                    continue;
                }
            };
            let state = match line.args.first().map(|word| word.text.to_ascii_lowercase()) {
                Some(word) if word == "set" => true,
                Some(word) if word == "clear" => false,
                _ => {
                    report.error(&line.span, "neither `set` nor `clear`", "write `response set ra`");
                    continue;
                }
            };
            if line.args.len() < 2 {
                report.error(&line.span, "no flag is named", "there are aa, ra and rd");
            }
            for word in &line.args[1..] {
                match word.text.to_ascii_lowercase().as_str() {
                    "aa" => rule.add(flag::AA, state),
                    "ra" => rule.add(flag::RA, state),
                    "rd" => rule.add(flag::RD, state),
                    other => {
                        report.error(&word.span, format!("`{other}` is no flag to change"), "there are aa, ra and rd");
                    }
                }
            }
        }
    }
    let span = present?;
    if rules == HeaderRules::default() && report.errors() == faults {
        report.error(span, "`header` changes nothing", "write `header { response set ra }`, a rule a line");
    }
    Some(rules)
}

/// `loadbalance [round_robin] { prefer CIDR… }`.
fn loadbalance(directive: &Directive, report: &mut Report<'_>) -> LoadBalance {
    match &directive.args[..] {
        [] => {}
        [policy, ..] if policy.text == "weighted" => {
            let help = "write `loadbalance round_robin`";
            report.error(&policy.span, "`loadbalance weighted` is not supported by this version", help);
        }
        [policy] if policy.text == "round_robin" => {}
        [policy, ..] => {
            let help = "write `loadbalance` or `loadbalance round_robin`";
            report.error(&policy.span, format!("`{}` is no policy of loadbalance", policy.text), help);
        }
    }
    let mut prefer: Vec<IpNet> = Vec::new();
    for line in directive.block.iter().flatten() {
        if line.name != "prefer" || line.args.is_empty() {
            report.error(
                &line.span,
                format!("unknown option `{}` of loadbalance", line.name),
                "there is `prefer CIDR…`",
            );
            continue;
        }
        for word in &line.args {
            match word.text.parse() {
                Ok(net) => prefer.push(net),
                Err(_) => {
                    report.error(&word.span, format!("`{}` is no network", word.text), "write `prefer 10.0.0.0/8`");
                }
            }
        }
    }
    LoadBalance { prefer }
}

/// `nsid [DATA]`.
fn nsid(directive: &Directive, report: &mut Report<'_>) -> Nsid {
    no_block(directive, report);
    let text = directive.args.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    if text.len() > MOST_NSID {
        report.error(&directive.span, format!("an NSID of more than {MOST_NSID} octets"), "write a shorter one");
    }
    if text.is_empty() { Nsid::Hostname } else { Nsid::Text(text) }
}

/// `bufsize [SIZE]`.
fn bufsize(directive: &Directive, report: &mut Report<'_>) -> Option<u16> {
    no_block(directive, report);
    if directive.args.is_empty() {
        return Some(crate::response::OUR_UDP);
    }
    let word = report.single("bufsize", &directive.span, &directive.args, "1232")?;
    let size = word.text.parse().ok().filter(|size| (PLAIN_UDP..=MAX_UDP).contains(size));
    if size.is_none() {
        let message = format!("`{}` is no size of a reply over UDP", word.text);
        report.error(&word.span, message, format!("write a number from {PLAIN_UDP} to {MAX_UDP}"));
    }
    size
}

/// `reload [INTERVAL] [JITTER]`: 30 s and 15 s, at least 2 s and 1 s; the jitter is half of the interval at most.
fn reload(directive: &Directive, report: &mut Report<'_>) -> Option<Reload> {
    no_block(directive, report);
    if let Some(word) = directive.args.get(2) {
        report.error(&word.span, "`reload` takes an interval and a jitter", "write `reload 30s 15s`");
    }
    let mut time = |place: usize, what: &str, default: u64, least: u64| {
        let Some(word) = directive.args.get(place) else { return Some(Duration::from_secs(default)) };
        let time = duration::parse(&word.text).ok().filter(|time| *time >= Duration::from_secs(least));
        if time.is_none() {
            let message = format!("`{}` is no {what} for reload", word.text);
            report.error(&word.span, message, format!("write {least}s or longer, as in `reload 30s 15s`"));
        }
        time
    };
    let (interval, jitter) = (time(0, "interval", 30, 2), time(1, "jitter", 15, 1));
    Some(Reload { interval: interval?, jitter: jitter?.min(interval? / 2) })
}

/// `root PATH`.
fn root(directive: &Directive, report: &mut Report<'_>) -> Option<PathBuf> {
    no_block(directive, report);
    report.single("root", &directive.span, &directive.args, "/etc/coresmd").map(|word| PathBuf::from(&word.text))
}

/// The longest NSID: it must fit the smallest reply beside the longest question.
const MOST_NSID: usize = 128;
