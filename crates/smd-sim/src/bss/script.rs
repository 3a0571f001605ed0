//! `/boot/v1/bootscript`: the iPXE script of a node, down to the last blank line (facts §7.4).
//!
//! Three outcomes: the script of a known node, which chains to itself with a higher retry count when booting fails; a
//! script that chains back with the architecture, for anyone unknown; and a discovery kernel for an unknown machine
//! that said its architecture (KV only; in SQL mode BSS panics there and the connection closes). Signed S3 URLs and
//! SPIRE join tokens are not simulated.

use std::time::SystemTime;

use axum::http::StatusCode;
use serde::Serialize;

use super::hosts::Host;
use super::store::{BootData, Requester};
use crate::dispatch::Call;
use crate::reply::{Cut, JSON_UTF8, Reply};
use crate::settings::BssSettings;
use crate::view::View;

/// `GET /boot/v1/bootscript?mac=|name=|nid=[&retry=][&arch=][&ts=][&json=1]`.
pub(crate) fn get(call: &Call<'_>, view: &View) -> Reply {
    let Some(requester) = requester(call) else {
        return Reply::bad_request("Need a mac=, name=, or nid= parameter");
    };
    match outcome(call, &Asker::new(view, requester)) {
        Ok(Outcome::ComeBack(script)) => text_reply(script),
        Ok(Outcome::Boot(script)) if call.query.joined("json", "") == "1" => {
            Reply::json_as(JSON_UTF8, &script.as_json())
        }
        Ok(Outcome::Boot(script)) => text_reply(script.text()),
        Err(reply) => reply,
    }
}

/// The script of a known node that asks by this MAC; `None` if it is unknown to BSS.
pub(crate) fn of_known_mac(view: &View, mac: &str) -> Option<String> {
    let asker = Asker::new(view, Requester::Mac(mac.into()));
    let script = of_known(&asker, asker.known()?, 0)?;
    Some(script.text() + "\n")
}

/// Who asks, who that is, and what is stored for them.
struct Asker<'a> {
    view: &'a View,
    requester: Requester,
    host: Option<&'a Host>,
    data: BootData,
}

enum Outcome {
    /// Boot this.
    Boot(Script),
    /// Come back later, and say your architecture.
    ComeBack(String),
}

/// A script that boots something.
struct Script {
    kernel: String,
    initrd: String,
    params: String,
    retry_delay: u32,
    chain: String,
}

impl<'a> Asker<'a> {
    fn new(view: &'a View, requester: Requester) -> Self {
        let directory = &view.bss().directory;
        let host = match &requester {
            Requester::Mac(mac) => directory.by_mac(mac),
            Requester::Name(name) => directory.by_name(name),
            Requester::Nid(nid) => directory.by_nid(*nid),
        };
        let data = view.bss().store.resolve(&requester, host);
        Self { view, requester, host, data }
    }

    /// A known node has a component, an enabled endpoint and a kernel.
    fn known(&self) -> Option<&'a Host> {
        self.host.filter(|host| host.endpoint_enabled && !self.data.kernel.is_empty())
    }

    fn settings(&self) -> &'a BssSettings {
        &self.view.settings.bss
    }

    /// How a chained request names this asker: by its MAC, sent or known, if there is any.
    fn by(&self) -> String {
        let first_mac = self.host.and_then(|host| host.macs.iter().flatten().find(|mac| !mac.is_empty()));
        match (&self.requester, first_mac, self.host) {
            (Requester::Mac(mac), ..) | (_, Some(mac), _) => format!("mac={mac}"),
            (_, None, Some(host)) => format!("name={}", host.component.id),
            (Requester::Name(name), None, None) => format!("name={name}"),
            (Requester::Nid(nid), None, None) => format!("nid={nid}"),
        }
    }

    /// How an error calls this asker.
    fn description(&self) -> String {
        let asked = match &self.requester {
            Requester::Mac(mac) => format!("MAC {mac}"),
            Requester::Name(name) => name.clone(),
            Requester::Nid(nid) => format!("NID {nid}"),
        };
        match self.host {
            Some(host) if asked != host.component.id => format!("{asked} ({})", host.component.id),
            _ => asked,
        }
    }
}

/// mac beats name beats nid.
fn requester(call: &Call<'_>) -> Option<Requester> {
    let (mac, name) = (call.query.joined("mac", ""), call.query.joined("name", ""));
    if !mac.is_empty() {
        return Some(Requester::Mac(mac));
    }
    if !name.is_empty() {
        return Some(Requester::Name(name));
    }
    call.query.joined("nid", "").parse().ok().filter(|nid| *nid >= 0).map(Requester::Nid)
}

fn outcome(call: &Call<'_>, asker: &Asker<'_>) -> Result<Outcome, Reply> {
    let panics = || Reply::cut(Cut::Close);
    let retry = call.query.joined("retry", "").parse().unwrap_or(0);
    if let Some(host) = asker.known() {
        call.history.record(&host.component.id, call.settings.bss.mode, call.now);
        return of_known(asker, host, retry).map(Outcome::Boot).ok_or_else(panics);
    }
    let now = call.now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let ts: u64 = call.query.joined("ts", "").parse().unwrap_or(now);
    let chain = format!("{}?{}&arch=${{buildarch}}&ts={ts}", chain_url(asker.settings()), asker.by());
    let arch = call.query.joined("arch", "");
    if arch.is_empty() {
        return Ok(Outcome::ComeBack(format!("#!ipxe\nsleep {UNKNOWN_DELAY}\nchain {chain}\n")));
    }
    let discovery = asker.view.bss().store.of_unknown(&arch).ok_or_else(panics)?;
    let script = if !discovery.kernel.is_empty() {
        Script::new(asker.settings(), &discovery, &[], chain)
    } else if let Some(host) = asker.host.filter(|_| !asker.data.kernel.is_empty()) {
        of_known(asker, host, retry)
    } else {
        let who = asker.description();
        let detail = format!("Unknown {who} architecture {arch}: this host not configured for booting.");
        return Err(Reply::problem(StatusCode::NOT_FOUND, &detail));
    };
    script.map(Outcome::Boot).ok_or_else(panics)
}

/// `None` where BSS panics.
fn of_known(asker: &Asker<'_>, host: &Host, retry: i64) -> Option<Script> {
    let chain = format!("{}?{}&retry={}", chain_url(asker.settings()), asker.by(), retry.saturating_add(1));
    let mut extra = vec![("xname=", host.component.id.clone())];
    extra.extend(host.component.nid.map(|nid| ("nid=", nid.to_string())));
    extra.push(("bss_referral_token=", asker.data.referral_token.clone()));
    if let Requester::Mac(mac) = &asker.requester {
        extra.push(("BOOTIF=", format!("01-{}", mac.replace(':', "-"))));
    }
    Script::new(asker.settings(), &asker.data, &extra, chain)
}

fn chain_url(settings: &BssSettings) -> String {
    let BssSettings { chain_proto, ipxe_server, gw_uri, .. } = settings;
    format!("{chain_proto}://{ipxe_server}{gw_uri}/boot/v1/bootscript")
}

impl Script {
    /// Appends what the stored parameters do not have yet, then makes room for `initrd=initrd`. `None` where BSS
    /// panics: the last of the parameters ends in "initrd" and nothing follows it.
    fn new(settings: &BssSettings, data: &BootData, extra: &[(&str, String)], chain: String) -> Option<Self> {
        let cloud_init = ("ds=", format!("nocloud-net;s={}/", settings.advertise));
        let mut params = data.params.clone();
        for (key, value) in extra.iter().chain([&cloud_init]) {
            if !value.is_empty() && !params.split(' ').any(|token| token.starts_with(key)) {
                params.push(' ');
                params.push_str(key);
                params.push_str(value);
            }
        }
        if !data.initrd.is_empty() {
            if let Some(start) = params.find("initrd") {
                let end = start + params[start..].find(' ')?;
                params.replace_range(start..end, "");
            }
            params.insert_str(0, "initrd=initrd ");
        }
        let params = params.trim_matches(' ').to_owned();
        let (kernel, initrd) = (data.kernel.clone(), data.initrd.clone());
        Some(Self { kernel, initrd, params, retry_delay: settings.retry_delay, chain })
    }

    fn text(&self) -> String {
        let Self { kernel, initrd, params, retry_delay, chain } = self;
        let initrd = match initrd.as_str() {
            "" => String::new(),
            url => format!("initrd --name initrd {url} || goto boot_retry\n"),
        };
        format!(
            "#!ipxe\nkernel --name kernel {kernel} {params} || goto boot_retry\n{initrd}boot || goto boot_retry\n\
             :boot_retry\nsleep {retry_delay}\nchain {chain}\n"
        )
    }

    fn as_json(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Image {
            path: String,
        }
        #[derive(Serialize)]
        struct Json {
            params: String,
            kernel: Image,
            initrd: Image,
        }
        Json {
            params: format!("kernel {}", self.params),
            kernel: Image { path: self.kernel.clone() },
            initrd: Image { path: self.initrd.clone() },
        }
    }
}

/// BSS ends every script with one more newline.
fn text_reply(script: String) -> Reply {
    Reply::new(StatusCode::OK, "text/plain; charset=UTF-8", script + "\n")
}

/// Seconds that an unknown requester sleeps before it comes back.
const UNKNOWN_DELAY: u32 = 10;
