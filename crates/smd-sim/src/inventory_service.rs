//! inventory-service, SMD's designated successor (facts: openchami-today §5).
//!
//! SMD's shapes under SMD's paths, but: IDs, MACs and addresses are whatever was sent; keys with nothing in them are left
//! out; NIDs may come in quotes and interfaces in a wrapping; and but for `ready` nothing is public.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::dispatch::{Call, Route, Service, delete, get, patch, post, put};
use crate::query::Query;
use crate::reply::Reply;
use crate::settings::{InventoryKind, InventoryServiceSettings};
use crate::smd::{groups, service};
use crate::view::View;

mod write;

/// The service.
pub(crate) static SERVICE: Service =
    Service { routes: ROUTES, no_token: "missing bearer token\n", bad_token: "invalid token\n" };

static ROUTES: &[Route] = &[
    Route("/hsm/v2/State/Components", &[get(components), post(write::post_components)]),
    Route(
        "/hsm/v2/State/Components/{id}",
        &[get(component), put(write::put_component), delete(write::delete_component)],
    ),
    Route("/hsm/v2/Inventory/EthernetInterfaces", &[get(interfaces), post(write::post_interface)]),
    Route(
        "/hsm/v2/Inventory/EthernetInterfaces/{id}",
        &[get(interface), patch(write::patch_interface), delete(write::delete_interface)],
    ),
    Route("/hsm/v2/groups", &[get(groups::list), post(write::post_group)]),
    Route("/hsm/v2/groups/labels", &[get(groups::labels)]),
    Route("/hsm/v2/groups/{label}", &[get(groups::one), delete(groups::write::delete)]),
    Route("/hsm/v2/groups/{label}/members", &[get(groups::members::list)]),
    Route("/hsm/v2/memberships", &[get(groups::memberships)]),
    Route("/hsm/v2/memberships/{id}", &[get(groups::membership_as_given)]),
    Route("/hsm/v2/service/ready", &[get(service::ready).public()]),
];

/// `GET /State/Components`, with any key as a filter.
fn components(call: &Call<'_>, view: &View) -> Reply {
    let rows = view.cluster.components.iter().map(|row| wire(call, row)).filter(|row| selects(call.query, row));
    Reply::json(&json!({"Components": rows.collect::<Vec<_>>()}))
}

/// `GET /State/Components/{id}`.
fn component(call: &Call<'_>, view: &View) -> Reply {
    let found = view.cluster.components.iter().find(|row| row.id == call.parameter);
    found.map_or_else(|| not_found("component", call), |row| Reply::json(&wire(call, row)))
}

/// `GET /Inventory/EthernetInterfaces`, with any key as a filter; bare or wrapped.
fn interfaces(call: &Call<'_>, view: &View) -> Reply {
    let rows = view.cluster.interfaces.iter().map(|row| wire(call, row)).filter(|row| selects(call.query, row));
    let rows: Vec<Map<String, Value>> = rows.collect();
    if settings(call).wrapped { Reply::json(&json!({"EthernetInterfaces": rows})) } else { Reply::json(&rows) }
}

/// `GET /Inventory/EthernetInterfaces/{id}`.
fn interface(call: &Call<'_>, view: &View) -> Reply {
    let found = view.cluster.interfaces.iter().find(|row| row.id == call.parameter);
    found.map_or_else(|| not_found("ethernet interface", call), |row| Reply::json(&wire(call, row)))
}

fn not_found(what: &str, call: &Call<'_>) -> Reply {
    Reply::not_found(&format!("{what} not found: {}", call.parameter))
}

fn settings(call: &Call<'_>) -> InventoryServiceSettings {
    match call.settings.inventory {
        InventoryKind::InventoryService(settings) => settings,
        InventoryKind::Smd => InventoryServiceSettings::default(),
    }
}

/// A row without the keys that have nothing in them.
fn wire(call: &Call<'_>, row: &impl Serialize) -> Map<String, Value> {
    let Ok(Value::Object(mut row)) = serde_json::to_value(row) else { return Map::new() };
    row.retain(|_, value| !matches!(value, Value::String(text) if text.is_empty()) && *value != json!([]));
    if settings(call).nids_as_text
        && let Some(nid) = row.get_mut("NID")
    {
        *nid = nid.to_string().into();
    }
    row
}

/// Whether a row has one of the values of each key that it knows.
fn selects(query: &Query, row: &Map<String, Value>) -> bool {
    row.iter().all(|(key, value)| {
        query.any_case(key).is_none_or(|wanted| {
            wanted.iter().any(|wanted| match value {
                Value::String(text) => text == wanted,
                other => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *other),
            })
        })
    })
}
