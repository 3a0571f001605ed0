//! `EthernetInterfaces`: rows to [`Interface`]s (facts: smd-bss §2, §10.2–4).

use std::net::{IpAddr, Ipv4Addr};

use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Interface, Inventory, Part};
use crate::component::ComponentId;
use crate::mac::MacAddr;
use crate::rejected::{RejectReason, Rejected, row_name};
use crate::wire::{self, BodyError, EthernetInterface, Loose, MacOnly};

/// Reads the collection into `inventory`, which is good for nothing after an error.
pub fn read_interfaces(inventory: &mut Inventory, body: &[u8]) -> Result<(), BodyError> {
    let text = wire::text(body);
    let rows = wire::rows(&text, Part::Interfaces.keys())?;
    inventory.interfaces.reserve(rows.len());
    for (index, raw) in rows.into_iter().enumerate() {
        match wire::row::<EthernetInterface<'_>>(raw) {
            Ok(row) => read_row(inventory, index, &row),
            Err(message) => read_mac_only(inventory, index, raw, message),
        }
        wire::check_rejected(inventory.rejected.len())?;
    }
    Ok(())
}

/// More addresses than this on one interface are not looked at.
const MAX_ADDRESSES: usize = 64;

fn read_row(inventory: &mut Inventory, row: usize, wire: &EthernetInterface<'_>) {
    let rejected = &mut inventory.rejected;
    let mut reject =
        |reason| rejected.push(Rejected { row: row_name(Part::Interfaces.name(), row, &wire.id.0), reason });
    let mac: MacAddr = match wire.mac_address.trimmed() {
        "" if is_blank(wire) => return reject(RejectReason::Blank),
        "" => return reject(RejectReason::NoMac),
        text => match text.parse() {
            Ok(mac) => mac,
            Err(error) => return reject(RejectReason::Mac { text: text.to_owned(), error }),
        },
    };
    let mut addresses = Vec::with_capacity(wire.ip_addresses.0.len().min(MAX_ADDRESSES));
    let entries = &wire.ip_addresses.0;
    if entries.len() > MAX_ADDRESSES {
        reject(RejectReason::TooManyAddresses { count: entries.len(), kept: MAX_ADDRESSES });
    }
    for entry in entries.iter().take(MAX_ADDRESSES) {
        match read_address(&entry.0) {
            Ok(address) if addresses.contains(&address) => {}
            Ok(address) => addresses.push(address),
            Err(reason) => reject(reason),
        }
    }
    inventory.interfaces.push(Interface {
        row,
        id: wire.id.trimmed().into(),
        mac,
        component: ComponentId::new(&wire.component_id.0).ok(),
        description: wire.description.trimmed().into(),
        updated: OffsetDateTime::parse(wire.last_update.trimmed(), &Rfc3339).ok(),
        addresses,
    });
}

/// A row that cannot be read is put aside, but its MAC, if that much can be read, is known to SMD.
fn read_mac_only(inventory: &mut Inventory, row: usize, raw: &RawValue, message: String) {
    let mac = wire::row::<MacOnly<'_>>(raw).ok().and_then(|row| match row.mac_address {
        Loose::Text(text) => text.parse::<MacAddr>().ok(),
        _ => None,
    });
    inventory.unreadable.extend(mac);
    let id = mac.map(|mac| mac.to_string()).unwrap_or_default();
    inventory
        .rejected
        .push(Rejected { row: row_name(Part::Interfaces.name(), row, &id), reason: RejectReason::Unreadable(message) });
}

/// What SMD answers for a PATCH of an interface that it does not have.
fn is_blank(wire: &EthernetInterface<'_>) -> bool {
    wire.id.trimmed().is_empty() && wire.component_id.trimmed().is_empty() && wire.ip_addresses.0.is_empty()
}

fn read_address(value: &Loose<'_>) -> Result<IpAddr, RejectReason> {
    let address = match value {
        Loose::Text(text) if text.trim().is_empty() => return Err(RejectReason::BlankAddress),
        Loose::Text(text) => text.trim().parse::<IpAddr>().ok(),
        Loose::Integer(_) | Loose::Odd(_) => None,
    };
    let address = address.ok_or_else(|| RejectReason::Address(value.to_string()))?.to_canonical();
    match unusable(address) {
        Some(kind) => Err(RejectReason::UnusableAddress { address, kind }),
        None => Ok(address),
    }
}

/// What makes an address impossible for an interface to hold.
fn unusable(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        Some("the unspecified")
    } else if address.is_loopback() {
        Some("a loopback")
    } else if address.is_multicast() {
        Some("a multicast")
    } else if address == Ipv4Addr::BROADCAST {
        Some("the broadcast")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::MacError;

    const MAC: &str = "52:54:00:be:ef:01";

    /// Reads one body that must be whole: what was served, and what was put aside in words.
    fn read(json: &str) -> (Vec<Interface>, Vec<String>) {
        let mut inventory = Inventory::default();
        read_interfaces(&mut inventory, json.as_bytes()).unwrap();
        (inventory.interfaces, inventory.rejected.iter().map(ToString::to_string).collect())
    }

    /// Reads a row with the given value of `IPAddresses`.
    fn addresses(json: &str) -> (Vec<String>, Vec<String>) {
        let (rows, rejected) = read(&format!(r#"[{{"ID":"a","MACAddress":"{MAC}","IPAddresses":{json}}}]"#));
        (rows[0].addresses.iter().map(ToString::to_string).collect(), rejected)
    }

    #[test]
    fn a_recorded_row() {
        let (rows, rejected) = read(
            r#"[{"ID":"525400beef01","Description":"Interface 0","MACAddress":"52:54:00:be:ef:01",
            "LastUpdate":"2026-08-05T01:02:03.123456Z","ComponentID":"x1000c0s0b0n0","Type":"Node",
            "IPAddresses":[{"IPAddress":"172.16.0.1","Network":"HMN"},{"IPAddress":"10.1.0.7"}]}]"#,
        );
        assert_eq!(rejected, Vec::<String>::new());
        assert_eq!(
            rows,
            [Interface {
                row: 0,
                id: "525400beef01".into(),
                mac: MAC.parse().unwrap(),
                component: ComponentId::new("x1000c0s0b0n0").ok(),
                description: "Interface 0".into(),
                updated: OffsetDateTime::from_unix_timestamp_nanos(1_785_891_723_123_456_000).ok(),
                addresses: vec!["172.16.0.1".parse().unwrap(), "10.1.0.7".parse().unwrap()],
            }]
        );
    }

    #[test]
    fn keys_may_be_missing_or_null() {
        let (rows, rejected) = read(&format!(
            r#"{{"EthernetInterfaces":[{{"MACAddress":"{MAC}"}},
            {{"ID":null,"Description":null,"MACAddress":"{MAC}","LastUpdate":null,"ComponentID":null,"IPAddresses":null}}]}}"#
        ));
        assert_eq!(rejected, Vec::<String>::new());
        for row in rows {
            assert_eq!((row.component, row.updated, row.addresses), (None, None, vec![]));
        }
    }

    #[test]
    fn addresses_are_put_aside_one_by_one() {
        let none: Vec<String> = vec![];
        assert_eq!(addresses("[]"), (none.clone(), none.clone()));
        for (json, good, bad) in [
            (
                r#"[{"IPAddress":""},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a has a blank address",
            ),
            (
                r#"[{"IPAddress":" \t"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a has a blank address",
            ),
            (r#"[{},{"IPAddress":"10.0.0.1"}]"#, "10.0.0.1", "EthernetInterfaces[0] a has a blank address"),
            (
                r#"[{"IPAddress":"not an ip"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a \"not an ip\" is not an IP address",
            ),
            (
                r#"[{"IPAddress":"10.7.02.6"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a \"10.7.02.6\" is not an IP address",
            ),
            (
                r#"[{"IPAddress":7},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a 7 is not an IP address",
            ),
            (r#"[[],{"IPAddress":"10.0.0.1"}]"#, "10.0.0.1", "EthernetInterfaces[0] a an array is not an IP address"),
            (
                r#"[{"IPAddress":"0.0.0.0"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a 0.0.0.0 is the unspecified address",
            ),
            (
                r#"[{"IPAddress":"255.255.255.255"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a 255.255.255.255 is the broadcast address",
            ),
            (
                r#"[{"IPAddress":"ff02::1"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a ff02::1 is a multicast address",
            ),
            (
                r#"[{"IPAddress":"127.0.0.1"},{"IPAddress":"10.0.0.1"}]"#,
                "10.0.0.1",
                "EthernetInterfaces[0] a 127.0.0.1 is a loopback address",
            ),
        ] {
            assert_eq!(addresses(json), (vec![good.to_owned()], vec![bad.to_owned()]), "{json}");
        }
    }

    #[test]
    fn addresses_keep_smds_order_and_lose_blanks_mapping_and_repetition() {
        let (good, bad) = addresses(
            r#"[{"IPAddress":"fd00:16::3"},{"IPAddress":" 172.16.0.3 "},{"IPAddress":"::ffff:10.7.2.4"},
            {"IPAddress":"FD00:16:0::3"},{"IPAddress":"172.16.0.3"},"10.0.0.9"]"#,
        );
        assert_eq!(good, ["fd00:16::3", "172.16.0.3", "10.7.2.4", "10.0.0.9"]);
        assert_eq!(bad, Vec::<String>::new());
    }

    #[test]
    fn what_no_interface_and_no_inventory_holds_is_bounded() {
        let many: Vec<String> = (0..65).map(|last| format!("\"10.0.0.{last}\"")).collect();
        let (good, bad) = addresses(&format!("[{}]", many.join(",")));
        assert_eq!(
            (good.len(), &bad[..]),
            (64, &["EthernetInterfaces[0] a has 65 addresses; the first 64 count".to_owned()][..])
        );
        let garbage = format!("[{}0]", "0,".repeat(100_000));
        assert_eq!(read_interfaces(&mut Inventory::default(), garbage.as_bytes()), Err(BodyError::Garbage));
    }

    #[test]
    fn a_bad_row_does_not_lose_the_others() {
        let mut inventory = Inventory::default();
        let body = format!(
            r#"[null, 7, "text", [], {{"ID":"","Description":"","MACAddress":"","LastUpdate":"","ComponentID":"","Type":"","IPAddresses":null}},
            {{"ID":"b","MACAddress":"52:54:00:be:ef:0g"}}, {{"ID":"c","MACAddress":""}},
            {{"MACAddress":"de:ca:fc:0f:fe:01","ComponentID":7}}, {{"MACAddress":"de:ca:fc:0f:fe:02","IPAddresses":"10.0.0.1"}},
            {{"MACAddress":"{MAC}","MACAddress":"{MAC}"}}, {{"ID":"ok","MACAddress":"52-54-00-BE-EF-01"}}]"#
        );
        read_interfaces(&mut inventory, body.as_bytes()).unwrap();
        assert_eq!(
            inventory.interfaces.iter().map(|row| (row.row, row.mac.to_string())).collect::<Vec<_>>(),
            [(10, MAC.to_owned())]
        );
        let unreadable: Vec<String> = inventory.unreadable.iter().map(ToString::to_string).collect();
        assert_eq!(unreadable, ["de:ca:fc:0f:fe:01", "de:ca:fc:0f:fe:02"], "known to SMD all the same");
        let reasons: Vec<&RejectReason> = inventory.rejected.iter().map(|rejected| &rejected.reason).collect();
        assert_eq!(reasons.len(), 10);
        assert_eq!(reasons[0], &RejectReason::Unreadable("expected an object, found null".to_owned()));
        assert_eq!(reasons[3], &RejectReason::Unreadable("expected an object, found an array".to_owned()));
        assert_eq!(reasons[4], &RejectReason::Blank);
        assert_eq!(
            reasons[5],
            &RejectReason::Mac { text: "52:54:00:be:ef:0g".to_owned(), error: MacError::Digit('g') }
        );
        assert_eq!(reasons[6], &RejectReason::NoMac);
        assert!(matches!(reasons[7], RejectReason::Unreadable(_)));
        assert_eq!(inventory.rejected[7].row, "EthernetInterfaces[7] de:ca:fc:0f:fe:01");
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_their_row_at_most() {
        let body = b"[{\"MACAddress\":\"\xff\"},{\"MACAddress\":\"52:54:00:be:ef:01\",\"Description\":\"\xfe\"}]";
        let mut inventory = Inventory::default();
        read_interfaces(&mut inventory, body).unwrap();
        assert_eq!((inventory.interfaces.len(), inventory.rejected.len()), (1, 1));
    }
}
