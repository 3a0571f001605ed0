//! `smd-sim load` asks what `ochami discover static` was recorded to ask, and leaves behind what that left behind.

use std::time::SystemTime;

use serde_json::Value;
use smd_sim::cluster::load::Inventory;
use smd_sim::discover::{Discovery, DiscoveryVersion, Request, plan};
use smd_sim::{Cluster, Sim, client};

use super::Running;
use super::compare::json_matches;
use super::player::{differences_of, lines};

const NEW: &str = include_str!("../recorded/nodes-new.yaml");
const OLD: &str = include_str!("../recorded/nodes-old.yaml");
const LISTS: &str = include_str!("../recorded/discover-lists.jsonl");

/// Sends the plan of an inventory and compares requests and statuses with the recorded ones.
async fn load(running: &Running, inventory: &str, discovery: Discovery, recording: &str) {
    let inventory = Inventory::parse("nodes.yaml", inventory).unwrap();
    let mut sent = Vec::new();
    let told = |request: &Request, status: u16, _: &str| sent.push((request.clone(), status));
    let steps = plan(&inventory, discovery, "http://smd");
    client::send(&running.url(""), None, &steps, told).await.unwrap();
    let recorded = lines(recording);
    for (line, (request, status)) in recorded.iter().zip(&sent) {
        assert_eq!((&line.method[..], &line.path), (request.method, &request.path));
        assert_eq!(line.status, Some(*status), "{} {}: {}", line.method, line.path, request.body);
        let want = line.send.as_ref().unwrap();
        assert!(json_matches(want, &request.body, false), "want {want}\n got {}", request.body);
    }
    assert_eq!(sent.len(), recorded.len());
}

async fn lists_are_as_recorded(running: Running, lists: &str) {
    let differences = differences_of(lists, &running).await;
    running.stop().await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn client_makes_the_interfaces() {
    let running = Running::start(Sim::new(Cluster::default())).await;
    let discovery = Discovery { version: DiscoveryVersion::Interfaces, overwrite: false };
    load(&running, NEW, discovery, include_str!("../recorded/discover-new-v1.jsonl")).await;
    lists_are_as_recorded(running, LISTS).await;
}

#[tokio::test]
async fn overwriting_twice() {
    let running = Running::start(Sim::new(Cluster::default())).await;
    let discovery = Discovery { version: DiscoveryVersion::Parser, overwrite: true };
    load(&running, NEW, discovery, include_str!("../recorded/discover-new-v2-overwrite.jsonl")).await;
    load(&running, NEW, discovery, include_str!("../recorded/discover-new-v2-overwrite-again.jsonl")).await;
    lists_are_as_recorded(running, LISTS).await;
}

/// The old schema has no names for BMCs: they are called like their first node.
#[tokio::test]
async fn the_old_schema() {
    let running = Running::start(Sim::new(Cluster::default())).await;
    load(&running, OLD, Discovery::default(), include_str!("../recorded/discover-old-v2.jsonl")).await;
    let names = (1..=5).fold(LISTS.to_owned(), |lists, number| {
        lists.replace(&format!("\"bmc0{number}\""), &format!("\"compute{number}\""))
    });
    lists_are_as_recorded(running, &names).await;
}

/// An inventory that is given to the simulator itself makes the same rows, but keeps the names of networks.
#[tokio::test]
async fn an_inventory_without_the_detour() {
    let mut cluster = Cluster::from_inventory("nodes.yaml", NEW, SystemTime::UNIX_EPOCH).unwrap();
    let entries = cluster.interfaces.iter_mut().flat_map(|row| &mut row.ip_addresses);
    let networks: Vec<String> = entries.map(|entry| std::mem::take(&mut entry.network)).collect();
    assert_eq!(networks.iter().filter(|network| *network == "management").count(), 5);
    lists_are_as_recorded(Running::start(Sim::new(cluster)).await, LISTS).await;
}

#[tokio::test]
async fn what_cannot_be_told_is_said() {
    let steps = plan(&Inventory::parse("nodes.yaml", NEW).unwrap(), Discovery::default(), "http://smd");
    for (url, error) in [
        ("https://127.0.0.1:1", "\"https://127.0.0.1:1\" is not http://HOST:PORT"),
        ("smd", "\"smd\" is not http://HOST:PORT"),
        ("http://", "\"http://\" is not a URL"),
    ] {
        let sent = client::send(url, None, &steps, |_, _, _| {}).await;
        assert_eq!(sent.unwrap_err().to_string(), error, "{url}");
    }
    let settings = smd_sim::Settings { token: Some("secret".into()), ..smd_sim::Settings::default() };
    let running = Running::start(Sim::with_settings(Cluster::default(), settings)).await;
    let mut statuses = Vec::new();
    client::send(&running.url("/"), None, &steps[..1], |_, status, _| statuses.push(status)).await.unwrap();
    client::send(&running.url("/"), Some("secret"), &steps[..1], |_, status, _| statuses.push(status)).await.unwrap();
    assert_eq!(statuses, [401, 204]);
    let components = running.json("/hsm/v2/State/Components").await;
    assert_eq!(components["Components"].as_array().map(Vec::len), Some(5));
    assert!(components["Components"].as_array().unwrap().iter().all(|row| row["NID"] != Value::Null));
    running.stop().await;
}
