//! A body that lists what there is to boot, read into the table: BSS's items, or boot-service's configurations (facts:
//! smd-bss §7.2, openchami-today §4).

use serde_json::value::RawValue;

use super::configurations::Configurations;
use super::parameters::Parameters;
use super::{BootTable, Precedence};
use crate::inventory::{Inventory, Part};
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::wire::{self, BodyError, BootConfiguration, BootParameters, Envelope};

/// Reads the collection into `inventory`. `null` is BSS's empty list, and what it says when its database fails: whether
/// an empty table may replace a full one is for the caller to judge. `precedence` is how BSS resolves; boot-service goes
/// its own way. The inventory is good for nothing after an error.
pub fn read_boot(inventory: &mut Inventory, body: &[u8], precedence: Precedence) -> Result<(), BodyError> {
    let text = wire::text(body);
    let (key, rows) = match wire::keyed_rows(&text, Part::Boot.keys()) {
        Err(BodyError::Null) => (None, Vec::new()),
        read => read?,
    };
    let (mut parameters, mut configurations) = (Parameters::new(precedence), Configurations::default());
    let dialect = Dialect::of(key.as_deref(), &rows);
    let rejected = &mut inventory.rejected;
    for (index, raw) in rows.into_iter().enumerate() {
        wire::check_rejected(rejected.len())?;
        let mut reject = |name: &str, reason| {
            rejected.push(Rejected { row: row_name(Part::Boot.name(), index, name), reason });
        };
        let read = match dialect {
            Dialect::Items => wire::row(raw).map(|row| parameters.store(&row, |reason| reject("", reason))),
            Dialect::Configurations => wire::row::<BootConfiguration<'_>>(raw)
                .map(|row| configurations.store(&row, |reason| reject(row.name(), reason))),
            Dialect::TargetedItems => wire::row::<BootParameters<'_>>(raw).map(|row| match row.targeted() {
                Some(row) => configurations.store(&row, |reason| reject("", reason)),
                None => reject("", RejectReason::NoTarget),
            }),
        };
        if let Err(message) = read {
            reject("", RejectReason::Unreadable(message));
        }
    }
    inventory.boot = match dialect {
        Dialect::Items => BootTable::Parameters(parameters),
        Dialect::Configurations | Dialect::TargetedItems => BootTable::Configurations(configurations),
    };
    Ok(())
}

/// Whose rows they are.
#[derive(Clone, Copy)]
enum Dialect {
    /// BSS's, stored under identifiers.
    Items,
    /// boot-service's `/bootconfigurations`, or a file's.
    Configurations,
    /// boot-service's `/bootparameters`: configurations without groups and priorities. One for a group and one for
    /// everybody look alike there, so neither can be used.
    TargetedItems,
}

impl Dialect {
    /// `key` is what wraps the rows; where nothing tells, the first row that can be read does.
    fn of(key: Option<&str>, rows: &[&RawValue]) -> Self {
        let first = || rows.iter().find_map(|raw| wire::row::<Envelope>(raw).ok());
        match key {
            Some("boot-parameters") => Self::TargetedItems,
            None if first().is_some_and(|row| row.spec.is_some()) => Self::Configurations,
            Some(_) | None => Self::Items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Asker, Identifier};
    use super::*;
    use crate::component::{ComponentId, Nid};
    use crate::mac::MacAddr;

    fn read(json: &str, precedence: Precedence) -> Inventory {
        let mut inventory = Inventory::default();
        read_boot(&mut inventory, json.as_bytes(), precedence).unwrap();
        inventory
    }

    fn mac(last: u8) -> MacAddr {
        MacAddr([0x52, 0x54, 0, 0xbe, 0xef, last])
    }

    /// The kernel that x1000c0s0b0n0 in the role Compute gets for a request.
    fn kernel<'a>(table: &'a BootTable, requested: Identifier<'_>) -> Option<&'a str> {
        let id = ComponentId::new("x1000c0s0b0n0").unwrap();
        let asker = Asker { id: &id, nid: Some(Nid(1)), role: Some("Compute"), groups: &[] };
        table.resolve(requested, &asker).map(|config| config.kernel.as_str())
    }

    const RECORDED: &str = r#"[{"macs":["52:54:00:BE:EF:01"],"params":" console=ttyS0 ","kernel":"http://10.0.0.1/vmlinuz",
        "initrd":"http://10.0.0.1/boot.img","cloud-init":{"meta-data":null,"user-data":null,"phone-home":{"fqdn":""}}},
        {"hosts":["x1000c0s0b0n0"],"kernel":"http://10.0.0.1/by-name","cloud-init":{}},
        {"nids":[1],"kernel":"http://10.0.0.1/by-nid","cloud-init":{}}]"#;

    #[test]
    fn sql_finds_by_the_very_identifier_alone() {
        let table = read(RECORDED, Precedence::Sql).boot;
        assert_eq!(kernel(&table, Identifier::Mac(mac(1))), Some("http://10.0.0.1/vmlinuz"));
        assert_eq!(kernel(&table, Identifier::Mac(mac(2))), None, "what is stored by xname is invisible to ?mac=");
        assert_eq!(kernel(&table, Identifier::Name("X1000C0S0B0N0")), Some("http://10.0.0.1/by-name"));
        assert_eq!(kernel(&table, Identifier::Nid(Nid(1))), Some("http://10.0.0.1/by-nid"));
        assert_eq!(kernel(&table, Identifier::Nid(Nid(2))), None);
        let id = ComponentId::new("x9").unwrap();
        let asker = Asker { id: &id, nid: None, role: None, groups: &[] };
        let config = table.resolve(Identifier::Mac(mac(1)), &asker).unwrap();
        assert_eq!((&*config.initrd, &*config.params), ("http://10.0.0.1/boot.img", "console=ttyS0"));
    }

    #[test]
    fn kv_finds_by_xname_then_identifier_then_role_then_default() {
        let all = [
            (r#"{"hosts":["x1000c0s0b0n0"],"kernel":"xname"}"#, "xname"),
            (r#"{"hosts":["52:54:00:BE:EF:01"],"kernel":"literal"}"#, "literal"),
            (r#"{"hosts":["Compute"],"kernel":"role"}"#, "role"),
            (r#"{"hosts":["Default"],"kernel":"default"}"#, "default"),
        ];
        for first in 0..all.len() {
            let rows: Vec<&str> = all[first..].iter().map(|(row, _)| *row).collect();
            let table = read(&format!("[{{\"kernel\":\"bare\"}},{}]", rows.join(",")), Precedence::Kv).boot;
            assert_eq!(kernel(&table, Identifier::Mac(mac(1))), Some(all[first].1));
        }
        let table = read(r#"[{"hosts":["nid7"],"kernel":"literal"}]"#, Precedence::Kv).boot;
        assert_eq!(kernel(&table, Identifier::Nid(Nid(7))), Some("literal"));
        assert_eq!(kernel(&table, Identifier::Mac(mac(1))), None);
    }

    #[test]
    fn parameters_without_a_kernel_boot_nobody() {
        let table =
            read(r#"[{"hosts":["x1000c0s0b0n0"],"params":"only"},{"hosts":["Default"],"kernel":"d"}]"#, Precedence::Kv)
                .boot;
        assert_eq!(kernel(&table, Identifier::Mac(mac(1))), None, "the xname's entry is the one that counts");
    }

    #[test]
    fn every_shape_that_bss_and_boot_service_send() {
        for (json, identifiers) in [
            ("null", 0),
            ("[]", 0),
            (r#"{"Components":[{"ID":"x1"}],"Params":null}"#, 0),
            (r#"{"Components":[{"ID":"x1"}],"Params":[{"nids":[2],"kernel":"k"}]}"#, 1),
            (r#"{"boot-parameters":[{"hosts":null,"macs":["52:54:00:be:ef:01"],"nids":["7","8"],"kernel":"k"}]}"#, 3),
            (r#"[{"metadata":{"name":"a"},"spec":{"macs":["52:54:00:be:ef:01"],"groups":["g"],"kernel":"k"}}]"#, 2),
        ] {
            let inventory = read(json, Precedence::Sql);
            assert_eq!((inventory.boot.len(), inventory.rejected.len()), (identifiers, 0), "{json}");
        }
        let mut inventory = Inventory::default();
        let problem = br#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
        assert!(matches!(read_boot(&mut inventory, problem, Precedence::Sql), Err(BodyError::Problem(_))));
    }

    #[test]
    fn bad_identifiers_cost_themselves_and_the_first_of_two_counts() {
        let inventory = read(
            r#"[{"macs":["52:54:00:be:ef:01",7.5,""],"nids":[-1,3],"kernel":"a"},{"hosts":7},
                {"macs":["52-54-00-BE-EF-01"],"kernel":"b"},{"macs":["525400beef01"],"kernel":"a"}]"#,
            Precedence::Sql,
        );
        assert_eq!(kernel(&inventory.boot, Identifier::Mac(mac(1))), Some("a"));
        assert_eq!(kernel(&inventory.boot, Identifier::Nid(Nid(3))), Some("a"));
        let rejected: Vec<String> = inventory.rejected.iter().map(ToString::to_string).collect();
        assert_eq!(
            rejected[..3],
            [
                "bootparameters[0] a fraction names nobody",
                "bootparameters[0] \"\" names nobody",
                "bootparameters[0] -1 names nobody"
            ]
        );
        assert!(rejected[3].starts_with("bootparameters[1] cannot be read"));
        assert_eq!(rejected[4..], ["bootparameters[2] \"52-54-00-BE-EF-01\" has boot parameters already"]);
    }
}
