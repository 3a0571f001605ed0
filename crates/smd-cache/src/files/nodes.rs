//! `nodes.yaml` in both schemas that `ochami discover static` reads (facts: smd-bss §6): the new one, where BMCs have a
//! list of their own, and the old one, where they stand in their nodes.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use serde::Deserialize;

use super::document::{Finding, Findings, Placed, finding, parse};
use crate::component::Nid;
use crate::mac::MacAddr;
use crate::xname::Xname;

/// What a `nodes.yaml` describes. IDs are xnames in SMD's normal form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// BMCs, with those that only a node's xname names.
    pub bmcs: Vec<Bmc>,
    /// Nodes in the order of the file.
    pub nodes: Vec<Node>,
    /// Groups in the order in which they are met.
    pub groups: Vec<Group>,
}

/// A BMC.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bmc {
    /// Its xname.
    pub id: String,
    /// What the file calls it: in the old schema, by its first node's name; where it is not listed, its xname.
    pub name: String,
    /// Its FQDN; `""`: none.
    pub fqdn: String,
    /// Its MAC as SMD would store it (lower case, separators as given); `""`: none.
    pub mac: String,
    /// Its address; `""`: none.
    pub address: String,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// Its xname.
    pub id: String,
    /// Its NID where the file has one.
    pub nid: Option<Nid>,
    /// What the file calls it; may be `""`.
    pub name: String,
    /// The xname of its BMC.
    pub bmc: Option<String>,
    /// Its interfaces in the order of the file.
    pub interfaces: Vec<Nic>,
}

/// An interface of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nic {
    /// Its MAC as SMD would store it (lower case, separators as given).
    pub mac: String,
    /// What `ochami` writes as its description.
    pub description: String,
    /// Its addresses in the order of the file.
    pub addresses: Vec<Address>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// The name of its network; `""`: none.
    pub network: String,
    /// The address.
    pub address: String,
}

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Its label, in lower case.
    pub label: String,
    /// The xnames of its members in the order of the nodes.
    pub members: Vec<String>,
}

impl Site {
    /// The site that a text describes; `file` names it in findings.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Findings> {
        let parsed: NodesFile = parse(file, text)?;
        let old_schema = parsed.nodes.iter().any(|node| node.bmc_ip.is_some() || node.bmc_mac.is_some());
        let mut reader = Reader { file, old_schema, ..Reader::default() };
        reader.read(&parsed);
        if reader.findings.is_empty() { Ok(reader.site) } else { Err(Findings(reader.findings)) }
    }
}

/// Both schemas at once: where they differ, the fields have different names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodesFile {
    #[serde(default)]
    bmcs: Vec<BmcEntry>,
    nodes: Vec<NodeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BmcEntry {
    #[serde(default)]
    name: String,
    xname: Placed,
    #[serde(default)]
    mac: Option<Placed>,
    #[serde(default)]
    ip: Option<Placed>,
    #[serde(default)]
    fqdn: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeEntry {
    #[serde(default)]
    name: String,
    #[serde(default)]
    nid: u64,
    xname: Placed,
    #[serde(default)]
    bmc: Option<Placed>,
    #[serde(default)]
    bmc_mac: Option<Placed>,
    #[serde(default)]
    bmc_ip: Option<Placed>,
    #[serde(default)]
    bmc_fqdn: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    interfaces: Vec<InterfaceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InterfaceEntry {
    mac_addr: Placed,
    #[serde(default)]
    ip_addrs: Vec<AddressEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressEntry {
    /// New schema.
    #[serde(default)]
    name: String,
    /// Old schema.
    #[serde(default)]
    network: String,
    ip_addr: Placed,
}

/// Checks a parsed file and collects what is wrong with it.
#[derive(Default)]
struct Reader<'a> {
    file: &'a str,
    old_schema: bool,
    site: Site,
    findings: Vec<Finding>,
    /// Xnames and MACs so far: each may be there once.
    seen: HashSet<String>,
    /// Positions of the groups by label.
    groups: HashMap<String, usize>,
}

impl Reader<'_> {
    fn read(&mut self, file: &NodesFile) {
        let mut bmcs: HashMap<&str, String> = HashMap::new();
        for bmc in &file.bmcs {
            let Some(id) = self.xname(&bmc.xname, "NodeBMC") else { continue };
            bmcs.insert(&bmc.name, id.clone());
            self.bmc(id, &bmc.name, &bmc.fqdn, bmc.mac.as_ref(), bmc.ip.as_ref());
        }
        for node in &file.nodes {
            let Some(id) = self.xname(&node.xname, "Node") else { continue };
            let bmc = if self.old_schema { self.bmc_within(node, &id) } else { self.bmc_referred_to(node, &id, &bmcs) };
            self.node(node, id, bmc);
        }
    }

    fn node(&mut self, node: &NodeEntry, id: String, bmc: Option<String>) {
        let interfaces = node.interfaces.iter().enumerate().filter_map(|(number, interface)| {
            Some(Nic {
                mac: self.mac(&interface.mac_addr)?,
                description: format!("Interface {number} for {}", node.name),
                addresses: interface.ip_addrs.iter().filter_map(|entry| self.address(entry)).collect(),
            })
        });
        let interfaces = interfaces.collect();
        for label in std::iter::once(&node.group).chain(&node.groups).filter(|label| !label.is_empty()) {
            self.join(label.to_lowercase(), &id);
        }
        let nid = Some(Nid(node.nid)).filter(|nid| nid.0 > 0);
        self.site.nodes.push(Node { id, nid, name: node.name.clone(), bmc, interfaces });
    }

    /// Old schema: the BMC stands in the node, and its xname is the node's without the last part.
    fn bmc_within(&mut self, node: &NodeEntry, id: &str) -> Option<String> {
        let bmc = Xname::parse(id)?.parent()?.to_string();
        if self.seen.insert(bmc.clone()) {
            self.bmc(bmc.clone(), &node.name, &node.bmc_fqdn, node.bmc_mac.as_ref(), node.bmc_ip.as_ref());
        }
        Some(bmc)
    }

    /// New schema: `bmc` is the xname or the name of an entry of `bmcs`; without it the node's xname says which, and
    /// that one need not be listed.
    fn bmc_referred_to(&mut self, node: &NodeEntry, id: &str, bmcs: &HashMap<&str, String>) -> Option<String> {
        let Some(reference) = &node.bmc else {
            let bmc = Xname::parse(id)?.parent()?.to_string();
            if self.seen.insert(bmc.clone()) {
                self.site.bmcs.push(Bmc { id: bmc.clone(), name: bmc.clone(), ..Bmc::default() });
            }
            return Some(bmc);
        };
        let named = bmcs.get(reference.value.as_str()).cloned();
        let by_xname = || Xname::parse(reference.value.trim()).map(|xname| xname.to_string());
        let found = named.or_else(|| by_xname().filter(|id| self.seen.contains(id)));
        if found.is_none() {
            return self.report(
                reference,
                format!("{:?} is neither the name nor the xname of any entry of `bmcs`", reference.value),
            );
        }
        found
    }

    fn bmc(&mut self, id: String, name: &str, fqdn: &str, mac: Option<&Placed>, ip: Option<&Placed>) {
        let mac = mac.and_then(|mac| self.mac(mac)).unwrap_or_default();
        let address = ip.and_then(|ip| self.ip(ip)).unwrap_or_default();
        self.site.bmcs.push(Bmc { id, name: name.into(), fqdn: fqdn.into(), mac, address });
    }

    fn join(&mut self, label: String, id: &str) {
        let at = *self.groups.entry(label).or_insert_with_key(|label| {
            self.site.groups.push(Group { label: label.clone(), members: Vec::new() });
            self.site.groups.len() - 1
        });
        let members = &mut self.site.groups[at].members;
        if members.last().is_none_or(|last| last != id) {
            members.push(id.to_owned());
        }
    }

    fn xname(&mut self, text: &Placed, component_type: &str) -> Option<String> {
        match Xname::parse(text.value.trim()) {
            Some(xname) if xname.component_type() != component_type => self.report(
                text,
                format!("{:?} is the xname of a {}, not of a {component_type}", text.value, xname.component_type()),
            ),
            Some(xname) if !self.seen.insert(xname.to_string()) => {
                self.report(text, format!("xname {:?} is there twice", text.value))
            }
            Some(xname) => Some(xname.to_string()),
            None => self.report(text, format!("{:?} is not an xname", text.value)),
        }
    }

    /// The MAC as SMD's V2 parser stores it: lower case, whatever the separators.
    fn mac(&mut self, text: &Placed) -> Option<String> {
        match text.value.parse::<MacAddr>() {
            Ok(mac) if !self.seen.insert(mac.to_string()) => self.report(text, format!("MAC {mac} is there twice")),
            Ok(_) => Some(text.value.trim().to_ascii_lowercase()),
            Err(error) => self.report(text, format!("{:?}: {error}", text.value)),
        }
    }

    fn address(&mut self, entry: &AddressEntry) -> Option<Address> {
        let network = if self.old_schema { &entry.network } else { &entry.name };
        Some(Address { network: network.clone(), address: self.ip(&entry.ip_addr)? })
    }

    fn ip(&mut self, text: &Placed) -> Option<String> {
        match text.value.parse::<IpAddr>() {
            Ok(_) => Some(text.value.clone()),
            Err(_) => self.report(text, format!("{:?} is not an IP address", text.value)),
        }
    }

    fn report<T>(&mut self, at: &Placed, message: String) -> Option<T> {
        self.findings.push(finding(self.file, at.referenced, message));
        None
    }
}

#[cfg(test)]
mod tests;
