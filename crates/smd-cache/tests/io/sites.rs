//! One site, described once, served by each combination of sources: the same snapshot from all of them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use smd_cache::boot::Precedence;
use smd_cache::refresh::{BssSource, SourceConfig};
use smd_cache::{Snapshot, state::CacheState};
use smd_sim::cluster::load::boot_parameters;
use smd_sim::cluster::rows::{Component, EthernetInterface, IpAddressMapping, Members, Partition};
use smd_sim::{BootKind, BssMode, BssSettings, Cluster, InventoryKind, InventoryServiceSettings, Settings, Sim};
use tokio::net::TcpListener;

use super::refresh::Running;

/// Without names, which SMD does not keep.
const NODES: &str = "
bmcs:
- {xname: x1000c0s0b0, mac: 'DE:CA:FC:0F:EE:01', ip: 172.16.0.101}
- {xname: x1000c0s1b0, mac: de-ca-fc-0f-ee-02, ip: 172.16.0.102}
nodes:
- {nid: 1, xname: x1000c0s0b0n0, bmc: x1000c0s0b0, groups: [compute, gpu],
   interfaces: [{mac_addr: '52:54:00:be:ef:01', ip_addrs: [{name: nmn, ip_addr: 172.16.0.1}, {name: v6, ip_addr: 'fd00::1'}]}]}
- {nid: 2, xname: x1000c0s1b0n0, groups: [compute],
   interfaces: [{mac_addr: '52:54:00:be:ef:02', ip_addrs: [{ip_addr: 172.16.0.2}]}]}
- {xname: x1000c0s1b0n1, interfaces: [{mac_addr: '52:54:00:BE:EF:03', ip_addrs: [{ip_addr: 172.16.0.3}]}]}
- {nid: 4, xname: x1000c0s2b0n0}
";

/// Node 3 boots nothing.
const BOOT: &str = "
- {macs: ['52:54:00:be:ef:01'], kernel: http://s/one, initrd: http://s/initrd, params: quiet}
- {macs: ['52:54:00:be:ef:02'], kernel: http://s/two}
";

/// The site in these files.
#[expect(clippy::disallowed_methods, reason = "a test's own files")]
fn write(directory: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (nodes, boot) = (directory.join("nodes.yaml"), directory.join("boot.yaml"));
    std::fs::write(&nodes, NODES).unwrap();
    std::fs::write(&boot, BOOT).unwrap();
    (nodes, boot)
}

/// The URL of a simulator that serves the site as the settings say.
async fn serve(settings: Settings) -> String {
    run(Sim::with_settings(cluster(), settings)).await
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::from_inventory("nodes.yaml", NODES, SystemTime::UNIX_EPOCH).unwrap();
    cluster.boot = boot_parameters("boot.yaml", BOOT).unwrap();
    cluster
}

/// The URL of a simulator.
#[expect(clippy::disallowed_methods, reason = "a test binds its own loopback port")]
async fn run(sim: Sim) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { sim.serve(listener, std::future::pending()).await });
    format!("http://{address}")
}

fn services(url: &str, precedence: Precedence) -> SourceConfig {
    let bss = BssSource { url: url.to_owned(), ca: None, token_file: None, precedence };
    SourceConfig { bss: Some(bss), groups: true, ..quick(url) }
}

fn quick(url: &str) -> SourceConfig {
    SourceConfig { interval: Duration::from_millis(50), ..SourceConfig::new(url) }
}

/// Everything that the snapshot says, host by host.
fn told(snapshot: &Snapshot) -> Vec<String> {
    let host = |host: smd_cache::Host<'_>| {
        let groups: Vec<&str> = host.groups().collect();
        let (nid, pattern_nid) = (host.nid().map(|nid| nid.0), host.pattern_nid().map(|nid| nid.0));
        format!(
            "{host:?} {} {nid:?} {pattern_nid:?} {:?} {groups:?} {:?}",
            host.component_type(),
            host.role(),
            host.boot()
        )
    };
    snapshot.hosts().map(host).collect()
}

async fn look(config: SourceConfig) -> (Vec<String>, [u8; 32], std::sync::Arc<CacheState>) {
    let running = Running::start(config);
    let state = running.until(|state| !state.stale).await;
    let snapshot = running.snapshot();
    let seen = (told(&snapshot), snapshot.digest(), state);
    running.stop().await;
    seen
}

#[tokio::test]
async fn every_combination_gives_the_same_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let (nodes, boot) = write(directory.path());
    let files = SourceConfig { inventory_file: Some(nodes.clone()), boot_file: Some(boot.clone()), ..quick("") };
    let (expected, digest, state) = look(files).await;
    assert_eq!((expected.len(), state.counts.components, state.boot_identifiers), (5, 7, 2), "{expected:#?}");
    assert!(state.failing.is_empty() && state.rejected.is_empty(), "{state:?}");
    assert!(expected[1].contains("x1000c0s0b0n0 52:54:00:be:ef:01 [172.16.0.1, fd00::1]"), "{expected:#?}");
    assert!(expected[0].contains("NodeBMC None Some(1)"), "a BMC of one node goes by its NID: {expected:#?}");
    assert!(expected[4].contains("Node Some(16400417)"), "SMD makes a NID up: {expected:#?}");

    let kv = BssSettings { mode: BssMode::Kv, ..BssSettings::default() };
    let odd = InventoryKind::InventoryService(InventoryServiceSettings { wrapped: true, nids_as_text: true });
    let successors =
        Settings { inventory: odd, boot: BootKind::BootService { legacy_api: false }, ..Settings::default() };
    let legacy = Settings { boot: BootKind::BootService { legacy_api: true }, ..successors.clone() };
    let (sql, kv) = (serve(Settings::default()).await, serve(Settings { bss: kv, ..Settings::default() }).await);
    let (successors, legacy) = (serve(successors).await, serve(legacy).await);
    for (name, config) in [
        ("SMD, BSS on SQL", services(&sql, Precedence::Sql)),
        ("SMD, BSS on etcd", services(&kv, Precedence::Kv)),
        ("inventory-service, boot-service", services(&successors, Precedence::Sql)),
        ("inventory-service, boot-service with its legacy API", services(&legacy, Precedence::Sql)),
        ("a file, BSS", SourceConfig { inventory_file: Some(nodes.clone()), ..services(&sql, Precedence::Sql) }),
        (
            "a file, boot-service",
            SourceConfig { inventory_file: Some(nodes), ..services(&successors, Precedence::Sql) },
        ),
        ("SMD, a file", SourceConfig { boot_file: Some(boot), ..services(&sql, Precedence::Sql) }),
    ] {
        let (seen, seen_digest, state) = look(config).await;
        assert_eq!(seen, expected, "{name}");
        assert!(state.failing.is_empty() && state.rejected.is_empty(), "{name}: {state:?}");
        assert_eq!(seen_digest, digest, "{name}");
    }
}

#[tokio::test]
async fn partitions_come_through() {
    let mut cluster = cluster();
    let members = Members { ids: vec!["x1000c0s0b0n0".into(), "x1000c0s0b0".into()] };
    cluster.partitions.push(Partition { name: "p1.2".into(), members, ..Partition::default() });
    let url = run(Sim::new(cluster)).await;
    let running = Running::start(SourceConfig { groups: true, ..quick(&url) });
    let state = running.until(|state| !state.stale).await;
    assert!(state.failing.is_empty(), "{state:?}");
    let snapshot = running.snapshot();
    let partitions: Vec<Option<&str>> = snapshot.hosts().map(smd_cache::Host::partition).collect();
    assert_eq!(partitions, [Some("p1.2"), Some("p1.2"), None, None, None]);
    running.stop().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test's own file")]
async fn a_closed_inventory_is_not_an_empty_one_and_its_ids_need_be_no_xnames() {
    let inventory = InventoryKind::InventoryService(InventoryServiceSettings::default());
    let settings = Settings { inventory, token: Some("good".into()), ..Settings::default() };
    let sim = Sim::with_settings(Cluster::default(), settings);
    sim.change(|cluster, now| {
        cluster.components.push(Component {
            id: "Rack-7/Node-A".into(),
            component_type: "Node".into(),
            role: "Application".into(),
            sub_role: "Worker".into(),
            ..Component::default()
        });
        cluster.interfaces.push(EthernetInterface {
            id: "52-54-00-BE-EF-09".into(),
            description: String::new(),
            mac_address: "52-54-00-BE-EF-09".into(),
            last_update: now,
            component_id: "Rack-7/Node-A".into(),
            component_type: String::new(),
            ip_addresses: vec![IpAddressMapping { ip_address: "10.0.0.9".into(), network: String::new() }],
        });
    });
    let closed = quick(&run(sim).await);
    let running = Running::start(closed.clone());
    let state = running.until(|state| !state.failing.is_empty()).await;
    assert!(state.failing[0].text.contains("status 401"), "{}", state.failing[0].text);
    assert!(state.counts.hosts == 0 && state.fetched_at.is_none(), "nothing is served yet");
    running.stop().await;

    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    std::fs::write(&token, "good").unwrap();
    let running = Running::start(SourceConfig { token_file: Some(token), groups: true, ..closed });
    let state = running.until(|state| !state.stale).await;
    assert!(state.failing.is_empty(), "inventory-service has no partitions, and that is no failure: {state:?}");
    let snapshot = running.snapshot();
    let host = snapshot.hosts().next().unwrap();
    assert_eq!(
        (host.id().as_str(), host.role(), host.sub_role()),
        ("Rack-7/Node-A", Some("Application"), Some("Worker"))
    );
    assert!(snapshot.last_update().is_some());
    running.stop().await;
}
