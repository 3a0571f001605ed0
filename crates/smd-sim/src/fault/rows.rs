//! Faults that spoil rows: what SMD can hold, does hold on some sites, and must not upset anyone (facts §10, §11).

use std::time::{Duration, SystemTime};

use super::FaultKind;
use crate::cluster::Cluster;
use crate::cluster::rows::{Component, EthernetInterface, IpAddressMapping};

impl FaultKind {
    /// The cluster with its rows spoilt; `None` if this fault spoils no rows.
    pub(crate) fn spoil(&self, cluster: &Cluster) -> Option<Cluster> {
        let mut cluster = match self {
            Self::GarbageRows | Self::MassDeletion { .. } => cluster.clone(),
            _ => return None,
        };
        match *self {
            Self::MassDeletion { keep } => delete(&mut cluster, keep),
            _ => add_garbage(&mut cluster),
        }
        Some(cluster)
    }
}

/// Leaves the first part of each kind of row.
fn delete(cluster: &mut Cluster, keep: f64) {
    fn shorten<T>(rows: &mut Vec<T>, keep: f64) {
        #[expect(clippy::cast_sign_loss, reason = "a part between 0 and 1 was checked when the fault was set")]
        rows.truncate((rows.len() as f64 * keep) as usize);
    }
    shorten(&mut cluster.components, keep);
    shorten(&mut cluster.interfaces, keep);
    shorten(&mut cluster.redfish_endpoints, keep);
    shorten(&mut cluster.component_endpoints, keep);
    shorten(&mut cluster.groups, keep);
    shorten(&mut cluster.partitions, keep);
    for boot in &mut cluster.boot {
        shorten(&mut boot.hosts, keep);
        shorten(&mut boot.macs, keep);
        shorten(&mut boot.nids, keep);
    }
    shorten(&mut cluster.boot, keep.ceil());
}

/// Good rows keep what they mean, though some spell it otherwise; bad rows come on top.
fn add_garbage(cluster: &mut Cluster) {
    let newer = cluster.interfaces.iter().map(|row| row.last_update).max().unwrap_or(SystemTime::UNIX_EPOCH)
        + Duration::from_secs(1);
    let taken: Vec<String> =
        cluster.interfaces.iter().flat_map(|row| &row.ip_addresses).map(|entry| entry.ip_address.clone()).collect();
    for (index, row) in cluster.interfaces.iter_mut().enumerate() {
        spell_otherwise(index, row);
    }
    for (number, (mac, component_id, component_type, addresses)) in GARBAGE_INTERFACES.iter().enumerate() {
        cluster.interfaces.push(interface(number, mac, component_id, component_type, addresses, newer));
    }
    // addresses that belong to somebody already: the older row keeps them
    for (number, address) in taken.iter().step_by(taken.len() / 3 + 1).enumerate() {
        let mac = format!("02:fe:00:00:00:{number:02x}");
        cluster.interfaces.push(interface(100 + number, &mac, "x9000c0s0b0n0", "Node", &[address.as_str()], newer));
    }
    for (id, component_type) in GARBAGE_COMPONENTS {
        cluster.components.push(Component {
            id: id.into(),
            component_type: component_type.into(),
            enabled: Some(true),
            ..Component::default()
        });
    }
}

/// Upper case, hyphens, blank addresses around the good ones: all of it means the same as before.
fn spell_otherwise(index: usize, row: &mut EthernetInterface) {
    match index % 8 {
        1 => row.mac_address = row.mac_address.to_uppercase(),
        2 => row.mac_address = row.mac_address.replace(':', "-"),
        3 => row.mac_address = row.mac_address.replace(':', "").to_uppercase(),
        4 => row.ip_addresses.insert(0, plain("")),
        5 => row.ip_addresses.insert(0, plain("not an address")),
        6 => row.ip_addresses.push(plain("  ")),
        7 => row.mac_address = row.mac_address.replace(':', "-").to_uppercase(),
        _ => return,
    }
    row.id = EthernetInterface::key_of(&row.mac_address);
}

fn interface(
    number: usize,
    mac: &str,
    component_id: &str,
    component_type: &str,
    addresses: &[&str],
    last_update: SystemTime,
) -> EthernetInterface {
    EthernetInterface {
        id: EthernetInterface::key_of(mac),
        description: format!("garbage {number}"),
        mac_address: mac.into(),
        last_update,
        component_id: component_id.into(),
        component_type: component_type.into(),
        ip_addresses: addresses.iter().map(|address| plain(address)).collect(),
    }
}

fn plain(address: &str) -> IpAddressMapping {
    IpAddressMapping { ip_address: address.into(), network: String::new() }
}

/// MAC, component, its type, addresses.
const GARBAGE_INTERFACES: &[(&str, &str, &str, &[&str])] = &[
    // no MACs
    ("", "x9000c0s0b0n0", "Node", &["192.0.2.1"]),
    ("not a mac", "x9000c0s0b0n0", "Node", &["192.0.2.2"]),
    ("02:ff:00:00:00", "x9000c0s0b0n0", "Node", &["192.0.2.3"]),
    ("02:ff:00:00:00:zz", "x9000c0s0b0n0", "Node", &["192.0.2.4"]),
    ("02:ff:00:00:00:01:02:03", "x9000c0s0b0n0", "Node", &["192.0.2.5"]),
    // no addresses
    ("02:ff:00:00:01:00", "x9000c0s0b0n0", "Node", &[]),
    ("02:ff:00:00:01:01", "x9000c0s0b0n0", "Node", &[""]),
    ("02:ff:00:00:01:02", "x9000c0s0b0n0", "Node", &["   ", "garbage"]),
    ("02:ff:00:00:01:03", "x9000c0s0b0n0", "Node", &["999.1.2.3"]),
    ("02:ff:00:00:01:04", "x9000c0s0b0n0", "Node", &["192.0.2.6/24"]),
    ("02:ff:00:00:01:05", "x9000c0s0b0n0", "Node", &["0.0.0.0", "255.255.255.255", "::"]),
    // orphans
    ("02:ff:00:00:02:00", "", "", &["192.0.2.7"]),
    ("02:ff:00:00:02:01", "x9999c0s0b0n0", "Node", &["192.0.2.8"]),
    ("02:ff:00:00:02:02", "no xname", "Node", &["192.0.2.9"]),
    // of a component that has a type nobody has heard of
    ("02:ff:00:00:03:00", "x9000c0s1b0n0", "Toaster", &["192.0.2.10"]),
];

/// ID and type.
const GARBAGE_COMPONENTS: [(&str, &str); 5] = [
    ("", "Node"),
    ("  ", "Node"),
    ("no xname", "Node"),
    ("x9000c0s1b0n0", "Toaster"),
    // known, without a NID, and owner of the bad rows above
    ("x9000c0s0b0n0", "Node"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_keep_their_meaning() {
        let good = Cluster::generate(40).unwrap();
        let spoilt = FaultKind::GarbageRows.spoil(&good).unwrap();
        let nodes = spoilt.nodes();
        assert_eq!(&nodes[..40], &good.nodes()[..], "spelling aside, every node is what it was");
        assert!(spoilt.interfaces.len() > good.interfaces.len() + GARBAGE_INTERFACES.len());
        assert!(spoilt.interfaces.iter().any(|row| row.mac_address.starts_with("02-01-")));
        assert!(spoilt.interfaces.iter().any(|row| row.ip_addresses.iter().any(|entry| entry.ip_address.is_empty())));
    }

    #[test]
    fn a_mass_deletion_leaves_a_part() {
        let good = Cluster::generate(40).unwrap();
        let half = FaultKind::MassDeletion { keep: 0.5 }.spoil(&good).unwrap();
        assert_eq!((half.components.len(), half.interfaces.len()), (25, 65));
        assert_eq!(half.boot[0].macs.len(), 20);
        let nothing = FaultKind::MassDeletion { keep: 0.0 }.spoil(&good).unwrap();
        assert_eq!(nothing, Cluster::default());
        assert_eq!(FaultKind::MassDeletion { keep: 1.0 }.spoil(&good).unwrap(), good);
        assert!(FaultKind::Null.spoil(&good).is_none());
    }
}
