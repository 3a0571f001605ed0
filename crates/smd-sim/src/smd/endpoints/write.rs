//! BMCs come, change and go (facts §4). A body with `SchemaVersion` brings its whole [`inventory`] along.

use serde::Deserialize;

use super::inventory::{self, Existing, Inventory};
use crate::cluster::Cluster;
use crate::cluster::rows::{DiscoveryInfo, RedfishEndpoint};
use crate::cluster::xname::Xname;
use crate::dispatch::Call;
use crate::go_json;
use crate::reply::Reply;

/// `POST /Inventory/RedfishEndpoints`: a list of BMCs, or one with or without its inventory.
pub(crate) fn post(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = |cluster: &Cluster| {
        let sent: Sent = go_json::read_or_500(call.body)?;
        let rows = sent.rows()?;
        let taken = |new: &RedfishEndpoint| {
            cluster.redfish_endpoints.iter().any(|row| row.id == new.id || row.fqdn == new.fqdn)
        };
        if rows.iter().any(taken) {
            let detail = "operation would conflict with an existing resource that has the same FQDN or xname ID.";
            return Err(Reply::conflict(detail));
        }
        Ok((rows, sent.schema_version))
    };
    let (rows, schema_version) = match new(cluster) {
        Ok(new) => new,
        Err(reply) => return reply,
    };
    let uris: Vec<String> = rows.iter().map(|row| format!("{COLLECTION}/{}", row.id)).collect();
    let endpoint = rows.first().cloned();
    cluster.redfish_endpoints.extend(rows);
    let errors = match endpoint.filter(|_| schema_version > 0) {
        None => Vec::new(),
        Some(endpoint) => match go_json::read_or_500(call.body) {
            Ok(sent) => inventory::store(cluster, &endpoint, &sent, Existing::Refused, call.now),
            Err(reply) => return reply,
        },
    };
    let location = if uris.len() == 1 { &uris[0] } else { COLLECTION };
    one_after_another(errors, Reply::created_list(&uris, location))
}

/// `PUT /Inventory/RedfishEndpoints/{xname}`: the whole BMC anew, and what its inventory says.
pub(crate) fn put(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let new = || {
        let sent: SentEndpoint = go_json::read_or_500(call.body)?;
        let row = sent.row("endpoint data")?;
        let inventory: Inventory = go_json::read_or_500(call.body)?;
        match Xname::parse(call.parameter) {
            Some(xname) if xname.id == row.id => Ok((row, (sent.schema_version > 0).then_some(inventory))),
            _ => Err(Reply::bad_request("xname in URL and PUT body do not match")),
        }
    };
    let (new, inventory) = match new() {
        Ok(new) => new,
        Err(reply) => return reply,
    };
    let Some(row) = cluster.redfish_endpoints.iter_mut().find(|row| row.id == new.id) else {
        return Reply::not_found(NO_SUCH_XNAME);
    };
    *row = new.clone();
    inherit_enabled(cluster, &new);
    let errors = match &inventory {
        Some(inventory) => inventory::store(cluster, &new, inventory, Existing::Replaced, call.now),
        None => Vec::new(),
    };
    one_after_another(errors, Reply::json(&new))
}

/// `PATCH /Inventory/RedfishEndpoints/{xname}`: what is sent changes, the rest stays.
pub(crate) fn patch(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let sent: SentEndpoint = match go_json::read_or_500(call.body) {
        Ok(sent) => sent,
        Err(reply) => return reply,
    };
    let id = Xname::parse(call.parameter).map(|xname| xname.id);
    let Some(row) = cluster.redfish_endpoints.iter_mut().find(|row| Some(&row.id) == id.as_ref()) else {
        return Reply::not_found(NO_SUCH_XNAME);
    };
    let texts = [
        (&mut row.name, &sent.name),
        (&mut row.hostname, &sent.hostname),
        (&mut row.domain, &sent.domain),
        (&mut row.fqdn, &sent.fqdn),
        (&mut row.uuid, &sent.uuid),
        (&mut row.user, &sent.user),
        (&mut row.password, &sent.password),
        (&mut row.mac_addr, &sent.mac_addr),
        (&mut row.ip_address, &sent.ip_address),
    ];
    for (text, sent) in texts {
        if let Some(sent) = sent {
            text.clone_from(sent);
        }
    }
    row.enabled = sent.enabled.unwrap_or(row.enabled);
    row.rediscover_on_update = sent.rediscover_on_update.unwrap_or(row.rediscover_on_update);
    let row = row.clone();
    inherit_enabled(cluster, &row);
    Reply::json(&row)
}

/// `DELETE /Inventory/RedfishEndpoints/{xname}`: what it answered for goes with it and leaves its components Empty.
pub(crate) fn delete(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let Some(Xname { id, .. }) = Xname::parse(call.parameter) else { return Reply::not_found(NO_SUCH_XNAME) };
    let before = cluster.redfish_endpoints.len();
    cluster.redfish_endpoints.retain(|row| row.id != id);
    remove_components(cluster, |row_id, bmc| row_id == id || bmc == id);
    Reply::deleted(before - cluster.redfish_endpoints.len(), NO_SUCH_XNAME)
}

/// `DELETE /Inventory/RedfishEndpoints`.
pub(crate) fn delete_all(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = std::mem::take(&mut cluster.redfish_endpoints).len();
    remove_components(cluster, |_, _| true);
    Reply::deleted(entries, "no entries to delete")
}

/// `DELETE /Inventory/ComponentEndpoints/{xname}`.
pub(crate) fn delete_component(call: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let Some(Xname { id, .. }) = Xname::parse(call.parameter) else { return Reply::not_found(NO_SUCH_XNAME) };
    let entries = remove_components(cluster, |row_id, _| row_id == id);
    Reply::deleted(entries, NO_SUCH_XNAME)
}

/// `DELETE /Inventory/ComponentEndpoints`.
pub(crate) fn delete_all_components(_: &Call<'_>, cluster: &mut Cluster) -> Reply {
    let entries = remove_components(cluster, |_, _| true);
    Reply::deleted(entries, "no entries to delete")
}

const COLLECTION: &str = "/hsm/v2/Inventory/RedfishEndpoints";
const NO_SUCH_XNAME: &str = "no such xname.";

/// Both shapes of a POST.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    #[serde(rename = "redfishendpoints")]
    many: Vec<SentEndpoint>,
    #[serde(flatten)]
    single: SentEndpoint,
    #[serde(rename = "schemaversion")]
    schema_version: i64,
}

/// A BMC as a client describes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct SentEndpoint {
    id: String,
    name: Option<String>,
    hostname: Option<String>,
    domain: Option<String>,
    fqdn: Option<String>,
    enabled: Option<bool>,
    uuid: Option<String>,
    user: Option<String>,
    password: Option<String>,
    #[serde(rename = "macaddr")]
    mac_addr: Option<String>,
    #[serde(rename = "ipaddress")]
    ip_address: Option<String>,
    #[serde(rename = "rediscoveronupdate")]
    rediscover_on_update: Option<bool>,
    #[serde(rename = "schemaversion")]
    schema_version: i64,
}

impl Sent {
    fn rows(&self) -> Result<Vec<RedfishEndpoint>, Reply> {
        if self.many.is_empty() {
            return Ok(vec![self.single.row("endpoint data")?]);
        }
        let rows = self.many.iter().enumerate();
        rows.map(|(index, sent)| sent.row(&format!("endpoint data at idx {index}"))).collect()
    }
}

impl SentEndpoint {
    /// The row that this describes. The first part of the FQDN is the host name; without an FQDN it is made of host
    /// name and domain, or is the ID.
    fn row(&self, what: &str) -> Result<RedfishEndpoint, Reply> {
        let invalid = |detail: String| Reply::bad_request(&format!("couldn't validate {what}: {detail}"));
        let Some(xname) = Xname::parse(&self.id) else {
            return Err(invalid(format!("{} is not a valid locational xname ID", self.id)));
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let ip_address = text(&self.ip_address);
        if !ip_address.is_empty() && ip_address.parse::<std::net::IpAddr>().is_err() {
            return Err(invalid(format!("IPAddress is not a valid IP address: '{ip_address}'")));
        }
        let (mut hostname, mut domain, mut fqdn) = (text(&self.hostname), text(&self.domain), text(&self.fqdn));
        if !fqdn.is_empty() {
            let (first, rest) = fqdn.split_once('.').unwrap_or((&fqdn, ""));
            (hostname, domain) = (first.to_owned(), rest.to_owned());
        } else if hostname.is_empty() {
            fqdn.clone_from(&xname.id);
        } else if domain.is_empty() {
            fqdn.clone_from(&hostname);
        } else {
            fqdn = format!("{hostname}.{domain}");
        }
        Ok(RedfishEndpoint {
            id: xname.id,
            component_type: xname.component_type.into(),
            name: text(&self.name),
            hostname,
            domain,
            fqdn,
            enabled: self.enabled.unwrap_or(true),
            uuid: text(&self.uuid),
            user: text(&self.user),
            password: text(&self.password),
            mac_addr: text(&self.mac_addr),
            ip_address,
            rediscover_on_update: self.rediscover_on_update.unwrap_or_default(),
            discovery_info: DiscoveryInfo::not_yet_queried(),
        })
    }
}

/// SMD writes every error as it meets it, and then the answer as if nothing had been: several documents in a row,
/// under the first one's status and content type.
fn one_after_another(errors: Vec<Reply>, reply: Reply) -> Reply {
    let mut replies = errors.into_iter().chain([reply]);
    let first = replies.next().expect("the reply itself is among them");
    let mut body = first.body.to_vec();
    replies.for_each(|next| body.extend_from_slice(&next.body));
    Reply { body: body.into(), ..first }
}

fn inherit_enabled(cluster: &mut Cluster, bmc: &RedfishEndpoint) {
    let own = cluster.component_endpoints.iter_mut().filter(|row| row.redfish_endpoint_id == bmc.id);
    own.for_each(|row| row.enabled = bmc.enabled);
}

/// Removes component endpoints by their own ID and their BMC's; their components are Empty from then on.
fn remove_components(cluster: &mut Cluster, gone: impl Fn(&str, &str) -> bool) -> usize {
    let rows = std::mem::take(&mut cluster.component_endpoints);
    let (gone, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| gone(&row.id, &row.redfish_endpoint_id));
    cluster.component_endpoints = kept;
    for component in cluster.components.iter_mut().filter(|row| gone.iter().any(|gone| gone.id == row.id)) {
        component.state = "Empty".into();
        component.flag = "OK".into();
    }
    gone.len()
}
