//! What SMD v2.20.5 and BSS (in both storage modes) were recorded to answer, against the simulator in the same state.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use smd_cache::Nid;
use smd_sim::cluster::edit::{Change, NewInterface, NewNode};
use smd_sim::cluster::rows::{
    BootParameters, Component, DiscoveryInfo, EthernetInterface, Group, IpAddressMapping, Members, RedfishEndpoint,
};
use smd_sim::{BssMode, BssSettings, Cluster, Settings, Sim};

use super::Running;
use super::compare::{json_matches, text_matches};

/// A line of a recording: a request with its reply, or what BSS was told in between.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    step: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    send: Option<Value>,
    /// `None`: the connection closes without a reply.
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    reply_headers: serde_json::Map<String, Value>,
    #[serde(default)]
    body: Option<String>,
    /// Present, it may be `null`.
    #[serde(default, deserialize_with = "present")]
    body_json: Option<Value>,
    #[serde(default)]
    reply: Option<Value>,
    #[serde(default)]
    told: Option<BootParameters>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Plays a recording and reports every line that is answered otherwise.
async fn play(recording: &str, sim: Sim) {
    let running = Running::start(sim).await;
    let mut differences = Vec::new();
    let mut played = 0;
    for (number, line) in recording.lines().enumerate() {
        let line: Line = serde_json::from_str(line).unwrap();
        if let Some(told) = line.told {
            running.sim.change(|cluster, _| cluster.boot.push(told));
            continue;
        }
        played += 1;
        if let Err(difference) = ask(&running, &line).await {
            let Line { step, method, path, .. } = &line;
            differences.push(format!("line {}: {method} {path} ({step}): {difference}", number + 1));
        }
    }
    running.stop().await;
    assert!(played > 0, "an empty recording proves nothing");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn ask(running: &Running, line: &Line) -> Result<(), String> {
    assert!(line.reply.is_none(), "a recorded reply is spelt out");
    let mut request = running.client.request(line.method.parse().unwrap(), running.url(&line.path));
    if let Some(body) = &line.send {
        request = request.body(body.as_str().map_or_else(|| body.to_string(), str::to_owned));
    }
    let (response, status) = match (request.send().await, line.status) {
        (Err(_), None) => return Ok(()),
        (Err(error), Some(status)) => return Err(format!("want {status}, got no reply: {error}")),
        (Ok(response), None) => return Err(format!("want no reply, got {}", response.status())),
        (Ok(response), Some(status)) => (response, status),
    };
    if response.status() != status {
        return Err(format!("want {status}, got {}", response.status()));
    }
    for (name, want) in &line.reply_headers {
        let got = response.headers().get(name).map(|value| value.to_str().unwrap());
        if got != want.as_str() {
            return Err(format!("{name}: want {want}, got {got:?}"));
        }
    }
    let body = response.text().await.map_err(|error| error.to_string())?;
    if let Some(want) = &line.body_json {
        let got = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        if !json_matches(want, &got, false) {
            return Err(format!("want {want}\n got {got}"));
        }
    }
    match &line.body {
        Some(want) if !text_matches(want, &body) => Err(format!("want {want:?}\n got {body:?}")),
        _ => Ok(()),
    }
}

#[tokio::test]
async fn an_empty_smd() {
    play(include_str!("../recorded/smd-empty.jsonl"), Sim::new(Cluster::default())).await;
}

#[tokio::test]
async fn components_and_their_filters() {
    let lines = include_str!("../recorded/smd-components.jsonl");
    let (first, filters) = lines.split_at(lines.match_indices('\n').nth(5).unwrap().0 + 1);
    // the first lines were recorded before some of the components changed
    let earlier = Cluster {
        components: vec![
            Component {
                sub_role: "Worker".into(),
                net_type: "Sling".into(),
                arch: "X86".into(),
                class: "River".into(),
                ..component("x1000c0s0b0n0", "Node", "On", "Compute", Some(1))
            },
            Component {
                flag: "Warning".into(),
                enabled: Some(false),
                ..component("x1000c0s1b0n0", "Node", "Ready", "Compute", Some(16_400_416))
            },
            component("x1000c0s2b0n0", "Node", "On", "Compute", Some(3)),
        ],
        ..Cluster::default()
    };
    play(first, Sim::new(earlier)).await;
    play(filters, Sim::new(Cluster { components: components(), ..Cluster::default() })).await;
}

#[tokio::test]
async fn interfaces_and_their_filters() {
    let networks = [("172.16.0.1", "HMN"), ("10.1.0.7", "")];
    let interfaces = vec![
        interface(1, "x1000c0s0b0n0", "Node", "Interface 0", &networks),
        interface(2, "x1000c0s1b0n0", "Node", "", &[]),
        interface(3, "", "", "", &[]),
        interface(4, "x9999c0s0b0n0", "Node", "", &[("not an ip", "")]),
        interface(6, "x1000c0s0b0", "NodeBMC", "", &[("172.16.0.1", ""), ("fd00::6", "")]),
    ];
    let cluster = Cluster { interfaces, ..Cluster::default() };
    play(include_str!("../recorded/smd-interfaces.jsonl"), Sim::new(cluster)).await;
}

#[tokio::test]
async fn groups() {
    let group = |label: &str, description: &str, exclusive: &str, tags: &[&str], ids: &[&str]| Group {
        label: label.into(),
        description: description.into(),
        exclusive_group: exclusive.into(),
        tags: tags.iter().map(ToString::to_string).collect(),
        members: Members { ids: ids.iter().map(ToString::to_string).collect() },
    };
    let groups = vec![
        group("compute", "all nodes", "", &["a", "b"], &["x1000c0s0b0n0", "x1000c0s1b0n0"]),
        group("blue", "", "color", &[], &["x1000c0s0b0n0"]),
        group("empty", "", "", &[], &[]),
    ];
    let cluster = Cluster { groups, components: components(), ..Cluster::default() };
    play(include_str!("../recorded/smd-groups.jsonl"), Sim::new(cluster)).await;
}

#[tokio::test]
async fn redfish_endpoints() {
    let endpoint = |id: &str, name: &str, domain: &str, mac: &str, ip: &str| RedfishEndpoint {
        id: id.into(),
        component_type: "NodeBMC".into(),
        name: name.into(),
        hostname: id.into(),
        domain: domain.into(),
        fqdn: if domain.is_empty() { id.into() } else { format!("{id}.{domain}") },
        enabled: true,
        uuid: String::new(),
        user: "root".into(),
        password: "calvin".into(),
        mac_addr: mac.into(),
        ip_address: ip.into(),
        rediscover_on_update: false,
        discovery_info: DiscoveryInfo::not_yet_queried(),
    };
    let redfish_endpoints = vec![
        endpoint("x3000c0s0b0", "", "mgmt", "de:ca:fc:0f:ee:01", "10.4.0.1"),
        endpoint("x3000c0s1b0", "bmc", "", "de:ca:fc:0f:ee:02", "172.16.0.102"),
    ];
    let cluster = Cluster { redfish_endpoints, ..Cluster::default() };
    play(include_str!("../recorded/smd-endpoints.jsonl"), Sim::new(cluster)).await;
}

/// What `ochami discover static` made of this file, network names aside: they are kept here, and lost there.
#[tokio::test]
async fn a_discovered_inventory() {
    let load = |text| Cluster::from_inventory("nodes.yaml", text, SystemTime::UNIX_EPOCH).unwrap();
    let new = load(include_str!("../recorded/nodes-new.yaml"));
    play(include_str!("../recorded/discover-static.jsonl"), Sim::new(new)).await;
    let mut old = load(include_str!("../recorded/nodes-old.yaml"));
    for (index, row) in old.redfish_endpoints.iter_mut().enumerate() {
        assert_eq!(row.name, format!("compute{}", index + 1), "the old schema has no names for BMCs");
        row.name = format!("bmc{:02}", index + 1);
    }
    play(include_str!("../recorded/discover-static.jsonl"), Sim::new(old)).await;
}

#[tokio::test]
async fn bss_on_postgres() {
    play(include_str!("../recorded/bss-sql.jsonl"), bss(BssMode::Sql)).await;
}

#[tokio::test]
async fn bss_on_etcd() {
    play(include_str!("../recorded/bss-kv.jsonl"), bss(BssMode::Kv)).await;
}

/// The state behind the recordings of BSS, and its settings.
fn bss(mode: BssMode) -> Sim {
    let mut cluster = Cluster::default();
    let now = SystemTime::UNIX_EPOCH;
    for (slot, nid, macs) in [
        (0, Some(Nid(1)), &["52:54:00:be:ef:01", "52:54:00:be:ef:81"][..]),
        (1, Some(Nid(2)), &["52:54:00:be:ef:02"]),
        (2, Some(Nid(16_400_448)), &["52:54:00:be:ef:03"]),
        (3, Some(Nid(4)), &["52:54:00:be:ef:04"]),
    ] {
        let id = format!("x1000c0s{slot}b0n0");
        let interfaces = macs.iter().map(|mac| NewInterface { mac_address: (*mac).into(), ..NewInterface::default() });
        let node = NewNode { id, nid, interfaces: interfaces.collect(), ..NewNode::default() };
        cluster.apply(&Change::PutNode(node), now).unwrap();
    }
    for row in &mut cluster.components {
        match row.id.as_str() {
            "x1000c0s1b0n0" => row.role = "Management".into(),
            "x1000c0s3b0n0" => row.flag = "OK".into(),
            _ => {}
        }
    }
    // the last node is known from components and interfaces only
    cluster.component_endpoints.retain(|row| row.id != "x1000c0s3b0n0");
    // Redfish spelt this one in upper case, SMD folded it
    for nic in cluster.component_endpoints.iter_mut().flat_map(|row| &mut row.nics) {
        nic.mac_address = nic.mac_address.replace("52:54:00:be:ef:02", "52:54:00:BE:EF:02");
    }
    let bss = BssSettings {
        mode,
        ipxe_server: "boot.example:8081".into(),
        chain_proto: "http".into(),
        gw_uri: String::new(),
        advertise: "http://10.1.1.1:8081/cloud-init".into(),
        ..BssSettings::default()
    };
    Sim::with_settings(cluster, Settings { bss, ..Settings::default() })
}

fn component(id: &str, component_type: &str, state: &str, role: &str, nid: Option<u64>) -> Component {
    Component {
        id: id.into(),
        component_type: component_type.into(),
        state: state.into(),
        flag: "OK".into(),
        enabled: Some(true),
        role: role.into(),
        nid: nid.map(Nid),
        ..Component::default()
    }
}

fn components() -> Vec<Component> {
    vec![
        Component {
            enabled: Some(false),
            software_status: "fine".into(),
            arch: "ARM".into(),
            ..component("x1000c0s0b0n0", "Node", "Ready", "Application", Some(1))
        },
        Component { enabled: Some(false), ..component("x1000c0s1b0n0", "Node", "Ready", "Compute", Some(2)) },
        component("x1000c0s2b0n0", "Node", "On", "Compute", Some(3)),
        Component { sub_role: "Master".into(), ..component("x1000c0s3b0n0", "Node", "Off", "Management", Some(4)) },
        component("x1000c0s4b0n0", "Node", "Empty", "Compute", None),
        component("x1000c0s5b0n0", "Node", "On", "Compute", Some(6)),
        component("x1000c0s0b0", "NodeBMC", "Ready", "", None),
        component("x1000c0", "Chassis", "On", "", None),
        component("x1000c0b0", "ChassisBMC", "Populated", "", None),
        component("x1000c0r1b0", "RouterBMC", "Standby", "", None),
        component("x1000m0", "CabinetPDUController", "Unknown", "", None),
        component("x1000c0w11", "MgmtSwitch", "On", "", None),
    ]
}

fn interface(
    number: u8,
    component_id: &str,
    component_type: &str,
    description: &str,
    addresses: &[(&str, &str)],
) -> EthernetInterface {
    let mapping = |(address, network): &(&str, &str)| IpAddressMapping {
        ip_address: (*address).into(),
        network: (*network).into(),
    };
    EthernetInterface {
        id: format!("525400beef{number:02x}"),
        description: description.into(),
        mac_address: format!("52:54:00:be:ef:{number:02x}"),
        last_update: SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000),
        component_id: component_id.into(),
        component_type: component_type.into(),
        ip_addresses: addresses.iter().map(mapping).collect(),
    }
}
