//! The `coresmd` block (facts, coresmd-plugins §7; coredhcp-coredns §B6): which inventory, and which zones are made of
//! it.
//!
//! ```text
//! coresmd {
//!     smd_url URL                    required, or
//!     inventory FILE                 a nodes.yaml instead of SMD, read again when it changes
//!     ca_cert FILE                   the system's certificates where it is missing or empty
//!     token_file FILE                a bearer token, read again when it changes
//!     token { … }                    or one that is got and renewed; also auth_mode, tokensmith_url, refresh_before
//!     client_cert FILE               who we are in TLS, with client_key FILE
//!     proxy environment              or off: whether HTTPS_PROXY, HTTP_PROXY and NO_PROXY count
//!     cache_duration 30s             how often SMD is asked
//!     snapshot_file FILE             the last good inventory, served at once after a start; beside it FILE.serials
//!     zone NAME {                    any number; none: cluster.local with nid{04d}
//!         nodes PATTERN              what nodes are called beside their IDs
//!         …                          and whatever of the following is for this zone alone
//!     }
//!     reverse CIDR…                  networks whose reverse zones are ours whole; off a label border they are several
//!
//!     ttl 60s                        how long answers may be remembered
//!     soa MNAME RNAME [REFRESH RETRY EXPIRE MINIMUM]      ns.ZONE hostmaster.ZONE 60s 30s 168h 30s
//!     ns NAME [ADDRESS…]             a name server of the zones, once for each; ns.ZONE where there is none
//!     types TYPE[,TYPE…] PATTERN     what components of these types are called beside their IDs: NodeBMC bmc{04d}
//!     interfaces PATTERN [DESCRIPTION]    what single interfaces of nodes are called: nid{04d}-hsn{index} hsn*
//!                                    {index} counts from 0, {interface} is SMD's description of the interface
//!     alias NAME NODESET             a name for all of these: login x3000c0s[0-3]b0n0, or login nid[0001-0004]
//!     record NAME TYPE DATA…         a record that is in no inventory: _slurmctld._tcp SRV 10 0 6817 login
//!
//!     only TYPE…                     name components of these types and no others
//!     rule MATCH,hostname:PATTERN    a rule as DHCP has it: this name for this machine in DNS too
//!     domain NAME                    what follows names by rule; without, they stand in every zone
//!     fallthrough [ZONE…]            what does not exist is for the next directive to say
//!     transfer to CIDR…              who may have whole zones (AXFR over TCP); `*` for anybody
//! }
//! ```
//! Names of `soa`, `ns` and `record` that end in a dot or lie in a zone of the block are whole; all others lie in the
//! zone that they are said for, which for `record` outside of a `zone` is the first. `@` is the zone itself.

mod authority;
mod names;
mod record;
mod source;
mod token;
mod zones;

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, ServerBlock, Span};
use serve::findings::nearest;
use smd_cache::client::Transport;
use smd_cache::token::TokenConfig;

use super::report::Report;
use crate::catalog::Plan;
use names::Shared;
use zones::Zones;

/// The `coresmd` directive of a server block.
#[derive(Debug, Clone)]
pub struct Coresmd {
    /// Its inventory, as an index of [`super::Config::sources`].
    pub source: usize,
    /// What is made of it; its zones are never empty.
    pub plan: Plan,
}

/// An inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Base URL of SMD, to which the API's paths are appended; `""` where there is a file.
    pub smd_url: String,
    /// The file in SMD's place.
    pub inventory: Option<PathBuf>,
    /// The CA that SMD's certificate must come from; `None`: the system's.
    pub ca_cert: Option<PathBuf>,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// Where a token comes from that is got and renewed.
    pub token: Option<TokenConfig>,
    /// The client certificate and the proxy.
    pub transport: Transport,
    /// The time between two polls.
    pub cache_duration: Duration,
    /// Where the last good inventory is kept.
    pub snapshot_file: Option<PathBuf>,
    /// Where the directive stands.
    pub span: Place,
}

impl Source {
    /// What it is called where there are several: its URL or its file.
    pub fn name(&self) -> String {
        self.inventory.as_ref().map_or_else(|| self.smd_url.clone(), |file| file.display().to_string())
    }
}

/// Where a directive stands; places do not matter when sources are compared.
#[derive(Debug, Clone)]
pub struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// Reads the `coresmd` directives of a block, which count as one.
pub(super) fn understand(block: &ServerBlock, report: &mut Report<'_>) -> Option<(Source, Plan)> {
    let span = block.named("coresmd").next()?.span.clone();
    let (mut source, mut plan) = (source::Lines::default(), Plan::default());
    let (mut shared, mut zones) = (Shared::default(), Zones::default());
    let mut domain = None;
    for line in block.named("coresmd").flat_map(|directive| directive.block.iter().flatten()) {
        let known = match line.name.as_str() {
            "zone" => zones.zone(line, report),
            "reverse" => zones.reverse(line, report),
            "only" => names::only(line, &mut plan.only, report),
            "rule" => names::rule(line, &mut plan.rules, report),
            "domain" => names::domain(line, &mut domain, report),
            "fallthrough" => authority::fallthrough(line, &mut plan.fallthrough, report),
            "transfer" => authority::transfer(line, &mut plan.transfer_to, report),
            _ => source.line(line, report) || shared.line(line, report),
        };
        if !known {
            unknown(line, "coresmd", &[&source::WORDS[..], &WORDS].concat(), report);
        }
    }
    plan.rules.domain = domain;
    let zones = zones.finish(&span, &shared, report);
    let source = source.finish(span, report);
    plan.zones = zones?;
    // every name, where the line names none
    if let Some(zones) = plan.fallthrough.as_mut().filter(|zones| zones.is_empty()) {
        zones.push(crate::name::Name::root());
    }
    Some((source?, plan))
}

/// The words of the block beside those of [`source`].
const WORDS: [&str; 14] = [
    "zone",
    "reverse",
    "ttl",
    "soa",
    "ns",
    "types",
    "interfaces",
    "alias",
    "record",
    "only",
    "rule",
    "domain",
    "fallthrough",
    "transfer",
];

/// Tells of a word that the block does not have.
fn unknown(line: &Directive, block: &str, words: &[&str], report: &mut Report<'_>) {
    let help = match nearest(&line.name, words.iter().copied()) {
        _ if line.name == "nodes" => "it stands in a zone: `zone NAME { nodes PATTERN }`".to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words.join(", ")),
    };
    report.error(&line.span, format!("unknown word `{}` in {block}", line.name), help);
}

/// Tells of a block behind a line that has none.
fn no_block(line: &Directive, report: &mut Report<'_>) {
    if let Some(block) = &line.block {
        let span = block.first().map_or(&line.span, |inner| &inner.span);
        let help = format!("write `{}` and its values on one line", line.name);
        report.error(span, format!("`{}` has no block", line.name), help);
    }
}
