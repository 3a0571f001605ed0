//! Boot parameters as BSS and boot-service list them (facts: smd-bss §7.2, openchami-today §4), read into the table.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::{BootConfig, BootTable, Precedence, folded};
use crate::component::Nid;
use crate::inventory::{Inventory, Part, read_nid};
use crate::mac::MacAddr;
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::wire::{self, BodyError, BootParameters, Loose};

/// Reads the collection into `inventory`. `null` is BSS's empty list, and what it says when its database fails: whether
/// an empty table may replace a full one is for the caller to judge. The inventory is good for nothing after an error.
pub fn read_boot(inventory: &mut Inventory, body: &[u8], precedence: Precedence) -> Result<(), BodyError> {
    let text = wire::text(body);
    let rows = match wire::rows(&text, Part::Boot.keys()) {
        Err(BodyError::Null) => Vec::new(),
        rows => rows?,
    };
    inventory.boot = BootTable { precedence, ..BootTable::default() };
    for (index, raw) in rows.into_iter().enumerate() {
        wire::check_rejected(inventory.rejected.len())?;
        let rejected = &mut inventory.rejected;
        let mut reject = |reason| rejected.push(Rejected { row: row_name(Part::Boot.name(), index, ""), reason });
        match wire::row::<BootParameters<'_>>(raw) {
            Ok(row) => store(&mut inventory.boot, &row, reject),
            Err(message) => reject(RejectReason::Unreadable(message)),
        }
    }
    Ok(())
}

/// Stores one item under each of its identifiers. An item without any (BSS in KV mode lists its images so) is nobody's.
fn store(table: &mut BootTable, row: &BootParameters<'_>, mut reject: impl FnMut(RejectReason)) {
    let config = Arc::new(BootConfig {
        kernel: row.kernel.trimmed().to_owned(),
        initrd: row.initrd.trimmed().to_owned(),
        params: row.params.trimmed().to_owned(),
    });
    for value in row.hosts.0.iter().chain(&row.macs.0).chain(&row.nids.0) {
        let is_new = match Key::read(value) {
            Some(Key::Mac(mac)) => insert(table.by_mac.entry(mac), &config),
            Some(Key::Nid(nid)) => insert(table.by_nid.entry(nid), &config),
            Some(Key::Name(name)) => insert(table.by_name.entry(name), &config),
            None => {
                reject(RejectReason::BootIdentifier(value.to_string()));
                continue;
            }
        };
        if !is_new {
            reject(RejectReason::DuplicateBoot(value.to_string()));
        }
    }
}

/// Whether the config has been stored: the first under an identifier stays.
fn insert<K>(entry: Entry<'_, K, Arc<BootConfig>>, config: &Arc<BootConfig>) -> bool {
    match entry {
        Entry::Occupied(first) => first.get() == config,
        Entry::Vacant(slot) => {
            slot.insert(Arc::clone(config));
            true
        }
    }
}

/// What an identifier is. Any list may hold any kind: KV mode lists MACs and `nid7` among the hosts.
enum Key {
    Mac(MacAddr),
    Nid(Nid),
    Name(Box<str>),
}

impl Key {
    fn read(value: &Loose<'_>) -> Option<Self> {
        let text = match value {
            Loose::Text(text) => text.trim(),
            other => return read_nid(other).ok().flatten().map(Self::Nid),
        };
        if text.is_empty() {
            return None;
        }
        let nid = || text.strip_prefix("nid").unwrap_or(text).parse().ok().map(Nid);
        let mac = || text.parse().ok();
        Some(match mac() {
            Some(mac) => Self::Mac(mac),
            None => nid().map_or_else(|| Self::Name(folded(text)), Self::Nid),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Identifier;
    use super::*;
    use crate::component::ComponentId;

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
        table.resolve(requested, &id, Some("Compute")).map(|config| config.kernel.as_str())
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
        let config = table.resolve(Identifier::Mac(mac(1)), &id, None).unwrap();
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
