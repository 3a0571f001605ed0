//! \[IO\] A cluster from files: `nodes.yaml` in both schemas that `ochami discover static` reads (facts §6), and boot
//! parameters as a list of what `ochami bss boot params` takes.
//!
//! The file is taken at its word: every address of an interface is kept with the name of its network, where
//! `ochami`'s default way through SMD's V2 parser would keep only the first.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;
use std::{fmt, io};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};
use smd_cache::{MacAddr, Nid};
use thiserror::Error;

use super::Cluster;
use super::edit::{NewBmc, NewInterface, NewNode};
use super::rows::{BootParameters, Group, IpAddressMapping, Members};
use super::xname::Xname;

/// Why files make no cluster.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The operating system would not let us read the file.
    #[error("{file}: {reason}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        reason: io::Error,
    },
    /// The file's author made these mistakes.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Findings(Vec<Finding>),
}

/// One mistake in a file; displays as `nodes.yaml:3:12: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named.
    pub file: String,
    /// Line, from 1; 0: unknown.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong.
    pub message: String,
}

impl Cluster {
    /// Reads an inventory, and boot parameters if there are any.
    ///
    /// # Errors
    /// If a file cannot be read, or with everything that is wrong in the first bad one.
    #[expect(clippy::disallowed_methods, reason = "[IO] room: files become a cluster, created now")]
    pub fn from_files(inventory: &Path, boot: Option<&Path>) -> Result<Self, LoadError> {
        let read = |path: &Path| {
            let file = path.display().to_string();
            std::fs::read_to_string(path)
                .map(|text| (file.clone(), text))
                .map_err(|reason| LoadError::Read { file, reason })
        };
        let (file, text) = read(inventory)?;
        let mut cluster = Self::from_inventory(&file, &text, SystemTime::now())?;
        if let Some(boot) = boot {
            let (file, text) = read(boot)?;
            cluster.boot = boot_parameters(&file, &text)?;
        }
        Ok(cluster)
    }

    /// The cluster that the text of a `nodes.yaml` (or the same as JSON) describes; `file` names it in findings.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn from_inventory(file: &str, text: &str, now: SystemTime) -> Result<Self, LoadError> {
        let parsed: InventoryFile = parse(file, text)?;
        let mut loader = Loader { file, now, cluster: Self::default(), findings: Vec::new(), seen: HashSet::new() };
        loader.load(&parsed);
        if loader.findings.is_empty() { Ok(loader.cluster) } else { Err(LoadError::Findings(loader.findings)) }
    }
}

/// The boot parameters that a YAML (or JSON) list describes; `file` names it in findings.
///
/// # Errors
/// With everything that is wrong in it.
pub fn boot_parameters(file: &str, text: &str) -> Result<Vec<BootParameters>, LoadError> {
    let entries: Vec<BootEntry> = parse(file, text)?;
    let mut findings = Vec::new();
    for mac in entries.iter().flat_map(|entry| &entry.macs) {
        if let Err(error) = mac.value.parse::<MacAddr>() {
            findings.push(finding(file, mac.referenced, format!("{:?}: {error}", mac.value)));
        }
    }
    if !findings.is_empty() {
        return Err(LoadError::Findings(findings));
    }
    Ok(entries.into_iter().map(BootEntry::into_row).collect())
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
    #[serde(default, alias = "network")]
    name: String,
    ip_addr: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BootEntry {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    macs: Vec<Spanned<String>>,
    #[serde(default)]
    nids: Vec<i32>,
    #[serde(default)]
    params: String,
    #[serde(default)]
    kernel: String,
    #[serde(default)]
    initrd: String,
}

impl BootEntry {
    fn into_row(self) -> BootParameters {
        let Self { hosts, macs, nids, params, kernel, initrd } = self;
        let macs = macs.into_iter().map(|mac| mac.value).collect();
        BootParameters { hosts, macs, nids, params, kernel, initrd }
    }
}

/// Makes rows of a parsed file and collects what is wrong with it.
struct Loader<'a> {
    file: &'a str,
    now: SystemTime,
    cluster: Cluster,
    findings: Vec<Finding>,
    /// Xnames and MACs so far: each may be there once.
    seen: HashSet<String>,
}

impl Loader<'_> {
    fn load(&mut self, file: &InventoryFile) {
        let old_schema = file.nodes.iter().any(|node| node.bmc_ip.is_some() || node.bmc_mac.is_some());
        let mut xnames: HashMap<&str, String> = HashMap::new();
        for bmc in &file.bmcs {
            let Some(id) = self.xname(&bmc.xname, "NodeBMC") else { continue };
            xnames.insert(&bmc.name, id.clone());
            self.bmc(id, &bmc.name, &bmc.fqdn, bmc.mac.as_ref(), bmc.ip.as_ref());
        }
        for node in &file.nodes {
            let Some(id) = self.xname(&node.xname, "Node") else { continue };
            let bmc =
                if old_schema { self.bmc_of_old_schema(node, &id) } else { self.bmc_by_reference(node, &id, &xnames) };
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
        let nid = match node.nid {
            0 => Xname::parse(&id).and_then(|xname| xname.synthesised_nid()),
            nid => Some(nid),
        };
        for label in std::iter::once(&node.group).chain(&node.groups).filter(|label| !label.is_empty()) {
            self.join(&label.to_lowercase(), &id);
        }
        let new = NewNode { id, nid: nid.map(Nid), name: node.name.clone(), bmc, interfaces };
        self.cluster.add_node(&new, self.now);
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
            self.cluster.ensure_bmc(&bmc, self.now);
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
        let bmc = NewBmc { id, name: name.into(), fqdn: fqdn.into(), mac_address, ip_address };
        self.cluster.add_bmc(&bmc, self.now);
    }

    fn join(&mut self, label: &str, id: &str) {
        if let Some(group) = self.cluster.groups.iter_mut().find(|group| group.label == label) {
            return group.members.ids.push(id.into());
        }
        let members = Members { ids: vec![id.into()] };
        let description = format!("The {label} group");
        self.cluster.groups.push(Group { label: label.into(), description, members, ..Group::default() });
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
        Some(IpAddressMapping { ip_address: self.ip(&entry.ip_addr)?, network: entry.name.clone() })
    }

    fn report(&mut self, at: &Spanned<String>, message: String) -> Option<String> {
        self.findings.push(finding(self.file, at.referenced, message));
        None
    }
}

/// The text as `T`, or where it is not.
fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let at = error.location().unwrap_or(Location::UNKNOWN);
        let message = error.without_snippet().to_string();
        let place = format!(" at line {}, column {}", at.line(), at.column());
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        LoadError::Findings(vec![finding(file, at, message)])
    })
}

fn finding(file: &str, at: Location, message: String) -> Finding {
    Finding { file: file.into(), line: at.line(), column: at.column(), message }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let _ = boot_parameters("boot.yaml", &text);
        }
    }

    #[test]
    fn boot_parameters_are_a_list() {
        let text =
            "- {macs: ['52:54:00:be:ef:01'], kernel: http://10.0.0.1/vmlinuz, params: quiet}\n- {hosts: [Default]}\n";
        let rows = boot_parameters("boot.yaml", text).unwrap();
        assert_eq!((rows.len(), rows[0].params.as_str(), &rows[1].hosts[0][..]), (2, "quiet", "Default"));
        let error = boot_parameters("boot.yaml", "- macs: [zz]\n").unwrap_err().to_string();
        assert_eq!(error, "boot.yaml:1:10: \"zz\": 'z' is not a hexadecimal digit");
    }
}
