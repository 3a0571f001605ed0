//! boot-service's configurations: every target that fits scores, and the best configuration wins (facts: openchami-today
//! §4).
//!
//! | target | score |
//! |---|---|
//! | MAC | 100 |
//! | NID | 75 |
//! | host: the component's ID, or a glob of it | 50 |
//! | group | 25 |
//! | Role (files alone say so: BSS has such parameters) | 10 |
//! | none at all | 1 |
//!
//! Of equal scores the higher priority wins, and of equal priorities the first by name and content: boot-service lists
//! its configurations in no particular order, and replicas must agree.

use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::glob::Glob;
use super::key::folded;
use super::{Asker, BootConfig, Identifier};
use crate::component::Nid;
use crate::inventory::read_nid;
use crate::mac::MacAddr;
use crate::rejected::RejectReason;
use crate::wire::{BootConfiguration, Loose};

/// All configurations, and who is a target of which. Each position in a list is one target: a configuration may be there
/// twice.
#[derive(Debug, Clone, Default)]
pub struct Configurations {
    all: Vec<Configuration>,
    by_mac: FxHashMap<MacAddr, Vec<u32>>,
    by_nid: FxHashMap<Nid, Vec<u32>>,
    by_host: FxHashMap<Box<str>, Vec<u32>>,
    by_group: FxHashMap<Box<str>, Vec<u32>>,
    by_role: FxHashMap<Box<str>, Vec<u32>>,
    globs: Vec<(Glob, u32)>,
    /// The best of those without a target.
    fallback: Option<u32>,
    /// How many targets there are, a fallback included.
    targets: usize,
    /// How many of them many nodes may share.
    shared: usize,
}

#[derive(Debug, Clone)]
struct Configuration {
    name: Box<str>,
    priority: i128,
    config: Arc<BootConfig>,
}

const MAC: u32 = 100;
const NID: u32 = 75;
const HOST: u32 = 50;
const GROUP: u32 = 25;
const ROLE: u32 = 10;

/// More globs, groups and roles than these are not looked at: each is tried for many nodes.
const MAX_SHARED: usize = 4096;

impl Configurations {
    pub(super) fn resolve(&self, requested: Identifier<'_>, asker: &Asker<'_>) -> Option<&Arc<BootConfig>> {
        let mut scores: Vec<(u32, u32)> = Vec::new();
        let mut score = |targets: Option<&Vec<u32>>, points| {
            scores.extend(targets.into_iter().flatten().map(|configuration| (*configuration, points)));
        };
        if let Identifier::Mac(mac) = requested {
            score(self.by_mac.get(&mac), MAC);
        }
        score(asker.nid.and_then(|nid| self.by_nid.get(&nid)), NID);
        if !self.by_host.is_empty() {
            score(self.by_host.get(&*folded(asker.id.as_str())), HOST);
        }
        asker.groups.iter().for_each(|group| score(self.by_group.get(*group), GROUP));
        score(asker.role.and_then(|role| self.by_role.get(role)), ROLE);
        let globs = self.globs.iter().filter(|(glob, _)| glob.matches(asker.id.as_str()));
        scores.extend(globs.map(|(_, configuration)| (*configuration, HOST)));

        scores.sort_unstable();
        let sums = scores.chunk_by(|one, other| one.0 == other.0);
        let sums = sums.map(|same| (same.iter().map(|(_, points)| points).sum::<u32>(), same[0].0));
        let best = sums.max_by_key(|(sum, configuration)| (*sum, self.rank(*configuration)));
        let best = best.map(|(_, configuration)| configuration).or(self.fallback)?;
        Some(&self.all[best as usize].config)
    }

    pub(super) fn len(&self) -> usize {
        self.targets
    }

    pub(super) fn names_groups(&self) -> bool {
        !self.by_group.is_empty()
    }

    /// Stores a configuration under each of its targets; a bad target costs itself. One all of whose targets are bad is
    /// nobody's: it does not become everybody's.
    pub(super) fn store(&mut self, row: &BootConfiguration<'_>, mut reject: impl FnMut(RejectReason)) {
        let at = self.all.len() as u32;
        let priority = match &row.spec.priority {
            Loose::Integer(priority) => *priority,
            Loose::Text(text) if text.is_empty() => 0,
            other => {
                reject(RejectReason::Priority(other.to_string()));
                0
            }
        };
        let config = Arc::new(row.spec.config());
        self.all.push(Configuration { name: row.name().into(), priority, config });
        let spec = &row.spec;
        if [&spec.hosts, &spec.macs, &spec.nids, &spec.groups, &spec.roles].iter().all(|list| list.0.is_empty()) {
            self.targets += 1;
            self.fallback = [self.fallback, Some(at)].into_iter().flatten().max_by_key(|at| self.rank(*at));
            return;
        }
        for mac in &spec.macs.0 {
            match text(mac).and_then(|text| text.parse().ok()) {
                Some(mac) => self.by_mac.entry(mac).or_default().push(at),
                None => reject(RejectReason::BootIdentifier(mac.to_string())),
            }
        }
        for nid in &spec.nids.0 {
            match read_nid(nid) {
                Ok(Some(nid)) => self.by_nid.entry(nid).or_default().push(at),
                Ok(None) | Err(_) => reject(RejectReason::BootIdentifier(nid.to_string())),
            }
        }
        for host in &spec.hosts.0 {
            match text(host).map(|text| (Glob::parse(text), text)) {
                Some((None, name)) => self.by_host.entry(folded(name)).or_default().push(at),
                Some((Some(glob), _)) if self.has_room() => self.globs.push((glob, at)),
                Some((Some(_), _)) => reject(RejectReason::TooManyTargets { kept: MAX_SHARED }),
                None => reject(RejectReason::BootIdentifier(host.to_string())),
            }
        }
        let shared = spec.groups.0.iter().map(|name| (name, true)).chain(spec.roles.0.iter().map(|name| (name, false)));
        for (name, is_group) in shared {
            match text(name) {
                Some(_) if !self.has_room() => reject(RejectReason::TooManyTargets { kept: MAX_SHARED }),
                Some(label) => {
                    let index = if is_group { &mut self.by_group } else { &mut self.by_role };
                    index.entry(label.into()).or_default().push(at);
                }
                None => reject(RejectReason::BootIdentifier(name.to_string())),
            }
        }
        let lists = [&spec.macs, &spec.nids, &spec.hosts, &spec.groups];
        self.targets += lists.iter().map(|list| list.0.len()).sum::<usize>();
    }

    /// Whether one more shared target may be stored; then it counts.
    fn has_room(&mut self) -> bool {
        self.shared += 1;
        self.shared <= MAX_SHARED
    }

    /// What decides between configurations of equal scores; the greatest wins.
    fn rank(&self, at: u32) -> impl Ord {
        let Configuration { name, priority, config } = &self.all[at as usize];
        (*priority, Reverse((name, config)))
    }
}

/// A text that is not blank.
fn text<'a>(value: &'a Loose<'_>) -> Option<&'a str> {
    match value {
        Loose::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        Loose::Integer(_) | Loose::Odd(_) => None,
    }
}

#[cfg(test)]
mod tests;
