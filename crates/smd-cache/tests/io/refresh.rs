//! The refresher from request to published snapshot: nothing that a service does makes an answer worse.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smd_cache::boot::Precedence;
use smd_cache::inventory::Part;
use smd_cache::refresh::{BssSource, Control, Refresher, ShrinkPolicy, SourceConfig};
use smd_cache::state::{CacheState, FailureKind, StateHandle};
use smd_cache::{Known, MacAddr, Snapshot, SnapshotHandle};
use tokio::sync::oneshot;

use super::server::{Reply, Server, json, listen};

const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";
const COMPONENTS: &str = "/hsm/v2/State/Components";
const GROUPS: &str = "/hsm/v2/groups";
const BOOT: &str = "/boot/v1/bootparameters";
const DUMP: &str = "/boot/v1/dumpstate";

/// A snapshot's digest, and whether the handle had the snapshot when it was published.
type Publication = ([u8; 32], bool);

/// A refresher at work; it stops when this is dropped.
pub(super) struct Running {
    handle: SnapshotHandle,
    state: StateHandle,
    control: Control,
    /// In the order of publication.
    published: Arc<Mutex<Vec<Publication>>>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    pub(super) fn start(config: SourceConfig) -> Self {
        let refresher = Refresher::new(config).unwrap();
        let (stop, stopped) = oneshot::channel();
        let mut running = Self {
            handle: refresher.handle(),
            state: refresher.state(),
            control: refresher.control(),
            published: Arc::default(),
            stop: Some(stop),
            task: None,
        };
        let (published, handle) = (Arc::clone(&running.published), running.handle.clone());
        let on_publish = move |snapshot: &Arc<Snapshot>| {
            let visible = handle.load().is_some_and(|current| Arc::ptr_eq(&current, snapshot));
            published.lock().unwrap().push((snapshot.digest(), visible));
        };
        let shutdown = async move {
            let _ = stopped.await;
        };
        running.task = Some(tokio::spawn(refresher.run(on_publish, shutdown)));
        running
    }

    /// Waits for a state.
    pub(super) async fn until(&self, wanted: impl Fn(&CacheState) -> bool) -> Arc<CacheState> {
        for _ in 0..2_000 {
            let state = self.state.load();
            if wanted(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never came to be: {:?}", self.state.load());
    }

    /// Waits until two more polls are over: one of them began after this call.
    pub(super) async fn two_polls(&self) -> Arc<CacheState> {
        let polls = self.state.load().polls;
        self.until(|state| state.polls >= polls + 2).await
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.handle.load().expect("something is served")
    }

    fn publications(&self) -> usize {
        self.published.lock().unwrap().len()
    }

    pub(super) async fn stop(mut self) {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap();
    }
}

fn config(server: &Server) -> SourceConfig {
    let mut config = SourceConfig::new(server.url());
    config.interval = Duration::from_millis(20);
    config.timeouts.connect = Duration::from_millis(200);
    config.timeouts.header = Duration::from_millis(200);
    config.timeouts.body = Duration::from_millis(200);
    config.max_body = 1 << 20;
    config
}

fn with_bss(server: &Server) -> SourceConfig {
    let bss = BssSource { url: server.url(), ca: None, token_file: None, precedence: Precedence::Sql };
    SourceConfig { bss: Some(bss), ..config(server) }
}

fn mac(node: u8) -> MacAddr {
    MacAddr([0x52, 0x54, 0, 0xbe, 0xef, node])
}

/// Sets up this many nodes.
fn inventory(server: &Server, nodes: u8) {
    let interfaces: Vec<String> = (0..nodes).map(|node| interface(node, &format!("172.16.0.{}", node + 1))).collect();
    let components: Vec<String> =
        (0..nodes).map(|node| format!(r#"{{"ID":"x1c0s{node}b0n0","Type":"Node","NID":{node}}}"#)).collect();
    server.set(INTERFACES, json(format!("[{}]\n", interfaces.join(","))));
    server.set(COMPONENTS, json(format!("{{\"Components\":[{}]}}\n", components.join(","))));
}

fn interface(node: u8, address: &str) -> String {
    let mac = mac(node);
    format!(
        r#"{{"ID":"{mac}","MACAddress":"{mac}","ComponentID":"x1c0s{node}b0n0","IPAddresses":[{{"IPAddress":"{address}"}}]}}"#
    )
}

#[tokio::test]
async fn a_snapshot_is_shown_to_on_publish_before_anybody_sees_it() {
    let server = Server::start();
    inventory(&server, 3);
    let running = Running::start(config(&server));
    let state = running.until(|state| state.fetched_at.is_some()).await;
    let snapshot = running.snapshot();
    assert_eq!(*running.published.lock().unwrap(), [(snapshot.digest(), false)]);
    assert_eq!((state.counts, state.digest), (snapshot.counts(), Some(snapshot.digest())));
    assert!(!state.stale && !state.from_disk && state.failing.is_empty());
    assert_eq!(snapshot.host(mac(2)).unwrap().addresses(), ["172.16.0.3".parse::<std::net::IpAddr>().unwrap()]);
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_served_before_the_first_good_poll() {
    let server = Server::start();
    inventory(&server, 3);
    server.set(COMPONENTS, Reply::Whole(503, "text/html", "<html>".into()));
    let running = Running::start(config(&server));
    let state = running.two_polls().await;
    assert!(running.handle.load().is_none() && state.stale && state.fetched_at.is_none());
    inventory(&server, 3);
    running.until(|state| !state.stale).await;
    assert_eq!(running.snapshot().counts().hosts, 3);
}

#[tokio::test]
async fn unchanged_and_reordered_bodies_publish_nothing() {
    let server = Server::start();
    inventory(&server, 2);
    let running = Running::start(config(&server));
    running.until(|state| state.unchanged >= 2).await;
    let rows = [interface(1, "172.16.0.2"), interface(0, "172.16.0.1")];
    server.set(INTERFACES, json(format!("[{}]", rows.join(" , "))));
    let state = running.two_polls().await;
    assert_eq!((running.publications(), state.unchanged), (1, state.polls - 1));
    server.set(INTERFACES, json(format!("[{},{}]", interface(0, "172.16.0.1"), interface(1, "172.16.0.99"))));
    running.until(|state| state.digest != Some(running.published.lock().unwrap()[0].0)).await;
    assert!(running.snapshot().host_at("172.16.0.99".parse().unwrap()).is_some());
}

#[tokio::test]
async fn no_fault_of_either_collection_changes_what_is_served() {
    let problem =
        r#"{"type":"about:blank","title":"Internal Server Error","detail":"failed to query DB.","status":500}"#;
    let faults = [
        (Reply::Whole(500, "application/problem+json", problem.into()), FailureKind::Status),
        (json(problem), FailureKind::Schema),
        (Reply::Whole(401, "text/plain", "Unauthorized".into()), FailureKind::Unauthorized),
        (Reply::Whole(503, "text/html", "<html></html>".into()), FailureKind::Status),
        (json("<html></html>"), FailureKind::Schema),
        (json(""), FailureKind::Empty),
        (json("null"), FailureKind::Schema),
        (json("{\"Components\":null}"), FailureKind::Schema),
        (json("[{\"ID\":\"x1c0s0b0n0\"}"), FailureKind::Truncated),
        (json("{\"code\":0}"), FailureKind::Schema),
        (json(" ".repeat((1 << 20) + 1)), FailureKind::TooLarge),
        (Reply::Truncated("[".into()), FailureKind::Truncated),
        (Reply::Closed, FailureKind::Connect),
        (Reply::SlowHeader, FailureKind::Timeout),
        (Reply::SlowBody, FailureKind::Timeout),
    ];
    for (path, part) in [(INTERFACES, Part::Interfaces), (COMPONENTS, Part::Components)] {
        let server = Server::start();
        inventory(&server, 3);
        let running = Running::start(config(&server));
        running.until(|state| !state.stale).await;
        let before = running.snapshot();
        for (fault, kind) in faults.clone() {
            server.set(path, fault);
            let state = running.until(|state| state.failing.first().is_some_and(|failing| failing.kind == kind)).await;
            assert_eq!((state.stale, state.failing[0].part), (true, part), "{kind}");
            assert!(state.failures.of(kind) > 0 && state.last_failure.as_ref().unwrap().contains(part.name()));
            assert!(Arc::ptr_eq(&before, &running.snapshot()), "{kind}");
            inventory(&server, 3);
            running.until(|state| !state.stale && state.failing.is_empty()).await;
        }
        assert_eq!(running.publications(), 1);
    }
}

#[tokio::test]
async fn mass_deletion_is_held_back_until_three_polls_in_a_row_have_seen_it() {
    let server = Server::start();
    inventory(&server, 5);
    let mut slow = config(&server);
    slow.interval = Duration::from_hours(1);
    let running = Running::start(slow);
    running.until(|state| !state.stale).await;
    inventory(&server, 0);
    for polls in 1..=2 {
        running.control.refresh_now();
        let state = running.until(|state| state.held_back.is_some_and(|held| held.polls == polls)).await;
        let held = state.held_back.unwrap();
        assert_eq!((held.now, held.offered, state.stale), (5, 0, true));
        assert_eq!(running.snapshot().counts().hosts, 5);
    }
    running.control.refresh_now();
    running.until(|state| state.held_back.is_none()).await;
    assert_eq!(running.snapshot().counts().hosts, 0);
}

#[tokio::test]
async fn mass_deletion_can_be_accepted() {
    let server = Server::start();
    inventory(&server, 5);
    let mut slow = config(&server);
    slow.interval = Duration::from_hours(1);
    let running = Running::start(slow);
    running.until(|state| !state.stale).await;
    assert!(!running.control.accept_shrink(), "nothing is held back");
    inventory(&server, 2);
    running.control.refresh_now();
    running.until(|state| state.held_back.is_some()).await;
    assert!(running.control.accept_shrink());
    running.until(|state| state.held_back.is_none()).await;
    assert_eq!(running.snapshot().counts().hosts, 2);

    let server = Server::start();
    inventory(&server, 5);
    let running = Running::start(SourceConfig { shrink: ShrinkPolicy::Accept, ..config(&server) });
    running.until(|state| state.counts.hosts == 5).await;
    inventory(&server, 0);
    running.until(|state| !state.stale && state.counts.hosts == 0).await;
}

#[tokio::test]
async fn a_valid_empty_inventory_is_good_on_a_new_site() {
    let server = Server::start();
    server.set(INTERFACES, json("[]"));
    server.set(COMPONENTS, json("{\"Components\":[]}"));
    let running = Running::start(config(&server));
    running.until(|state| !state.stale).await;
    assert!(matches!(running.snapshot().lookup(mac(0)), Known::Unknown));
    inventory(&server, 1);
    running.until(|state| state.counts.hosts == 1).await;
}

#[tokio::test]
async fn bss_and_groups_fail_on_their_own() {
    let server = Server::start();
    inventory(&server, 2);
    let boot = format!(r#"[{{"macs":["{}"],"kernel":"http://s/vmlinuz","params":"quiet"}}]"#, mac(0));
    server.set(BOOT, json(boot.clone()));
    server.set(GROUPS, json(r#"[{"label":"compute","members":{"ids":["x1c0s0b0n0"]}}]"#));
    let running = Running::start(SourceConfig { groups: true, ..with_bss(&server) });
    let state = running.until(|state| !state.stale).await;
    assert_eq!((state.boot_identifiers, state.counts.groups), (1, 1));

    server.set(BOOT, Reply::Whole(500, "application/problem+json", "{}".into()));
    server.set(GROUPS, json("{}"));
    let state = running.until(|state| state.failing.len() == 2).await;
    assert_eq!(state.failing.iter().map(|failing| failing.part).collect::<Vec<_>>(), [Part::Boot, Part::Groups]);
    assert!(!state.stale, "SMD confirmed the inventory");
    inventory(&server, 4);
    running.until(|state| state.counts.hosts == 4).await;
    let snapshot = running.snapshot();
    let host = snapshot.host(mac(0)).unwrap();
    assert_eq!(host.boot().unwrap().kernel, "http://s/vmlinuz", "the last good boot parameters");
    assert_eq!(host.groups().collect::<Vec<_>>(), ["compute"]);

    server.set(BOOT, json(boot.replace("quiet", "verbose")));
    running.until(|_| running.snapshot().host(mac(0)).unwrap().boot().unwrap().params == "verbose").await;
}

#[tokio::test]
async fn one_connection_to_each_service_serves_all_polls() {
    let (server, bss) = (Server::start(), Server::start());
    inventory(&server, 2);
    server.set(GROUPS, json("[]"));
    bss.set(BOOT, json("[]"));
    let source = BssSource { url: bss.url(), ca: None, token_file: None, precedence: Precedence::Sql };
    let running = Running::start(SourceConfig { groups: true, bss: Some(source), ..config(&server) });
    running.until(|state| state.unchanged >= 4).await;
    running.stop().await;
    for (server, requests) in [(server, 3), (bss, 1)] {
        let all = server.requests();
        assert!(all.len() >= 4 * requests, "{all:?}");
        assert!(all.iter().all(|request| request.connection == 0), "{all:?}");
    }
}

#[tokio::test]
async fn a_closed_bss_is_read_through_its_dump() {
    let server = Server::start();
    inventory(&server, 1);
    server.set(BOOT, Reply::Whole(401, "text/plain", "no token found".into()));
    let boot = format!(r#"{{"Components":[],"Params":[{{"macs":["{}"],"kernel":"k"}}]}}"#, mac(0));
    server.set(DUMP, json(boot));
    let running = Running::start(with_bss(&server));
    let state = running.until(|state| !state.stale).await;
    assert!(state.failing.is_empty());
    assert_eq!(running.snapshot().host(mac(0)).unwrap().boot().unwrap().kernel, "k");
    server.set(DUMP, Reply::Whole(404, "text/plain", String::new()));
    let state = running.until(|state| !state.failing.is_empty()).await;
    assert!(state.failing[0].text.contains("status 401: no token found"), "{}", state.failing[0].text);
}

#[tokio::test]
async fn a_null_from_bss_is_no_deletion_until_it_stays() {
    let server = Server::start();
    inventory(&server, 1);
    server.set(BOOT, json(format!(r#"[{{"macs":["{}"],"kernel":"k"}}]"#, mac(0))));
    let mut slow = with_bss(&server);
    slow.interval = Duration::from_hours(1);
    let running = Running::start(slow);
    running.until(|state| !state.stale).await;
    server.set(BOOT, json("null"));
    running.control.refresh_now();
    let state = running.until(|state| state.boot_held_back.is_some()).await;
    assert_eq!(state.held_back, None);
    assert!(running.snapshot().host(mac(0)).unwrap().boot().is_some());
    assert!(running.control.accept_shrink());
    running.until(|state| state.boot_held_back.is_none()).await;
    assert!(running.snapshot().host(mac(0)).unwrap().boot().is_none());
}

#[tokio::test]
async fn a_restart_during_an_outage_serves_the_snapshot_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("snapshot");
    let server = Server::start();
    inventory(&server, 5);
    server.set(BOOT, json(format!(r#"[{{"macs":["{}"],"kernel":"k"}}]"#, mac(0))));
    let saving = SourceConfig { snapshot_file: Some(file.clone()), ..with_bss(&server) };
    let running = Running::start(saving.clone());
    running.until(|state| !state.stale).await;
    let digest = running.snapshot().digest();
    running.stop().await;

    let dead = format!("http://{}", listen().local_addr().unwrap());
    let restarted = Running::start(SourceConfig { smd_url: dead, ..saving.clone() });
    restarted.two_polls().await;
    let state = restarted.until(|state| state.failures.of(FailureKind::Connect) > 0).await;
    assert_eq!(restarted.snapshot().digest(), digest);
    assert_eq!(restarted.published.lock().unwrap()[..1], [(digest, false)]);
    assert!(state.stale && state.from_disk && state.fetched_at.is_some());
    restarted.stop().await;

    inventory(&server, 0);
    let restarted = Running::start(saving.clone());
    let state = restarted.until(|state| state.held_back.is_some()).await;
    assert!(state.stale && state.from_disk, "what is on disk is something better than nothing");
    restarted.stop().await;

    inventory(&server, 5);
    let restarted = Running::start(saving);
    let state = restarted.until(|state| !state.stale).await;
    assert!(!state.from_disk);
    assert_eq!(restarted.publications(), 1, "SMD confirmed what was on disk");
}

#[tokio::test]
async fn a_damaged_snapshot_file_is_reported_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("snapshot");
    let text = format!("coresmd-snapshot 1 {}\n{{}}\n", "0".repeat(64));
    write(&file, &text);
    let server = Server::start();
    inventory(&server, 1);
    let running = Running::start(SourceConfig { snapshot_file: Some(file.clone()), ..config(&server) });
    let state = running.state.load();
    assert_eq!(state.failures.of(FailureKind::Disk), 1);
    assert!(state.last_failure.as_ref().unwrap().contains(&file.display().to_string()));
    running.until(|state| !state.stale).await;
    assert!(smd_cache::disk::load(&file).unwrap().is_some());
}

#[tokio::test]
async fn a_snapshot_file_that_cannot_be_written_stops_nothing() {
    let server = Server::start();
    inventory(&server, 1);
    let file = Some(PathBuf::from("/nonexistent/snapshot"));
    let running = Running::start(SourceConfig { snapshot_file: file, ..config(&server) });
    let state = running.until(|state| !state.stale).await;
    assert_eq!((state.failures.of(FailureKind::Disk), state.counts.hosts), (1, 1));
    assert!(state.last_failure.as_ref().unwrap().contains("/nonexistent/snapshot"));
}

#[tokio::test]
async fn rejected_rows_are_told() {
    let server = Server::start();
    inventory(&server, 1);
    server.set(INTERFACES, json(format!(r#"[{},{{"ID":"bad","MACAddress":"zz"}}]"#, interface(0, "not an ip"))));
    let running = Running::start(config(&server));
    let state = running.until(|state| !state.stale).await;
    let rejected: Vec<String> = state.rejected.iter().map(ToString::to_string).collect();
    assert_eq!(rejected.len(), 2);
    assert!(rejected[0].contains("\"not an ip\" is not an IP address"), "{rejected:?}");
    assert!(rejected[1].starts_with("EthernetInterfaces[1] bad MAC address \"zz\""), "{rejected:?}");
}

fn write(file: &Path, text: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test damages the file")]
    std::fs::write(file, text).unwrap();
}
