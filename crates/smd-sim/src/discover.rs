//! What `ochami discover static` asks of SMD, request by request (facts §6).
//!
//! A pure plan: [`plan`] makes the requests, and whoever sends them sends [`Step::on_conflict`] after a 409.

use serde::Serialize;
use serde_json::{Value, json};
use smd_cache::MacAddr;

use crate::cluster::edit::{NewBmc, NewInterface, NewNode, RESETS};
use crate::cluster::load::Inventory;
use crate::cluster::rows::EthernetInterface;
use crate::cluster::uuid;

/// How to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discovery {
    /// Who makes the interfaces.
    pub version: DiscoveryVersion,
    /// Replace what is there already.
    pub overwrite: bool,
}

/// `--discovery-version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiscoveryVersion {
    /// The client posts each interface with all its addresses.
    Interfaces,
    /// SMD's V2 parser makes them of what comes with each BMC, with one address each.
    #[default]
    Parser,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// `POST`, `PUT` or `PATCH`.
    pub method: &'static str,
    /// The path.
    pub path: String,
    /// The body.
    pub body: Value,
}

/// A request, and what to send if it meets something that is there already.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Sent first.
    pub request: Request,
    /// Sent after a 409.
    pub on_conflict: Option<Request>,
}

/// All requests in their order. `base_url` is where Redfish resources are said to be: SMD's own URL, oddly enough.
pub fn plan(inventory: &Inventory, discovery: Discovery, base_url: &str) -> Vec<Step> {
    let mut steps = components(&inventory.nodes, discovery);
    steps.extend(inventory.bmcs.iter().map(|bmc| {
        let body = endpoint(bmc, &inventory.nodes, base_url.trim_end_matches('/'));
        let put = request("PUT", format!("{ENDPOINTS}/{}", bmc.id), body.clone());
        Step { request: request("POST", ENDPOINTS, body), on_conflict: discovery.overwrite.then_some(put) }
    }));
    if discovery.version == DiscoveryVersion::Interfaces {
        let nics = inventory.nodes.iter().flat_map(|node| node.interfaces.iter().map(move |nic| (node, nic)));
        steps.extend(nics.map(|(node, nic)| {
            let body = interface(node, nic);
            // an inventory has good MACs only
            let mac =
                nic.mac_address.parse::<MacAddr>().map_or_else(|_| nic.mac_address.clone(), |mac| mac.to_string());
            let id = EthernetInterface::key_of(&mac);
            let patch = request("PATCH", format!("{INTERFACES}/{id}"), body.clone());
            Step { request: request("POST", INTERFACES, body), on_conflict: discovery.overwrite.then_some(patch) }
        }));
    }
    steps.extend(inventory.groups.iter().map(|group| {
        let body = json!({"label": group.label, "description": group.description, "members": group.members});
        let patch = request("PATCH", format!("{GROUPS}/{}", group.label), body.clone());
        Step { request: request("POST", GROUPS, body), on_conflict: discovery.overwrite.then_some(patch) }
    }));
    steps
}

const COMPONENTS: &str = "/hsm/v2/State/Components";
const ENDPOINTS: &str = "/hsm/v2/Inventory/RedfishEndpoints";
const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";
const GROUPS: &str = "/hsm/v2/groups";

/// One POST of all, or a PUT of each and then their NIDs, which a PUT does not change.
fn components(nodes: &[NewNode], discovery: Discovery) -> Vec<Step> {
    let component = |node: &NewNode| {
        let mut component = json!({"ID": node.id, "Type": "Node", "State": "On", "Enabled": true});
        if let Some(nid) = node.nid {
            component["NID"] = nid.0.into();
        }
        component
    };
    if !discovery.overwrite {
        let all: Vec<Value> = nodes.iter().map(component).collect();
        return vec![single(request("POST", COMPONENTS, json!({"Components": all})))];
    }
    let puts = nodes.iter().map(|node| {
        let body = json!({"Component": component(node), "Force": true});
        single(request("PUT", format!("{COMPONENTS}/{}", node.id), body))
    });
    let with_nid = nodes.iter().filter_map(|node| Some(json!({"ID": node.id, "Type": "", "NID": node.nid?.0})));
    let nids = json!({"Components": with_nid.collect::<Vec<_>>()});
    puts.chain([single(request("PATCH", format!("{COMPONENTS}/BulkNID"), nids))]).collect()
}

/// A BMC with its own interface and its nodes, whose interfaces have one address each.
fn endpoint(bmc: &NewBmc, nodes: &[NewNode], base_url: &str) -> Value {
    let nic = |mac: &str, ip: &str, name: &str, description: &str| json!({"mac": mac, "ip": ip, "name": name, "description": description});
    let systems = nodes.iter().filter(|node| node.bmc.as_ref() == Some(&bmc.id)).map(|node| {
        let nics = node.interfaces.iter().map(|interface| {
            let first = interface.addresses.first().map(|entry| entry.ip_address.as_str());
            nic(&interface.mac_address, first.unwrap_or_default(), &node.id, &interface.description)
        });
        json!({
            "uri": format!("{base_url}/redfish/v1/Systems/{}", node.id),
            "uuid": uuid::of(&node.id),
            "name": node.name,
            "ethernet_interfaces": nics.collect::<Vec<_>>(),
            "actions": **RESETS,
        })
    });
    let own = nic(&bmc.mac_address, &bmc.ip_address, &bmc.id, &format!("Interface for BMC {}", bmc.id));
    let own: Vec<Value> = Some(own).filter(|_| !bmc.mac_address.is_empty()).into_iter().collect();
    let mut endpoint = json!({
        "ID": bmc.id,
        "Type": "NodeBMC",
        "Name": bmc.name,
        "UUID": uuid::of(&bmc.id),
        "MACAddr": bmc.mac_address,
        "IPAddress": bmc.ip_address,
        "DiscoveryInfo": {"LastAttempt": "0001-01-01T00:00:00Z"},
        "SchemaVersion": 1,
        "Systems": systems.collect::<Vec<_>>(),
        "Managers": [{
            "uri": format!("{base_url}/redfish/v1/Managers/{}", bmc.id),
            "uuid": uuid::of(&bmc.id),
            "name": bmc.id,
            "ethernet_interfaces": own,
            "actions": null,
            "description": "",
            "type": "NodeBMC",
        }],
    });
    if !bmc.fqdn.is_empty() {
        endpoint["FQDN"] = bmc.fqdn.as_str().into();
    }
    endpoint
}

fn interface(node: &NewNode, nic: &NewInterface) -> Value {
    let addresses = nic.addresses.iter();
    let addresses = addresses.map(|entry| json!({"IPAddress": entry.ip_address, "Network": entry.network}));
    json!({
        "ID": "",
        "ComponentID": node.id,
        "Type": "Node",
        "Description": nic.description,
        "MACAddress": nic.mac_address,
        "IPAddresses": addresses.collect::<Vec<_>>(),
    })
}

fn request(method: &'static str, path: impl Into<String>, body: Value) -> Request {
    Request { method, path: path.into(), body }
}

fn single(request: Request) -> Step {
    Step { request, on_conflict: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "
bmcs: [{name: b, xname: x1c0s0b0, mac: 'de:ca:fc:0f:ee:01', ip: 10.0.0.1, fqdn: b.example}]
nodes:
- xname: x1c0s0b0n0
  bmc: b
  interfaces:
  - {mac_addr: 52-54-00-be-ef-01, ip_addrs: [{name: NMN, ip_addr: 10.0.0.2}, {name: HSN, ip_addr: 10.1.0.2}]}
  - {mac_addr: '52:54:00:be:ef:02'}
";

    fn requests(discovery: Discovery) -> Vec<Step> {
        plan(&Inventory::parse("nodes.yaml", NODES).unwrap(), discovery, "http://smd/")
    }

    #[test]
    fn a_node_without_nid_does_not_say_so_and_a_nic_has_one_address() {
        let steps = requests(Discovery::default());
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].request.body["Components"][0].get("NID"), None);
        let body = &steps[1].request.body;
        assert_eq!(body["FQDN"], "b.example");
        assert_eq!(body["Systems"][0]["uri"], "http://smd/redfish/v1/Systems/x1c0s0b0n0");
        let ips: Vec<&Value> =
            body["Systems"][0]["ethernet_interfaces"].as_array().unwrap().iter().map(|nic| &nic["ip"]).collect();
        assert_eq!(ips, [&json!("10.0.0.2"), &json!("")]);
    }

    #[test]
    fn version_1_posts_all_addresses_and_overwriting_patches_them() {
        let steps = requests(Discovery { version: DiscoveryVersion::Interfaces, overwrite: true });
        let nic = &steps[3];
        assert_eq!(nic.request.path, INTERFACES);
        assert_eq!(nic.request.body["IPAddresses"].as_array().unwrap().len(), 2);
        let patch = nic.on_conflict.as_ref().unwrap();
        assert_eq!((patch.method, &patch.path[..]), ("PATCH", "/hsm/v2/Inventory/EthernetInterfaces/525400beef01"));
        assert_eq!(steps[1].request.body, json!({"Components": []}), "no NIDs to set");
    }
}
