//! `/hsm/v2/groups` and `/hsm/v2/memberships` (facts §4). There are no partitions.

use std::collections::HashMap;

use serde::Serialize;

use super::components;
use crate::cluster::Cluster;
use crate::cluster::rows::{Component, Group};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::reply::Reply;

/// `GET /groups[?group=&tag=]`.
pub(crate) fn list(call: &Call<'_>) -> Reply {
    let (labels, tags) = (call.query.any_case("group"), call.query.any_case("tag"));
    let groups = call.view.cluster.groups.iter().filter(|group| {
        labels.as_ref().is_none_or(|labels| labels.iter().any(|label| label.to_lowercase() == group.label))
            && tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| group.tags.iter().any(|own| own == tag)))
    });
    Reply::json(&groups.collect::<Vec<_>>())
}

/// `GET /groups/labels`.
pub(crate) fn labels(call: &Call<'_>) -> Reply {
    Reply::json(&call.view.cluster.groups.iter().map(|group| group.label.as_str()).collect::<Vec<_>>())
}

/// `GET /groups/{label}`; the label is lower-cased first.
pub(crate) fn one(call: &Call<'_>) -> Reply {
    find(call).map_or_else(|reply| reply, Reply::json)
}

/// `GET /groups/{label}/members`.
pub(crate) fn members(call: &Call<'_>) -> Reply {
    find(call).map_or_else(|reply| reply, |group| Reply::json(&group.members))
}

/// `GET /memberships`, with the filters of the components.
pub(crate) fn memberships(call: &Call<'_>) -> Reply {
    let cluster = &call.view.cluster;
    match components::select(cluster, call.query) {
        Ok(rows) => {
            let labels = labels_by_id(cluster);
            Reply::json(&rows.into_iter().map(|row| Membership::new(row, &labels)).collect::<Vec<_>>())
        }
        Err(reply) => reply,
    }
}

/// `GET /memberships/{xname}`.
pub(crate) fn membership(call: &Call<'_>) -> Reply {
    let cluster = &call.view.cluster;
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    match cluster.components.iter().find(|row| Some(&row.id) == id.as_ref()) {
        Some(row) => Reply::json(&Membership::new(row, &labels_by_id(cluster))),
        None => Reply::not_found(&format!("No such xname: {}", call.parameter)),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Membership<'a> {
    id: &'a str,
    group_labels: &'a [&'a str],
    partition_name: &'static str,
}

impl<'a> Membership<'a> {
    fn new(row: &'a Component, labels: &'a HashMap<&str, Vec<&'a str>>) -> Self {
        let group_labels = labels.get(row.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        Self { id: &row.id, group_labels, partition_name: "" }
    }
}

fn labels_by_id(cluster: &Cluster) -> HashMap<&str, Vec<&str>> {
    let mut labels: HashMap<&str, Vec<&str>> = HashMap::new();
    for group in &cluster.groups {
        for id in &group.members.ids {
            labels.entry(id).or_default().push(&group.label);
        }
    }
    labels
}

fn find<'a>(call: &Call<'a>) -> Result<&'a Group, Reply> {
    let label = call.parameter.to_lowercase();
    let group = call.view.cluster.groups.iter().find(|group| group.label == label);
    group.ok_or_else(|| Reply::not_found(&format!("No such group: {}", call.parameter)))
}
