//! `/hsm/v2/service/…`: health, and the values that fields may have.

use serde_json::{Map, Value};

use crate::cluster::xname;
use crate::dispatch::Call;
use crate::reply::Reply;
use crate::view::View;

/// `GET /service/ready`.
pub(crate) fn ready(_: &Call<'_>, _: &View) -> Reply {
    Reply::message("HSM is healthy")
}

/// `GET /service/liveness`: 204 without a content type.
pub(crate) fn liveness(_: &Call<'_>, _: &View) -> Reply {
    Reply::no_content(None)
}

/// `GET /service/values`.
pub(crate) fn values(_: &Call<'_>, _: &View) -> Reply {
    let all: Map<String, Value> = NAMES.iter().map(|name| ((*name).into(), allowed(name).into())).collect();
    Reply::json(&all)
}

/// `GET /service/values/{name}`.
pub(crate) fn value(call: &Call<'_>, _: &View) -> Reply {
    match NAMES.iter().find(|name| name.to_lowercase() == call.parameter) {
        Some(name) => Reply::json(&Map::from_iter([((*name).into(), allowed(name).into())])),
        None => Reply::not_found(&format!("no such value: {}", call.parameter)),
    }
}

/// The values that this field of a component may have, in SMD's spelling; none for a field that takes any text.
pub(crate) fn allowed(name: &str) -> Vec<&'static str> {
    match name {
        "Arch" => vec!["X86", "ARM", "UNKNOWN", "Other"],
        "Class" => vec!["River", "Mountain", "Hill"],
        // one of the two warnings is the alias "warn"
        "Flag" => vec!["OK", "Warning", "Warning", "Alert", "Unknown", "Locked"],
        "NetType" => vec!["Sling", "Infiniband", "Ethernet", "OEM", "None"],
        "Role" => vec!["Compute", "Service", "System", "Application", "Storage", "Management"],
        "SubRole" => vec!["Master", "Worker", "Storage"],
        "State" => vec!["Unknown", "Empty", "Populated", "Off", "On", "Standby", "Halt", "Ready"],
        "Type" => xname::types().collect(),
        _ => vec![],
    }
}

const NAMES: [&str; 8] = ["Arch", "Class", "Flag", "NetType", "Role", "SubRole", "State", "Type"];
