//! Joins an inventory into a [`Snapshot`]: components, then the interfaces that belong to them, then the indexes.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::claims::{Verdict, judge};
use super::digest::digest;
use super::related::fill_pattern_nids;
use super::{Component, Entry, Group, Interface, Snapshot};
use crate::boot::{Asker, BootTable, Identifier};
use crate::component::ComponentId;
use crate::inventory::{self, Inventory, Part};
use crate::mac::MacAddr;
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::xname::Xname;

/// Joins and indexes.
pub(super) fn build(inventory: Inventory) -> (Snapshot, Vec<Rejected>) {
    let Inventory { mut interfaces, unreadable, components, groups, partitions, boot, mut rejected } = inventory;
    let mut snapshot = Snapshot { components: list(components, &mut rejected), ..Snapshot::default() };
    fill_pattern_nids(&mut snapshot.components);
    gather(&mut snapshot, groups, &mut rejected);
    part(&mut snapshot.components, partitions, &mut rejected);
    snapshot.last_update = interfaces.iter().filter_map(|row| row.updated).max().map(Into::into);

    let owners = owners(&snapshot.components, &interfaces);
    let verdicts = judge(&mut interfaces, &owners, &mut rejected);
    snapshot.by_mac.reserve(interfaces.len());
    let mut hosts = Vec::with_capacity(interfaces.len());
    for ((row, owner), verdict) in interfaces.into_iter().zip(owners).zip(verdicts) {
        match (verdict, owner) {
            (Verdict::Host, Some(owner)) => hosts.push((owner, row)),
            (Verdict::NoAddress, Some(owner)) => know(&mut snapshot, row.mac, Entry::NoAddress(owner)),
            (Verdict::Conflict, _) => know(&mut snapshot, row.mac, Entry::Conflict),
            (Verdict::Orphan, _) => know(&mut snapshot, row.mac, Entry::Orphan),
            (Verdict::PutAside | Verdict::Host | Verdict::NoAddress, _) => {}
        }
    }
    place(&mut snapshot, hosts, &boot);
    for mac in unreadable {
        snapshot.by_mac.entry(mac).or_insert(Entry::Orphan);
    }
    snapshot.digest = digest(&snapshot);
    (snapshot, rejected)
}

/// The components in order of ID, the first row of each; and the index of their NIDs.
fn list(mut rows: Vec<inventory::Component>, rejected: &mut Vec<Rejected>) -> Vec<Component> {
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows.dedup_by(|second, first| {
        let is_listed = second.id == first.id;
        if is_listed {
            let row = row_name(Part::Components.name(), second.row, second.id.as_str());
            rejected.push(Rejected { row, reason: RejectReason::DuplicateComponent });
        }
        is_listed
    });
    let component = |row: inventory::Component| Component {
        id: row.id,
        kind: row.component_type,
        nid: row.nid,
        pattern_nid: None,
        role: row.role,
        sub_role: row.sub_role,
        aliases: row.aliases,
        partition: None,
        interfaces: 0..0,
        groups: Box::default(),
    };
    rows.into_iter().map(component).collect()
}

/// The listed component that each interface belongs to: the one with the very ID, or else with the same xname in another
/// spelling (inventory-service stores IDs as they are given).
fn owners(components: &[Component], interfaces: &[inventory::Interface]) -> Vec<Option<u32>> {
    let by_id = index(components);
    let mut by_xname: Option<FxHashMap<Xname, u32>> = None;
    let mut respelled = |id: &ComponentId| {
        let xname = id.xname()?;
        let listed = components.iter().zip(0..).filter_map(|(component, at)| Some((component.id.xname()?, at)));
        by_xname.get_or_insert_with(|| listed.collect()).get(&xname).copied()
    };
    let owner = |row: &inventory::Interface| {
        let id = row.component.as_ref()?;
        by_id.get(id.as_str()).copied().or_else(|| respelled(id))
    };
    interfaces.iter().map(owner).collect()
}

/// Positions of components by ID.
fn index(components: &[Component]) -> FxHashMap<&str, u32> {
    components.iter().map(|component| component.id.as_str()).zip(0..).collect()
}

fn know(snapshot: &mut Snapshot, mac: MacAddr, entry: Entry) {
    snapshot.by_mac.insert(mac, entry);
}

/// Lays the servable interfaces out in order of component and MAC, and indexes them.
fn place(snapshot: &mut Snapshot, mut hosts: Vec<(u32, inventory::Interface)>, boot: &BootTable) {
    hosts.sort_unstable_by_key(|(owner, row)| (*owner, row.mac));
    snapshot.interfaces.reserve_exact(hosts.len());
    snapshot.addresses.reserve_exact(hosts.iter().map(|(_, row)| row.addresses.len()).sum());
    snapshot.by_address.reserve(snapshot.addresses.capacity());
    for ((owner, row), at) in hosts.into_iter().zip(0..) {
        let component = &mut snapshot.components[owner as usize];
        if component.interfaces.is_empty() {
            component.interfaces.start = at;
        }
        component.interfaces.end = at + 1;
        let groups: Vec<&str> = component.groups.iter().map(|group| &*snapshot.groups[*group as usize].label).collect();
        let asker = Asker { id: &component.id, nid: component.nid, role: component.role.as_deref(), groups: &groups };
        let boot = boot.resolve(Identifier::Mac(row.mac), &asker).cloned();
        let addresses = snapshot.addresses.len() as u32;
        let description = snapshot.descriptions.len() as u32;
        snapshot.by_mac.insert(row.mac, Entry::Host(at));
        snapshot.by_address.extend(row.addresses.iter().map(|address| (*address, at)));
        snapshot.addresses.extend(row.addresses);
        snapshot.descriptions.push_str(&row.description);
        snapshot.interfaces.push(Interface {
            mac: row.mac,
            component: owner,
            addresses: addresses..snapshot.addresses.len() as u32,
            description: description..snapshot.descriptions.len() as u32,
            boot,
        });
    }
    let nids = snapshot.components.iter().zip(0..).filter_map(|(component, at)| Some((component.nid?, at)));
    snapshot.by_nid = nids.collect();
    snapshot.by_nid.sort_unstable();
}

/// Puts components into their partitions; of several that name one, the first by name has it.
fn part(components: &mut [Component], mut rows: Vec<inventory::Group>, rejected: &mut Vec<Rejected>) {
    rows.sort_by(|one, other| one.label.cmp(&other.label));
    for row in rows {
        let name: Arc<str> = row.label.into();
        for member in row.members {
            match components.binary_search_by(|component| component.id.cmp(&member)) {
                Ok(at) => drop(components[at].partition.get_or_insert_with(|| Arc::clone(&name))),
                Err(_) => rejected.push(Rejected {
                    row: format!("{} {name}", Part::Partitions),
                    reason: RejectReason::Member(member.to_string()),
                }),
            }
        }
    }
}

/// Joins the groups with the components that are their members; rows of one label are one group.
fn gather(snapshot: &mut Snapshot, mut rows: Vec<inventory::Group>, rejected: &mut Vec<Rejected>) {
    rows.sort_by(|one, other| one.label.cmp(&other.label));
    let by_id = index(&snapshot.components);
    let mut groups: Vec<Group> = Vec::with_capacity(rows.len());
    for row in rows {
        if groups.last().is_none_or(|group| group.label != row.label) {
            groups.push(Group { label: row.label.clone(), members: Vec::new() });
        }
        let group = groups.last_mut().expect("a group was pushed if there was none");
        for member in row.members {
            match by_id.get(member.as_str()) {
                Some(component) => group.members.push(*component),
                None => rejected.push(Rejected {
                    row: format!("{} {}", Part::Groups, row.label),
                    reason: RejectReason::Member(member.to_string()),
                }),
            }
        }
    }
    let mut memberships: Vec<(u32, u32)> = Vec::new();
    for (group, at) in groups.iter_mut().zip(0..) {
        group.members.sort_unstable();
        group.members.dedup();
        memberships.extend(group.members.iter().map(|component| (*component, at)));
    }
    memberships.sort_unstable();
    for of_one in memberships.chunk_by(|one, other| one.0 == other.0) {
        snapshot.components[of_one[0].0 as usize].groups = of_one.iter().map(|(_, group)| *group).collect();
    }
    snapshot.groups = groups;
}
