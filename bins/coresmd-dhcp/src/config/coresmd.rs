//! The value of the step `coresmd`, in every dialect (facts: coresmd-plugins §1–3, openchami-today §2).
//!
//! | form | recognised by | a fault in it |
//! |---|---|---|
//! | [`positional`] (≤ v0.4) | the first word has no `key=` | fatal |
//! | [`text`] (v0.5 and later) | words `key=value` | the word is skipped with a warning |
//! | map | a YAML map | fatal |

mod keys;
mod positional;
mod text;

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use naming::{NidSource, Rule, RuleLog, RuleSet};
use smd_cache::token::TokenKeys;

use super::report::{Fault, Report};
use super::tree::{Entry, Value};
use super::words;
use crate::policy::{Coresmd, ScriptUrl};

/// What the step says: how to answer, and where the inventory is.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) step: Coresmd,
    /// `svc_base_uri`; it may be left out where the section `smd` says where the inventory is.
    pub(super) smd_url: Option<String>,
    /// `ca_cert`; without it the system's roots count.
    pub(super) ca_cert: Option<PathBuf>,
    /// `cache_valid`.
    pub(super) cache_valid: Duration,
    /// The TFTP keys.
    pub(super) tftp: Tftp,
    /// `auth_mode`, `tokensmith_url`, `refresh_before`.
    pub(super) token: TokenKeys,
}

/// Where the step wants boot files to be served from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tftp {
    /// `tftp_dir`.
    pub root: PathBuf,
    /// `tftp_port`.
    pub port: u16,
    /// `single_port`: transfers stay on the listening port.
    pub single_port: bool,
}

/// The keys as they are read; `None` where the default holds.
#[derive(Debug, Default)]
struct Draft {
    svc_base_uri: Option<String>,
    ipxe_base_uri: Option<String>,
    ipxe_uri: Option<(String, Range<usize>)>,
    ca_cert: Option<PathBuf>,
    cache_valid: Option<Duration>,
    lease_time: Option<u32>,
    single_port: Option<bool>,
    tftp_dir: Option<PathBuf>,
    tftp_port: Option<u16>,
    domain: Option<String>,
    rule_log: Option<RuleLog>,
    rules: Vec<Rule>,
    names: Defaults,
    token: TokenKeys,
}

/// The hostnames that a dialect gives where nothing else does (`rule=` came with v0.6 and has none).
#[derive(Debug, Default)]
struct Defaults {
    /// `node_pattern` or `bmc_pattern` was given.
    node: bool,
    bmc: bool,
    /// A pattern for all other types: `hostname_default` of v0.5.
    other: Option<Rule>,
    /// A key that only v0.5.0–0.5.5 has: nodes and BMCs have patterns by default.
    v05: bool,
}

/// Reads the value of `coresmd`; `None` when something in it is fatal.
pub(super) fn read(entry: &Entry, report: &mut Report<'_>) -> Option<Settings> {
    let mut draft = Draft::default();
    let strict = matches!(entry.node.value, Value::Map(_));
    match &entry.node.value {
        Value::Map(keys) => keys::read_map(keys, &mut draft, report),
        Value::List(_) => {
            let fault = Fault::new(entry.node.span.clone(), "`coresmd` takes words `key=value`, or a map");
            report.error(fault.help("CoreDHCP reads a list as no arguments at all"));
            return None;
        }
        Value::Null | Value::Scalar(_) => {
            let words = words::split(&entry.node, report.text()).expect("null and scalars have words");
            let words = words::without_comments(words, report);
            match words.first() {
                Some(first) if words::key(first).is_none() => positional::read(entry, &words, &mut draft, report),
                _ => text::read(&words, &mut draft, report),
            }
        }
    }
    draft.resolve(entry, strict, report)
}

impl Draft {
    /// Fills in the defaults; files what is missing.
    fn resolve(mut self, entry: &Entry, strict: bool, report: &mut Report<'_>) -> Option<Settings> {
        let missing = |key: &str| Fault::new(entry.span.clone(), format!("`coresmd` needs `{key}`"));
        if self.svc_base_uri.is_none() && !report.inventory_named {
            let help = "the URL of SMD: `svc_base_uri=http://smd:27779`; or a file: `smd: {inventory: nodes.yaml}`";
            report.error(missing("svc_base_uri").help(help));
        }
        let script = match (&self.ipxe_uri, &self.ipxe_base_uri) {
            (Some((url, place)), base) => {
                if base.is_some() {
                    report.warn(Fault::new(place.clone(), "`ipxe_uri` wins over `ipxe_base_uri`: keep one of them"));
                }
                Some(ScriptUrl::whole(url))
            }
            (None, Some(base)) => Some(ScriptUrl::on_base(base)),
            (None, None) => {
                let fault = missing("ipxe_base_uri");
                report.error(
                    fault.help("the URL of BSS, `ipxe_base_uri=http://bss:8081`, or of the script, `ipxe_uri=…`"),
                );
                None
            }
        };
        self.add_default_names();
        let rules = RuleSet {
            rules: self.rules,
            domain: self.domain,
            log: self.rule_log.unwrap_or(RuleLog::Info),
            nids: if strict { NidSource::Related } else { NidSource::NodesOnly },
        };
        Some(Settings {
            step: Coresmd { script: script?, lease_time: self.lease_time.unwrap_or(3600), rules },
            smd_url: self.svc_base_uri,
            ca_cert: self.ca_cert,
            cache_valid: self.cache_valid.unwrap_or(Duration::from_secs(30)),
            tftp: Tftp {
                root: self.tftp_dir.unwrap_or_else(|| "/tftpboot".into()),
                port: self.tftp_port.unwrap_or(69),
                single_port: self.single_port.unwrap_or(false),
            },
            token: self.token,
        })
    }

    /// The names of v0.5: patterns for nodes and BMCs unless they were given, then the pattern for the rest.
    fn add_default_names(&mut self) {
        if self.names.v05 {
            if !self.names.node {
                self.rules.push(Rule::node_pattern("nid{04d}").expect("this pattern is well-formed"));
            }
            if !self.names.bmc {
                self.rules.push(Rule::bmc_pattern("bmc{04d}").expect("this pattern is well-formed"));
            }
        }
        self.rules.extend(self.names.other.take());
    }
}
