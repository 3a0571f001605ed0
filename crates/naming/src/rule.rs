//! Rules: which machines, and what they get (facts: coresmd-plugins §3).
//!
//! `type:Node,subnet:172.16.0.0/24,hostname:nid{04d},routers:172.16.0.254`: items `KEY:VALUE`, of which some say whom
//! the rule is for and the others what is done. A rule displays as its canonical text, which reads back as the same
//! rule.

mod error;
mod items;
mod keys;
mod legacy;
mod parse;

use std::fmt;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use smd_cache::{ComponentId, ComponentType};
use thiserror::Error;

pub use error::{RuleError, RuleErrorKind};

use crate::node_set::NodeSet;
use crate::pattern::Pattern;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What the log calls it: `name:`, or `rule-` and the first four bytes of SHA-256 over the rest of its canonical
    /// text, in hexadecimal.
    pub name: String,
    /// `log:`, where the rule has its own.
    pub log: Option<RuleLog>,
    /// Whom it is for.
    pub matches: Match,
    /// What is done.
    pub action: Action,
}

/// Whom a rule is for: all that is given must hold. The default is for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// `type:`: the component is of one of these types; empty: of any.
    pub types: Vec<ComponentType>,
    /// `subnet:`: the first address lies in one of these, host bits zero; empty: anywhere.
    pub subnets: Vec<IpNet>,
    /// `id:` or `id_set:`.
    pub ids: IdMatch,
}

/// Which component IDs a rule is for; letters compare exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IdMatch {
    /// All.
    #[default]
    Any,
    /// `id:`: this one.
    One(ComponentId),
    /// `id_set:`: those of the set.
    Set(NodeSet),
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Action {
    /// `hostname:`: DHCP option 12 (v4), 39 (v6).
    pub hostname: Option<Pattern>,
    /// `routers:`: v4 option 3; empty: left as it is.
    pub routers: Vec<Ipv4Addr>,
    /// `netmask:` or `cidr:`: v4 option 1. Without either it is the mask of the IPv4 subnet that matched.
    pub netmask: Option<Ipv4Addr>,
    /// `domain:`, without dots at its ends.
    pub domain: Option<String>,
    /// `domain_append:`
    pub domain_append: DomainAppend,
    /// `continue:`: whether the rules behind this one are tried too.
    pub keep_going: bool,
    /// `ignore:`: no reply at all.
    pub ignore: bool,
}

/// Which domains follow a name, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DomainAppend {
    /// Not given: the rule's domain if it has one, else the global one.
    #[default]
    Unset,
    /// `none`
    None,
    /// `global`
    Global,
    /// `rule`
    Rule,
    /// `global|rule`
    GlobalRule,
    /// `rule|global`
    RuleGlobal,
}

/// `rule_log=` and `log:`: which evaluations of a rule are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuleLog {
    /// Those that match.
    #[default]
    Info,
    /// All.
    Debug,
    /// None.
    None,
}

/// A word that is no [`RuleLog`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is none of info, debug, none")]
pub struct UnknownRuleLog(pub String);

impl Rule {
    /// A rule with the name that its text gives it.
    fn unnamed(log: Option<RuleLog>, matches: Match, action: Action) -> Self {
        let mut rule = Self { name: String::new(), log, matches, action };
        let digest = Sha256::digest(rule.items().join(","));
        rule.name = digest[..4].iter().fold("rule-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
        rule
    }

    /// The items of the canonical text, without the name.
    fn items(&self) -> Vec<String> {
        let Match { types, subnets, ids } = &self.matches;
        let Action { hostname, routers, netmask, domain, domain_append, keep_going, ignore } = &self.action;
        let mut items = Vec::new();
        let mut item = |key: &str, value: &str| items.push(format!("{key}:{}", items::quote(value)));
        if !types.is_empty() {
            item("type", &joined(types));
        }
        if !subnets.is_empty() {
            item("subnet", &joined(subnets));
        }
        match ids {
            IdMatch::Any => {}
            IdMatch::One(id) => item("id", id.as_str()),
            IdMatch::Set(set) => item("id_set", &set.to_string()),
        }
        if let Some(pattern) = hostname {
            item("hostname", &pattern.to_string());
        }
        if !routers.is_empty() {
            item("routers", &joined(routers));
        }
        if let Some(mask) = netmask {
            item("netmask", &mask.to_string());
        }
        if let Some(domain) = domain {
            item("domain", domain);
        }
        if let Some(mode) = domain_append.text() {
            item("domain_append", mode);
        }
        if *keep_going {
            item("continue", "true");
        }
        if *ignore {
            item("ignore", "true");
        }
        if let Some(log) = self.log {
            item("log", log.text());
        }
        items
    }
}

impl Match {
    /// The longest of the rule's subnets that holds the address.
    pub(crate) fn subnet_of(&self, address: IpAddr) -> Option<IpNet> {
        let holding = self.subnets.iter().filter(|subnet| subnet.contains(&address));
        holding.max_by_key(|subnet| subnet.prefix_len()).copied()
    }
}

impl DomainAppend {
    /// As a rule writes it; `None` where the rule writes nothing.
    fn text(self) -> Option<&'static str> {
        match self {
            Self::Unset => None,
            Self::None => Some("none"),
            Self::Global => Some("global"),
            Self::Rule => Some("rule"),
            Self::GlobalRule => Some("global|rule"),
            Self::RuleGlobal => Some("rule|global"),
        }
    }
}

impl RuleLog {
    /// Whether an evaluation is logged, by whether the rule matched.
    pub fn shows(self, matched: bool) -> bool {
        match self {
            Self::Info => matched,
            Self::Debug => true,
            Self::None => false,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Debug => "debug",
            Self::None => "none",
        }
    }
}

impl FromStr for RuleLog {
    type Err = UnknownRuleLog;

    fn from_str(text: &str) -> Result<Self, UnknownRuleLog> {
        let all = [Self::Info, Self::Debug, Self::None];
        all.into_iter().find(|log| log.text() == text).ok_or_else(|| UnknownRuleLog(text.to_owned()))
    }
}

/// The canonical text.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name:{},{}", items::quote(&self.name), self.items().join(","))
    }
}

/// Values with `|` between them.
fn joined(values: &[impl fmt::Display]) -> String {
    let mut text = String::new();
    for (position, value) in values.iter().enumerate() {
        let bar = if position > 0 { "|" } else { "" };
        write!(text, "{bar}{value}").expect("a String takes any text");
    }
    text
}
