//! BSS's routes under `/boot/v1` (facts: smd-bss §7): boot parameters, boot scripts, and what it knows of SMD.

use crate::dispatch::{Route, Service, ask, delete, get, get_fresh, patch, post, put};

pub(crate) mod history;
pub(crate) mod hosts;
mod parameters;
pub(crate) mod script;
mod service;
pub(crate) mod store;

/// The service.
pub(crate) static SERVICE: Service =
    Service { routes: ROUTES, no_token: "no token found\n", bad_token: "Unauthorized\n" };

static ROUTES: &[Route] = &[
    Route(
        "/boot/v1/bootparameters",
        &[
            get(parameters::get),
            put(parameters::write::put),
            post(parameters::write::post),
            patch(parameters::write::patch),
            delete(parameters::write::delete),
        ],
    ),
    Route("/boot/v1/bootscript", &[get_fresh(script::get).public()]),
    Route("/boot/v1/hosts", &[get(hosts::get).public(), ask(hosts::reload).public()]),
    Route("/boot/v1/dumpstate", &[get(parameters::dumpstate).public()]),
    Route("/boot/v1/endpoint-history", &[get_fresh(history::get).public()]),
    Route("/boot/v1/service/status", &[get(service::status).public()]),
    Route("/boot/v1/service/status/all", &[get(service::all).public()]),
    Route("/boot/v1/service/hsm", &[get(service::hsm).public()]),
    Route("/boot/v1/service/storage/status", &[get(service::storage).public()]),
];
