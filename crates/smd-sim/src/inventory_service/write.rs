//! What is told to inventory-service is kept as it is.

use serde::Deserialize;
use smd_cache::Nid;

use super::not_found;
use crate::cluster::Cluster;
use crate::cluster::rows::{Component, EthernetInterface, Group, IpAddressMapping, Members};
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::{JSON, Reply};

/// `POST /State/Components`: one that is there is written anew.
pub(super) fn post_components(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let sent: Components = match read(call) {
        Ok(sent) => sent,
        Err(reply) => return reply,
    };
    for component in sent.components {
        store_component(cluster, component.into_row());
    }
    Reply::no_content(Some(JSON))
}

/// `PUT /State/Components/{id}`.
pub(super) fn put_component(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match read::<SingleComponent>(call) {
        Ok(sent) => {
            store_component(cluster, Component { id: call.parameter.into(), ..sent.component.into_row() });
            Reply::no_content(Some(JSON))
        }
        Err(reply) => reply,
    }
}

/// `DELETE /State/Components/{id}`.
pub(super) fn delete_component(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let before = cluster.components.len();
    cluster.components.retain(|row| row.id != call.parameter);
    Reply::deleted(before - cluster.components.len(), "component not found")
}

/// `POST /Inventory/EthernetInterfaces`.
pub(super) fn post_interface(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let sent: SentInterface = match read(call) {
        Ok(sent) => sent,
        Err(reply) => return reply,
    };
    let mac_address = sent.mac_address.unwrap_or_default();
    let id = sent.id.unwrap_or_else(|| mac_address.replace(':', ""));
    if cluster.interfaces.iter().any(|row| row.id == id) {
        return Reply::conflict(&format!("ethernet interface exists: {id}"));
    }
    let uri = format!("/hsm/v2/Inventory/EthernetInterfaces/{id}");
    cluster.interfaces.push(EthernetInterface {
        id,
        description: sent.description.unwrap_or_default(),
        mac_address,
        last_update: call.now,
        component_id: sent.component_id.unwrap_or_default(),
        component_type: sent.component_type.unwrap_or_default(),
        ip_addresses: sent.ip_addresses.unwrap_or_default().into_iter().map(Address::into_row).collect(),
    });
    Reply::created(&uri)
}

/// `PATCH /Inventory/EthernetInterfaces/{id}`.
pub(super) fn patch_interface(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let sent: SentInterface = match read(call) {
        Ok(sent) => sent,
        Err(reply) => return reply,
    };
    let Some(row) = cluster.interfaces.iter_mut().find(|row| row.id == call.parameter) else {
        return not_found("ethernet interface", call);
    };
    let texts = [
        (&mut row.description, sent.description),
        (&mut row.mac_address, sent.mac_address),
        (&mut row.component_id, sent.component_id),
        (&mut row.component_type, sent.component_type),
    ];
    for (text, sent) in texts {
        if let Some(sent) = sent {
            *text = sent;
        }
    }
    if let Some(addresses) = sent.ip_addresses {
        row.ip_addresses = addresses.into_iter().map(Address::into_row).collect();
    }
    row.last_update = call.now;
    Reply::json(row)
}

/// `DELETE /Inventory/EthernetInterfaces/{id}`.
pub(super) fn delete_interface(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let before = cluster.interfaces.len();
    cluster.interfaces.retain(|row| row.id != call.parameter);
    Reply::deleted(before - cluster.interfaces.len(), "ethernet interface not found")
}

/// `POST /groups`.
pub(super) fn post_group(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let sent: SentGroup = match read(call) {
        Ok(sent) => sent,
        Err(reply) => return reply,
    };
    let SentGroup { label, description, tags, members } = sent;
    if cluster.groups.iter().any(|group| group.label == label) {
        return Reply::conflict(&format!("group exists: {label}"));
    }
    let uri = format!("/hsm/v2/groups/{label}");
    let members = Members { ids: members.ids };
    cluster.groups.push(Group { label, description, exclusive_group: String::new(), tags, members });
    Reply::created_list(std::slice::from_ref(&uri), &uri)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Components {
    components: Vec<SentComponent>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SingleComponent {
    component: SentComponent,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentComponent {
    id: String,
    #[serde(rename = "type")]
    component_type: String,
    state: String,
    flag: String,
    enabled: Option<bool>,
    role: String,
    #[serde(rename = "subrole")]
    sub_role: String,
    #[serde(deserialize_with = "go_json::quoted_number")]
    nid: Option<i64>,
    arch: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentInterface {
    id: Option<String>,
    description: Option<String>,
    #[serde(rename = "macaddress")]
    mac_address: Option<String>,
    #[serde(rename = "componentid")]
    component_id: Option<String>,
    #[serde(rename = "type")]
    component_type: Option<String>,
    #[serde(rename = "ipaddresses")]
    ip_addresses: Option<Vec<Address>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(rename = "ipaddress")]
    ip_address: String,
    network: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentGroup {
    label: String,
    description: String,
    tags: Vec<String>,
    members: SentMembers,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentMembers {
    ids: Vec<String>,
}

impl SentComponent {
    fn into_row(self) -> Component {
        let Self { id, component_type, state, flag, enabled, role, sub_role, nid, arch } = self;
        let nid = nid.and_then(|nid| u64::try_from(nid).ok()).map(Nid);
        Component { id, component_type, state, flag, enabled, role, sub_role, nid, arch, ..Component::default() }
    }
}

impl Address {
    fn into_row(self) -> IpAddressMapping {
        IpAddressMapping { ip_address: self.ip_address, network: self.network }
    }
}

fn store_component(cluster: &mut Cluster, new: Component) {
    match cluster.components.iter_mut().find(|row| row.id == new.id) {
        Some(row) => *row = new,
        None => cluster.components.push(new),
    }
}

/// The body, or 400.
fn read<T: serde::de::DeserializeOwned>(call: &Call<'_>) -> Result<T, Reply> {
    go_json::read(call.body).map_err(|error| Reply::bad_request(&format!("invalid request body: {error}")))
}
