//! `/hsm/v2/Inventory/EthernetInterfaces/{id}/IPAddresses`, one address at a time, with all that SMD gets wrong in it
//! (facts §2).

use axum::http::StatusCode;

use super::find;
use super::write::{Address, COLLECTION, NO_ADDRESS};
use crate::cluster::Cluster;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;
use crate::view::View;

/// `GET …/IPAddresses`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    find(call, view).map_or_else(|reply| reply, |row| Reply::json(&row.ip_addresses))
}

/// `POST …/IPAddresses`. An interface that is not there is 500.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new: Address = match go_json::read_or_500(call.body) {
        Ok(new) => new,
        Err(reply) => return reply,
    };
    if new.ip_address.is_empty() {
        return Reply::bad_request(NO_ADDRESS);
    }
    let Some(row) = cluster.interfaces.iter_mut().find(|row| row.id == call.parameter) else {
        return Reply::internal_error("operation 'POST' failed during store.");
    };
    if row.ip_addresses.iter().any(|entry| entry.ip_address == new.ip_address) {
        return Reply::conflict("operation would conflict with an existing IP Address on the same ethernet interface.");
    }
    let uri = format!("{COLLECTION}/{}/IPAddresses/{}", row.id, new.ip_address);
    row.ip_addresses.push(new.into_row());
    row.last_update = call.now;
    Reply::created(&uri)
}

/// `PATCH …/IPAddresses/{ip}`. Without `Network` all addresses are lost, and then SMD panics.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let patch: Address = match go_json::read_or_500(call.body) {
        Ok(patch) => patch,
        Err(reply) => return reply,
    };
    let Some(row) = cluster.interfaces.iter_mut().find(|row| row.id == call.parameter) else {
        return Reply::not_found(NO_SUCH_ADDRESS);
    };
    let Some(network) = patch.network else {
        row.ip_addresses.clear();
        row.last_update = call.now;
        return Reply { status: StatusCode::INTERNAL_SERVER_ERROR, ..Reply::no_content(None) };
    };
    match row.ip_addresses.iter_mut().find(|entry| entry.ip_address == call.sub_parameter) {
        Some(entry) => {
            entry.network = network;
            row.last_update = call.now;
            Reply::json(entry)
        }
        None => Reply::not_found(NO_SUCH_ADDRESS),
    }
}

/// `DELETE …/IPAddresses/{ip}`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let Some(row) = cluster.interfaces.iter_mut().find(|row| row.id == call.parameter) else {
        return Reply::not_found(NO_SUCH_ADDRESS);
    };
    let before = row.ip_addresses.len();
    row.ip_addresses.retain(|entry| entry.ip_address != call.sub_parameter);
    let entries = before - row.ip_addresses.len();
    if entries > 0 {
        row.last_update = call.now;
    }
    Reply::deleted(entries, NO_SUCH_ADDRESS)
}

const NO_SUCH_ADDRESS: &str = "component ethernet interface has no such ip address.";
