//! The section `server4`: the ordered list of steps (facts: coredhcp-coredns §A2, §A5).

use serve::findings::did_you_mean;
use std::ops::Range;

use super::coresmd::{self, Settings};
use super::pools;
use super::report::{Fault, Report};
use super::steps;
use super::tree::{Entry, Node, Value};
use super::{Listen, listen};
use crate::policy::{Policy, PoolSettings, Step};

/// The steps of `CoreDHCP` that have no DHCPv4 side: it warns and skips them.
const V6_ONLY: [&str; 1] = ["prefix"];
/// The steps that a later version brings.
const LATER: [&str; 1] = ["smee"];
/// The steps that give addresses.
const GIVERS: [&str; 4] = ["bootloop", "coresmd", "file", "range"];
/// The steps of this version.
pub const STEPS: [&str; 16] = [
    "autoconfigure",
    "bootloop",
    "coresmd",
    "dns",
    "file",
    "ipv6only",
    "lease_time",
    "mtu",
    "nbp",
    "netmask",
    "range",
    "router",
    "searchdomains",
    "server_id",
    "sleep",
    "staticroute",
];

/// What the section says; the default is for a file without it.
#[derive(Debug, Default)]
pub(super) struct Server4 {
    pub(super) listen: Vec<Listen>,
    pub(super) policy: Policy,
    /// What `coresmd` says of the inventory, if that is a step.
    pub(super) coresmd: Option<Settings>,
    /// Whether a step has a pool, read or not.
    pub(super) pooled: bool,
}

/// Reads the section; `None` when something in it is fatal.
pub(super) fn read(section: &Entry, report: &mut Report<'_>) -> Option<Server4> {
    if !matches!(section.node.value, Value::Map(_)) {
        let fault = Fault::new(section.node.span.clone(), "`server4` is a section: a map of keys and values");
        report.error(fault);
        return None;
    }
    unknown_keys(section, report);
    let listen = listen::read(&section.node, report);
    let mut chain = Chain::default();
    let items = items(section, report);
    for item in items {
        if let Some(entry) = single_entry(item, report) {
            chain.add(entry, report);
        }
    }
    if !items.is_empty() {
        chain.check_order(section, report);
    }
    if chain.coresmd_seen && chain.coresmd.is_none() {
        return None;
    }
    steps::unify(&mut chain.steps);
    let server_id = chain.steps.iter().find_map(|step| match step {
        Step::ServerId(address) => Some(*address),
        _ => None,
    });
    Some(Server4 {
        listen,
        policy: Policy { steps: chain.steps, server_id, pool: chain.pool },
        coresmd: chain.coresmd,
        pooled: chain.pooled.is_some(),
    })
}

/// The steps as they are read.
#[derive(Default)]
struct Chain {
    steps: Vec<Step>,
    pool: Option<PoolSettings>,
    coresmd: Option<Settings>,
    coresmd_seen: bool,
    /// The step with the pool, whether it could be read or not.
    pooled: Option<String>,
    /// The first step that gives addresses, whether it could be read or not.
    giver_seen: bool,
    /// The first `nbp`.
    nbp: Option<Range<usize>>,
    /// The first step that gives addresses but stands behind `nbp`.
    unreached: Option<String>,
}

impl Chain {
    fn add(&mut self, entry: &Entry, report: &mut Report<'_>) {
        self.note_order(entry);
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
            "range" | "bootloop" if self.pooled.is_some() => {
                let first = self.pooled.as_deref().unwrap_or_default();
                let fault = format!("`{}` is never reached: `{first}` before it has the pool", entry.key);
                let fault = Fault::new(entry.span.clone(), fault);
                report.error(fault.help("keep one of them; `bootloop` takes several ranges as `subnet_pool`"));
            }
            name @ ("range" | "bootloop") => {
                self.pooled = Some(name.to_owned());
                if let Some((step, settings)) = pools::read(entry, report) {
                    self.steps.push(step);
                    self.pool = Some(settings);
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
                report.error(fault.help(did_you_mean(name, &known)));
            }
        }
    }
}

impl Chain {
    /// Notes what the check of the order needs.
    fn note_order(&mut self, entry: &Entry) {
        let name = entry.key.as_str();
        if GIVERS.contains(&name) {
            self.giver_seen = true;
            if self.nbp.is_some() {
                self.unreached.get_or_insert_with(|| name.to_owned());
            }
        } else if name == "nbp" {
            self.nbp.get_or_insert_with(|| entry.span.clone());
        }
    }

    /// Somebody must give addresses, and `nbp` ends the list.
    fn check_order(&self, section: &Entry, report: &mut Report<'_>) {
        if !self.giver_seen {
            let fault = Fault::new(
                section.span.clone(),
                "no step gives an address: without `coresmd`, `file`, `range` or `bootloop` nobody is answered",
            );
            report.error(fault.help("add `coresmd` to `plugins`"));
        }
        if let (Some(place), Some(name)) = (&self.nbp, &self.unreached) {
            let fault = Fault::new(place.clone(), format!("`nbp` ends the list: `{name}` behind it is never reached"));
            report.warn(fault.help("put `nbp` last"));
        }
    }
}

/// The original ignores keys that it does not know.
pub(super) fn unknown_keys(section: &Entry, report: &mut Report<'_>) {
    const KNOWN: [&str; 3] = ["interface", "listen", "plugins"];
    let Value::Map(entries) = &section.node.value else { return };
    for entry in entries.iter().filter(|entry| !KNOWN.contains(&entry.key.as_str())) {
        let message = format!("`{}` has no key `{}`: it is ignored", section.key, entry.key);
        let fault = Fault::new(entry.span.clone(), message);
        report.warn(fault.help(did_you_mean(&entry.key, &KNOWN)));
    }
}

/// The items of `plugins`, a list that must not be empty.
pub(super) fn items<'n>(section: &'n Entry, report: &mut Report<'_>) -> &'n [Node] {
    let mut fault = |span: Range<usize>| {
        let message = format!("`{}` needs `plugins`, a list of steps", section.key);
        let example = if section.key == "server4" { "- server_id: 10.0.0.1" } else { "- dns: fd00::53" };
        report.error(Fault::new(span, message).help(example));
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
pub(super) fn single_entry<'n>(item: &'n Node, report: &mut Report<'_>) -> Option<&'n Entry> {
    match &item.value {
        Value::Map(entries) if entries.len() == 1 => entries.first(),
        _ => {
            let fault = Fault::new(item.span.clone(), "exactly one step per item of `plugins`");
            report.error(fault.help("write it as `- name: words`"));
            None
        }
    }
}
