//! `/hsm/v2/Inventory/EthernetInterfaces`: a bare array, the filters and the writes of facts §2.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cluster::rows::EthernetInterface;
use crate::cluster::xname::{self, Xname};
use crate::dispatch::Call;
use crate::query::Query;
use crate::reply::Reply;
use crate::view::View;

pub(crate) mod addresses;
pub(crate) mod write;

/// `GET /Inventory/EthernetInterfaces`.
pub(crate) fn list(call: &Call<'_>, view: &View) -> Reply {
    match Filter::read(call.query) {
        Ok(filter) => {
            let rows = view.cluster.interfaces.iter().filter(|row| filter.passes(row));
            Reply::json(&rows.collect::<Vec<_>>())
        }
        Err(reply) => reply,
    }
}

/// `GET /Inventory/EthernetInterfaces/{id}`; the ID is lower-cased first.
pub(crate) fn one(call: &Call<'_>, view: &View) -> Reply {
    find(call, view).map_or_else(|reply| reply, Reply::json)
}

/// The interface that a path names.
fn find<'a>(call: &Call<'_>, view: &'a View) -> Result<&'a EthernetInterface, Reply> {
    let id = call.parameter.to_lowercase();
    let found = view.cluster.interfaces.iter().find(|row| row.id == id);
    let found = found.filter(|_| id.chars().all(char::is_alphanumeric));
    found.ok_or_else(|| Reply::not_found(&format!("No such component ethernet interface: {}", call.parameter)))
}

/// What a query selects: a repeated key is OR, different keys are AND, unknown keys are nothing.
#[derive(Default)]
struct Filter {
    ids: Option<Vec<String>>,
    macs: Option<Vec<String>>,
    addresses: Option<Vec<String>>,
    networks: Option<Vec<String>>,
    components: Option<Vec<String>>,
    types: Option<Vec<String>>,
    older_than: Option<SystemTime>,
    newer_than: Option<SystemTime>,
}

impl Filter {
    fn read(query: &Query) -> Result<Self, Reply> {
        let values = |key| query.any_case(key);
        let texts = |key| values(key).map(|values| values.iter().map(ToString::to_string).collect());
        let filter = Self {
            ids: lower_case(values("ID"), "Invalid component ethernet interface ID.")?,
            macs: lower_case(values("MACAddress"), "Invalid component ethernet interface MAC address.")?,
            addresses: texts("IPAddress"),
            networks: texts("Network"),
            components: each(values("ComponentID"), "Invalid CompID.", |text| match text {
                "" => Some(String::new()),
                text => Xname::parse(text).map(|xname| xname.id),
            })?,
            types: each(values("Type"), "Invalid HMS type.", |text| xname::component_type(text).map(str::to_owned))?,
            older_than: time(values("OlderThan"))?,
            newer_than: time(values("NewerThan"))?,
        };
        if filter.addresses.is_some() && filter.networks.is_some() {
            // SMD joins one table twice under one name
            return Err(Reply::internal_error("failed to query DB."));
        }
        Ok(filter)
    }

    fn passes(&self, row: &EthernetInterface) -> bool {
        let wants = |wanted: &Option<Vec<String>>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == value))
        };
        let entries = &row.ip_addresses;
        let address = self.addresses.as_ref().is_none_or(|wanted| {
            // the empty address selects interfaces that have none
            wanted.iter().any(|wanted| entries.iter().any(|entry| entry.ip_address == *wanted))
                || entries.is_empty() && wanted.iter().any(String::is_empty)
        });
        let network = self
            .networks
            .as_ref()
            .is_none_or(|wanted| wanted.iter().any(|wanted| entries.iter().any(|entry| entry.network == *wanted)));
        wants(&self.ids, &row.id)
            && wants(&self.macs, &row.mac_address)
            && wants(&self.components, &row.component_id)
            && wants(&self.types, &row.component_type)
            && address
            && network
            && self.older_than.is_none_or(|limit| row.last_update < limit)
            && self.newer_than.is_none_or(|limit| row.last_update > limit)
    }
}

fn lower_case(values: Option<Vec<&str>>, error: &str) -> Result<Option<Vec<String>>, Reply> {
    each(values, error, |text| (!text.is_empty()).then(|| text.to_lowercase()))
}

fn each(
    values: Option<Vec<&str>>,
    error: &str,
    read: impl Fn(&str) -> Option<String>,
) -> Result<Option<Vec<String>>, Reply> {
    let Some(values) = values else { return Ok(None) };
    let read: Option<Vec<String>> = values.into_iter().map(read).collect();
    read.map(Some).ok_or_else(|| Reply::bad_request(error))
}

/// The first value of a time; the others do not count.
fn time(values: Option<Vec<&str>>) -> Result<Option<SystemTime>, Reply> {
    let Some(text) = values.and_then(|values| values.first().copied()) else { return Ok(None) };
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(time) => Ok(Some(time.into())),
        Err(_) => Err(Reply::bad_request("bad query param: Argument was not in a valid RFC3339 time format")),
    }
}
