//! `/hsm/v2/groups/{label}/members` (facts §4).

use serde::Deserialize;

use super::{check, find, none};
use crate::cluster::Cluster;
use crate::cluster::rows::Group;
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;
use crate::view::View;

/// `GET /groups/{label}/members`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    find(call, view).map_or_else(|reply| reply, |group| Reply::json(&group.members))
}

/// `POST /groups/{label}/members`.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    const TWICE: &str = "operation would conflict with an existing member in the same group.";
    let new = |cluster: &Cluster| {
        let Member { id } = go_json::read_or_500(call.body)?;
        let id = normal(&id)?;
        let group = group_of(call, cluster)?;
        if group.members.ids.contains(&id) {
            return Err(Reply::conflict(TWICE));
        }
        let ids = [id];
        check::members(&ids, cluster, TWICE)?;
        check::exclusive(&ids, &group.label, &group.exclusive_group, cluster)?;
        let [id] = ids;
        Ok((group.label.clone(), id))
    };
    match new(cluster) {
        Ok((label, id)) => {
            let uri = format!("/hsm/v2/groups/{label}/members/{id}");
            let group = cluster.groups.iter_mut().find(|group| group.label == label);
            group.expect("it was there when the member was checked").members.ids.push(id);
            Reply::created_list(std::slice::from_ref(&uri), &uri)
        }
        Err(reply) => reply,
    }
}

/// `PUT /groups/{label}/members`: these and no others.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = |cluster: &Cluster| {
        let NewMembers { ids } = go_json::read_or_500(call.body)?;
        let ids: Vec<String> = ids.iter().map(|id| normal(id)).collect::<Result<_, _>>()?;
        let group = group_of(call, cluster)?;
        check::members(&ids, cluster, "duplicate ids found in request.")?;
        check::exclusive(&ids, &group.label, &group.exclusive_group, cluster)?;
        Ok((group.label.clone(), ids))
    };
    match new(cluster) {
        Ok((label, ids)) => {
            let uris: Vec<String> = ids.iter().map(|id| format!("/hsm/v2/groups/{label}/members/{id}")).collect();
            let group = cluster.groups.iter_mut().find(|group| group.label == label);
            group.expect("it was there when the members were checked").members.ids = ids;
            Reply::created_list(&uris, &format!("/hsm/v2/groups/{label}/members"))
        }
        Err(reply) => reply,
    }
}

/// `DELETE /groups/{label}/members/{xname}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let label = call.parameter.to_lowercase();
    let Some(group) = cluster.groups.iter_mut().find(|group| group.label == label) else { return none(call) };
    let id = match normal(call.sub_parameter) {
        Ok(id) => id,
        Err(reply) => return reply,
    };
    let before = group.members.ids.len();
    group.members.ids.retain(|member| *member != id);
    Reply::deleted(before - group.members.ids.len(), "group has no such member.")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Member {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewMembers {
    ids: Vec<String>,
}

fn normal(id: &str) -> Result<String, Reply> {
    let xname = Xname::parse(id).ok_or_else(|| Reply::bad_request("invalid xname ID"))?;
    Ok(xname.id)
}

fn group_of<'a>(call: &Call<'_>, cluster: &'a Cluster) -> Result<&'a Group, Reply> {
    let label = call.parameter.to_lowercase();
    cluster.groups.iter().find(|group| group.label == label).ok_or_else(|| none(call))
}
