//! Groups come, change and go (facts §4).

use serde::Deserialize;

use super::check::{self, SentMembers};
use super::none;
use crate::cluster::Cluster;
use crate::cluster::rows::{Group, Members};
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::{JSON, Reply};

/// `POST /groups`.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match new_group(call, cluster) {
        Ok(group) => {
            let uri = format!("/hsm/v2/groups/{}", group.label);
            cluster.groups.push(group);
            Reply::created_list(std::slice::from_ref(&uri), &uri)
        }
        Err(reply) => reply,
    }
}

/// `PATCH /groups/{label}`: description and tags, nothing else.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let patch = || {
        let patch: Patch = go_json::read_or_500(call.body)?;
        let tags = patch.tags.as_deref().map(|tags| check::labels(tags, "group")).transpose()?;
        Ok((patch.description, tags))
    };
    let (description, tags) = match patch() {
        Ok(patch) => patch,
        Err(reply) => return reply,
    };
    let label = call.parameter.to_lowercase();
    let Some(group) = cluster.groups.iter_mut().find(|group| group.label == label) else { return none(call) };
    if let Some(description) = description {
        group.description = description;
    }
    if let Some(tags) = tags {
        group.tags = tags;
    }
    Reply::no_content(Some(JSON))
}

/// `DELETE /groups/{label}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let label = call.parameter.to_lowercase();
    let before = cluster.groups.len();
    cluster.groups.retain(|group| group.label != label);
    Reply::deleted(before - cluster.groups.len(), "no such group.")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewGroup {
    label: String,
    description: String,
    #[serde(rename = "exclusivegroup")]
    exclusive_group: String,
    tags: Vec<String>,
    members: SentMembers,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Patch {
    description: Option<String>,
    tags: Option<Vec<String>>,
}

fn new_group(call: &Call<'_>, cluster: &Cluster) -> Result<Group, Reply> {
    const WHAT: &str = "group";
    const TWICE: &str = "operation would conflict with an existing group that has the same label or duplicate ids found \
                         in request.";
    let new: NewGroup = go_json::read_or_500(call.body)?;
    let label = check::label(&new.label, WHAT)?;
    let set = match new.exclusive_group.as_str() {
        "" => String::new(),
        set => check::label(set, WHAT)?,
    };
    let tags = check::labels(&new.tags, WHAT)?;
    let ids = new.members.normal(WHAT)?;
    if cluster.groups.iter().any(|group| group.label == label) {
        return Err(Reply::conflict(TWICE));
    }
    check::members(&ids, cluster, TWICE)?;
    check::exclusive(&ids, &label, &set, cluster)?;
    let members = Members { ids };
    Ok(Group { label, description: new.description, exclusive_group: set, tags, members })
}
