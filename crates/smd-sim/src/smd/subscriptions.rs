//! `/hsm/v2/Subscriptions/SCN` (facts §4). Subscriptions are kept, and nobody is ever told anything.

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::cluster::rows::Subscription;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;
use crate::view::View;

/// `GET /Subscriptions/SCN`; `null` where there are none.
pub(crate) fn list(_: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        subscription_list: Option<&'a [Subscription]>,
    }
    let rows = Some(view.cluster.subscriptions.as_slice()).filter(|rows| !rows.is_empty());
    Reply::json(&Collection { subscription_list: rows })
}

/// `GET /Subscriptions/SCN/{id}`.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    let found = id(call).and_then(|id| view.cluster.subscriptions.iter().find(|row| row.id == id));
    found.map_or_else(none, Reply::json)
}

/// `POST /Subscriptions/SCN`: a subscriber has a URL once.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let mut new = match read(call) {
        Ok(new) => new,
        Err(reply) => return reply,
    };
    let same = |row: &Subscription| (&row.subscriber, &row.url) == (&new.subscriber, &new.url);
    if cluster.subscriptions.iter().any(same) {
        return Reply::bad_request("Subscribe failed");
    }
    cluster.last_subscription += 1;
    new.id = cluster.last_subscription;
    let reply = Reply::json(&new);
    cluster.subscriptions.push(new);
    reply
}

/// `PUT /Subscriptions/SCN/{id}`.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = match read(call) {
        Ok(new) => new,
        Err(reply) => return reply,
    };
    match id(call).and_then(|id| cluster.subscriptions.iter_mut().find(|row| row.id == id)) {
        Some(row) => {
            *row = Subscription { id: row.id, ..new };
            Reply::json(row)
        }
        None => none(),
    }
}

/// `DELETE /Subscriptions/SCN/{id}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let before = cluster.subscriptions.len();
    cluster.subscriptions.retain(|row| Some(row.id) != id(call));
    if cluster.subscriptions.len() == before { none() } else { Reply::message("Subscription deleted") }
}

/// `DELETE /Subscriptions/SCN`.
pub(crate) fn delete_all(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = std::mem::take(&mut cluster.subscriptions).len();
    Reply::deleted(entries, "no entries to delete")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    subscriber: String,
    url: String,
    enabled: Option<bool>,
    roles: Vec<String>,
    #[serde(rename = "subroles")]
    sub_roles: Vec<String>,
    #[serde(rename = "softwarestatus")]
    software_status: Vec<String>,
    states: Vec<String>,
}

fn read(call: &Call<'_>) -> Result<Subscription, Reply> {
    let Sent { subscriber, url, enabled, roles, sub_roles, software_status, states } = go_json::read_or_500(call.body)?;
    for (text, missing) in [(&subscriber, "Missing Subscriber"), (&url, "Missing Url")] {
        if text.is_empty() {
            return Err(Reply::bad_request(missing));
        }
    }
    if enabled.is_none() && [&roles, &sub_roles, &software_status, &states].iter().all(|list| list.is_empty()) {
        let detail = "Missing trigger. Must subscribe to atleast one Enabled, Role, SubRole, SoftwareStatus, or State \
                      trigger.";
        return Err(Reply::bad_request(detail));
    }
    Ok(Subscription { id: 0, subscriber, enabled, roles, sub_roles, software_status, states, url })
}

fn id(call: &Call<'_>) -> Option<u64> {
    call.parameter.parse().ok()
}

fn none() -> Reply {
    Reply::not_found("Subscription not found")
}
