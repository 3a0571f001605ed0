//! A server block without its `coresmd` directive: keys, addresses, and what it tells the operator.

use std::time::Duration;

use corefile::{Directive, Scheme, ServerBlock};
use serve::duration;

use super::cache;
use super::coresmd::Coresmd;
use super::errors::{self, Errors};
use super::forward;
use super::local::{self, Local};
use super::log::{self, LogRule};
use super::report::Report;
use super::rules::{self, Rules};
use super::values::{BindTarget, HttpAddress};
use crate::cache::CacheConfig;
use crate::forward::ForwardConfig;
use crate::name::Name;

/// A server block.
#[derive(Debug, Clone)]
pub struct Block {
    /// What brings a query to it.
    pub keys: Vec<Key>,
    /// Where it listens; none: on every address.
    pub bind: Vec<BindTarget>,
    /// Where it does not, though `bind` or its absence says so.
    pub except: Vec<BindTarget>,
    /// How failures are logged; `None`: not at all.
    pub errors: Option<Errors>,
    /// Which queries are logged.
    pub log: Vec<LogRule>,
    /// Where it says that the process lives.
    pub health: Option<Health>,
    /// Where it says whether it answers as it should.
    pub ready: Option<HttpAddress>,
    /// Where its metrics are.
    pub prometheus: Option<HttpAddress>,
    /// The inventory and the zones made of it.
    pub coresmd: Option<Coresmd>,
    /// What is done with queries and replies beside answering.
    pub rules: Rules,
    /// The upstreams.
    pub forward: Vec<ForwardConfig>,
    /// The cache before them.
    pub cache: Option<CacheConfig>,
    /// What it answers out of files and of the Corefile itself.
    pub local: Local,
}

/// A key of a server block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The zone.
    pub zone: Name,
    /// The port.
    pub port: u16,
}

/// `health [ADDR] { lameduck DURATION }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Where it listens.
    pub address: HttpAddress,
    /// How long the server goes on answering after it was told to stop, so that its clients can leave it.
    pub lameduck: Duration,
}

impl Block {
    /// Its directives that handle queries, in the order in which CoreDNS has them.
    pub fn handlers(&self) -> Vec<&'static str> {
        let rules = &self.rules;
        let handlers = [
            ("errors", self.errors.is_some()),
            ("log", !self.log.is_empty()),
            ("prometheus", self.prometheus.is_some()),
            ("acl", rules.acl.is_some()),
            ("rrl", rules.rate_limits.is_some()),
            ("nsid", rules.nsid.is_some()),
            ("bufsize", rules.bufsize.is_some()),
            ("coresmd", self.coresmd.is_some()),
            ("header", rules.header.is_some()),
            ("forward", !self.forward.is_empty()),
            ("cache", self.cache.is_some()),
            ("loadbalance", rules.loadbalance.is_some()),
            ("loop", rules.detect_loop),
            ("template", !self.local.templates.is_empty()),
            ("whoami", rules.whoami),
            ("hosts", self.local.hosts.is_some()),
            ("file", !self.local.files.is_empty()),
        ];
        handlers.into_iter().filter(|(_, present)| *present).map(|(name, _)| name).collect()
    }
}

/// Reads a block.
pub(super) fn understand(
    block: &ServerBlock,
    dns_port: u16,
    coresmd: Option<Coresmd>,
    report: &mut Report<'_>,
) -> Block {
    let (bind, except) = bind(block, report);
    let errors = once(block, "errors", report).map(|directive| errors::understand(directive, report));
    let health = once(block, "health", report).map(|directive| health(directive, report));
    let ready = once(block, "ready", report).map(|directive| ready(directive, report));
    let prometheus = once(block, "prometheus", report);
    let prometheus = prometheus.map(|directive| {
        no_block(directive, report);
        address(directive, HttpAddress::localhost(9153), report)
    });
    Block {
        keys: keys(block, dns_port, report),
        bind,
        except,
        errors,
        log: block.named("log").filter_map(|directive| log::understand(directive, report)).collect(),
        health,
        ready,
        prometheus,
        coresmd,
        rules: rules::understand(block, report),
        forward: block.named("forward").filter_map(|directive| forward::understand(directive, report)).collect(),
        cache: once(block, "cache", report).and_then(|directive| cache::understand(directive, report)),
        local: local::understand(block, report),
    }
}

fn keys(block: &ServerBlock, dns_port: u16, report: &mut Report<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    for key in &block.keys {
        if key.scheme != Scheme::Dns {
            let message = format!("`{}://` is not supported yet by this version", key.scheme.name());
            report.error(&key.span, message, "serve the zone by plain DNS: leave the scheme out");
        }
        match Name::parse(&key.zone) {
            Ok(zone) => keys.push(Key { zone, port: key.effective_port(dns_port) }),
            Err(error) => report.error(&key.span, format!("`{}` {error}", key.zone), "write it as `example.org`"),
        }
    }
    keys
}

/// The directive of a name that may stand once in a block.
pub(super) fn once<'b>(block: &'b ServerBlock, name: &'static str, report: &mut Report<'_>) -> Option<&'b Directive> {
    let mut all = block.named(name);
    let first = all.next();
    for again in all {
        report.error(&again.span, format!("`{name}` is given twice in one server block"), "remove one of them");
    }
    first
}

/// `bind ADDRESS|INTERFACE… { except ADDRESS|INTERFACE… }`.
fn bind(block: &ServerBlock, report: &mut Report<'_>) -> (Vec<BindTarget>, Vec<BindTarget>) {
    let (mut bind, mut except) = (Vec::new(), Vec::new());
    for directive in block.named("bind") {
        if directive.args.is_empty() {
            report.error(&directive.span, "`bind` without an address", "write `bind 127.0.0.1` or `bind eth0`");
        }
        bind.extend(targets(directive, report));
        for line in directive.block.iter().flatten() {
            match line.name.as_str() {
                "except" => except.extend(targets(line, report)),
                other => {
                    let help = "there is `except ADDRESS|INTERFACE…`";
                    report.error(&line.span, format!("unknown option `{other}` of bind"), help);
                }
            }
        }
    }
    (bind, except)
}

fn targets(directive: &Directive, report: &mut Report<'_>) -> Vec<BindTarget> {
    let target = |word: &corefile::Word| {
        let target = BindTarget::parse(&word.text);
        if target.is_none() {
            let message = format!("`{}` is neither an IP address nor an interface's name", word.text);
            report.error(&word.span, message, "write `bind 127.0.0.1`, `bind ::1` or `bind eth0`");
        }
        target
    };
    directive.args.iter().filter_map(target).collect()
}

fn health(directive: &Directive, report: &mut Report<'_>) -> Health {
    let mut health =
        Health { address: address(directive, HttpAddress::everywhere(8080), report), lameduck: Duration::ZERO };
    for line in directive.block.iter().flatten() {
        if line.name != "lameduck" {
            report.error(&line.span, format!("unknown option `{}` of health", line.name), "there is `lameduck 5s`");
        } else if let Some(word) = report.single("lameduck", &line.span, &line.args, "5s") {
            match duration::parse(&word.text) {
                Ok(lameduck) => health.lameduck = lameduck,
                Err(_) => report.error(&word.span, format!("`{}` is not a duration", word.text), "write `lameduck 5s`"),
            }
        }
    }
    health
}

/// `ready [ADDR] { monitor until-ready|continuously }`: what is ready here stays so, since an old inventory is better
/// than none; both ways of monitoring come to the same.
fn ready(directive: &Directive, report: &mut Report<'_>) -> HttpAddress {
    for line in directive.block.iter().flatten() {
        let help = "there is `monitor until-ready|continuously`";
        if line.name != "monitor" {
            report.error(&line.span, format!("unknown option `{}` of ready", line.name), help);
        } else if let Some(word) = report.single("monitor", &line.span, &line.args, "until-ready")
            && !["until-ready", "continuously"].contains(&word.text.as_str())
        {
            report.error(&word.span, format!("`monitor {}` is no way of monitoring", word.text), help);
        }
    }
    address(directive, HttpAddress::everywhere(8181), report)
}

/// The address of an HTTP endpoint.
fn address(directive: &Directive, default: HttpAddress, report: &mut Report<'_>) -> HttpAddress {
    if directive.args.is_empty() {
        return default;
    }
    let name = directive.name.as_str();
    let Some(word) = report.single(name, &directive.span, &directive.args, "127.0.0.1:8080") else { return default };
    HttpAddress::parse(&word.text).unwrap_or_else(|| {
        let message = format!("`{}` is not an address to listen on", word.text);
        report.error(&word.span, message, format!("write `{name} 127.0.0.1:{}` or `{name} :{0}`", default.port));
        default
    })
}

pub(super) fn no_block(directive: &Directive, report: &mut Report<'_>) {
    if let Some(line) = directive.block.iter().flatten().next() {
        report.error(&line.span, format!("`{}` has no block", directive.name), "remove the block");
    }
}
