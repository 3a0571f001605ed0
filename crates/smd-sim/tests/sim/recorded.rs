//! What SMD v2.20.5 was recorded to answer, against a simulator that is put into the same state.

use std::time::{Duration, SystemTime};

use smd_cache::Nid;
use smd_sim::cluster::rows::{Component, DiscoveryInfo, EthernetInterface, IpAddressMapping, RedfishEndpoint};
use smd_sim::{Cluster, Sim};

use super::player::play;

#[tokio::test]
async fn an_empty_smd() {
    play(&[include_str!("../recorded/smd-empty.jsonl")], Sim::new(Cluster::default())).await;
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
    play(&[first], Sim::new(earlier)).await;
    play(&[filters], Sim::new(Cluster { components: components(), ..Cluster::default() })).await;
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
    play(&[include_str!("../recorded/smd-interfaces.jsonl")], Sim::new(cluster)).await;
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
    play(&[include_str!("../recorded/smd-endpoints.jsonl")], Sim::new(cluster)).await;
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
