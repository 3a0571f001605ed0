//! `/hsm/v2/groups` and `/hsm/v2/memberships` (facts §4).

use std::collections::HashMap;

use serde::Serialize;

use super::components;
use crate::cluster::Cluster;
use crate::cluster::rows::{Component, Group};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::reply::Reply;
use crate::view::View;

pub(super) mod check;
pub(crate) mod members;
pub(crate) mod write;

/// `GET /groups[?group=&tag=]`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    let (labels, tags) = (call.query.any_case("group"), call.query.any_case("tag"));
    let groups = view.cluster.groups.iter().filter(|group| {
        labels.as_ref().is_none_or(|labels| labels.iter().any(|label| label.to_lowercase() == group.label))
            && tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| group.tags.iter().any(|own| own == tag)))
    });
    Reply::json(&groups.collect::<Vec<_>>())
}

/// `GET /groups/labels`.
pub(crate) fn labels(_: &Call<'_>, view: &View) -> Reply {
    Reply::json(&view.cluster.groups.iter().map(|group| group.label.as_str()).collect::<Vec<_>>())
}

/// `GET /groups/{label}`; the label is lower-cased first.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    find(call, view).map_or_else(|reply| reply, Reply::json)
}

/// `GET /memberships`, with the filters of the components.
pub(crate) fn memberships(call: &Call<'_>, view: &View) -> Reply {
    let cluster = &view.cluster;
    match components::select(cluster, call.query) {
        Ok(rows) => {
            let belongings = Belongings::new(cluster);
            Reply::json(&rows.into_iter().map(|row| belongings.of(row)).collect::<Vec<_>>())
        }
        Err(reply) => reply,
    }
}

/// `GET /memberships/{xname}`.
pub(crate) fn membership(call: &Call<'_>, view: &View) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    membership_of(id.as_deref(), call, view)
}

/// The same for a successor of SMD, where an ID is a text.
pub(crate) fn membership_as_given(call: &Call<'_>, view: &View) -> Reply {
    membership_of(Some(call.parameter), call, view)
}

fn membership_of(id: Option<&str>, call: &Call<'_>, view: &View) -> Reply {
    let cluster = &view.cluster;
    match cluster.components.iter().find(|row| Some(row.id.as_str()) == id) {
        Some(row) => Reply::json(&Belongings::new(cluster).of(row)),
        None => Reply::not_found(&format!("No such xname: {}", call.parameter)),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Membership<'a> {
    id: &'a str,
    group_labels: &'a [&'a str],
    partition_name: &'a str,
}

/// Groups and partition of each component that is in any.
struct Belongings<'a> {
    labels: HashMap<&'a str, Vec<&'a str>>,
    partitions: HashMap<&'a str, &'a str>,
}

impl<'a> Belongings<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        let mut labels: HashMap<&str, Vec<&str>> = HashMap::new();
        for group in &cluster.groups {
            for id in &group.members.ids {
                labels.entry(id).or_default().push(&group.label);
            }
        }
        let partitions = cluster
            .partitions
            .iter()
            .flat_map(|partition| partition.members.ids.iter().map(|id| (id.as_str(), partition.name.as_str())));
        Self { labels, partitions: partitions.collect() }
    }

    fn of(&'a self, row: &'a Component) -> Membership<'a> {
        let id = row.id.as_str();
        Membership {
            id,
            group_labels: self.labels.get(id).map(Vec::as_slice).unwrap_or_default(),
            partition_name: self.partitions.get(id).copied().unwrap_or_default(),
        }
    }
}

fn find<'a>(call: &Call<'_>, view: &'a View) -> Result<&'a Group, Reply> {
    let label = call.parameter.to_lowercase();
    let group = view.cluster.groups.iter().find(|group| group.label == label);
    group.ok_or_else(|| none(call))
}

/// 404 of a group that is not there.
fn none(call: &Call<'_>) -> Reply {
    Reply::not_found(&format!("No such group: {}", call.parameter))
}
