//! What a poll costs at 10,000 nodes with 30,000 interfaces (design §5): `cargo bench -p smd-cache`.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use smd_cache::boot::Precedence;
use smd_cache::client::{Collector, Fetched};
use smd_cache::disk::{Saved, load, save};
use smd_cache::files::{Site, render_site};
use smd_cache::inventory::Bodies;
use smd_cache::refresh::{News, Offered, Parts, ShrinkPolicy, SmdBodies, Store};
use smd_cache::wire::same_rows;
use smd_cache::{Inventory, MacAddr, Snapshot, SnapshotHandle};

fn main() {
    divan::main();
}

/// Three interfaces a node: two of the node, one of its BMC.
const NODES: u32 = 10_000;

fn bodies() -> Parts {
    let mut interfaces = String::from("[");
    let mut components = String::from("{\"Components\":[");
    for node in 0..NODES {
        let bmc = format!("x{}c{}s{}b{}", 1000 + node / 256, node / 32 % 8, node / 4 % 8, node % 4);
        let [high, low] = [node >> 8, node & 255];
        for (nic, id, kind) in
            [(0, format!("{bmc}n0"), "Node"), (1, format!("{bmc}n0"), "Node"), (2, bmc.clone(), "NodeBMC")]
        {
            let comma = if node + nic == 0 { "" } else { "," };
            write!(
                interfaces,
                r#"{comma}{{"ID":"0200{nic:02x}00{high:02x}{low:02x}","Description":"Interface {nic} of node {node}","#
            )
            .unwrap();
            write!(
                interfaces,
                r#""MACAddress":"02:00:{nic:02x}:00:{high:02x}:{low:02x}","LastUpdate":"2026-08-05T01:02:03.{node:06}Z","#
            )
            .unwrap();
            write!(
                interfaces,
                r#""ComponentID":"{id}","Type":"{kind}","IPAddresses":[{{"IPAddress":"10.{nic}.{high}.{low}","Network":"HMN"}}]}}"#
            )
            .unwrap();
        }
        let comma = if node == 0 { "" } else { "," };
        write!(
            components,
            r#"{comma}{{"ID":"{bmc}n0","Type":"Node","State":"On","Flag":"OK","Enabled":true,"Role":"Compute","NID":{node},"NetType":"Sling","Arch":"X86","Class":"River"}},"#
        )
        .unwrap();
        write!(components, r#"{{"ID":"{bmc}","Type":"NodeBMC","Enabled":true}}"#).unwrap();
    }
    interfaces.push_str("]\n");
    components.push_str("]}\n");
    Parts { smd: Some(SmdBodies { interfaces: interfaces.into(), components: components.into() }), ..Parts::default() }
}

fn smd() -> SmdBodies {
    bodies().smd.expect("made above")
}

fn snapshot() -> Snapshot {
    let SmdBodies { interfaces, components } = smd();
    let (snapshot, rejected) = Snapshot::build(Inventory::from_smd(&interfaces, &components).unwrap());
    assert_eq!((snapshot.counts().hosts, rejected.len()), (30_000, 0));
    snapshot
}

/// Bodies to a snapshot that the servers see: the target is 150 ms on one core.
#[divan::bench]
fn parse_build_publish(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, components } = smd();
    let handle = SnapshotHandle::default();
    bencher.counter(BytesCount::new(interfaces.len() + components.len())).bench_local(|| {
        let bodies = Bodies { interfaces: &interfaces, components: &components, groups: None, boot: None };
        let (snapshot, rejected) = Snapshot::build(Inventory::read(&bodies).unwrap());
        handle.store(snapshot.into());
        rejected
    });
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, components } = smd();
    bencher.bench_local(|| Inventory::from_smd(&interfaces, &components).unwrap());
}

#[divan::bench]
fn build(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, components } = smd();
    bencher.with_inputs(|| Inventory::from_smd(&interfaces, &components).unwrap()).bench_local_values(Snapshot::build);
}

/// A poll that brings what there is, chunk by chunk as it comes from the network, to the answer "unchanged".
#[divan::bench]
fn unchanged_poll(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, components } = smd();
    let arriving = [interfaces.to_vec(), components.to_vec()];
    bencher.counter(BytesCount::new(interfaces.len() + components.len())).bench_local(|| {
        for (last, body) in [&interfaces, &components].into_iter().zip(&arriving) {
            let mut collector = Collector::new(Some(last));
            body.chunks(16 << 10).for_each(|chunk| collector.push(chunk));
            assert_eq!(collector.finish(), Fetched::Unchanged);
        }
    });
}

/// The bodies with another address in one row of a hundred.
fn with_changes(bodies: &SmdBodies) -> SmdBodies {
    let mut rows: Vec<serde_json::Value> = serde_json::from_slice(&bodies.interfaces).unwrap();
    for (number, row) in rows.iter_mut().step_by(100).enumerate() {
        row["IPAddresses"][0]["IPAddress"] = format!("10.200.{}.{}", number >> 8, number & 255).into();
    }
    SmdBodies { interfaces: serde_json::to_vec(&rows).unwrap().into(), components: bodies.components.clone() }
}

/// A poll with 1 % changed rows, from the first byte off the network to the snapshot to publish.
#[divan::bench]
fn changed_poll(bencher: Bencher<'_, '_>) {
    let old = smd();
    let new = with_changes(&old);
    let offered = |smd: &SmdBodies| Offered { smd: News::New(smd.clone()), ..Offered::default() };
    let mut store = Store::new(Precedence::Sql, ShrinkPolicy::Hold);
    assert!(store.offer(offered(&old)).fresh.is_some());
    bencher.with_inputs(|| store.clone()).bench_local_values(|mut store| {
        let mut collector = Collector::new(Some(&old.interfaces));
        new.interfaces.chunks(16 << 10).for_each(|chunk| collector.push(chunk));
        let Fetched::Body(interfaces) = collector.finish() else { panic!("it has changed") };
        let smd = SmdBodies { interfaces, components: new.components.clone() };
        store.offer(offered(&smd)).fresh.unwrap()
    });
}

/// The same site as a `nodes.yaml`.
fn nodes_yaml() -> String {
    let mut text = String::from("nodes:\n");
    for node in 0..NODES {
        let [high, low] = [node >> 8, node & 255];
        let bmc = format!("x{}c{}s{}b{}", 1000 + node / 256, node / 32 % 8, node / 4 % 8, node % 4);
        writeln!(text, "- name: node{node}\n  nid: {}\n  xname: {bmc}n0\n  groups: [compute]", node + 1).unwrap();
        writeln!(text, "  bmc_mac: 02:00:02:00:{high:02x}:{low:02x}\n  bmc_ip: 10.2.{high}.{low}\n  interfaces:")
            .unwrap();
        for nic in 0..2 {
            writeln!(text, "  - mac_addr: 02:00:{nic:02x}:00:{high:02x}:{low:02x}").unwrap();
            writeln!(text, "    ip_addrs: [{{network: HMN, ip_addr: 10.{nic}.{high}.{low}}}]").unwrap();
        }
    }
    text
}

/// A changed `nodes.yaml`: to the bodies that SMD would send.
#[divan::bench]
fn read_nodes_yaml(bencher: Bencher<'_, '_>) {
    let text = nodes_yaml();
    let site = Site::parse("nodes.yaml", &text).unwrap();
    let (snapshot, rejected) = {
        let listing = render_site(&site, None);
        Snapshot::build(Inventory::from_smd(&listing.interfaces, &listing.components).unwrap())
    };
    assert_eq!((snapshot.counts().hosts, rejected.len()), (30_000, 0));
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| render_site(&Site::parse("nodes.yaml", &text).unwrap(), None));
}

/// What 30,000 interfaces boot, with boot-service's 100 configurations: by group, by glob, by MAC.
#[divan::bench]
fn build_with_configurations(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, components } = smd();
    let rows: Vec<String> = (0..100)
        .map(|number| {
            let spec = match number % 3 {
                0 => format!("\"hosts\":[\"x{}c*\",\"*b{}n0\"]", 1000 + number, number % 4),
                1 => format!("\"macs\":[\"02:00:00:00:00:{number:02x}\"]"),
                _ => format!("\"nids\":[{number}],\"groups\":[\"g{number}\"]"),
            };
            format!("{{\"metadata\":{{\"name\":\"c{number}\"}},\"spec\":{{\"kernel\":\"k{number}\",{spec}}}}}")
        })
        .collect();
    let boot = format!("[{}]", rows.join(","));
    let bodies = Bodies {
        interfaces: &interfaces,
        components: &components,
        groups: None,
        boot: Some((boot.as_bytes(), Precedence::Sql)),
    };
    bencher.with_inputs(|| Inventory::read(&bodies).unwrap()).bench_local_values(Snapshot::build);
}

/// A poll that brings the old rows in a new order.
#[divan::bench]
fn reordered_poll(bencher: Bencher<'_, '_>) {
    let SmdBodies { interfaces, .. } = smd();
    let rows: Vec<&serde_json::value::RawValue> = serde_json::from_slice(&interfaces).unwrap();
    let reversed = serde_json::to_vec(&rows.into_iter().rev().collect::<Vec<_>>()).unwrap();
    bencher.bench_local(|| assert!(same_rows(&interfaces, &reversed, &["EthernetInterfaces"])));
}

#[divan::bench]
fn lookup_by_mac(bencher: Bencher<'_, '_>) {
    let snapshot = snapshot();
    let mut node = 0;
    bencher.bench_local(|| {
        node = (node * 5 + 7_919) % NODES;
        let mac = MacAddr([2, 0, (node % 3) as u8, 0, (node >> 8) as u8, node as u8]);
        black_box(snapshot.host(mac).map(|host| host.addresses()[0]))
    });
}

#[divan::bench]
fn lookup_unknown_mac(bencher: Bencher<'_, '_>) {
    let snapshot = snapshot();
    bencher.bench_local(|| black_box(snapshot.host(black_box(MacAddr([6, 0, 0, 0, 0, 1])))));
}

/// The snapshot file to a snapshot: the target is 100 ms, the start of the process included.
#[divan::bench]
fn restart_from_disk(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("snapshot");
    let saved = Saved { fetched_at: std::time::UNIX_EPOCH, parts: bodies() };
    save(&file, &saved).unwrap();
    bencher.bench_local(|| {
        let smd = load(&file).unwrap().and_then(|saved| saved.parts.smd).unwrap();
        let offered = Offered { smd: News::New(smd), ..Offered::default() };
        let mut store = Store::new(Precedence::Sql, ShrinkPolicy::Hold);
        store.offer(offered).fresh.unwrap()
    });
}
