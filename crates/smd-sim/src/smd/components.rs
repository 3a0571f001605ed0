//! `/hsm/v2/State/Components`: always an object, with the filters, projections and writes of facts §3.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cluster::Cluster;
use crate::cluster::rows::Component;
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::query::Query;
use crate::reply::{JSON, Reply};
use crate::view::View;

mod filter;
pub(crate) mod patch;
pub(crate) mod put;

pub(crate) use filter::select;
use filter::{nid_of, projection};

/// `GET /State/Components`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    collection(&view.cluster, call.query)
}

/// `GET /State/Components/{xname}`.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    match view.cluster.components.iter().find(|row| Some(&row.id) == id.as_ref()) {
        Some(row) => Reply::json(row),
        None => Reply::not_found("no such xname."),
    }
}

/// `GET /State/Components/ByNID/{nid}`.
pub(crate) fn by_nid(call: &Call<'_>, view: &View) -> Reply {
    let Ok(nid) = call.parameter.parse::<i64>() else {
        return Reply::bad_request("a required argument was not an integer");
    };
    match view.cluster.components.iter().find(|row| nid_of(row) == Some(nid)) {
        Some(row) => Reply::json(row),
        None => Reply::not_found("no such NID."),
    }
}

/// `POST /State/Components/Query`: the filters and projections of the collection in a body, and `ComponentIDs`.
pub(crate) fn query(call: &Call<'_>, view: &View) -> Reply {
    let mut body: Map<String, Value> = match go_json::read_or_500(call.body) {
        Ok(body) => body,
        Err(reply) => return reply,
    };
    let ids = body.remove("componentids").as_ref().map(texts).unwrap_or_default();
    if ids.is_empty() {
        return Reply::bad_request("Missing ComponentIDs");
    }
    let pairs = body.iter().flat_map(|(key, value)| texts(value).into_iter().map(move |text| (key.clone(), text)));
    below(&view.cluster, &ids, pairs.collect())
}

/// `GET /State/Components/Query/{xname}`: the component and all below it.
pub(crate) fn query_one(call: &Call<'_>, view: &View) -> Reply {
    below(&view.cluster, &[call.parameter.to_owned()], Vec::new())
}

/// `DELETE /State/Components`. Interfaces stay behind, memberships do not.
pub(crate) fn delete_all(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = cluster.components.len();
    cluster.components.clear();
    cluster.groups.iter_mut().for_each(|group| group.members.ids.clear());
    cluster.partitions.iter_mut().for_each(|partition| partition.members.ids.clear());
    Reply::deleted(entries, "no entries to delete")
}

/// `DELETE /State/Components/{xname}`. Its interfaces stay behind, its memberships do not.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let Some(Xname { id, .. }) = Xname::parse(call.parameter) else { return Reply::not_found("no such xname.") };
    let before = cluster.components.len();
    cluster.components.retain(|row| row.id != id);
    let groups = cluster.groups.iter_mut().map(|group| &mut group.members);
    let partitions = cluster.partitions.iter_mut().map(|partition| &mut partition.members);
    groups.chain(partitions).for_each(|members| members.ids.retain(|member| *member != id));
    Reply::deleted(before - cluster.components.len(), "no such xname.")
}

fn collection(cluster: &Cluster, query: &Query) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection {
        components: Vec<Component>,
    }
    match select(cluster, query) {
        Ok(rows) => Reply::json(&Collection { components: rows.into_iter().map(projection(query)).collect() }),
        Err(reply) => reply,
    }
}

/// These components with all that is below them in their cabinets, so far as the other pairs select it. One that is
/// not there has nothing below it.
fn below(cluster: &Cluster, ids: &[String], pairs: Vec<(String, String)>) -> Reply {
    let known = |id: &String| cluster.components.iter().any(|row| row.id == *id);
    let tops = ids.iter().filter_map(|id| Xname::parse(id)).map(|xname| xname.id).filter(known);
    let tops: Vec<String> = tops.collect();
    let is_below = |row: &&Component| {
        let mut rests = tops.iter().filter_map(|top| row.id.strip_prefix(top.as_str()));
        rests.any(|rest| rest.is_empty() || rest.starts_with(char::is_alphabetic))
    };
    let components = cluster.components.iter().filter(is_below).cloned().collect();
    let part = Cluster {
        components,
        groups: cluster.groups.clone(),
        partitions: cluster.partitions.clone(),
        ..Cluster::default()
    };
    collection(&part, &Query::from_pairs(pairs))
}

/// The values of one key of a query in a body.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// What a write answers when it has nothing to say.
fn done() -> Reply {
    Reply::no_content(Some(JSON))
}
