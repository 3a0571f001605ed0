//! `/hsm/v2/Inventory/RedfishEndpoints` and `/hsm/v2/Inventory/ComponentEndpoints` (facts §4).

use serde::Serialize;

use crate::cluster::rows::{ComponentEndpoint, RedfishEndpoint};
use crate::cluster::xname::{self, Xname};
use crate::dispatch::Call;
use crate::query::Query;
use crate::reply::Reply;
use crate::view::View;

mod inventory;
mod wire;
pub(crate) mod write;

use wire::{Wire, fqdns, wire};

/// `GET /Inventory/RedfishEndpoints[?id=&fqdn=&type=&uuid=&macaddr=&ipaddress=&laststatus=]`.
pub(crate) fn redfish(call: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        redfish_endpoints: Vec<&'a RedfishEndpoint>,
    }
    let filter: Result<Vec<_>, Reply> =
        REDFISH_FIELDS.iter().filter_map(|(key, field)| wanted(call.query, key, *field)).collect();
    match filter {
        Ok(filter) => {
            let rows = view.cluster.redfish_endpoints.iter();
            let redfish_endpoints = rows.filter(|row| filter.iter().all(|wanted| wanted.takes(row))).collect();
            Reply::json(&Collection { redfish_endpoints })
        }
        Err(reply) => reply,
    }
}

/// `GET /Inventory/RedfishEndpoints/{xname}`.
pub(crate) fn redfish_one(call: &Call<'_>, view: &View) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let found = view.cluster.redfish_endpoints.iter().find(|row| Some(&row.id) == id.as_ref());
    found.map_or_else(|| Reply::not_found("no such xname."), Reply::json)
}

/// `GET /Inventory/ComponentEndpoints[?id=&redfish_ep=&type=&redfish_type=]`. Any `redfish_type` finds nothing.
pub(crate) fn components(call: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        component_endpoints: Vec<Wire<'a>>,
    }
    let filter: Result<Vec<_>, Reply> =
        COMPONENT_FIELDS.iter().filter_map(|(key, field)| wanted(call.query, key, *field)).collect();
    match filter {
        Ok(filter) => {
            let rows = view.cluster.component_endpoints.iter();
            let rows = rows.filter(|row| filter.iter().all(|wanted| wanted.takes(row)));
            let fqdns = fqdns(&view.cluster);
            Reply::json(&Collection { component_endpoints: rows.map(|row| wire(row, &fqdns)).collect() })
        }
        Err(reply) => reply,
    }
}

/// `GET /Inventory/ComponentEndpoints/{xname}`.
pub(crate) fn component_one(call: &Call<'_>, view: &View) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let found = view.cluster.component_endpoints.iter().find(|row| Some(&row.id) == id.as_ref());
    let fqdns = fqdns(&view.cluster);
    found.map_or_else(|| Reply::not_found("no such xname."), |row| Reply::json(&wire(row, &fqdns)))
}

/// The values that one key of a query asks for.
struct Wanted<T> {
    field: fn(&T) -> &str,
    values: Vec<String>,
}

impl<T> Wanted<T> {
    fn takes(&self, row: &T) -> bool {
        self.values.iter().any(|value| value == (self.field)(row))
    }
}

fn wanted<T>(query: &Query, key: &str, field: fn(&T) -> &str) -> Option<Result<Wanted<T>, Reply>> {
    let values = query.any_case(key)?;
    let read = |text: &&str| match key {
        "id" | "redfish_ep" => Xname::parse(text).map(|xname| xname.id).ok_or("Argument was not a valid xname ID"),
        "type" => xname::component_type(text).map(str::to_owned).ok_or("Argument was not a valid HMS Type"),
        _ => Ok((*text).to_owned()),
    };
    let values: Result<Vec<String>, _> = values.iter().map(read).collect();
    let values = values.map_err(|error| Reply::bad_request(&format!("bad query param: {error}")));
    Some(values.map(|values| Wanted { field, values }))
}

/// `GET /Inventory/ServiceEndpoints`: only Redfish discovery, which is off, finds any.
pub(crate) fn services(_: &Call<'_>, _: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection {
        service_endpoints: [(); 0],
    }
    Reply::json(&Collection { service_endpoints: [] })
}

type Fields<T> = &'static [(&'static str, fn(&T) -> &str)];

const REDFISH_FIELDS: Fields<RedfishEndpoint> = &[
    ("id", |row| &row.id),
    ("fqdn", |row| &row.fqdn),
    ("type", |row| &row.component_type),
    ("uuid", |row| &row.uuid),
    ("macaddr", |row| &row.mac_addr),
    ("ipaddress", |row| &row.ip_address),
    ("laststatus", |row| &row.discovery_info.last_discovery_status),
];

const COMPONENT_FIELDS: Fields<ComponentEndpoint> = &[
    ("id", |row| &row.id),
    ("redfish_ep", |row| &row.redfish_endpoint_id),
    ("type", |row| &row.component_type),
    // SMD compares this with a column that it never fills
    ("redfish_type", |_| ""),
];
