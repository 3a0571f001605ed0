//! SMD's routes under `/hsm/v2` (facts: smd-bss §1–5).
//!
//! Public even with a token: `/service/…`, and reading the collections of components and interfaces, which is how
//! `CoreSMD` works without one.

use crate::dispatch::{Route, Service, ask, delete, get, patch, post, put};

pub(crate) mod components;
mod endpoints;
pub(crate) mod groups;
pub(crate) mod interfaces;
mod node_maps;
mod partitions;
pub(crate) mod service;
mod subscriptions;

/// The service.
pub(crate) static SERVICE: Service =
    Service { routes: ROUTES, no_token: "no token found\n", bad_token: "Unauthorized\n" };

static ROUTES: &[Route] = &[
    Route(
        "/hsm/v2/Inventory/EthernetInterfaces",
        &[get(interfaces::list).public(), post(interfaces::write::post), delete(interfaces::write::delete_all)],
    ),
    Route(
        "/hsm/v2/Inventory/EthernetInterfaces/{id}",
        &[get(interfaces::one), delete(interfaces::write::delete), patch(interfaces::write::patch)],
    ),
    Route(
        "/hsm/v2/Inventory/EthernetInterfaces/{id}/IPAddresses",
        &[get(interfaces::addresses::list), post(interfaces::addresses::post)],
    ),
    Route(
        "/hsm/v2/Inventory/EthernetInterfaces/{id}/IPAddresses/{ip}",
        &[patch(interfaces::addresses::patch), delete(interfaces::addresses::delete)],
    ),
    Route(
        "/hsm/v2/State/Components",
        &[get(components::list).public(), post(components::put::post), delete(components::delete_all)],
    ),
    Route("/hsm/v2/State/Components/BulkStateData", &[patch(components::patch::bulk_state_data)]),
    Route("/hsm/v2/State/Components/BulkFlagOnly", &[patch(components::patch::bulk_flag_only)]),
    Route("/hsm/v2/State/Components/BulkEnabled", &[patch(components::patch::bulk_enabled)]),
    Route("/hsm/v2/State/Components/BulkSoftwareStatus", &[patch(components::patch::bulk_software_status)]),
    Route("/hsm/v2/State/Components/BulkRole", &[patch(components::patch::bulk_role)]),
    Route("/hsm/v2/State/Components/BulkNID", &[patch(components::patch::bulk_nid)]),
    Route("/hsm/v2/State/Components/Query", &[ask(components::query)]),
    Route("/hsm/v2/State/Components/Query/{xname}", &[get(components::query_one)]),
    Route("/hsm/v2/State/Components/ByNID/{nid}", &[get(components::by_nid)]),
    Route(
        "/hsm/v2/State/Components/{xname}",
        &[get(components::one), put(components::put::put), delete(components::delete)],
    ),
    Route("/hsm/v2/State/Components/{xname}/StateData", &[patch(components::patch::state_data)]),
    Route("/hsm/v2/State/Components/{xname}/FlagOnly", &[patch(components::patch::flag_only)]),
    Route("/hsm/v2/State/Components/{xname}/Enabled", &[patch(components::patch::enabled)]),
    Route("/hsm/v2/State/Components/{xname}/SoftwareStatus", &[patch(components::patch::software_status)]),
    Route("/hsm/v2/State/Components/{xname}/Role", &[patch(components::patch::role)]),
    Route("/hsm/v2/State/Components/{xname}/NID", &[patch(components::patch::nid)]),
    Route("/hsm/v2/memberships", &[get(groups::memberships)]),
    Route("/hsm/v2/memberships/{xname}", &[get(groups::membership)]),
    Route("/hsm/v2/groups", &[get(groups::list), post(groups::write::post)]),
    Route("/hsm/v2/groups/labels", &[get(groups::labels)]),
    Route("/hsm/v2/groups/{label}", &[get(groups::one), delete(groups::write::delete), patch(groups::write::patch)]),
    Route(
        "/hsm/v2/groups/{label}/members",
        &[get(groups::members::list), post(groups::members::post), put(groups::members::put)],
    ),
    Route("/hsm/v2/groups/{label}/members/{xname}", &[delete(groups::members::delete)]),
    Route("/hsm/v2/partitions", &[get(partitions::list), post(partitions::post)]),
    Route("/hsm/v2/partitions/names", &[get(partitions::names)]),
    Route("/hsm/v2/partitions/{name}", &[get(partitions::one), delete(partitions::delete), patch(partitions::patch)]),
    Route("/hsm/v2/partitions/{name}/members", &[get(partitions::members), post(partitions::post_member)]),
    Route("/hsm/v2/partitions/{name}/members/{xname}", &[delete(partitions::delete_member)]),
    Route(
        "/hsm/v2/Inventory/RedfishEndpoints",
        &[get(endpoints::redfish), post(endpoints::write::post), delete(endpoints::write::delete_all)],
    ),
    Route(
        "/hsm/v2/Inventory/RedfishEndpoints/{xname}",
        &[
            get(endpoints::redfish_one),
            delete(endpoints::write::delete),
            put(endpoints::write::put),
            patch(endpoints::write::patch),
        ],
    ),
    Route(
        "/hsm/v2/Inventory/ComponentEndpoints",
        &[get(endpoints::components), delete(endpoints::write::delete_all_components)],
    ),
    Route(
        "/hsm/v2/Inventory/ComponentEndpoints/{xname}",
        &[get(endpoints::component_one), delete(endpoints::write::delete_component)],
    ),
    Route("/hsm/v2/Inventory/ServiceEndpoints", &[get(endpoints::services)]),
    Route(
        "/hsm/v2/Subscriptions/SCN",
        &[get(subscriptions::list), post(subscriptions::post), delete(subscriptions::delete_all)],
    ),
    Route(
        "/hsm/v2/Subscriptions/SCN/{id}",
        &[get(subscriptions::one), put(subscriptions::put), delete(subscriptions::delete)],
    ),
    Route("/hsm/v2/Defaults/NodeMaps", &[get(node_maps::list), post(node_maps::post), delete(node_maps::delete_all)]),
    Route("/hsm/v2/Defaults/NodeMaps/{xname}", &[get(node_maps::one), delete(node_maps::delete), put(node_maps::put)]),
    Route("/hsm/v2/service/ready", &[get(service::ready).public()]),
    Route("/hsm/v2/service/liveness", &[get(service::liveness).public()]),
    Route("/hsm/v2/service/values", &[get(service::values).public()]),
    Route("/hsm/v2/service/values/{name}", &[get(service::value).public()]),
];
