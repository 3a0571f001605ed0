//! The cluster changes while the simulator runs.

use std::io::Write;
use std::path::Path;

use reqwest::Method;
use serde_json::json;
use smd_sim::cluster::edit::{Change, ChangeError};
use smd_sim::{Cluster, Sim};

use super::Running;

const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";

async fn addresses(running: &Running, id: &str) -> serde_json::Value {
    running.json(&format!("{INTERFACES}/{id}")).await["IPAddresses"].clone()
}

#[tokio::test]
async fn an_address_moves_and_the_row_is_stamped_anew() {
    let running = Running::start(Sim::new(Cluster::generate(2).unwrap())).await;
    let before = running.json(&format!("{INTERFACES}/020100000001")).await;
    let change = Change::SetAddresses { mac_address: "02:01:00:00:00:01".into(), addresses: vec!["10.9.9.9".into()] };
    running.sim.apply(&[change]).unwrap();
    let after = running.json(&format!("{INTERFACES}/020100000001")).await;
    assert_eq!(after["IPAddresses"], json!([{"IPAddress": "10.9.9.9"}]));
    assert_ne!(after["LastUpdate"], before["LastUpdate"]);
    let change = Change::MoveInterface { mac_address: "02:01:00:00:00:01".into(), component_id: String::new() };
    running.sim.apply(&[change]).unwrap();
    let orphan = running.json(&format!("{INTERFACES}/020100000001")).await;
    assert_eq!((&orphan["ComponentID"], &orphan["Type"]), (&json!(""), &json!("")));
    assert_eq!(orphan["LastUpdate"], after["LastUpdate"], "only addresses move it");
    running.stop().await;
}

#[tokio::test]
async fn nodes_come_and_go_by_http() {
    let running = Running::start(Sim::new(Cluster::generate(2).unwrap())).await;
    let changes = json!([
        {"remove_node": {"id": "x1000c0s0b0n1"}},
        {"put_node": {"id": "x1000c0s7b0n0", "nid": 77, "interfaces": [
            {"mac_address": "52:54:00:be:ef:77", "addresses": ["10.7.7.7"]}]}},
        {"set_addresses": {"mac_address": "02:01:00:00:00:00", "addresses": ["10.8.8.8"]}}
    ]);
    assert_eq!(running.send(Method::PATCH, "/sim/cluster", changes.to_string()).await, (204, String::new()));
    let nodes = running.json("/sim/cluster").await;
    let ids: Vec<&str> = nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["x1000c0s0b0n0", "x1000c0s7b0n0"]);
    assert_eq!(running.json("/hsm/v2/State/Components/ByNID/77").await["ID"], "x1000c0s7b0n0");
    assert_eq!(addresses(&running, "020100000000").await, json!([{"IPAddress": "10.8.8.8"}]));
    assert_eq!(running.get(&format!("{INTERFACES}/020100000001")).await.unwrap().status(), 404);
    assert_eq!(running.json("/hsm/v2/groups/compute/members").await, json!({"ids": ["x1000c0s0b0n0"]}));
    assert_eq!(running.json("/boot/v1/hosts?nid=77").await[0]["EndpointEnabled"], true);
    running.stop().await;
}

#[tokio::test]
async fn changes_are_made_all_or_none() {
    let sim = Sim::new(Cluster::generate(2).unwrap());
    let before = sim.cluster();
    let changes =
        [Change::RemoveNode { id: "x1000c0s0b0n0".into() }, Change::RemoveNode { id: "x9000c0s0b0n0".into() }];
    assert_eq!(sim.apply(&changes), Err(ChangeError::NoSuchNode("x9000c0s0b0n0".into())));
    assert_eq!(sim.cluster(), before);
    let running = Running::start(sim).await;
    for (body, detail) in [
        (r#"[{"remove_node":{"id":"nobody"}}]"#, "there is no node"),
        (r#"[{"put_node":{"id":"x1000c0s0b0","interfaces":[]}}]"#, "is not the xname of a node"),
        (r#"[{"set_addresses":{"mac_address":"zz","addresses":[]}}]"#, "there is no interface"),
        (r#"[{"move_interface":{"mac_address":"02:01:00:00:00:00","component_id":"zz"}}]"#, "is not an xname"),
        (r#"[{"explode":{}}]"#, "unknown variant `explode`"),
        ("[", "at line 1 column 1"),
    ] {
        let (status, text) = running.send(Method::PATCH, "/sim/cluster", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(text.contains(detail), "{body}: {text}");
    }
    assert_eq!(running.sim.cluster(), before);
    running.stop().await;
}

#[tokio::test]
async fn inventory_and_boot_parameters_are_replaced_by_http() {
    let running = Running::start(Sim::new(Cluster::default())).await;
    assert_eq!(running.json(INTERFACES).await, json!([]));
    let nodes = include_str!("../recorded/nodes-new.yaml");
    assert_eq!(running.send(Method::PUT, "/sim/cluster", nodes).await, (204, String::new()));
    assert_eq!(running.json(INTERFACES).await.as_array().unwrap().len(), 10);
    let boot = "- {macs: ['52:54:00:be:ef:03'], kernel: http://10.0.0.2/vmlinuz, params: quiet}";
    assert_eq!(running.send(Method::PUT, "/sim/boot", boot).await, (204, String::new()));
    let script = running.get("/boot/v1/bootscript?mac=52:54:00:be:ef:03").await.unwrap().text().await.unwrap();
    assert!(script.contains("http://10.0.0.2/vmlinuz quiet xname=x1000c0s2b0n0 nid=3 "), "{script}");
    assert_eq!(running.sim.boot_script("52:54:00:be:ef:03".parse().unwrap()), Some(script));
    assert_eq!(running.sim.boot_script("52:54:00:be:ef:04".parse().unwrap()), None);
    let (status, text) = running.send(Method::PUT, "/sim/cluster", "nodes:\n- xname: zz\n").await;
    assert_eq!(status, 400);
    assert!(text.contains(r#"body:2:10: \"zz\" is not an xname"#), "{text}");
    assert_eq!(running.json(INTERFACES).await.as_array().unwrap().len(), 10, "and nothing has changed");
    let (status, text) = running.send(Method::PUT, "/sim/boot", "- {macs: [zz]}").await;
    assert!(status == 400 && text.contains("body:1:11: "), "{text}");
    running.stop().await;
}

#[tokio::test]
async fn rows_come_in_an_order_of_the_seed() {
    let ids = |seed| async move {
        let settings = smd_sim::Settings { seed, ..smd_sim::Settings::default() };
        let running = Running::start(Sim::with_settings(Cluster::generate(20).unwrap(), settings)).await;
        let rows = running.json(INTERFACES).await;
        running.stop().await;
        let ids = rows.as_array().unwrap().iter().map(|row| row["ID"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let (one, again, other) = (ids(1).await, ids(1).await, ids(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_ne!(one, sorted(one.clone()));
    assert_eq!(sorted(one), sorted(other));
}

#[tokio::test]
async fn what_was_asked_is_counted() {
    let running = Running::start(Sim::new(Cluster::generate(1).unwrap())).await;
    for path in [INTERFACES, INTERFACES, "/hsm/v2/State/Components/x1000c0s0b0n0", "/nowhere"] {
        running.get(path).await.unwrap();
    }
    let counts = json!({
        "GET /hsm/v2/Inventory/EthernetInterfaces": 2,
        "GET /hsm/v2/State/Components/{xname}": 1,
        "GET (no such route)": 1
    });
    assert_eq!(running.json("/sim/requests").await, counts);
    assert_eq!(running.sim.requests()["GET /hsm/v2/Inventory/EthernetInterfaces"], 2);
    assert_eq!(running.send(Method::DELETE, "/sim/requests", "").await.0, 204);
    assert_eq!(running.json("/sim/requests").await, json!({}));
    running.stop().await;
}

/// A write over HTTP is in the cluster, what the library writes is seen over HTTP, and neither loses the other.
#[tokio::test]
async fn writes_and_changes_meet() {
    let running = Running::start(Sim::new(Cluster::generate(1).unwrap())).await;
    let body = json!({"MACAddress": "52:54:00:be:ef:01", "ComponentID": "x1000c0s0b0n0"});
    assert_eq!(running.send(Method::POST, INTERFACES, body.to_string()).await.0, 201);
    assert_eq!(running.sim.cluster().nodes()[0].interfaces.len(), 4);
    let held = running.sim.cluster();
    let change = Change::SetAddresses { mac_address: "52:54:00:be:ef:01".into(), addresses: vec!["10.9.9.9".into()] };
    running.sim.apply(&[change]).unwrap();
    assert_eq!(running.send(Method::DELETE, &format!("{INTERFACES}/020100000000"), "").await.0, 200);
    assert_eq!(addresses(&running, "525400beef01").await, json!([{"IPAddress": "10.9.9.9"}]));
    assert_eq!(held.nodes()[0].interfaces.len(), 4, "who holds the old cluster keeps it");
    let told = json!({"macs": ["52:54:00:be:ef:01"], "kernel": "http://10.0.0.2/other"});
    assert_eq!(running.send(Method::POST, "/boot/v1/bootparameters", told.to_string()).await.0, 201);
    assert_eq!(running.sim.cluster().boot.len(), 2);
    assert!(running.sim.boot_script("52:54:00:be:ef:01".parse().unwrap()).unwrap().contains("http://10.0.0.2/other"));
    running.stop().await;
}

#[test]
fn a_cluster_is_read_from_files() {
    let file = |text: &str| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    };
    let nodes = file(include_str!("../recorded/nodes-old.yaml"));
    let boot = file("- {hosts: [x1000c0s0b0n0], kernel: http://10.0.0.2/vmlinuz}\n");
    let cluster = Cluster::from_files(nodes.path(), Some(boot.path())).unwrap();
    assert_eq!((cluster.nodes().len(), cluster.boot.len()), (5, 1));
    let bad = file("- {kernel: [}\n");
    let error = Cluster::from_files(nodes.path(), Some(bad.path())).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:1:", bad.path().display())), "{error}");
    let error = Cluster::from_files(Path::new("/nowhere/nodes.yaml"), None).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/nodes.yaml: No such file"), "{error}");
}
