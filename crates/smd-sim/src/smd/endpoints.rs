//! `/hsm/v2/Inventory/RedfishEndpoints` and `/hsm/v2/Inventory/ComponentEndpoints` (facts §4).
//!
//! The wire form of a component endpoint carries what SMD's V2 parser makes of `ochami discover static`: BSS reads
//! the MACs of a node from `RedfishSystemInfo`, and breaks without it.

use std::collections::HashMap;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::cluster::rows::{ComponentEndpoint, EndpointNic, RedfishEndpoint};
use crate::cluster::xname::{self, Xname};
use crate::dispatch::Call;
use crate::query::Query;
use crate::reply::Reply;

/// `GET /Inventory/RedfishEndpoints[?id=&fqdn=&type=&uuid=&macaddr=&ipaddress=&laststatus=]`.
pub(crate) fn redfish(call: &Call<'_>) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        redfish_endpoints: Vec<&'a RedfishEndpoint>,
    }
    let filter: Result<Vec<_>, Reply> =
        REDFISH_FIELDS.iter().filter_map(|(key, field)| wanted(call.query, key, *field)).collect();
    match filter {
        Ok(filter) => {
            let rows = call.view.cluster.redfish_endpoints.iter();
            let redfish_endpoints = rows.filter(|row| filter.iter().all(|wanted| wanted.takes(row))).collect();
            Reply::json(&Collection { redfish_endpoints })
        }
        Err(reply) => reply,
    }
}

/// `GET /Inventory/RedfishEndpoints/{xname}`.
pub(crate) fn redfish_one(call: &Call<'_>) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let found = call.view.cluster.redfish_endpoints.iter().find(|row| Some(&row.id) == id.as_ref());
    found.map_or_else(|| Reply::not_found("no such xname."), Reply::json)
}

/// `GET /Inventory/ComponentEndpoints[?id=&redfish_ep=&type=&redfish_type=]`. Any `redfish_type` finds nothing.
pub(crate) fn components(call: &Call<'_>) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Collection<'a> {
        component_endpoints: Vec<Wire<'a>>,
    }
    let filter: Result<Vec<_>, Reply> =
        COMPONENT_FIELDS.iter().filter_map(|(key, field)| wanted(call.query, key, *field)).collect();
    match filter {
        Ok(filter) => {
            let rows = call.view.cluster.component_endpoints.iter();
            let rows = rows.filter(|row| filter.iter().all(|wanted| wanted.takes(row)));
            let fqdns = fqdns(&call.view.cluster);
            Reply::json(&Collection { component_endpoints: rows.map(|row| wire(row, &fqdns)).collect() })
        }
        Err(reply) => reply,
    }
}

/// `GET /Inventory/ComponentEndpoints/{xname}`.
pub(crate) fn component_one(call: &Call<'_>) -> Reply {
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let found = call.view.cluster.component_endpoints.iter().find(|row| Some(&row.id) == id.as_ref());
    let fqdns = fqdns(&call.view.cluster);
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

/// FQDNs of the BMCs by their IDs.
type Fqdns<'a> = HashMap<&'a str, &'a str>;

fn fqdns(cluster: &Cluster) -> Fqdns<'_> {
    cluster.redfish_endpoints.iter().map(|row| (row.id.as_str(), row.fqdn.as_str())).collect()
}

fn wire<'a>(row: &'a ComponentEndpoint, fqdns: &Fqdns<'a>) -> Wire<'a> {
    let fqdn = fqdns.get(row.redfish_endpoint_id.as_str()).copied().unwrap_or_default();
    let (collection, actions) = if row.component_type == "Node" { ("Systems", SYSTEM) } else { ("Managers", MANAGER) };
    let odata_id = format!("/redfish/v1/{collection}/{}", row.id);
    let info = Info {
        name: &row.name,
        actions: Actions::new(actions, &odata_id),
        nics: row.nics.iter().map(|nic| Nic::new(nic, row)).collect(),
        command_shell: (actions.0 == MANAGER.0).then_some(CommandShell {
            service_enabled: true,
            max_concurrent_sessions: 65_536,
            connect_types_supported: [],
        }),
    };
    let (system, manager) = if row.component_type == "Node" { (Some(info), None) } else { (None, Some(info)) };
    Wire {
        id: &row.id,
        component_type: &row.component_type,
        redfish_type: actions.0,
        redfish_subtype: "",
        uuid: &row.uuid,
        redfish_url: format!("{fqdn}{odata_id}"),
        odata_id,
        redfish_endpoint_id: &row.redfish_endpoint_id,
        enabled: row.enabled,
        redfish_endpoint_fqdn: fqdn,
        component_endpoint_type: format!("ComponentEndpoint{}", actions.0),
        system,
        manager,
    }
}

/// Redfish type, and the resets that it allows.
type Kind = (&'static str, Option<&'static [&'static str]>);

const SYSTEM: Kind = (
    "ComputerSystem",
    Some(&[
        "On",
        "ForceOff",
        "GracefulShutdown",
        "GracefulRestart",
        "ForceRestart",
        "Nmi",
        "ForceOn",
        "PushPowerButton",
        "PowerCycle",
        "Suspend",
        "Pause",
        "Resume",
    ]),
);
const MANAGER: Kind = ("Manager", None);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wire<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    #[serde(rename = "Type")]
    component_type: &'a str,
    redfish_type: &'static str,
    redfish_subtype: &'static str,
    #[serde(rename = "UUID", skip_serializing_if = "str::is_empty")]
    uuid: &'a str,
    #[serde(rename = "OdataID")]
    odata_id: String,
    #[serde(rename = "RedfishEndpointID")]
    redfish_endpoint_id: &'a str,
    enabled: bool,
    #[serde(rename = "RedfishEndpointFQDN")]
    redfish_endpoint_fqdn: &'a str,
    #[serde(rename = "RedfishURL")]
    redfish_url: String,
    component_endpoint_type: String,
    #[serde(rename = "RedfishSystemInfo", skip_serializing_if = "Option::is_none")]
    system: Option<Info<'a>>,
    #[serde(rename = "RedfishManagerInfo", skip_serializing_if = "Option::is_none")]
    manager: Option<Info<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info<'a> {
    name: &'a str,
    actions: Actions,
    #[serde(rename = "EthernetNICInfo")]
    nics: Vec<Nic<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_shell: Option<CommandShell>,
}

#[derive(Serialize)]
struct Actions {
    #[serde(rename = "#ComputerSystem.Reset", skip_serializing_if = "Option::is_none")]
    system: Option<Reset>,
    #[serde(rename = "#Manager.Reset", skip_serializing_if = "Option::is_none")]
    manager: Option<Reset>,
}

#[derive(Serialize)]
struct Reset {
    #[serde(rename = "ResetType@Redfish.AllowableValues")]
    allowable_values: Option<&'static [&'static str]>,
    #[serde(rename = "@Redfish.ActionInfo")]
    action_info: String,
    target: String,
}

impl Actions {
    fn new((redfish_type, allowable_values): Kind, odata_id: &str) -> Self {
        let reset = Reset {
            allowable_values,
            action_info: format!("{odata_id}/ResetActionInfo"),
            target: format!("{odata_id}/Actions/{redfish_type}.Reset"),
        };
        if redfish_type == SYSTEM.0 {
            Self { system: Some(reset), manager: None }
        } else {
            Self { system: None, manager: Some(reset) }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Nic<'a> {
    redfish_id: &'static str,
    #[serde(rename = "@odata.id")]
    odata_id: &'static str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<&'a str>,
    interface_enabled: bool,
    #[serde(rename = "MACAddress")]
    mac_address: &'a str,
    #[serde(rename = "PermanentMACAddress", skip_serializing_if = "Option::is_none")]
    permanent_mac_address: Option<&'a str>,
}

impl<'a> Nic<'a> {
    fn new(nic: &'a EndpointNic, of: &'a ComponentEndpoint) -> Self {
        let manager = of.component_type != "Node";
        Self {
            redfish_id: "",
            odata_id: "",
            description: &nic.description,
            hostname: manager.then_some(&of.id),
            interface_enabled: !manager,
            mac_address: &nic.mac_address,
            permanent_mac_address: manager.then_some(&nic.mac_address),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CommandShell {
    service_enabled: bool,
    max_concurrent_sessions: u32,
    connect_types_supported: [(); 0],
}
