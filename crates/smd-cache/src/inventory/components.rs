//! Components: rows to [`Component`]s (facts: smd-bss §3).

use std::collections::HashSet;

use super::{Component, Inventory, Part};
use crate::component::{ComponentId, ComponentType, Nid};
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::wire::{self, BodyError, Loose};

/// Reads the collection into `inventory`, which is good for nothing after an error.
pub fn read_components(inventory: &mut Inventory, body: &[u8]) -> Result<(), BodyError> {
    let text = wire::text(body);
    let rows = wire::rows(&text, Part::Components.keys())?;
    inventory.components.reserve(rows.len());
    let mut types = Types::default();
    for (row, raw) in rows.into_iter().enumerate() {
        wire::check_rejected(inventory.rejected.len())?;
        let mut reject = |id: &str, reason| {
            inventory.rejected.push(Rejected { row: row_name(Part::Components.name(), row, id), reason });
        };
        let wire: wire::Component<'_> = match wire::row(raw) {
            Ok(wire) => wire,
            Err(message) => {
                reject("", RejectReason::Unreadable(message));
                continue;
            }
        };
        let Ok(id) = ComponentId::new(&wire.id.0) else {
            reject("", RejectReason::NoId);
            continue;
        };
        let nid = read_nid(&wire.nid).unwrap_or_else(|reason| {
            reject(id.as_str(), reason);
            None
        });
        let unless_empty = |text: &str| Some(text).filter(|text| !text.is_empty()).map(Into::into);
        let (role, sub_role) = (unless_empty(wire.role.trimmed()), unless_empty(wire.sub_role.trimmed()));
        let component_type = types.shared(&wire.kind.0);
        let aliases = wire.aliases.0.iter().filter_map(|alias| match alias {
            Loose::Text(text) => unless_empty(text.trim()),
            Loose::Integer(_) | Loose::Odd(_) => None,
        });
        let aliases = aliases.collect();
        inventory.components.push(Component { row, id, component_type, nid, role, sub_role, aliases });
    }
    Ok(())
}

/// A NID: a number or a number in quotes; absent, null, `""` and negative mean none (facts: smd-bss §3).
pub(crate) fn read_nid(value: &Loose<'_>) -> Result<Option<Nid>, RejectReason> {
    let number = match value {
        Loose::Integer(number) => Some(*number),
        Loose::Text(text) if text.trim().is_empty() => return Ok(None),
        Loose::Text(text) => text.trim().parse().ok(),
        Loose::Odd(_) => None,
    };
    match number.map(u64::try_from) {
        Some(Ok(nid)) => Ok(Some(Nid(nid))),
        Some(Err(_)) if number < Some(0) => Ok(None),
        _ => Err(RejectReason::Nid(value.to_string())),
    }
}

/// The few types that there are, each kept once.
#[derive(Default)]
struct Types(HashSet<ComponentType>);

impl Types {
    fn shared(&mut self, text: &str) -> ComponentType {
        if let Some(known) = self.0.get(text.trim()) {
            return known.clone();
        }
        let new = ComponentType::new(text);
        self.0.insert(new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Vec<Component>, Vec<String>) {
        let mut inventory = Inventory::default();
        read_components(&mut inventory, json.as_bytes()).unwrap();
        (inventory.components, inventory.rejected.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn recorded_rows_in_both_wrappings() {
        let rows = r#"[{"ID":"x1000c0s0b0n0","Type":"Node","State":"On","Flag":"OK","Enabled":true,"Role":"Compute",
            "SubRole":"Worker","NID":1,"NetType":"Sling","Arch":"X86","Class":"River"},
            {"ID":"x1000c0s0b0","Type":"NodeBMC","Enabled":true}]"#;
        for json in [rows.to_owned(), format!(r#"{{"Components":{rows}}}"#)] {
            let (components, rejected) = read(&json);
            assert_eq!(rejected, Vec::<String>::new());
            let fields: Vec<_> = components
                .iter()
                .map(|c| (c.id.as_str(), c.component_type.as_str(), c.nid, c.role.as_deref()))
                .collect();
            assert_eq!(
                fields,
                [("x1000c0s0b0n0", "Node", Some(Nid(1)), Some("Compute")), ("x1000c0s0b0", "NodeBMC", None, None)]
            );
        }
    }

    #[test]
    fn a_missing_nid_is_none_and_zero_is_a_nid() {
        for (nid, expected) in [
            ("", None),
            (r#","NID":null"#, None),
            (r#","NID":-1"#, None),
            (r#","NID":"-1""#, None),
            (r#","NID":"""#, None),
            (r#","NID":0"#, Some(Nid(0))),
            (r#","NID":"0007""#, Some(Nid(7))),
            (r#","NID":16400384"#, Some(Nid(16_400_384))),
            (r#","NID":18446744073709551615"#, Some(Nid(u64::MAX))),
        ] {
            let (components, rejected) = read(&format!(r#"[{{"ID":"x1c0s0b0n0","Type":"Node"{nid}}}]"#));
            assert_eq!((components[0].nid, rejected), (expected, vec![]), "{nid}");
        }
    }

    #[test]
    fn a_garbage_nid_costs_the_nid_alone() {
        for (nid, shown) in
            [("\"seven\"", "\"seven\""), ("1.5", "a fraction"), ("[7]", "an array"), ("true", "a boolean")]
        {
            let (components, rejected) = read(&format!(r#"[{{"ID":"x1c0s0b0n0","NID":{nid}}}]"#));
            assert_eq!(components[0].nid, None);
            assert_eq!(rejected, [format!("Components[0] x1c0s0b0n0 NID {shown} is no number")]);
        }
    }

    #[test]
    fn bad_rows_are_put_aside_and_unknown_types_carried() {
        let (components, rejected) = read(
            r#"[{"ID":" ","Type":"Node"},{"ID":7},{},null,{"ID":"Rack-A/7","Type":"Toaster","Extra":{}},{"ID":"x1"}]"#,
        );
        let fields: Vec<_> = components.iter().map(|c| (c.row, c.id.as_str(), c.component_type.as_str())).collect();
        assert_eq!(fields, [(4, "Rack-A/7", "Toaster"), (5, "x1", "")]);
        assert_eq!(rejected.len(), 4);
        assert_eq!(rejected[0], "Components[0] has no ID");
        assert_eq!(rejected[3], "Components[3] cannot be read: expected an object, found null");
    }
}
