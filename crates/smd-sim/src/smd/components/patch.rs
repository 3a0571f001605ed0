//! Changes of one field of components, one by one or in bulk (facts §3). A component that is not there is no error.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::{done, filter, put};
use crate::cluster::Cluster;
use crate::cluster::rows::Component;
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;

/// `PATCH /{xname}/StateData`.
pub(crate) fn state_data(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::state_data)
}

/// `PATCH /{xname}/FlagOnly`.
pub(crate) fn flag_only(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::flag_only)
}

/// `PATCH /{xname}/Enabled`.
pub(crate) fn enabled(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::enabled)
}

/// `PATCH /{xname}/SoftwareStatus`.
pub(crate) fn software_status(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::software_status)
}

/// `PATCH /{xname}/Role`.
pub(crate) fn role(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::role)
}

/// `PATCH /{xname}/NID`.
pub(crate) fn nid(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    single(call, cluster, Body::nid)
}

/// `PATCH /BulkStateData`.
pub(crate) fn bulk_state_data(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    bulk(call, cluster, Body::state_data)
}

/// `PATCH /BulkFlagOnly`.
pub(crate) fn bulk_flag_only(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    bulk(call, cluster, Body::flag_only)
}

/// `PATCH /BulkEnabled`.
pub(crate) fn bulk_enabled(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    bulk(call, cluster, Body::enabled)
}

/// `PATCH /BulkSoftwareStatus`.
pub(crate) fn bulk_software_status(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    bulk(call, cluster, Body::software_status)
}

/// `PATCH /BulkRole`.
pub(crate) fn bulk_role(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    bulk(call, cluster, Body::role)
}

/// `PATCH /BulkNID`: each component has its own.
pub(crate) fn bulk_nid(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let changes = || {
        let Bodies { components } = go_json::read_or_500(call.body)?;
        if components.is_empty() {
            return Err(Reply::bad_request("Missing Components"));
        }
        let changes = components.iter().map(|body| Ok((normal(&body.id)?, body.nid()?)));
        changes.collect::<Result<HashMap<String, Change>, Reply>>()
    };
    match changes() {
        Ok(changes) => apply(cluster, |row| changes.get(&row.id)),
        Err(reply) => reply,
    }
}

/// What is done to a component.
type Change = Box<dyn Fn(&mut Component)>;

/// What a body wants done.
type Read = fn(&Body) -> Result<Change, Reply>;

fn single(call: &Call<'_>, cluster: &mut Cluster, read: Read) -> Reply {
    let change = || Ok((normal(call.parameter)?, read(&go_json::read_or_500(call.body)?)?));
    match change() {
        Ok((id, change)) => apply(cluster, |row| (row.id == id).then_some(&change)),
        Err(reply) => reply,
    }
}

fn bulk(call: &Call<'_>, cluster: &mut Cluster, read: Read) -> Reply {
    let change = || {
        let body: Body = go_json::read_or_500(call.body)?;
        if body.component_ids.is_empty() {
            return Err(Reply::bad_request("Missing ComponentIDs"));
        }
        let ids: Result<HashSet<String>, Reply> = body.component_ids.iter().map(|id| normal(id)).collect();
        Ok((ids?, read(&body)?))
    };
    match change() {
        Ok((ids, change)) => apply(cluster, |row| ids.contains(&row.id).then_some(&change)),
        Err(reply) => reply,
    }
}

fn apply<'a>(cluster: &mut Cluster, change_of: impl Fn(&Component) -> Option<&'a Change>) -> Reply {
    for row in &mut cluster.components {
        if let Some(change) = change_of(row) {
            change(row);
        }
    }
    done()
}

fn normal(id: &str) -> Result<String, Reply> {
    let xname = Xname::parse(id).ok_or_else(|| Reply::bad_request("Argument was not a valid xname ID"))?;
    Ok(xname.id)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bodies {
    components: Vec<Body>,
}

/// All that the bodies of these routes may hold.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    id: String,
    #[serde(rename = "componentids")]
    component_ids: Vec<String>,
    state: Option<String>,
    flag: Option<String>,
    force: bool,
    enabled: Option<bool>,
    #[serde(rename = "softwarestatus")]
    software_status: Option<String>,
    role: Option<String>,
    #[serde(rename = "subrole")]
    sub_role: Option<String>,
    #[serde(deserialize_with = "go_json::quoted_number")]
    nid: Option<i64>,
}

impl Body {
    /// The state, where the transition graph allows it or `Force` overrides that; the flag falls back to OK.
    fn state_data(&self) -> Result<Change, Reply> {
        let state = one_of("state", self.state.as_deref(), "Missing State")?;
        let flag = one_of("flag", Some(self.flag.as_deref().unwrap_or("OK")), "")?;
        let from: &'static [&'static str] = match valid_before(&state) {
            _ if self.force => &[],
            [] => return Err(Reply::bad_request("operation not allowed and not forced.")),
            // a late heartbeat must not bring a node back that is no longer Ready
            _ if (state.as_str(), flag.as_str()) == ("Ready", "Warning") => &["Ready"],
            from => from,
        };
        Ok(Box::new(move |row| {
            if from.is_empty() || from.contains(&row.state.as_str()) {
                row.state.clone_from(&state);
                row.flag.clone_from(&flag);
            }
        }))
    }

    fn flag_only(&self) -> Result<Change, Reply> {
        let flag = one_of("flag", self.flag.as_deref(), "Missing Flag")?;
        Ok(Box::new(move |row| row.flag.clone_from(&flag)))
    }

    fn enabled(&self) -> Result<Change, Reply> {
        let enabled = self.enabled.ok_or_else(|| Reply::bad_request("Missing Enabled"))?;
        Ok(Box::new(move |row| row.enabled = Some(enabled)))
    }

    fn software_status(&self) -> Result<Change, Reply> {
        let status = self.software_status.clone().ok_or_else(|| Reply::bad_request("Missing SoftwareStatus"))?;
        Ok(Box::new(move |row| row.software_status.clone_from(&status)))
    }

    /// The subrole goes with the role: one that is not sent is lost.
    fn role(&self) -> Result<Change, Reply> {
        let role = one_of("role", self.role.as_deref(), "Missing Role")?;
        let sub_role = match self.sub_role.as_deref() {
            None | Some("") => String::new(),
            sub_role => one_of("subrole", sub_role, "")?,
        };
        Ok(Box::new(move |row| {
            row.role.clone_from(&role);
            row.sub_role.clone_from(&sub_role);
        }))
    }

    /// A negative NID unsets it.
    fn nid(&self) -> Result<Change, Reply> {
        let nid = put::nid(self.nid.ok_or_else(|| Reply::bad_request("Missing NID"))?);
        Ok(Box::new(move |row| row.nid = nid))
    }
}

/// A value as SMD spells it; `missing` is the error where there is none.
fn one_of(field: &str, text: Option<&str>, missing: &str) -> Result<String, Reply> {
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| Reply::bad_request(missing))?;
    filter::canonical(field, text).map_err(|_| Reply::bad_request("a required argument did not match any valid input"))
}

/// The states from which a component may go to this one without force; none where only force does it.
fn valid_before(state: &str) -> &'static [&'static str] {
    match state {
        "Off" => &["Off", "On", "Standby", "Halt", "Ready"],
        "On" => &["On", "Off", "Standby", "Halt"],
        "Standby" => &["Standby", "Ready"],
        "Halt" => &["Halt", "Ready"],
        "Ready" => &["Ready", "On", "Off", "Standby", "Halt"],
        _ => &[],
    }
}
