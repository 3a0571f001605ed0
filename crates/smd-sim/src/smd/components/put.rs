//! New components (facts §3): what is missing is made up, and what is there is left alone or, with `Force`, half of it
//! overwritten.

use std::collections::HashMap;

use serde::Deserialize;
use smd_cache::Nid;

use super::{done, filter};
use crate::cluster::Cluster;
use crate::cluster::rows::{Component, NodeMap};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;

/// `POST /State/Components`.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let many = || {
        let Many { components, force } = go_json::read_or_500(call.body)?;
        if components.is_empty() {
            return Err(Reply::bad_request("Missing Components"));
        }
        let rows: Result<Vec<Component>, Reply> =
            components.iter().map(|new| new.checked("components", &cluster.node_maps)).collect();
        Ok((rows?, force))
    };
    match many() {
        Ok((rows, force)) => store(cluster, rows, force),
        Err(reply) => reply,
    }
}

/// `PUT /State/Components/{xname}`.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let single = || {
        let Single { component, force } = go_json::read_or_500(call.body)?;
        let row = component.checked("component", &cluster.node_maps)?;
        match Xname::parse(call.parameter) {
            Some(xname) if xname.id == row.id => Ok((row, force)),
            _ => Err(Reply::bad_request("ID in URL and POST body do not match")),
        }
    };
    match single() {
        Ok((row, force)) => store(cluster, vec![row], force),
        Err(reply) => reply,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Many {
    components: Vec<NewComponent>,
    force: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Single {
    component: NewComponent,
    force: bool,
}

/// A component as a client describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewComponent {
    id: String,
    state: String,
    flag: String,
    enabled: Option<bool>,
    #[serde(rename = "softwarestatus")]
    software_status: String,
    role: String,
    #[serde(rename = "subrole")]
    sub_role: String,
    #[serde(deserialize_with = "go_json::quoted_number")]
    nid: Option<i64>,
    subtype: String,
    #[serde(rename = "nettype")]
    net_type: String,
    arch: String,
    class: String,
}

impl NewComponent {
    /// The row that this describes; `what` is what the error calls it.
    fn checked(&self, what: &str, node_maps: &[NodeMap]) -> Result<Component, Reply> {
        let invalid = |field: &str, text: &str| {
            Reply::bad_request(&format!("couldn't validate {what}: {field} '{text}' is invalid"))
        };
        let xname = Xname::parse(&self.id).ok_or_else(|| invalid("xname ID", &self.id))?;
        let required = |field, text: &str| filter::canonical(field, text).map_err(|_| invalid(field, text));
        let optional = |field, text: &str| if text.is_empty() { Ok(String::new()) } else { required(field, text) };
        let row = Component {
            component_type: xname.component_type.into(),
            state: required("state", &self.state)?,
            flag: required("flag", if self.flag.is_empty() { "OK" } else { &self.flag })?,
            enabled: Some(self.enabled.unwrap_or(true)),
            software_status: self.software_status.clone(),
            role: optional("role", &self.role)?,
            sub_role: optional("subrole", &self.sub_role)?,
            nid: self.nid.and_then(nid),
            subtype: self.subtype.clone(),
            net_type: optional("nettype", &self.net_type)?,
            arch: optional("arch", &self.arch)?,
            class: optional("class", &self.class)?,
            ..Component::default()
        };
        let is_node = matches!(xname.component_type, "Node" | "VirtualNode");
        let row = if is_node { self.with_defaults(row, &xname, node_maps) } else { row };
        Ok(Component { id: xname.id, ..row })
    }

    /// What a node does not say of itself: the node map knows it, or it is made up.
    fn with_defaults(&self, mut row: Component, xname: &Xname, node_maps: &[NodeMap]) -> Component {
        let known = node_maps.iter().find(|map| map.id == xname.id);
        if self.nid.is_none() {
            row.nid = known.map(|map| map.nid).or_else(|| xname.synthesised_nid().map(Nid));
        }
        if row.role.is_empty() {
            match known.filter(|map| !map.role.is_empty()) {
                Some(map) => (row.role, row.sub_role) = (map.role.clone(), map.sub_role.clone()),
                None => row.role = "Compute".into(),
            }
        }
        row
    }
}

/// A NID that was sent; a negative one is none.
pub(super) fn nid(number: i64) -> Option<Nid> {
    u64::try_from(number).ok().map(Nid)
}

/// Adds the new ones. Of one that is there, `force` overwrites what hardware says of itself, and nothing else does.
fn store(cluster: &mut Cluster, rows: Vec<Component>, force: bool) -> Reply {
    let present = cluster.components.iter().enumerate();
    let mut present: HashMap<String, usize> = present.map(|(index, row)| (row.id.clone(), index)).collect();
    for new in rows {
        match present.get(&new.id).and_then(|index| cluster.components.get_mut(*index)) {
            Some(old) if force => {
                old.state = new.state;
                old.flag = new.flag;
                old.subtype = new.subtype;
                old.net_type = new.net_type;
                old.arch = new.arch;
                old.class = new.class;
            }
            Some(_) => {}
            None => {
                present.insert(new.id.clone(), cluster.components.len());
                cluster.components.push(new);
            }
        }
    }
    done()
}
