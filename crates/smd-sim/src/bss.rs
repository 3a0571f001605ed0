//! BSS's routes under `/boot/v1` (facts: smd-bss §7): boot parameters, boot scripts, and what it knows of SMD.

use axum::http::Method;

use crate::dispatch::Access::{Protected, Public};
use crate::dispatch::Route;

pub(crate) mod hosts;
mod parameters;
pub(crate) mod script;
mod service;
pub(crate) mod store;

/// All routes.
pub(crate) static ROUTES: &[Route] = &[
    Route {
        pattern: "/boot/v1/bootparameters",
        allow: "GET,PUT,POST,PATCH,DELETE",
        access: Protected,
        kept: true,
        methods: &[(Method::GET, parameters::get)],
    },
    Route {
        pattern: "/boot/v1/bootscript",
        allow: "GET",
        access: Public,
        kept: false,
        methods: &[(Method::GET, script::get)],
    },
    Route {
        pattern: "/boot/v1/hosts",
        allow: "GET,POST",
        access: Public,
        kept: true,
        methods: &[(Method::GET, hosts::get), (Method::POST, hosts::reload)],
    },
    Route {
        pattern: "/boot/v1/dumpstate",
        allow: "GET",
        access: Public,
        kept: true,
        methods: &[(Method::GET, parameters::dumpstate)],
    },
    Route {
        pattern: "/boot/v1/service/status",
        allow: "GET",
        access: Public,
        kept: true,
        methods: &[(Method::GET, service::status)],
    },
    Route {
        pattern: "/boot/v1/service/status/all",
        allow: "GET",
        access: Public,
        kept: true,
        methods: &[(Method::GET, service::all)],
    },
    Route {
        pattern: "/boot/v1/service/hsm",
        allow: "GET",
        access: Public,
        kept: true,
        methods: &[(Method::GET, service::hsm)],
    },
    Route {
        pattern: "/boot/v1/service/storage/status",
        allow: "GET",
        access: Public,
        kept: true,
        methods: &[(Method::GET, service::storage)],
    },
];
