//! All rules in their order, and what comes of them for one machine (facts: coresmd-plugins §3 "Evaluation").

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use smd_cache::{ComponentId, ComponentType, Nid};

use crate::pattern::{Pattern, Unnameable};
use crate::rule::{DomainAppend, IdMatch, Rule, RuleLog};

/// Octets of a DNS name as text (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// The rules and what is common to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSet {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// `domain=`: what follows a name unless its rule says otherwise; dots at its ends do not count.
    pub domain: Option<String>,
    /// `rule_log=`: which evaluations are logged, for rules that do not say.
    pub log: RuleLog,
    /// Whose NID stands in names.
    pub nids: NidSource,
}

/// Whose NID a hostname pattern shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NidSource {
    /// As the original: a Node shows its own, and every other type 0, so that `bmc{04d}` calls each BMC `bmc0000`. The
    /// recorded replies hold such names, so this is what the text form of a configuration means.
    ///
    /// A Node without a NID is not NID 0 either way: a rule with a NID in its pattern does not apply to it.
    #[default]
    NodesOnly,
    /// What [`Subject::nid`] says, which is [`Host::pattern_nid`](smd_cache::Host::pattern_nid) by intention: a BMC shows
    /// the NID of the one node that it manages. A rule with a NID in its pattern does not apply where there is none.
    Related,
}

/// Whom the rules are asked about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The component's ID.
    pub id: &'a ComponentId,
    /// The component's type.
    pub component_type: &'a ComponentType,
    /// The NID for patterns: a Node's own, or that of the one node related to the component.
    pub nid: Option<Nid>,
    /// The first address of the list in force.
    pub first: Option<IpAddr>,
}

/// What comes of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation<'a> {
    /// The name with its domain. Never empty, unless the request is ignored.
    pub hostname: String,
    /// The routers of the last matching rule that names some: v4 option 3.
    pub routers: Option<&'a [Ipv4Addr]>,
    /// The mask of the last matching rule that has one: v4 option 1.
    pub netmask: Option<Ipv4Addr>,
    /// No reply at all, from no later step either.
    pub ignore: bool,
}

/// One rule's turn in an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The rule's position, from 0.
    pub index: usize,
    /// The rule.
    pub rule: &'a Rule,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It applied.
    Matched,
    /// It is for other types.
    Type,
    /// It is for other subnets.
    Subnet,
    /// It is for other IDs.
    Id,
    /// It is for this machine, but its pattern gives the machine no name, so it did not apply.
    Unnameable(Unnameable),
}

impl RuleSet {
    /// What a machine gets: the rules in order, each that matches overwriting what earlier ones gave, until one matches
    /// that does not `continue`, or ignores. A machine that no rule names is `unknown-` and its NID in four digits with
    /// the global domain; there, 0000 stands for no NID (as the original has it) and for the NID of another.
    pub fn evaluate(&self, subject: &Subject<'_>) -> Evaluation<'_> {
        self.evaluate_with(subject, |_| {})
    }

    /// As [`RuleSet::evaluate`], and `observe` sees each rule's turn: for the log, metrics and `explain`.
    pub fn evaluate_with(&self, subject: &Subject<'_>, mut observe: impl FnMut(Step<'_>)) -> Evaluation<'_> {
        let mut evaluation = Evaluation::default();
        for (index, rule) in self.rules.iter().enumerate() {
            let applied = self.apply(rule, subject, &mut evaluation);
            observe(Step { index, rule, outcome: applied.map_or_else(|outcome| outcome, |()| Outcome::Matched) });
            if evaluation.ignore {
                return Evaluation { ignore: true, ..Evaluation::default() };
            }
            if applied.is_ok() && !rule.action.keep_going {
                break;
            }
        }
        if evaluation.hostname.is_empty() {
            evaluation.hostname = self.unknown(subject);
        }
        evaluation
    }

    /// Of all subnets that any rule names, the longest that holds the address of the link.
    pub fn subnet_of(&self, link: IpAddr) -> Option<IpNet> {
        self.rules.iter().filter_map(|rule| rule.matches.subnet_of(link)).max_by_key(IpNet::prefix_len)
    }

    /// Whether any rule names a subnet.
    pub fn names_subnets(&self) -> bool {
        self.rules.iter().any(|rule| !rule.matches.subnets.is_empty())
    }

    /// Which evaluations of a rule are logged.
    pub fn log_of(&self, rule: &Rule) -> RuleLog {
        rule.log.unwrap_or(self.log)
    }

    /// Applies a rule, or says why not and leaves everything as it was.
    fn apply<'a>(&self, rule: &'a Rule, subject: &Subject<'_>, so_far: &mut Evaluation<'a>) -> Result<(), Outcome> {
        let subnet = matching_subnet(rule, subject)?;
        let action = &rule.action;
        if action.ignore {
            so_far.ignore = true;
            return Ok(());
        }
        if let Some(pattern) = &action.hostname {
            so_far.hostname = self.name(pattern, rule, subject).map_err(Outcome::Unnameable)?;
        }
        if !action.routers.is_empty() {
            so_far.routers = Some(&action.routers);
        }
        so_far.netmask = action.netmask.or_else(|| subnet.and_then(mask)).or(so_far.netmask);
        Ok(())
    }

    /// The name that a rule gives, with its domains.
    fn name(&self, pattern: &Pattern, rule: &Rule, subject: &Subject<'_>) -> Result<String, Unnameable> {
        let nid = match self.nids {
            NidSource::NodesOnly if !subject.component_type.is_node() => Some(Nid(0)),
            NidSource::NodesOnly | NidSource::Related => subject.nid,
        };
        let (global, own) = (self.global_domain(), rule.action.domain.as_deref());
        let domains = match rule.action.domain_append {
            DomainAppend::Unset => [own.or(global), None],
            DomainAppend::None => [None, None],
            DomainAppend::Global => [global, None],
            DomainAppend::Rule => [own, None],
            DomainAppend::GlobalRule => [global, own],
            DomainAppend::RuleGlobal => [own, global],
        };
        let name = qualified(pattern.name(subject.id, nid)?, &domains);
        if name.len() > MAX_NAME { Err(Unnameable::TooLong) } else { Ok(name) }
    }

    /// The name of a machine that no rule names.
    fn unknown(&self, subject: &Subject<'_>) -> String {
        let own = subject.nid.filter(|_| subject.component_type.is_node());
        let Nid(nid) = own.unwrap_or(Nid(0));
        qualified(format!("unknown-{nid:04}"), &[self.global_domain()])
    }

    fn global_domain(&self) -> Option<&str> {
        self.domain.as_deref().map(|domain| domain.trim_matches('.')).filter(|domain| !domain.is_empty())
    }
}

impl Outcome {
    /// Whether the rule applied.
    pub fn matched(self) -> bool {
        self == Self::Matched
    }
}

/// Whether a rule is for this machine: the subnet by which it is, if it names subnets.
fn matching_subnet(rule: &Rule, subject: &Subject<'_>) -> Result<Option<IpNet>, Outcome> {
    let matches = &rule.matches;
    if !matches.types.is_empty() && !matches.types.contains(subject.component_type) {
        return Err(Outcome::Type);
    }
    let id_fits = match &matches.ids {
        IdMatch::Any => true,
        IdMatch::One(id) => id == subject.id,
        IdMatch::Set(set) => set.contains(subject.id.as_str()),
    };
    if !id_fits {
        return Err(Outcome::Id);
    }
    let subnet = subject.first.and_then(|first| matches.subnet_of(first));
    if subnet.is_none() && !matches.subnets.is_empty() { Err(Outcome::Subnet) } else { Ok(subnet) }
}

/// The mask of an IPv4 subnet; of all addresses (`/0`) there is none, and of an IPv6 one neither.
fn mask(subnet: IpNet) -> Option<Ipv4Addr> {
    match subnet {
        IpNet::V4(v4) if v4.prefix_len() > 0 => Some(v4.netmask()),
        IpNet::V4(_) | IpNet::V6(_) => None,
    }
}

/// A name with its domains.
fn qualified(mut name: String, domains: &[Option<&str>]) -> String {
    for domain in domains.iter().flatten() {
        name.push('.');
        name.push_str(domain);
    }
    name
}
