//! boot-service, BSS's successor (facts: openchami-today §4): configurations with targets, of which the best fits a node.
//!
//! Its configurations are the rows that BSS has as boot parameters; it knows nodes from the inventory without delay.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::cluster::rows::BootParameters;
use crate::cluster::{Cluster, uuid};
use crate::dispatch::{Call, Route, Service, delete, get, post, put};
use crate::go_json;
use crate::reply::Reply;
use crate::view::View;

mod choice;
mod script;

/// The service.
pub(crate) static SERVICE: Service =
    Service { routes: ROUTES, no_token: "missing bearer token\n", bad_token: "invalid token\n" };

/// With `enable_legacy_api` there is this too.
pub(crate) static LEGACY: Service = Service { routes: LEGACY_ROUTES, ..SERVICE };

static ROUTES: &[Route] = &[
    Route("/bootconfigurations", &[get(list), post(create)]),
    Route("/bootconfigurations/{uid}", &[get(one), put(replace), delete(remove)]),
    Route("/bootparameters", &[get(parameters)]),
    Route("/bootscript", &[get(script::get).public()]),
];

static LEGACY_ROUTES: &[Route] =
    &[Route("/boot/v1/bootparameters", &[get(parameters)]), Route("/boot/v1/bootscript", &[get(script::get).public()])];

/// `GET /bootconfigurations`.
fn list(_: &Call<'_>, view: &View) -> Reply {
    let configurations = view.cluster.boot.iter().enumerate();
    Reply::json(&configurations.map(|(index, row)| Configuration::new(index, row)).collect::<Vec<_>>())
}

/// `GET /bootconfigurations/{uid}`.
fn one(call: &Call<'_>, view: &View) -> Reply {
    match position(call, &view.cluster) {
        Some(index) => Reply::json(&Configuration::new(index, &view.cluster.boot[index])),
        None => none(call),
    }
}

/// `GET /bootparameters`: BSS's items in an object, with NIDs in quotes.
fn parameters(_: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Collection<'a> {
        boot_parameters: Vec<Item<'a>>,
    }
    Reply::json(&Collection { boot_parameters: view.cluster.boot.iter().map(Item::new).collect() })
}

/// `POST /bootconfigurations`.
fn create(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match read(call) {
        Ok(new) => {
            let index = cluster.boot.len();
            let reply = Reply::json(&Configuration::new(index, &new));
            cluster.boot.push(new);
            Reply { status: StatusCode::CREATED, ..reply }
        }
        Err(reply) => reply,
    }
}

/// `PUT /bootconfigurations/{uid}`.
fn replace(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match (position(call, cluster), read(call)) {
        (None, _) => none(call),
        (_, Err(reply)) => reply,
        (Some(index), Ok(new)) => {
            let reply = Reply::json(&Configuration::new(index, &new));
            cluster.boot[index] = new;
            reply
        }
    }
}

/// `DELETE /bootconfigurations/{uid}`.
fn remove(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match position(call, cluster) {
        Some(index) => {
            cluster.boot.remove(index);
            Reply::no_content(None)
        }
        None => none(call),
    }
}

/// A configuration as BSS has it, but for the NIDs.
#[derive(Serialize)]
struct Item<'a> {
    hosts: &'a [String],
    macs: &'a [String],
    nids: Vec<String>,
    kernel: &'a str,
    initrd: &'a str,
    params: &'a str,
}

impl<'a> Item<'a> {
    fn new(row: &'a BootParameters) -> Self {
        Self {
            hosts: &row.hosts,
            macs: &row.macs,
            nids: row.nids.iter().map(ToString::to_string).collect(),
            kernel: &row.kernel,
            initrd: &row.initrd,
            params: &row.params,
        }
    }
}

/// A configuration on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec<'a>,
    status: Status,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
    uid: String,
}

#[derive(Serialize)]
struct Spec<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hosts: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    macs: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    nids: &'a [i32],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    profile: &'a str,
    kernel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    initrd: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    params: &'a str,
    priority: u8,
}

#[derive(Serialize)]
struct Status {}

impl<'a> Configuration<'a> {
    fn new(index: usize, row: &'a BootParameters) -> Self {
        let name = name(index, row);
        Self {
            api_version: "boot.openchami.io/v1",
            kind: "BootConfiguration",
            metadata: Metadata { uid: uuid::of(&name), name },
            spec: Spec {
                hosts: &row.hosts,
                macs: &row.macs,
                nids: &row.nids,
                groups: &row.groups,
                profile: &row.profile,
                kernel: &row.kernel,
                initrd: &row.initrd,
                params: &row.params,
                priority: row.priority,
            },
            status: Status {},
        }
    }
}

/// A configuration as a client sends it: with its metadata, or the spec alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    metadata: SentMetadata,
    spec: Option<SentSpec>,
    #[serde(flatten)]
    bare: SentSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentMetadata {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentSpec {
    name: String,
    hosts: Vec<String>,
    macs: Vec<String>,
    nids: Vec<i32>,
    groups: Vec<String>,
    profile: String,
    kernel: String,
    initrd: String,
    params: String,
    priority: u8,
}

fn read(call: &Call<'_>) -> Result<BootParameters, Reply> {
    let bad = |detail: &str| Reply::bad_request(&format!("invalid request body: {detail}"));
    let sent: Sent = go_json::read(call.body).map_err(|error| bad(&error.to_string()))?;
    let spec = sent.spec.unwrap_or(sent.bare);
    if spec.kernel.is_empty() {
        return Err(bad("kernel is required"));
    }
    if spec.priority > 100 {
        return Err(bad("priority is 0 to 100"));
    }
    let name = if sent.metadata.name.is_empty() { spec.name } else { sent.metadata.name };
    let SentSpec { hosts, macs, nids, groups, profile, kernel, initrd, params, priority, .. } = spec;
    let referral_token = String::new();
    Ok(BootParameters { hosts, macs, nids, params, kernel, initrd, name, groups, profile, priority, referral_token })
}

/// What a configuration is called.
fn name(index: usize, row: &BootParameters) -> String {
    if row.name.is_empty() { format!("configuration-{}", index + 1) } else { row.name.clone() }
}

fn position(call: &Call<'_>, cluster: &Cluster) -> Option<usize> {
    cluster.boot.iter().enumerate().position(|(index, row)| uuid::of(&name(index, row)) == call.parameter)
}

fn none(call: &Call<'_>) -> Reply {
    Reply::not_found(&format!("BootConfiguration not found: {}", call.parameter))
}
