//! A site as SMD would list it, and boot configurations as boot-service would.
//!
//! As SMD does, a node without a NID is given one, and the role Compute. `Aliases` is ours: what the file calls a
//! component besides its xname.

use std::collections::HashSet;
use std::time::SystemTime;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Address, BootEntry, Site};
use crate::boot::Key;
use crate::xname::Xname;

/// The bodies that SMD would answer with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// `EthernetInterfaces`.
    pub interfaces: Vec<u8>,
    /// Components.
    pub components: Vec<u8>,
    /// Groups.
    pub groups: Vec<u8>,
}

/// The site's bodies. `updated` is when the file was last written: the `LastUpdate` of every row.
pub fn render_site(site: &Site, updated: Option<SystemTime>) -> Listing {
    let updated = updated.and_then(|time| OffsetDateTime::from(time).format(&Rfc3339).ok()).unwrap_or_default();
    let groups =
        site.groups.iter().map(|group| GroupRow { label: &group.label, members: Members { ids: &group.members } });
    Listing {
        interfaces: body(&interfaces(site, &updated)),
        components: body(&components(site)),
        groups: body(&groups.collect::<Vec<_>>()),
    }
}

/// The body of `/bootconfigurations` that says the same. `Default` among the hosts is everybody whom nothing else
/// matches, as in BSS; a host that is no xname may be a role, as in BSS too.
pub fn render_boot(entries: &[BootEntry]) -> Vec<u8> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let (defaults, hosts): (Vec<_>, Vec<_>) = entry.hosts.iter().partition(|host| host.trim() == "Default");
        let mut spec = SpecRow::of(entry);
        for host in hosts {
            match Key::of_text(host) {
                Some(Key::Mac(_)) => spec.macs.push(host),
                Some(Key::Nid(nid)) => spec.nids.push(nid.0),
                Some(Key::Name(_)) if Xname::parse(host.trim()).is_none() => {
                    spec.hosts.push(host);
                    spec.roles.push(host);
                }
                Some(Key::Name(_)) | None => spec.hosts.push(host),
            }
        }
        let row = |spec| ConfigurationRow { metadata: Metadata { name: &entry.name }, spec };
        let has_targets =
            !(spec.hosts.is_empty() && spec.macs.is_empty() && spec.nids.is_empty() && spec.groups.is_empty());
        if !defaults.is_empty() && has_targets {
            rows.push(row(SpecRow { hosts: vec![], macs: vec![], nids: vec![], groups: &[], roles: vec![], ..spec }));
        }
        rows.push(row(spec));
    }
    body(&rows)
}

fn interfaces<'a>(site: &'a Site, updated: &'a str) -> Vec<InterfaceRow<'a>> {
    let of_bmcs = site.bmcs.iter().filter(|bmc| !bmc.mac.is_empty()).map(|bmc| InterfaceRow {
        id: key_of(&bmc.mac),
        description: format!("Interface for BMC {}", bmc.id),
        mac_address: &bmc.mac,
        last_update: updated,
        component_id: &bmc.id,
        component_type: "NodeBMC",
        ip_addresses: Some(bmc.address.as_str())
            .filter(|address| !address.is_empty())
            .map(|ip_address| AddressRow { ip_address, network: "" })
            .into_iter()
            .collect(),
    });
    let of_nodes = site.nodes.iter().flat_map(|node| {
        node.interfaces.iter().map(|nic| InterfaceRow {
            id: key_of(&nic.mac),
            description: nic.description.clone(),
            mac_address: &nic.mac,
            last_update: updated,
            component_id: &node.id,
            component_type: "Node",
            ip_addresses: nic.addresses.iter().map(AddressRow::of).collect(),
        })
    });
    of_bmcs.chain(of_nodes).collect()
}

fn components(site: &Site) -> Vec<ComponentRow<'_>> {
    let names_of_nodes: HashSet<&str> = site.nodes.iter().map(|node| node.name.as_str()).collect();
    let of_bmcs = site.bmcs.iter().map(|bmc| ComponentRow {
        id: &bmc.id,
        component_type: "NodeBMC",
        role: None,
        nid: None,
        // in the old schema a BMC goes by its node's name, which is the node's
        aliases: alias(&bmc.name, &bmc.id).filter(|name| !names_of_nodes.contains(name)).into_iter().collect(),
    });
    let of_nodes = site.nodes.iter().map(|node| ComponentRow {
        id: &node.id,
        component_type: "Node",
        role: Some("Compute"),
        nid: node.nid.map(|nid| nid.0).or_else(|| Xname::parse(&node.id)?.synthesised_nid()),
        aliases: alias(&node.name, &node.id).into_iter().collect(),
    });
    of_bmcs.chain(of_nodes).collect()
}

/// A name that says more than the ID.
fn alias<'a>(name: &'a str, id: &str) -> Option<&'a str> {
    Some(name.trim()).filter(|name| !name.is_empty() && *name != id)
}

/// SMD's key of an interface.
fn key_of(mac: &str) -> String {
    mac.to_ascii_lowercase().replace(':', "")
}

fn body(rows: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(rows).expect("texts, numbers and lists of them are JSON")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InterfaceRow<'a> {
    #[serde(rename = "ID")]
    id: String,
    description: String,
    #[serde(rename = "MACAddress")]
    mac_address: &'a str,
    last_update: &'a str,
    #[serde(rename = "ComponentID")]
    component_id: &'a str,
    #[serde(rename = "Type")]
    component_type: &'a str,
    #[serde(rename = "IPAddresses")]
    ip_addresses: Vec<AddressRow<'a>>,
}

#[derive(Serialize)]
struct AddressRow<'a> {
    #[serde(rename = "IPAddress")]
    ip_address: &'a str,
    #[serde(rename = "Network", skip_serializing_if = "str::is_empty")]
    network: &'a str,
}

impl<'a> AddressRow<'a> {
    fn of(address: &'a Address) -> Self {
        Self { ip_address: &address.address, network: &address.network }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ComponentRow<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    #[serde(rename = "Type")]
    component_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(rename = "NID", skip_serializing_if = "Option::is_none")]
    nid: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
}

#[derive(Serialize)]
struct GroupRow<'a> {
    label: &'a str,
    members: Members<'a>,
}

#[derive(Serialize)]
struct Members<'a> {
    ids: &'a [String],
}

#[derive(Serialize)]
struct ConfigurationRow<'a> {
    metadata: Metadata<'a>,
    spec: SpecRow<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
}

#[derive(Serialize, Clone)]
struct SpecRow<'a> {
    hosts: Vec<&'a str>,
    macs: Vec<&'a str>,
    nids: Vec<u64>,
    groups: &'a [String],
    roles: Vec<&'a str>,
    params: &'a str,
    kernel: &'a str,
    initrd: &'a str,
    priority: u8,
}

impl<'a> SpecRow<'a> {
    /// Everything but the hosts.
    fn of(entry: &'a BootEntry) -> Self {
        Self {
            hosts: Vec::new(),
            macs: entry.macs.iter().map(String::as_str).collect(),
            nids: entry.nids.iter().filter_map(|nid| u64::try_from(*nid).ok()).collect(),
            groups: &entry.groups,
            roles: Vec::new(),
            params: &entry.params,
            kernel: &entry.kernel,
            initrd: &entry.initrd,
            priority: entry.priority,
        }
    }
}
