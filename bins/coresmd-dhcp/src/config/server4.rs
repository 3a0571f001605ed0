//! The section `server4`: the ordered list of steps (facts: coredhcp-coredns §A2, §A5).

use std::ops::Range;

use super::coresmd::{self, Settings};
use super::report::{Fault, Report};
use super::steps;
use super::tree::{Entry, Node, Value};
use super::{Listen, listen, nearest};
use crate::policy::{Policy, Step};

/// The steps of `CoreDHCP` that have no DHCPv4 side: it warns and skips them.
const V6_ONLY: [&str; 1] = ["prefix"];
/// The steps that a later version brings.
const LATER: [&str; 9] =
    ["autoconfigure", "bootloop", "file", "ipv6only", "nbp", "range", "sleep", "smee", "staticroute"];
/// The steps of this version.
pub const STEPS: [&str; 8] = ["coresmd", "dns", "lease_time", "mtu", "netmask", "router", "searchdomains", "server_id"];

/// What the section says.
#[derive(Debug)]
pub(super) struct Server4 {
    pub(super) listen: Vec<Listen>,
    pub(super) policy: Policy,
    pub(super) coresmd: Settings,
}

/// Reads the section; `None` when something in it is fatal.
pub(super) fn read(section: &Entry, report: &mut Report<'_>) -> Option<Server4> {
    if !matches!(section.node.value, Value::Map(_)) {
        let fault = Fault::new(section.node.span.clone(), "`server4` is a section: a map of keys and values");
        report.error(fault);
        return None;
    }
    unknown_keys(&section.node, report);
    let listen = listen::read(&section.node, report);
    let mut chain = Chain::default();
    for item in items(section, report) {
        if let Some(entry) = single_entry(item, report) {
            chain.add(entry, report);
        }
    }
    let coresmd = chain.coresmd.take().or_else(|| {
        if !chain.coresmd_seen {
            let fault =
                Fault::new(section.span.clone(), "no step gives an address: without `coresmd` nobody is answered");
            report.error(fault.help("add `coresmd` to `plugins`"));
        }
        None
    })?;
    steps::unify(&mut chain.steps);
    let server_id = chain.steps.iter().find_map(|step| match step {
        Step::ServerId(address) => Some(*address),
        _ => None,
    });
    Some(Server4 { listen, policy: Policy { steps: chain.steps, server_id }, coresmd })
}

/// The steps as they are read.
#[derive(Default)]
struct Chain {
    steps: Vec<Step>,
    coresmd: Option<Settings>,
    coresmd_seen: bool,
}

impl Chain {
    fn add(&mut self, entry: &Entry, report: &mut Report<'_>) {
        match entry.key.as_str() {
            "coresmd" if self.coresmd_seen => {
                let fault = Fault::new(entry.span.clone(), "`coresmd` stands in `plugins` twice: keep one");
                report.error(fault.help("one server asks one SMD"));
            }
            "coresmd" => {
                self.coresmd_seen = true;
                if let Some(settings) = coresmd::read(entry, report) {
                    self.steps.push(Step::Coresmd(Box::new(settings.step.clone())));
                    self.coresmd = Some(settings);
                }
            }
            name if STEPS.contains(&name) => self.steps.extend(steps::read(entry, report)),
            name if V6_ONLY.contains(&name) => {
                report.warn(Fault::new(entry.span.clone(), format!("`{name}` has no DHCPv4 side: it is skipped")));
            }
            name if LATER.contains(&name) => {
                report.error(Fault::new(entry.span.clone(), format!("`{name}` is not supported yet by this version")));
            }
            name => {
                let known = [&STEPS[..], &LATER, &V6_ONLY].concat();
                let fault = Fault::new(entry.span.clone(), format!("there is no step `{name}`"));
                report.error(fault.help(nearest::help(name, &known)));
            }
        }
    }
}

/// The original ignores keys that it does not know.
fn unknown_keys(node: &Node, report: &mut Report<'_>) {
    const KNOWN: [&str; 3] = ["interface", "listen", "plugins"];
    let Value::Map(entries) = &node.value else { return };
    for entry in entries.iter().filter(|entry| !KNOWN.contains(&entry.key.as_str())) {
        let fault = Fault::new(entry.span.clone(), format!("`server4` has no key `{}`: it is ignored", entry.key));
        report.warn(fault.help(nearest::help(&entry.key, &KNOWN)));
    }
}

/// The items of `plugins`, a list that must not be empty.
fn items<'n>(section: &'n Entry, report: &mut Report<'_>) -> &'n [Node] {
    let mut fault = |span: Range<usize>| {
        report.error(Fault::new(span, "`server4` needs `plugins`, a list of steps").help("- server_id: 10.0.0.1"));
    };
    match section.node.get("plugins").map(|plugins| (&plugins.node.value, &plugins.span)) {
        Some((Value::List(items), _)) if !items.is_empty() => items,
        Some((_, place)) => {
            fault(place.clone());
            &[]
        }
        None => {
            fault(section.span.clone());
            &[]
        }
    }
}

/// An item's only key with its value.
fn single_entry<'n>(item: &'n Node, report: &mut Report<'_>) -> Option<&'n Entry> {
    match &item.value {
        Value::Map(entries) if entries.len() == 1 => entries.first(),
        _ => {
            let fault = Fault::new(item.span.clone(), "exactly one step per item of `plugins`");
            report.error(fault.help("write it as `- name: words`"));
            None
        }
    }
}
