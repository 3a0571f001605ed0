//! `/boot/v1/bootparameters` and `/boot/v1/dumpstate`. Nothing stored is `null`, never `[]` (facts §7.2).

use axum::http::StatusCode;
use serde::Serialize;

use super::hosts::{self, Host};
use crate::cluster::rows::BootParameters;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::{JSON_UTF8, Reply};
use crate::view::View;

pub(crate) mod write;

use write::Sent;

/// `GET /boot/v1/bootparameters`: everything, or what a query or a JSON body asks for.
pub(crate) fn get(call: &Call<'_>, view: &View) -> Reply {
    let bss = view.bss();
    let asked = match asked_for(call) {
        Ok(None) => return Reply::json_as(JSON_UTF8, &items(bss.store.all())),
        Ok(Some(asked)) => asked,
        Err(reply) => return reply,
    };
    let found = bss.store.find(&asked, &bss.directory);
    if found.is_empty() { nothing_found(&asked) } else { Reply::json_as(JSON_UTF8, &items(found)) }
}

/// `GET /boot/v1/dumpstate`: all hosts and all parameters, to anyone.
pub(crate) fn dumpstate(_: &Call<'_>, view: &View) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct State<'a> {
        components: &'a [Host],
        params: Option<Vec<Item>>,
    }
    let bss = view.bss();
    let state = State { components: bss.directory.all(), params: items(bss.store.all()) };
    Reply::json_as(JSON_UTF8, &state)
}

/// The identifiers that the request names; `None` if it names none and has no body.
fn asked_for(call: &Call<'_>) -> Result<Option<BootParameters>, Reply> {
    let (macs, names, nids) = (call.query.list("mac"), call.query.list("name"), call.query.list("nid"));
    let by_query = !(macs.is_empty() && names.is_empty() && nids.is_empty());
    if !by_query && call.body.is_empty() {
        return Ok(None);
    }
    let mut asked = match go_json::read(call.body).map(Sent::into_row) {
        Ok(asked) => asked,
        Err(_) if by_query => BootParameters::default(),
        Err(error) => return Err(Reply::bad_request(&format!("Failed to interpret request body: {error}"))),
    };
    asked.macs.extend(macs);
    asked.hosts.extend(names);
    for nid in nids {
        asked.nids.extend(i32::try_from(hosts::parse_nid(&nid)?));
    }
    Ok(Some(asked))
}

fn nothing_found(asked: &BootParameters) -> Reply {
    let kinds = [
        (!asked.hosts.is_empty(), "Hosts"),
        (!asked.macs.is_empty(), "MACs"),
        (!asked.nids.is_empty(), "NIDs"),
        (!asked.kernel.is_empty(), "kernel"),
        (!asked.initrd.is_empty(), "initrd"),
    ];
    let names: Vec<&str> = kinds.into_iter().filter(|(asked, _)| *asked).map(|(_, name)| name).collect();
    let list = match names.split_last() {
        None => return Reply::bad_request("No specified data requested"),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    };
    Reply::problem(StatusCode::NOT_FOUND, &format!("Cannot find boot parameters for requested {list}"))
}

/// An item with the cloud-init part that BSS always sends; it is empty here.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Item {
    #[serde(flatten)]
    parameters: BootParameters,
    cloud_init: CloudInit,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct CloudInit {
    meta_data: Option<()>,
    user_data: Option<()>,
    phone_home: PhoneHome,
}

#[derive(Default, Serialize)]
struct PhoneHome {
    pub_key_dsa: &'static str,
    pub_key_rsa: &'static str,
    pub_key_ecdsa: &'static str,
    instance_id: &'static str,
    hostname: &'static str,
    fqdn: &'static str,
}

/// `None`, on the wire `null`, if there are none.
fn items(parameters: Vec<BootParameters>) -> Option<Vec<Item>> {
    let items = parameters.into_iter().map(|parameters| Item { parameters, cloud_init: CloudInit::default() });
    Some(items.collect()).filter(|items: &Vec<Item>| !items.is_empty())
}
