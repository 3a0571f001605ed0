//! `GET /bootscript?mac=|host=|nid=`: boots once, and never chains (facts: openchami-today §4).

use axum::http::StatusCode;

use super::choice::{Asker, choose};
use super::name;
use crate::cluster::Cluster;
use crate::cluster::rows::{BootParameters, Component};
use crate::dispatch::Call;
use crate::reply::Reply;
use crate::view::View;

/// `GET /bootscript?mac=|host=|nid=[&profile=]`; the profile is ignored.
pub(super) fn get(call: &Call<'_>, view: &View) -> Reply {
    let field = |key| call.query.joined(key, "");
    let (mac, host, nid) = (field("mac"), field("host"), field("nid"));
    let Some(asker) = asker(&view.cluster, &mac, &host, &nid) else {
        return Reply::bad_request("mac, host, or nid parameter is required");
    };
    let script = match choose(&view.cluster.boot, &asker) {
        Some((index, row)) => configured(&asker, &name(index, row), row, &mac),
        None => format!("#!ipxe\n# no boot configuration for {}\ndhcp\nboot\n", escaped(&format!("{mac}{host}{nid}"))),
    };
    Reply::new(StatusCode::OK, "text/plain", script)
}

/// Who asks; `None` if that is not said.
fn asker(cluster: &Cluster, mac: &str, host: &str, nid: &str) -> Option<Asker> {
    let number = nid.parse::<u64>().ok();
    let component: Option<&Component> = if !mac.is_empty() {
        let own = cluster.interfaces.iter().find(|row| row.mac_address.eq_ignore_ascii_case(mac));
        own.and_then(|own| cluster.components.iter().find(|row| row.id == own.component_id))
    } else if !host.is_empty() {
        cluster.components.iter().find(|row| row.id == host)
    } else {
        cluster.components.iter().find(|row| number.is_some() && row.nid.map(|nid| nid.0) == number)
    };
    if mac.is_empty() && host.is_empty() && number.is_none() {
        return None;
    }
    let mut asker = Asker { id: host.into(), nid: number, ..Asker::default() };
    if !mac.is_empty() {
        asker.macs.push(mac.into());
    }
    if let Some(component) = component {
        let groups = cluster.groups.iter().filter(|group| group.members.ids.contains(&component.id));
        asker.id.clone_from(&component.id);
        asker.role.clone_from(&component.role);
        asker.nid = component.nid.map(|nid| nid.0);
        asker.groups = groups.map(|group| group.label.clone()).collect();
        if mac.is_empty() {
            let own = cluster.interfaces.iter().filter(|row| row.component_id == component.id);
            asker.macs = own.map(|row| row.mac_address.clone()).collect();
        }
    }
    Some(asker)
}

/// The script; what comes from the configuration goes through a template engine that takes it for HTML.
fn configured(asker: &Asker, name: &str, row: &BootParameters, mac: &str) -> String {
    let mut params = row.params.clone();
    if !mac.is_empty() && !params.contains("BOOTIF=") {
        let bootif = format!("BOOTIF=01-{}", mac.replace(':', "-"));
        params = if params.is_empty() { bootif } else { format!("{params} {bootif}") };
    }
    let nid = asker.nid.map_or_else(String::new, |nid| nid.to_string());
    let (kernel, initrd, params) = (escaped(&row.kernel), escaped(&row.initrd), escaped(&params));
    format!(
        "#!ipxe\n# xname: {}\n# nid: {nid}\n# configuration: {}\n# role: {}\n# groups: {}\ndhcp\nset kernel {kernel}\n\
         set initrd {initrd}\nset params {params}\nkernel ${{kernel}} ${{params}}\ninitrd ${{initrd}}\nboot\n",
        escaped(&asker.id),
        escaped(name),
        escaped(&asker.role),
        escaped(&asker.groups.join(",")),
    )
}

/// As Go's `html/template` escapes a text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            '+' => escaped.push_str("&#43;"),
            c => escaped.push(c),
        }
    }
    escaped
}
