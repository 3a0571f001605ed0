//! `/boot/v1/bootparameters` is told things (facts §7.2, §12): the two storages agree on little more than the routes.

use std::time::SystemTime;

use axum::http::{HeaderName, StatusCode};
use serde::Deserialize;

use crate::bss::hosts::Directory;
use crate::bss::store::{Store, StoreError};
use crate::cluster::rows::BootParameters;
use crate::cluster::xname::Xname;
use crate::cluster::{Cluster, uuid};
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::{JSON_UTF8, Reply};

/// `POST /boot/v1/bootparameters`: new ones only; MACs and hosts are checked, so there is no posting of tags.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let told = match read(call).and_then(checked) {
        Ok(told) => told,
        Err(reply) => return reply,
    };
    let reply = Reply { status: StatusCode::CREATED, ..done() };
    write(call, cluster, |store, directory| store.add(&told, directory).map(|()| with_token(reply, &told)))
}

/// `PUT /boot/v1/bootparameters`: new ones or others.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match read(call) {
        Ok(told) => write(call, cluster, |store, directory| {
            store.put(&told, directory);
            Ok(with_token(done(), &told))
        }),
        Err(reply) => reply,
    }
}

/// `PATCH /boot/v1/bootparameters`: what is sent changes, the rest stays.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match read(call) {
        Ok(told) => write(call, cluster, |store, directory| store.update(&told, directory).map(|()| done())),
        Err(reply) => reply,
    }
}

/// `DELETE /boot/v1/bootparameters`.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    match read(call) {
        Ok(told) => write(call, cluster, |store, directory| store.delete(&told, directory).map(|()| done())),
        Err(reply) => reply,
    }
}

/// Boot parameters as a client sends them; cloud-init data is ignored.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    hosts: Vec<String>,
    macs: Vec<String>,
    nids: Vec<i32>,
    params: String,
    kernel: String,
    initrd: String,
}

impl Sent {
    /// As rows have it.
    pub(super) fn into_row(self) -> BootParameters {
        let Self { hosts, macs, nids, params, kernel, initrd } = self;
        BootParameters { hosts, macs, nids, params, kernel, initrd, ..BootParameters::default() }
    }
}

/// The body, under a new token.
fn read(call: &Call<'_>) -> Result<BootParameters, Reply> {
    let sent: Sent = go_json::read(call.body).map_err(|error| bad_request(&error.to_string()))?;
    let since = call.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let referral_token = uuid::of(&format!("{}/{:?}", since.as_nanos(), call.body));
    Ok(BootParameters { referral_token, ..sent.into_row() })
}

fn checked(told: BootParameters) -> Result<BootParameters, Reply> {
    if let Some(mac) = told.macs.iter().find(|mac| !is_mac(mac)) {
        return Err(bad_request(&format!("invalid MAC address format: {mac}\n")));
    }
    let is_node = |host: &&String| Xname::parse(host).is_some_and(|xname| xname.component_type == "Node");
    if let Some(host) = told.hosts.iter().find(|host| !is_node(host)) {
        return Err(bad_request(&format!("invalid xname: {host}")));
    }
    Ok(told)
}

/// Six pairs of hexadecimal digits with colons.
fn is_mac(text: &str) -> bool {
    let pairs: Vec<&str> = text.split(':').collect();
    pairs.len() == 6 && pairs.iter().all(|pair| pair.len() == 2 && pair.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Lets the storage change, and keeps what it then holds.
fn write(
    call: &Call<'_>,
    cluster: &mut Cluster,
    change: impl FnOnce(&mut Store, &Directory) -> Result<Reply, StoreError>,
) -> Reply {
    let directory = Directory::new(cluster);
    let mut store = Store::new(&cluster.boot, &directory, call.settings);
    match change(&mut store, &directory) {
        Ok(reply) => {
            cluster.boot = store.rows();
            reply
        }
        Err(StoreError::Exists(what)) => bad_request(&format!("Already exists: {what}")),
        Err(StoreError::NotFound(what)) => Reply::not_found(&format!("Not Found: {what} does not exist")),
        Err(StoreError::NothingToDelete(what)) => Reply::bad_request(&format!("Key {what} does not exist")),
    }
}

fn bad_request(detail: &str) -> Reply {
    Reply::bad_request(&format!("Bad Request: {detail}"))
}

fn done() -> Reply {
    Reply { status: StatusCode::OK, ..Reply::no_content(Some(JSON_UTF8)) }
}

/// Where an identifier was given, the token comes back.
fn with_token(reply: Reply, told: &BootParameters) -> Reply {
    if told.hosts.is_empty() && told.macs.is_empty() && told.nids.is_empty() {
        return reply;
    }
    reply.with_header(HeaderName::from_static("bss-referral-token"), &told.referral_token)
}
