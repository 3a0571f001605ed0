//! `/hsm/v2/partitions`: like groups, but a component is in one at most (facts §4).

use serde::Deserialize;

use super::groups::check::{self, SentMembers};
use crate::cluster::Cluster;
use crate::cluster::rows::{Members, Partition};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::{JSON, Reply};
use crate::view::View;

/// `GET /partitions[?partition=&tag=]`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    let (names, tags) = (call.query.any_case("partition"), call.query.any_case("tag"));
    let partitions = view.cluster.partitions.iter().filter(|partition| {
        names.as_ref().is_none_or(|names| names.iter().any(|name| name.to_lowercase() == partition.name))
            && tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| partition.tags.iter().any(|own| own == tag)))
    });
    Reply::json(&partitions.collect::<Vec<_>>())
}

/// `GET /partitions/names`.
pub(crate) fn names(_: &Call<'_>, view: &View) -> Reply {
    Reply::json(&view.cluster.partitions.iter().map(|partition| partition.name.as_str()).collect::<Vec<_>>())
}

/// `GET /partitions/{name}`.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    find(call, &view.cluster).map_or_else(|reply| reply, Reply::json)
}

/// `GET /partitions/{name}/members`.
pub(crate) fn members(call: &Call<'_>, view: &View) -> Reply {
    find(call, &view.cluster).map_or_else(|reply| reply, |partition| Reply::json(&partition.members))
}

/// `POST /partitions`.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match new_partition(call, cluster) {
        Ok(partition) => {
            let uri = format!("/hsm/v2/partitions/{}", partition.name);
            cluster.partitions.push(partition);
            Reply::created_list(std::slice::from_ref(&uri), &uri)
        }
        Err(reply) => reply,
    }
}

/// `PATCH /partitions/{name}`: description and tags, nothing else.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let patch = || {
        let patch: Patch = go_json::read_or_500(call.body)?;
        let tags = patch.tags.as_deref().map(|tags| check::labels(tags, WHAT)).transpose()?;
        Ok((patch.description, tags))
    };
    let (description, tags) = match patch() {
        Ok(patch) => patch,
        Err(reply) => return reply,
    };
    let partition = match find_mut(call, cluster) {
        Ok(partition) => partition,
        Err(reply) => return reply,
    };
    if let Some(description) = description {
        partition.description = description;
    }
    if let Some(tags) = tags {
        partition.tags = tags;
    }
    Reply::no_content(Some(JSON))
}

/// `DELETE /partitions/{name}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let name = call.parameter.to_lowercase();
    let before = cluster.partitions.len();
    cluster.partitions.retain(|partition| partition.name != name);
    Reply::deleted(before - cluster.partitions.len(), "no such partition.")
}

/// `POST /partitions/{name}/members`.
pub(crate) fn post_member(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = |cluster: &Cluster| {
        let Member { id } = go_json::read_or_500(call.body)?;
        let Xname { id, .. } = Xname::parse(&id).ok_or_else(|| Reply::bad_request("invalid xname ID"))?;
        let partition = find(call, cluster)?;
        let ids = [id];
        if partition.members.ids.contains(&ids[0]) {
            return Err(Reply::conflict("operation would conflict with an existing member in the same partition."));
        }
        free(&ids, cluster)?;
        let [id] = ids;
        Ok(id)
    };
    let added = new(cluster).and_then(|id| Ok((find_mut(call, cluster)?, id)));
    match added {
        Ok((partition, id)) => {
            let uri = format!("/hsm/v2/partitions/{}/members/{id}", partition.name);
            partition.members.ids.push(id);
            Reply::created_list(std::slice::from_ref(&uri), &uri)
        }
        Err(reply) => reply,
    }
}

/// `DELETE /partitions/{name}/members/{xname}`.
pub(crate) fn delete_member(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let Some(Xname { id, .. }) = Xname::parse(call.sub_parameter) else {
        return Reply::bad_request("invalid xname ID");
    };
    match find_mut(call, cluster) {
        Ok(partition) => {
            let before = partition.members.ids.len();
            partition.members.ids.retain(|member| *member != id);
            Reply::deleted(before - partition.members.ids.len(), "partition has no such member.")
        }
        Err(reply) => reply,
    }
}

const WHAT: &str = "partition";

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewPartition {
    name: String,
    description: String,
    tags: Vec<String>,
    members: SentMembers,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Patch {
    description: Option<String>,
    tags: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Member {
    id: String,
}

fn new_partition(call: &Call<'_>, cluster: &Cluster) -> Result<Partition, Reply> {
    let new: NewPartition = go_json::read_or_500(call.body)?;
    let name = new.name.to_lowercase();
    if !is_name(&name) {
        return Err(Reply::bad_request("couldn't validate partition: Bad partition name. Must be p# or p#.#"));
    }
    let tags = check::labels(&new.tags, WHAT)?;
    let ids = new.members.normal(WHAT)?;
    if cluster.partitions.iter().any(|partition| partition.name == name) {
        return Err(Reply::conflict("operation would conflict with an existing partition that has the same name."));
    }
    free(&ids, cluster)?;
    Ok(Partition { name, description: new.description, tags, members: Members { ids } })
}

/// `p1` or `p1.2`.
fn is_name(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    text.strip_prefix('p').is_some_and(|rest| match rest.split_once('.') {
        Some((hard, soft)) => number(hard) && number(soft),
        None => number(rest),
    })
}

/// Members are components, each of them once and in no partition yet.
fn free(ids: &[String], cluster: &Cluster) -> Result<(), Reply> {
    const TAKEN: &str = "operation would conflict with an existing member in another partition.";
    check::members(ids, cluster, "duplicate ids found in request.")?;
    let mut others = cluster.partitions.iter().flat_map(|partition| &partition.members.ids);
    if others.any(|id| ids.contains(id)) { Err(Reply::conflict(TAKEN)) } else { Ok(()) }
}

fn find<'a>(call: &Call<'_>, cluster: &'a Cluster) -> Result<&'a Partition, Reply> {
    let name = call.parameter.to_lowercase();
    cluster.partitions.iter().find(|partition| partition.name == name).ok_or_else(|| none(call))
}

fn find_mut<'a>(call: &Call<'_>, cluster: &'a mut Cluster) -> Result<&'a mut Partition, Reply> {
    let name = call.parameter.to_lowercase();
    cluster.partitions.iter_mut().find(|partition| partition.name == name).ok_or_else(|| none(call))
}

fn none(call: &Call<'_>) -> Reply {
    Reply::not_found(&format!("No such partition: {}", call.parameter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_partitions() {
        for (text, good) in
            [("p1", true), ("p12.3", true), ("p", false), ("p1.", false), ("x1", false), ("p1.2.3", false)]
        {
            assert_eq!(is_name(text), good, "{text}");
        }
    }
}
