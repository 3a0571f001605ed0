//! `/boot/v1/hosts`: the nodes as BSS knows them from SMD (facts §7.3), and the directory it finds a requester in.
//!
//! A host is a component of type Node whose State is not `Empty`. Its MACs are those of its component endpoint, as
//! Redfish spelt them, followed by those of its interfaces; nothing is folded and nothing is left out twice. Unlike
//! the real BSS, whose copy of SMD is refreshed now and then, this one is never stale.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::cluster::rows::Component;
use crate::dispatch::Call;
use crate::reply::{JSON_UTF8, Reply};
use crate::view::View;

/// A node as BSS knows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Host {
    /// SMD's row.
    #[serde(flatten)]
    pub(crate) component: Component,
    /// Of its component endpoint; SMD gives none where there is no domain.
    #[serde(rename = "FQDN")]
    pub(crate) fqdn: &'static str,
    /// All its MACs; `null` where there are none.
    #[serde(rename = "MAC")]
    pub(crate) macs: Option<Vec<String>>,
    /// Whether it has a component endpoint that is enabled; if not, BSS calls it unknown.
    #[serde(rename = "EndpointEnabled")]
    pub(crate) endpoint_enabled: bool,
}

/// All hosts, found by MAC (whatever its case), name or NID.
pub(crate) struct Directory {
    hosts: Vec<Host>,
    by_mac: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    by_nid: HashMap<u64, usize>,
}

impl Directory {
    /// What BSS makes of SMD's rows.
    pub(crate) fn new(cluster: &Cluster) -> Self {
        let mut macs: HashMap<&str, Vec<String>> = HashMap::new();
        let mut endpoints: HashMap<&str, bool> = HashMap::new();
        for endpoint in &cluster.component_endpoints {
            endpoints.insert(&endpoint.id, endpoint.enabled);
            macs.entry(&endpoint.id).or_default().extend(endpoint.nics.iter().map(|nic| nic.mac_address.clone()));
        }
        for row in &cluster.interfaces {
            macs.entry(&row.component_id).or_default().push(row.mac_address.clone());
        }
        let nodes = cluster.components.iter().filter(|row| row.component_type == "Node" && row.state != "Empty");
        let hosts = nodes.map(|component| Host {
            fqdn: "",
            macs: macs.remove(component.id.as_str()),
            endpoint_enabled: endpoints.get(component.id.as_str()).copied().unwrap_or_default(),
            component: component.clone(),
        });
        Self::index(hosts.collect())
    }

    fn index(hosts: Vec<Host>) -> Self {
        let (mut by_mac, mut by_name, mut by_nid) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (index, host) in hosts.iter().enumerate() {
            for mac in host.macs.iter().flatten() {
                by_mac.entry(mac.to_ascii_lowercase()).or_insert(index);
            }
            by_name.entry(host.component.id.clone()).or_insert(index);
            if let Some(nid) = host.component.nid {
                by_nid.entry(nid.0).or_insert(index);
            }
        }
        Self { hosts, by_mac, by_name, by_nid }
    }

    /// The host with this MAC; only the case of letters is folded.
    pub(crate) fn by_mac(&self, mac: &str) -> Option<&Host> {
        self.by_mac.get(&mac.to_ascii_lowercase()).map(|index| &self.hosts[*index])
    }

    /// The host with exactly this xname.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Host> {
        self.by_name.get(name).map(|index| &self.hosts[*index])
    }

    /// The host with this NID.
    pub(crate) fn by_nid(&self, nid: i64) -> Option<&Host> {
        self.by_nid.get(&u64::try_from(nid).ok()?).map(|index| &self.hosts[*index])
    }

    /// All hosts.
    pub(crate) fn all(&self) -> &[Host] {
        &self.hosts
    }
}

/// `GET /boot/v1/hosts[?name=&mac=&nid=]`.
pub(crate) fn get(call: &Call<'_>, view: &View) -> Reply {
    let directory = &view.bss().directory;
    let (names, macs, nids) = (call.query.list("name"), call.query.list("mac"), call.query.list("nid"));
    if names.is_empty() && macs.is_empty() && nids.is_empty() {
        return Reply::json_as(JSON_UTF8, &directory.all());
    }
    match asked_for(directory, &names, &macs, &nids) {
        Ok(found) => Reply::json_as(JSON_UTF8, &found),
        Err(reply) => reply,
    }
}

/// `POST /boot/v1/hosts` makes BSS read SMD again. Here it is never behind, so there is nothing to do.
pub(crate) fn reload(_: &Call<'_>, _: &View) -> Reply {
    Reply::no_content(Some(JSON_UTF8))
}

/// A NID of a query, or the 400 that BSS answers. Go reads `0x` and `0` prefixes here; decimal is what clients send.
pub(crate) fn parse_nid(text: &str) -> Result<i64, Reply> {
    text.parse().map_err(|_| Reply::bad_request(&format!("Bad Request - Invalid nid '{text}'")))
}

fn asked_for<'a>(
    directory: &'a Directory,
    names: &[String],
    macs: &[String],
    nids: &[String],
) -> Result<Vec<&'a Host>, Reply> {
    let unknown =
        |what: &str, text: &str| Reply::problem(StatusCode::NOT_FOUND, &format!("Not Found - Unknown {what} '{text}'"));
    let mut found = Vec::new();
    for name in names {
        found.push(directory.by_name(name).ok_or_else(|| unknown("host name", name))?);
    }
    for mac in macs {
        found.push(directory.by_mac(mac).ok_or_else(|| unknown("MAC address", mac))?);
    }
    for nid in nids {
        found.push(directory.by_nid(parse_nid(nid)?).ok_or_else(|| unknown("NID", nid))?);
    }
    Ok(found)
}
