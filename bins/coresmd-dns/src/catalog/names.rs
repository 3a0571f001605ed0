//! Which names the inventory has.
//!
//! Every component with addresses is called by its ID in every zone that is no reverse one, and by the zone's patterns
//! for its type; the rules that DHCP names machines by name it too, and by `interfaces` and `alias` it has the names
//! of single interfaces and those that several components share. A component's names have the addresses of all its
//! interfaces. The PTR of an address is the component's ID in the first zone, as CoreSMD gives it (facts,
//! coredhcp-coredns §B6), or the first of its other names where the ID can stand in none.

use std::collections::hash_map::Entry;
use std::net::IpAddr;

use corefile::wildcard_matches;
use naming::{Pattern, Subject, Unnameable};
use rustc_hash::FxHashMap;
use smd_cache::{ComponentId, Host, Nid};

use super::problem::{Problem, ProblemKind};
use super::zone::{InterfaceNames, Plan, Zone};
use crate::name::{MAX_LABEL, Name, NameError, suffixes};

/// The names in the making.
pub(super) struct Names<'s, 'p> {
    plan: &'p Plan,
    /// `{id}`, which names every component.
    by_id: Pattern,
    /// Whether the rules give names with domains; else their names stand in every zone.
    rules_qualify: bool,
    pub(super) components: Vec<Component>,
    pub(super) holders: Vec<Holder<'s>>,
    /// Names and whose they are.
    pub(super) forward: FxHashMap<Name, Claim>,
    pub(super) problems: Vec<Problem>,
}

/// A component as far as its addresses have names.
pub(super) struct Component {
    /// What its addresses are called.
    pub(super) pointer: Option<Name>,
    pub(super) addresses: Vec<IpAddr>,
}

/// A component, or some of its addresses, that names can be of.
pub(super) struct Holder<'s> {
    pub(super) id: &'s ComponentId,
    pub(super) addresses: Vec<IpAddr>,
}

/// Whose a name is.
pub(super) struct Claim {
    /// Holders, as indexes, in order.
    pub(super) holders: Vec<u32>,
    /// Whether it is meant for several.
    pub(super) is_alias: bool,
}

impl<'s, 'p> Names<'s, 'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let rules = &plan.rules;
        Self {
            plan,
            by_id: "{id}".parse().expect("`{id}` is a pattern"),
            rules_qualify: rules.domain.is_some() || rules.rules.iter().any(|rule| rule.action.domain.is_some()),
            components: Vec::new(),
            holders: Vec::new(),
            forward: FxHashMap::default(),
            problems: Vec::new(),
        }
    }

    /// Gives a component its names. `interfaces`: all of its own, at least one.
    pub(super) fn add(&mut self, interfaces: &[Host<'s>]) {
        let (id, nid) = (interfaces[0].id(), interfaces[0].pattern_nid());
        let addresses: Vec<IpAddr> = interfaces.iter().flat_map(|host| host.addresses()).copied().collect();
        let all = self.holder(id, addresses.clone());
        let id_label = rendered(&self.by_id, id, nid, &mut self.problems);
        let mut pointer = None;
        for (_, zone) in self.plan.forward() {
            let of_type = zone.patterns.iter().filter(|names| names.types.contains(interfaces[0].component_type()));
            let mut labels: Vec<String> = id_label.iter().cloned().collect();
            for names in of_type {
                labels.extend(rendered(&names.pattern, id, nid, &mut self.problems));
            }
            for label in &labels {
                let name = self.claim_below(zone, label, all);
                pointer = pointer.or(name);
            }
            for alias in &zone.aliases {
                if alias.members.contains(id.as_str()) || labels.iter().any(|label| alias.members.contains(label)) {
                    self.claim(alias.name.clone(), all, true);
                }
            }
            if interfaces[0].component_type().is_node() {
                self.add_interfaces(zone, interfaces, all);
            }
        }
        let by_rule = self.add_by_rules(interfaces, all);
        self.components.push(Component { pointer: pointer.or(by_rule), addresses });
    }

    /// Notes the aliases that nobody has, once all components have their names.
    pub(super) fn tell_of_empty_aliases(&mut self) {
        let aliases = self.plan.forward().flat_map(|(_, zone)| &zone.aliases);
        let empty = aliases.filter(|alias| !self.forward.contains_key(&alias.name));
        self.problems.extend(
            empty.map(|alias| Problem {
                name: alias.name.to_string(),
                kind: ProblemKind::NoMembers(alias.place.clone()),
            }),
        );
    }

    /// Gives the interfaces of a node their names in a zone.
    fn add_interfaces(&mut self, zone: &Zone, interfaces: &[Host<'s>], all: u32) {
        for names in &zone.interfaces {
            let meant = interfaces.iter().filter(|host| names.is_for(**host));
            for (index, host) in meant.enumerate() {
                let labels = rendered(&names.pattern, host.id(), host.pattern_nid(), &mut self.problems);
                let Some(labels) = labels.and_then(|labels| interface_labels(&labels, *host, index)) else { continue };
                let single = interfaces.len() == 1;
                let holder = if single { all } else { self.holder(host.id(), host.addresses().to_vec()) };
                self.claim_below(zone, &labels, holder);
            }
        }
    }

    /// Gives a component the names that DHCP gives it, each with the addresses with which DHCP gives it. The first name.
    fn add_by_rules(&mut self, interfaces: &[Host<'s>], all: u32) -> Option<Name> {
        let plan = self.plan;
        if plan.rules.rules.is_empty() {
            return None;
        }
        let mut named: Vec<(String, Vec<IpAddr>)> = Vec::new();
        for (host, address) in interfaces.iter().flat_map(|host| host.addresses().iter().map(move |ip| (host, *ip))) {
            let Some(name) = name_by_rules(plan, *host, address) else { continue };
            match named.iter_mut().find(|(known, _)| *known == name) {
                Some((_, addresses)) => addresses.push(address),
                None => named.push((name, vec![address])),
            }
        }
        let mut first = None;
        for (name, addresses) in named {
            let is_all = addresses.len() == self.holders[all as usize].addresses.len();
            let holder = if is_all { all } else { self.holder(interfaces[0].id(), addresses) };
            if self.rules_qualify {
                first = first.or(self.claim_qualified(&name, holder));
            } else {
                for (_, zone) in plan.forward() {
                    first = first.or(self.claim_below(zone, &name, holder));
                }
            }
        }
        first
    }

    fn holder(&mut self, id: &'s ComponentId, addresses: Vec<IpAddr>) -> u32 {
        self.holders.push(Holder { id, addresses });
        self.holders.len() as u32 - 1
    }

    /// Gives a holder a name in a zone, and returns it.
    fn claim_below(&mut self, zone: &Zone, labels: &str, holder: u32) -> Option<Name> {
        match zone.apex.child(labels) {
            Ok(name) => Some(self.claim(name, holder, false)),
            Err(error) => self.invalid(format!("{labels}.{}", zone.apex), error),
        }
    }

    /// Gives a holder a name that says its zone.
    fn claim_qualified(&mut self, text: &str, holder: u32) -> Option<Name> {
        let name = match Name::parse(text) {
            Ok(name) => name,
            Err(error) => return self.invalid(text.to_owned(), error),
        };
        let ours = |(_, zone): (usize, &Zone)| suffixes(name.as_wire()).any(|suffix| suffix == zone.apex.as_wire());
        if !self.plan.forward().any(ours) {
            self.problems.push(Problem { name: name.to_string(), kind: ProblemKind::Outside });
            return None;
        }
        Some(self.claim(name, holder, false))
    }

    fn claim(&mut self, name: Name, holder: u32, is_alias: bool) -> Name {
        match self.forward.entry(name.clone()) {
            Entry::Vacant(entry) => _ = entry.insert(Claim { holders: vec![holder], is_alias }),
            Entry::Occupied(mut entry) => {
                let claim = entry.get_mut();
                claim.is_alias &= is_alias;
                // a pattern may give the same name as the ID
                if !claim.holders.contains(&holder) {
                    claim.holders.push(holder);
                }
            }
        }
        name
    }

    fn invalid(&mut self, name: String, error: NameError) -> Option<Name> {
        self.problems.push(Problem { name, kind: ProblemKind::Invalid(error) });
        None
    }
}

/// What a pattern makes of a component. A lack of a NID is no problem: the pattern is not meant for it.
fn rendered(pattern: &Pattern, id: &ComponentId, nid: Option<Nid>, problems: &mut Vec<Problem>) -> Option<String> {
    match pattern.name(id, nid) {
        Ok(labels) => Some(labels),
        Err(Unnameable::NoNid) => None,
        Err(why) => {
            problems.push(Problem { name: format!("{id} ({pattern})"), kind: ProblemKind::Unnameable(why) });
            None
        }
    }
}

impl InterfaceNames {
    fn is_for(&self, host: Host<'_>) -> bool {
        let described = |wanted: &String| wildcard_matches(wanted, &host.description().to_ascii_lowercase());
        self.description.as_ref().is_none_or(described)
    }
}

/// What is left open in a pattern filled in; `None` where it wants a description and there is none.
fn interface_labels(pattern: &str, host: Host<'_>, index: usize) -> Option<String> {
    let labels = pattern.replace("{index}", &index.to_string());
    if !labels.contains("{interface}") {
        return Some(labels);
    }
    let label = label_of(host.description());
    (!label.is_empty()).then(|| labels.replace("{interface}", &label))
}

/// A description as a label: lower case, `-` for whatever stands in no label, none at its ends.
fn label_of(description: &str) -> String {
    let words = description.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut label = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    label.truncate(MAX_LABEL);
    label
}

/// The name that DHCP gives with an address; `None` where no rule names the machine.
fn name_by_rules(plan: &Plan, host: Host<'_>, address: IpAddr) -> Option<String> {
    let subject =
        Subject { id: host.id(), component_type: host.component_type(), nid: host.pattern_nid(), first: Some(address) };
    let mut named = false;
    let evaluation = plan.rules.evaluate_with(&subject, |step| {
        named |= step.outcome.matched() && step.rule.action.hostname.is_some();
    });
    (named && !evaluation.ignore).then_some(evaluation.hostname)
}
