//! `nodes.yaml` in both schemas that `ochami discover static` reads (facts §6).

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_saphyr::Spanned;
use smd_cache::{MacAddr, Nid};

use super::LoadError;
use super::finding::{Finding, finding, parse};
use crate::cluster::edit::{NewBmc, NewInterface, NewNode};
use crate::cluster::rows::{Group, IpAddressMapping, Members};
use crate::cluster::xname::Xname;

/// What a `nodes.yaml` describes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// BMCs, with those that only a node's xname names.
    pub bmcs: Vec<NewBmc>,
    /// Nodes; a NID is there only where the file has one.
    pub nodes: Vec<NewNode>,
    /// Groups in the order in which they are met, with their members in the order of the nodes.
    pub groups: Vec<Group>,
}

impl Inventory {
    /// The inventory that a text describes; `file` names it in findings.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadError> {
        let parsed: InventoryFile = parse(file, text)?;
        let old_schema = parsed.nodes.iter().any(|node| node.bmc_ip.is_some() || node.bmc_mac.is_some());
        let (inventory, findings, seen) = (Self::default(), Vec::new(), HashSet::new());
        let mut reader = Reader { file, old_schema, inventory, findings, seen };
        reader.read(&parsed);
        if reader.findings.is_empty() { Ok(reader.inventory) } else { Err(LoadError::Findings(reader.findings)) }
    }
}

/// Both schemas at once: where they differ, the fields have different names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InventoryFile {
    #[serde(default)]
    bmcs: Vec<BmcEntry>,
    nodes: Vec<NodeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BmcEntry {
    #[serde(default)]
    name: String,
    xname: Spanned<String>,
    #[serde(default)]
    mac: Option<Spanned<String>>,
    #[serde(default)]
    ip: Option<Spanned<String>>,
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
    xname: Spanned<String>,
    #[serde(default)]
    bmc: Option<Spanned<String>>,
    #[serde(default)]
    bmc_mac: Option<Spanned<String>>,
    #[serde(default)]
    bmc_ip: Option<Spanned<String>>,
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
    mac_addr: Spanned<String>,
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
    ip_addr: Spanned<String>,
}

/// Checks a parsed file and collects what is wrong with it.
struct Reader<'a> {
    file: &'a str,
    old_schema: bool,
    inventory: Inventory,
    findings: Vec<Finding>,
    /// Xnames and MACs so far: each may be there once.
    seen: HashSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, file: &InventoryFile) {
        let mut xnames: HashMap<&str, String> = HashMap::new();
        for bmc in &file.bmcs {
            let Some(id) = self.xname(&bmc.xname, "NodeBMC") else { continue };
            xnames.insert(&bmc.name, id.clone());
            self.bmc(id, &bmc.name, &bmc.fqdn, bmc.mac.as_ref(), bmc.ip.as_ref());
        }
        for node in &file.nodes {
            let Some(id) = self.xname(&node.xname, "Node") else { continue };
            let bmc = if self.old_schema {
                self.bmc_of_old_schema(node, &id)
            } else {
                self.bmc_by_reference(node, &id, &xnames)
            };
            self.node(node, id, bmc);
        }
    }

    fn node(&mut self, node: &NodeEntry, id: String, bmc: Option<String>) {
        let interfaces = node.interfaces.iter().enumerate();
        let interfaces: Vec<NewInterface> = interfaces
            .filter_map(|(number, interface)| {
                Some(NewInterface {
                    mac_address: self.mac(&interface.mac_addr)?,
                    description: format!("Interface {number} for {}", node.name),
                    addresses: interface.ip_addrs.iter().filter_map(|entry| self.mapping(entry)).collect(),
                })
            })
            .collect();
        for label in std::iter::once(&node.group).chain(&node.groups).filter(|label| !label.is_empty()) {
            self.join(&label.to_lowercase(), &id);
        }
        let nid = Some(Nid(node.nid)).filter(|nid| nid.0 > 0);
        self.inventory.nodes.push(NewNode { id, nid, name: node.name.clone(), bmc, interfaces });
    }

    /// Old schema: the BMC stands in the node, and its xname is the node's without the last part.
    fn bmc_of_old_schema(&mut self, node: &NodeEntry, id: &str) -> Option<String> {
        let bmc = Xname::parse(id)?.bmc_of_node()?.to_owned();
        if self.seen.insert(bmc.clone()) {
            self.bmc(bmc.clone(), &node.name, &node.bmc_fqdn, node.bmc_mac.as_ref(), node.bmc_ip.as_ref());
        }
        Some(bmc)
    }

    /// New schema: `bmc` is the xname or the name of an entry of `bmcs`; without it the node's xname says which, and
    /// that one need not be listed.
    fn bmc_by_reference(&mut self, node: &NodeEntry, id: &str, xnames: &HashMap<&str, String>) -> Option<String> {
        let Some(reference) = &node.bmc else {
            let bmc = Xname::parse(id)?.bmc_of_node()?.to_owned();
            if self.seen.insert(bmc.clone()) {
                self.inventory.bmcs.push(NewBmc { id: bmc.clone(), name: bmc.clone(), ..NewBmc::default() });
            }
            return Some(bmc);
        };
        let known = xnames.get(reference.value.as_str()).cloned();
        let by_xname = || Xname::parse(&reference.value).map(|xname| xname.id).filter(|id| self.seen.contains(id));
        let found = known.or_else(by_xname);
        if found.is_none() {
            self.report(
                reference,
                format!("{:?} is neither the name nor the xname of any entry of `bmcs`", reference.value),
            );
        }
        found
    }

    fn bmc(&mut self, id: String, name: &str, fqdn: &str, mac: Option<&Spanned<String>>, ip: Option<&Spanned<String>>) {
        let mac_address = mac.and_then(|mac| self.mac(mac)).unwrap_or_default();
        let ip_address = ip.and_then(|ip| self.ip(ip)).unwrap_or_default();
        self.inventory.bmcs.push(NewBmc { id, name: name.into(), fqdn: fqdn.into(), mac_address, ip_address });
    }

    fn join(&mut self, label: &str, id: &str) {
        if let Some(group) = self.inventory.groups.iter_mut().find(|group| group.label == label) {
            return group.members.ids.push(id.into());
        }
        let members = Members { ids: vec![id.into()] };
        let description = format!("The {label} group");
        self.inventory.groups.push(Group { label: label.into(), description, members, ..Group::default() });
    }

    fn xname(&mut self, text: &Spanned<String>, component_type: &str) -> Option<String> {
        match Xname::parse(&text.value) {
            Some(xname) if xname.component_type != component_type => self.report(
                text,
                format!("{:?} is the xname of a {}, not of a {component_type}", text.value, xname.component_type),
            ),
            Some(xname) if !self.seen.insert(xname.id.clone()) => {
                self.report(text, format!("xname {:?} is there twice", text.value))
            }
            Some(xname) => Some(xname.id),
            None => self.report(text, format!("{:?} is not an xname", text.value)),
        }
    }

    /// The MAC as SMD's V2 parser stores it: lower case, whatever the separators.
    fn mac(&mut self, text: &Spanned<String>) -> Option<String> {
        match text.value.parse::<MacAddr>() {
            Ok(mac) if !self.seen.insert(mac.to_string()) => self.report(text, format!("MAC {mac} is there twice")),
            Ok(_) => Some(text.value.trim().to_ascii_lowercase()),
            Err(error) => self.report(text, format!("{:?}: {error}", text.value)),
        }
    }

    fn ip(&mut self, text: &Spanned<String>) -> Option<String> {
        match text.value.parse::<std::net::IpAddr>() {
            Ok(_) => Some(text.value.clone()),
            Err(_) => self.report(text, format!("{:?} is not an IP address", text.value)),
        }
    }

    fn mapping(&mut self, entry: &AddressEntry) -> Option<IpAddressMapping> {
        let network = if self.old_schema { &entry.network } else { &entry.name };
        Some(IpAddressMapping { ip_address: self.ip(&entry.ip_addr)?, network: network.clone() })
    }

    fn report(&mut self, at: &Spanned<String>, message: String) -> Option<String> {
        self.findings.push(finding(self.file, at.referenced, message));
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::Cluster;

    fn load(text: &str) -> Result<Cluster, String> {
        Cluster::from_inventory("nodes.yaml", text, SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())
    }

    #[test]
    fn both_schemas_describe_the_same_site() {
        let new = "
bmcs:
- {name: bmc01, xname: x1000c0s0b0, mac: 'de:ca:fc:0f:ee:01', ip: 172.16.0.101}
nodes:
- name: compute1
  nid: 1
  xname: x1000c0s0b0n0
  bmc: bmc01
  groups: [compute]
  interfaces:
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{name: management, ip_addr: 172.16.0.1}, {name: v6, ip_addr: 'fd00::1'}]
";
        let old = "
nodes:
- name: compute1
  nid: 1
  xname: x1000c0s0b0n0
  bmc_mac: de:ca:fc:0f:ee:01
  bmc_ip: 172.16.0.101
  group: Compute
  interfaces:
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{network: management, ip_addr: 172.16.0.1}, {network: v6, ip_addr: 'fd00::1'}]
";
        let (mut new, old) = (load(new).unwrap(), load(old).unwrap());
        assert_eq!(new.redfish_endpoints[0].name, "bmc01");
        new.redfish_endpoints[0].name = "compute1".into();
        assert_eq!(new, old);
        let nodes = new.nodes();
        assert_eq!((nodes.len(), nodes[0].nid), (1, Some(Nid(1))));
        assert_eq!(nodes[0].interfaces[0].addresses.len(), 2);
        assert_eq!(new.groups[0].members.ids, ["x1000c0s0b0n0"]);
        assert_eq!(new.component_endpoints.len(), 2);
    }

    #[test]
    fn a_node_without_nid_gets_the_one_that_smd_makes_up() {
        let cluster = load("nodes: [{xname: x1000c0s1b0n0}]").unwrap();
        assert_eq!(cluster.nodes()[0].nid, Some(Nid(16_400_416)));
    }

    #[test]
    fn a_node_without_a_listed_bmc_has_the_one_that_its_xname_names() {
        let cluster = load("nodes: [{xname: x1000c0s1b0n0}, {xname: x1000c0s1b0n1}]").unwrap();
        let endpoints: Vec<&str> = cluster.component_endpoints.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(endpoints, ["x1000c0s1b0", "x1000c0s1b0n0", "x1000c0s1b0n1"]);
        assert!(cluster.interfaces.is_empty(), "nothing is known of the BMC but its xname");
    }

    #[test]
    fn every_mistake_is_found_in_its_place() {
        let text = "nodes:
- xname: x1000c0s0b0
- xname: nonsense
- xname: x1000c0s0b0n0
  bmc: nobody
  interfaces:
  - mac_addr: 52:54:00:be:ef
  - mac_addr: 52:54:00:be:ef:01
    ip_addrs: [{ip_addr: 10.0.0.300}]
- xname: x1000c0s00b0n0
  interfaces: [{mac_addr: 52-54-00-BE-EF-01}]
- xname: x1000c0s1b0n0
  interfaces: [{mac_addr: 525400beef01}]
";
        assert_eq!(
            load(text).unwrap_err(),
            "nodes.yaml:2:10: \"x1000c0s0b0\" is the xname of a NodeBMC, not of a Node
nodes.yaml:3:10: \"nonsense\" is not an xname
nodes.yaml:5:8: \"nobody\" is neither the name nor the xname of any entry of `bmcs`
nodes.yaml:7:15: \"52:54:00:be:ef\": a MAC address has 12 hexadecimal digits, this has 10
nodes.yaml:9:26: \"10.0.0.300\" is not an IP address
nodes.yaml:10:10: xname \"x1000c0s00b0n0\" is there twice
nodes.yaml:13:27: MAC 52:54:00:be:ef:01 is there twice"
        );
    }

    #[test]
    fn what_does_not_parse_says_where() {
        let error = load("nodes:\n- xname: x1000c0s0b0n0\n  nids: 1\n").unwrap_err();
        assert!(error.starts_with("nodes.yaml:3:3: "), "{error}");
        assert!(error.contains("nids") && !error.contains("at line"), "{error}");
        let error = load("nodes: [").unwrap_err();
        assert!(error.starts_with("nodes.yaml:"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(nodes:|bmcs:|- xname: x1c0s0b0n0|[ -~\n]){0,12}") {
            let _ = load(&text);
        }
    }
}
