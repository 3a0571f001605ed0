//! The last good bodies, and what becomes of the next ones: taken whole, refused, or held back. Pure: no IO, no clock.

use std::sync::Arc;

use bytes::Bytes;

use super::{ShrinkGuard, ShrinkPolicy};
use crate::boot::{Precedence, read_boot};
use crate::inventory::{Inventory, Part, PartError, read_groups, read_partitions};
use crate::rejected::Rejected;
use crate::snapshot::Snapshot;
use crate::state::HeldBack;
use crate::wire::{BodyError, same_rows};

/// The last good body of each part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// SMD's two collections: one without the other is worth nothing.
    pub smd: Option<SmdBodies>,
    /// SMD's groups.
    pub groups: Option<Bytes>,
    /// SMD's partitions.
    pub partitions: Option<Bytes>,
    /// BSS's boot parameters.
    pub boot: Option<Bytes>,
}

/// SMD's two collections, as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmdBodies {
    /// `EthernetInterfaces`.
    pub interfaces: Bytes,
    /// Components.
    pub components: Bytes,
}

/// What a poll brought of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum News<T> {
    /// It could not be fetched.
    Failed,
    /// What there was, or it was not asked for.
    #[default]
    Unchanged,
    /// Other bodies.
    New(T),
}

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offered {
    /// SMD's two collections.
    pub smd: News<SmdBodies>,
    /// SMD's groups.
    pub groups: News<Bytes>,
    /// SMD's partitions.
    pub partitions: News<Bytes>,
    /// BSS's boot parameters.
    pub boot: News<Bytes>,
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// A snapshot to publish; `None` where the content is what it was.
    pub fresh: Option<Arc<Snapshot>>,
    /// What was put aside, where a snapshot was built, published or not.
    pub rejected: Option<Arc<[Rejected]>>,
    /// Bodies that are not what their paths promise.
    pub refused: Vec<PartError>,
    /// An inventory that is held back.
    pub held_back: Option<HeldBack>,
    /// Boot parameters that are held back.
    pub boot_held_back: Option<HeldBack>,
}

/// Keeps the last good bodies and the snapshot that was made from them. Clones share both.
#[derive(Debug, Clone)]
pub struct Store {
    precedence: Precedence,
    parts: Parts,
    current: Option<Arc<Snapshot>>,
    boot_identifiers: usize,
    hosts_guard: ShrinkGuard,
    boot_guard: ShrinkGuard,
}

impl Store {
    /// An empty store.
    pub fn new(precedence: Precedence, shrink: ShrinkPolicy) -> Self {
        Self {
            precedence,
            parts: Parts::default(),
            current: None,
            boot_identifiers: 0,
            hosts_guard: ShrinkGuard::new(shrink),
            boot_guard: ShrinkGuard::new(shrink),
        }
    }

    /// The last good bodies.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// How many identifiers have boot parameters.
    pub fn boot_identifiers(&self) -> usize {
        self.boot_identifiers
    }

    /// Whether anything is held back.
    pub fn is_holding(&self) -> bool {
        self.hosts_guard.is_holding() || self.boot_guard.is_holding()
    }

    /// Somebody says that what is held back is right.
    pub fn accept_shrink(&mut self) {
        self.hosts_guard.accept();
        self.boot_guard.accept();
    }

    /// Takes what a poll brought as far as it is good, and builds a snapshot where that changes the content.
    pub fn offer(&mut self, mut offered: Offered) -> Outcome {
        self.keep_reordered(&mut offered);
        let mut outcome = Outcome::default();
        if !matches!(offered.smd, News::New(_)) {
            self.hosts_guard.reset();
        }
        if !matches!(offered.boot, News::New(_)) {
            self.boot_guard.reset();
        }
        if offered.has_news() {
            self.read_and_build(offered, &mut outcome);
        }
        outcome
    }

    fn read_and_build(&mut self, offered: Offered, outcome: &mut Outcome) {
        let mut parts = self.parts.clone();
        let boot = self.read_boot(offered.boot, &mut parts, outcome);
        let boot_identifiers = boot.boot.len();
        let groups = read_or_last(Part::Groups, read_groups, offered.groups, &mut parts.groups, outcome);
        let partitions =
            read_or_last(Part::Partitions, read_partitions, offered.partitions, &mut parts.partitions, outcome);
        let Some(mut inventory) = self.read_smd(offered.smd, &mut parts, outcome) else {
            self.parts = parts;
            return;
        };
        if parts == self.parts {
            return;
        }
        inventory.absorb(groups);
        inventory.absorb(partitions);
        inventory.absorb(boot);
        let (snapshot, rejected) = Snapshot::build(inventory);
        if parts.smd != self.parts.smd {
            let now = self.current.as_ref().map_or(0, |current| current.counts().hosts);
            outcome.held_back = self.hosts_guard.judge(now, snapshot.counts().hosts);
            if outcome.held_back.is_some() {
                return;
            }
        }
        self.parts = parts;
        self.boot_identifiers = boot_identifiers;
        outcome.rejected = Some(rejected.into());
        if self.current.as_ref().is_none_or(|current| current.digest() != snapshot.digest()) {
            let snapshot = Arc::new(snapshot);
            self.current = Some(Arc::clone(&snapshot));
            outcome.fresh = Some(snapshot);
        }
    }

    /// SMD's inventory: the new one, or the last where there is no new one or it is not good.
    fn read_smd(&mut self, news: News<SmdBodies>, parts: &mut Parts, outcome: &mut Outcome) -> Option<Inventory> {
        if let News::New(bodies) = news {
            match Inventory::from_smd(&bodies.interfaces, &bodies.components) {
                Ok(inventory) => {
                    parts.smd = Some(bodies);
                    return Some(inventory);
                }
                Err(error) => {
                    self.hosts_guard.reset();
                    outcome.refused.push(error);
                }
            }
        }
        let last = parts.smd.as_ref()?;
        Inventory::from_smd(&last.interfaces, &last.components).ok()
    }

    /// The boot parameters: the new ones, or the last where there are no new ones or they are not good.
    fn read_boot(&mut self, news: News<Bytes>, parts: &mut Parts, outcome: &mut Outcome) -> Inventory {
        let precedence = self.precedence;
        let read = |body: &Bytes| trial(|inventory| read_boot(inventory, body, precedence));
        if let News::New(body) = news {
            match read(&body) {
                Ok(inventory) => {
                    outcome.boot_held_back = self.boot_guard.judge(self.boot_identifiers, inventory.boot.len());
                    if outcome.boot_held_back.is_none() {
                        parts.boot = Some(body);
                        return inventory;
                    }
                }
                Err(error) => {
                    self.boot_guard.reset();
                    outcome.refused.push(PartError { part: Part::Boot, error });
                }
            }
        }
        parts.boot.as_ref().and_then(|body| read(body).ok()).unwrap_or_default()
    }

    /// Bodies that hold the old rows in a new order are no news; they are kept, to be compared with next time.
    fn keep_reordered(&mut self, offered: &mut Offered) {
        let same = |old: &Bytes, new: &Bytes, part: Part| old == new || same_rows(old, new, part.keys());
        if let (News::New(new), Some(old)) = (&offered.smd, &self.parts.smd)
            && same(&old.interfaces, &new.interfaces, Part::Interfaces)
            && same(&old.components, &new.components, Part::Components)
        {
            self.parts.smd = Some(new.clone());
            offered.smd = News::Unchanged;
        }
        let keep = |old: &mut Option<Bytes>, news: &mut News<Bytes>, part: Part| {
            if let (News::New(new), Some(last)) = (&*news, &*old)
                && same(last, new, part)
            {
                *old = Some(new.clone());
                *news = News::Unchanged;
            }
        };
        keep(&mut self.parts.groups, &mut offered.groups, Part::Groups);
        keep(&mut self.parts.partitions, &mut offered.partitions, Part::Partitions);
        keep(&mut self.parts.boot, &mut offered.boot, Part::Boot);
    }
}

/// A part that everything else can do without: the new one, or the last where there is no new one or it is not good.
fn read_or_last(
    part: Part,
    read_into: fn(&mut Inventory, &[u8]) -> Result<(), BodyError>,
    news: News<Bytes>,
    last: &mut Option<Bytes>,
    outcome: &mut Outcome,
) -> Inventory {
    let read = |body: &Bytes| trial(|inventory| read_into(inventory, body));
    if let News::New(body) = news {
        match read(&body) {
            Ok(inventory) => {
                *last = Some(body);
                return inventory;
            }
            Err(error) => outcome.refused.push(PartError { part, error }),
        }
    }
    last.as_ref().and_then(|body| read(body).ok()).unwrap_or_default()
}

/// Reads into an empty inventory.
fn trial(read: impl FnOnce(&mut Inventory) -> Result<(), BodyError>) -> Result<Inventory, BodyError> {
    let mut inventory = Inventory::default();
    read(&mut inventory).map(|()| inventory)
}

impl Offered {
    /// Whether there is anything to read.
    pub fn has_news(&self) -> bool {
        let bodies = [&self.groups, &self.partitions, &self.boot];
        matches!(self.smd, News::New(_)) || bodies.into_iter().any(|news| matches!(news, News::New(_)))
    }
}

impl Outcome {
    /// Whether SMD's bodies are not what their paths promise.
    pub fn refuses_smd(&self) -> bool {
        self.refused.iter().any(|error| matches!(error.part, Part::Interfaces | Part::Components))
    }
}

impl<T> News<T> {
    /// The new bodies, or others in their place.
    pub fn or(self, other: impl FnOnce() -> T) -> T {
        match self {
            Self::New(new) => new,
            Self::Unchanged | Self::Failed => other(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes 0 to `count` with one interface each.
    fn smd(count: u8) -> SmdBodies {
        let interfaces: Vec<String> = (0..count).map(interface).collect();
        let components: Vec<String> = (0..count).map(|node| format!(r#"{{"ID":"x{node}","Type":"Node"}}"#)).collect();
        SmdBodies {
            interfaces: format!("[{}]", interfaces.join(",")).into(),
            components: format!("[{}]", components.join(",")).into(),
        }
    }

    fn interface(node: u8) -> String {
        format!(r#"{{"MACAddress":"0200000000{node:02x}","ComponentID":"x{node}","IPAddresses":["10.0.0.{node}"]}}"#)
    }

    fn boot(macs: u8) -> Bytes {
        let macs: Vec<String> = (0..macs).map(|node| format!("\"0200000000{node:02x}\"")).collect();
        format!(r#"[{{"macs":[{}],"kernel":"k"}}]"#, macs.join(",")).into()
    }

    fn offer(smd: News<SmdBodies>, boot: News<Bytes>) -> Offered {
        Offered { smd, boot, ..Offered::default() }
    }

    fn smd_only(smd: SmdBodies) -> Offered {
        offer(News::New(smd), News::Unchanged)
    }

    fn store(nodes: u8) -> Store {
        let mut store = Store::new(Precedence::Sql, ShrinkPolicy::Hold);
        assert!(store.offer(smd_only(smd(nodes))).fresh.is_some());
        store
    }

    fn hosts(store: &Store) -> usize {
        store.current.as_ref().map_or(0, |current| current.counts().hosts)
    }

    #[test]
    fn boot_parameters_wait_for_an_inventory() {
        let mut store = Store::new(Precedence::Sql, ShrinkPolicy::Hold);
        let outcome = store.offer(offer(News::Failed, News::New(boot(1))));
        assert!(outcome.fresh.is_none() && outcome.refused.is_empty());
        let snapshot = store.offer(smd_only(smd(1))).fresh.unwrap();
        assert!(snapshot.hosts().all(|host| host.boot().is_some()));
    }

    #[test]
    fn one_bad_collection_of_smd_keeps_both() {
        let mut store = store(4);
        let bodies = SmdBodies { components: Bytes::from_static(b"{}"), ..smd(5) };
        let outcome = store.offer(smd_only(bodies));
        assert!(outcome.refuses_smd() && outcome.fresh.is_none());
        assert_eq!((outcome.refused[0].part, hosts(&store)), (Part::Components, 4));
        assert_eq!(store.parts().smd, Some(smd(4)));
    }

    #[test]
    fn a_bad_source_does_not_hold_back_the_others() {
        let mut store = store(4);
        let outcome = store.offer(offer(News::New(smd(5)), News::New(Bytes::from_static(b"<html>"))));
        assert_eq!((outcome.refused[0].part, outcome.refuses_smd(), hosts(&store)), (Part::Boot, false, 5));
        let outcome =
            store.offer(offer(News::New(SmdBodies { interfaces: Bytes::new(), ..smd(5) }), News::New(boot(1))));
        assert!(outcome.refuses_smd() && outcome.fresh.is_some(), "BSS's news are published with the last inventory");
        assert_eq!((store.boot_identifiers(), hosts(&store)), (1, 5));
    }

    #[test]
    fn what_is_held_back_is_judged_again_at_each_poll() {
        let mut store = store(8);
        for polls in 1..=2 {
            let outcome = store.offer(smd_only(smd(1)));
            assert_eq!(outcome.held_back, Some(HeldBack { now: 8, offered: 1, polls }));
            assert!(outcome.fresh.is_none() && store.is_holding() && hosts(&store) == 8);
        }
        assert!(store.offer(smd_only(smd(1))).fresh.is_some());
        assert_eq!((hosts(&store), store.is_holding()), (1, false));
    }

    #[test]
    fn failures_refusals_and_confirmations_end_a_row_of_sightings() {
        let bad = SmdBodies { interfaces: Bytes::from_static(b"null"), ..smd(8) };
        for between in [
            offer(News::Failed, News::Unchanged),
            offer(News::Unchanged, News::Unchanged),
            smd_only(bad),
            smd_only(smd(8)),
        ] {
            let mut store = store(8);
            store.offer(smd_only(smd(1)));
            store.offer(smd_only(smd(1)));
            store.offer(between);
            assert!(store.offer(smd_only(smd(1))).held_back.is_some());
        }
    }

    #[test]
    fn boot_parameters_that_vanish_are_held_back_alone() {
        let mut store = store(4);
        store.offer(offer(News::Unchanged, News::New(boot(4))));
        let outcome = store.offer(offer(News::New(smd(5)), News::New(Bytes::from_static(b"null"))));
        assert_eq!(outcome.boot_held_back, Some(HeldBack { now: 4, offered: 0, polls: 1 }));
        assert_eq!((outcome.held_back, hosts(&store), store.boot_identifiers()), (None, 5, 4));
        assert!(outcome.fresh.unwrap().hosts().next().unwrap().boot().is_some());
        store.accept_shrink();
        store.offer(offer(News::Unchanged, News::New(Bytes::from_static(b"null"))));
        assert_eq!((store.boot_identifiers(), store.is_holding()), (0, false));
    }

    #[test]
    fn the_same_content_in_another_form_is_no_news() {
        let mut store = store(3);
        let reversed: Vec<String> = (0..3).rev().map(interface).collect();
        let reordered = SmdBodies { interfaces: format!("[{}]", reversed.join(",")).into(), ..smd(3) };
        let outcome = store.offer(smd_only(reordered.clone()));
        assert!(outcome.fresh.is_none() && outcome.rejected.is_none(), "not even built");
        assert_eq!(store.parts().smd, Some(reordered));
        let wrapped = SmdBodies {
            components: format!(
                "{{\"Components\":{}}}",
                r#"[{"ID":"x0","Type":"Node"},{"Type":"Node","ID":"x1"},{"ID":"x2","Type":"Node"}]"#
            )
            .into(),
            ..smd(3)
        };
        let outcome = store.offer(smd_only(wrapped));
        assert!(outcome.fresh.is_none() && outcome.rejected.is_some(), "built, and found to be the same");
    }
}
