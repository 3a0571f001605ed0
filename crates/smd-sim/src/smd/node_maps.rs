//! `/hsm/v2/Defaults/NodeMaps`: NIDs and roles of nodes that are not there yet (facts §3).

use serde::{Deserialize, Serialize};
use smd_cache::Nid;

use crate::cluster::Cluster;
use crate::cluster::rows::NodeMap;
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;
use crate::view::View;

/// `GET /Defaults/NodeMaps`.
pub(crate) fn list(_: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        node_maps: &'a [NodeMap],
    }
    Reply::json(&Collection { node_maps: &view.cluster.node_maps })
}

/// `GET /Defaults/NodeMaps/{xname}`.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let found = view.cluster.node_maps.iter().find(|map| Some(&map.id) == id.as_ref());
    found.map_or_else(|| Reply::not_found(NO_SUCH_XNAME), Reply::json)
}

/// `POST /Defaults/NodeMaps`.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let maps = || {
        let Many { node_maps } = go_json::read_or_500(call.body)?;
        if node_maps.is_empty() {
            return Err(Reply::bad_request("Missing NodeMaps"));
        }
        node_maps.iter().map(|map| map.row(&map.id)).collect::<Result<Vec<NodeMap>, Reply>>()
    };
    match maps() {
        Ok(maps) => {
            let text = format!("Created or modified {} entries", maps.len());
            for map in maps {
                store(cluster, map);
            }
            Reply::message(&text)
        }
        Err(reply) => reply,
    }
}

/// `PUT /Defaults/NodeMaps/{xname}`.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let map = || {
        let map: Sent = go_json::read_or_500(call.body)?;
        map.row(call.parameter)
    };
    match map() {
        Ok(map) => {
            let reply = Reply::json(&map);
            store(cluster, map);
            reply
        }
        Err(reply) => reply,
    }
}

/// `DELETE /Defaults/NodeMaps/{xname}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let before = cluster.node_maps.len();
    cluster.node_maps.retain(|map| Some(&map.id) != id.as_ref());
    Reply::deleted(before - cluster.node_maps.len(), NO_SUCH_XNAME)
}

/// `DELETE /Defaults/NodeMaps`.
pub(crate) fn delete_all(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = std::mem::take(&mut cluster.node_maps).len();
    Reply::deleted(entries, "no entries to delete")
}

const NO_SUCH_XNAME: &str = "no such xname.";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Many {
    #[serde(rename = "nodemaps")]
    node_maps: Vec<Sent>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    id: String,
    #[serde(deserialize_with = "go_json::quoted_number")]
    nid: Option<i64>,
    role: String,
    #[serde(rename = "subrole")]
    sub_role: String,
}

impl Sent {
    fn row(&self, id: &str) -> Result<NodeMap, Reply> {
        let xname = Xname::parse(id).filter(|xname| xname.component_type == "Node");
        let xname = xname.ok_or_else(|| Reply::bad_request(&format!("xname ID '{id}' is invalid")))?;
        let nid = self.nid.and_then(|nid| u64::try_from(nid).ok());
        let nid = nid.ok_or_else(|| Reply::bad_request("NID is missing or invalid"))?;
        Ok(NodeMap { id: xname.id, nid: Nid(nid), role: self.role.clone(), sub_role: self.sub_role.clone() })
    }
}

fn store(cluster: &mut Cluster, new: NodeMap) {
    match cluster.node_maps.iter_mut().find(|map| map.id == new.id) {
        Some(map) => *map = new,
        None => cluster.node_maps.push(new),
    }
}
