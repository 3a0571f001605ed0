//! Groups and partitions: rows to [`Group`]s (facts: smd-bss §4).

use super::{Group, Inventory, Part};
use crate::component::ComponentId;
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::wire::{self, BodyError, Loose};

/// Reads the groups into `inventory`, which is good for nothing after an error.
pub fn read_groups(inventory: &mut Inventory, body: &[u8]) -> Result<(), BodyError> {
    let Inventory { groups, rejected, .. } = inventory;
    read(groups, rejected, Part::Groups, body)
}

/// Reads the partitions into `inventory`, which is good for nothing after an error.
pub fn read_partitions(inventory: &mut Inventory, body: &[u8]) -> Result<(), BodyError> {
    let Inventory { partitions, rejected, .. } = inventory;
    read(partitions, rejected, Part::Partitions, body)
}

fn read(groups: &mut Vec<Group>, rejected: &mut Vec<Rejected>, part: Part, body: &[u8]) -> Result<(), BodyError> {
    let text = wire::text(body);
    for (index, raw) in wire::rows(&text, part.keys())?.into_iter().enumerate() {
        wire::check_rejected(rejected.len())?;
        let mut reject = |id: &str, reason| rejected.push(Rejected { row: row_name(part.name(), index, id), reason });
        let wire: wire::Group<'_> = match wire::row(raw) {
            Ok(wire) => wire,
            Err(message) => {
                reject("", RejectReason::Unreadable(message));
                continue;
            }
        };
        let label = wire.label.trimmed();
        if label.is_empty() {
            reject("", RejectReason::NoLabel);
            continue;
        }
        let mut members = Vec::new();
        for member in wire.members.iter().flat_map(|members| &members.ids.0) {
            match member {
                Loose::Text(text) if !text.trim().is_empty() => members.extend(ComponentId::new(text)),
                other => reject(label, RejectReason::Member(other.to_string())),
            }
        }
        groups.push(Group { label: label.into(), members });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_rows_and_bad_ones() {
        let mut inventory = Inventory::default();
        let body = br#"[{"label":"compute","description":"all nodes","tags":["a","b"],"members":{"ids":["x1000c0s0b0n0","x1000c0s1b0n0"]}},
            {"label":"blue","description":"","exclusiveGroup":"color","members":{"ids":["x1000c0s0b0n0",7,""]}},
            {"label":"empty","description":"","members":{"ids":[]}},{"label":"bare"},{"members":{"ids":null}},{"label":"odd","members":3}]"#;
        read_groups(&mut inventory, body).unwrap();
        let groups: Vec<(&str, usize)> = inventory.groups.iter().map(|g| (&*g.label, g.members.len())).collect();
        assert_eq!(groups, [("compute", 2), ("blue", 1), ("empty", 0), ("bare", 0)]);
        let rejected: Vec<String> = inventory.rejected.iter().map(ToString::to_string).collect();
        assert_eq!(rejected[0], "groups[1] blue member 7 is not a listed component");
        assert_eq!(rejected[2], "groups[4] has no label");
        assert_eq!(rejected.len(), 4);
    }
}
