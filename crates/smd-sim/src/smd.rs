//! SMD's routes under `/hsm/v2` (facts: smd-bss §1–5).
//!
//! Public even with a token: `/service/…`, and the collections of components and interfaces, which is how `CoreSMD`
//! works without one.

use axum::http::Method;

use crate::dispatch::Access::{Protected, Public};
use crate::dispatch::{Access, Handler, Route};

mod components;
pub(crate) mod endpoints;
mod groups;
mod interfaces;
mod service;

/// All routes.
pub(crate) static ROUTES: &[Route] = &[
    get("/hsm/v2/Inventory/EthernetInterfaces", "GET,POST,DELETE", Public, &[(Method::GET, interfaces::list)]),
    get("/hsm/v2/Inventory/EthernetInterfaces/{id}", "GET,PATCH,DELETE", Protected, &[(Method::GET, interfaces::one)]),
    get("/hsm/v2/State/Components", "GET,POST,DELETE", Public, &[(Method::GET, components::list)]),
    get("/hsm/v2/State/Components/{xname}", "GET,PUT,DELETE", Protected, &[(Method::GET, components::one)]),
    get("/hsm/v2/State/Components/ByNID/{nid}", "GET", Protected, &[(Method::GET, components::by_nid)]),
    get("/hsm/v2/memberships", "GET", Protected, &[(Method::GET, groups::memberships)]),
    get("/hsm/v2/memberships/{xname}", "GET", Protected, &[(Method::GET, groups::membership)]),
    get("/hsm/v2/groups", "GET,POST", Protected, &[(Method::GET, groups::list)]),
    get("/hsm/v2/groups/labels", "GET", Protected, &[(Method::GET, groups::labels)]),
    get("/hsm/v2/groups/{label}", "GET,PATCH,DELETE", Protected, &[(Method::GET, groups::one)]),
    get("/hsm/v2/groups/{label}/members", "GET,POST,PUT", Protected, &[(Method::GET, groups::members)]),
    get("/hsm/v2/Inventory/RedfishEndpoints", "GET,POST,DELETE", Protected, &[(Method::GET, endpoints::redfish)]),
    get(
        "/hsm/v2/Inventory/RedfishEndpoints/{xname}",
        "GET,PUT,PATCH,DELETE",
        Protected,
        &[(Method::GET, endpoints::redfish_one)],
    ),
    get("/hsm/v2/Inventory/ComponentEndpoints", "GET,DELETE", Protected, &[(Method::GET, endpoints::components)]),
    get(
        "/hsm/v2/Inventory/ComponentEndpoints/{xname}",
        "GET,DELETE",
        Protected,
        &[(Method::GET, endpoints::component_one)],
    ),
    get("/hsm/v2/service/ready", "GET", Public, &[(Method::GET, service::ready)]),
    get("/hsm/v2/service/liveness", "GET", Public, &[(Method::GET, service::liveness)]),
    get("/hsm/v2/service/values", "GET", Public, &[(Method::GET, service::values)]),
    get("/hsm/v2/service/values/{name}", "GET", Public, &[(Method::GET, service::value)]),
];

/// A route whose answers depend on rows and query alone.
const fn get(
    pattern: &'static str,
    allow: &'static str,
    access: Access,
    methods: &'static [(Method, Handler)],
) -> Route {
    Route { pattern, allow, access, kept: true, methods }
}
