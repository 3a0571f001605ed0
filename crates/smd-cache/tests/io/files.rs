//! Files as sources: seen when they change, never believed when they are wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smd_cache::MacAddr;
use smd_cache::inventory::Part;
use smd_cache::refresh::{Refresher, SourceConfig};
use smd_cache::state::FailureKind;
use tempfile::TempDir;

use super::refresh::Running;
use super::server::listen;

/// A directory with a site in it.
struct Files(TempDir);

impl Files {
    /// This many nodes, and what they boot.
    fn new(nodes: u8) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("nodes.yaml", &site(nodes));
        files.write("boot.yaml", "hosts: [Default]\nkernel: http://s/default\n");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Replaces a file as careful people do.
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    /// Both files, looked at whenever they change and otherwise once an hour; SMD cannot be reached.
    fn config(&self) -> SourceConfig {
        SourceConfig {
            inventory_file: Some(self.path("nodes.yaml")),
            boot_file: Some(self.path("boot.yaml")),
            interval: Duration::from_hours(1),
            ..SourceConfig::new(format!("http://{}", listen().local_addr().unwrap()))
        }
    }
}

fn site(nodes: u8) -> String {
    let node = |node: u8| {
        format!(
            "- {{name: n{node}, nid: {}, xname: x1c0s{node}b0n0, groups: [all], interfaces: [{{mac_addr: '{}', ip_addrs: \
             [{{ip_addr: 172.16.0.{}}}]}}]}}\n",
            node + 1,
            mac(node),
            node + 1
        )
    };
    format!("nodes:\n{}", (0..nodes).map(node).collect::<String>())
}

fn mac(node: u8) -> MacAddr {
    MacAddr([0x52, 0x54, 0, 0xbe, 0xef, node])
}

/// The kernel that a node boots.
fn kernel(running: &Running, node: u8) -> Option<String> {
    running.snapshot().host(mac(node)).and_then(|host| host.boot().map(|boot| boot.kernel.clone()))
}

#[tokio::test]
async fn a_site_in_files_needs_no_service() {
    let files = Files::new(3);
    let running = Running::start(files.config());
    let state = running.until(|state| !state.stale).await;
    assert_eq!((state.counts.hosts, state.counts.components, state.counts.groups), (3, 6, 1));
    assert!(state.failing.is_empty() && state.rejected.is_empty());
    let snapshot = running.snapshot();
    let host = snapshot.host(mac(1)).unwrap();
    assert_eq!(
        (host.id().as_str(), host.nid().map(|nid| nid.0), host.role()),
        ("x1c0s1b0n0", Some(2), Some("Compute"))
    );
    assert_eq!(host.aliases().collect::<Vec<_>>(), ["n1"]);
    assert_eq!(host.groups().collect::<Vec<_>>(), ["all"]);
    let written = files.path("nodes.yaml").metadata().unwrap().modified().unwrap();
    assert_eq!(snapshot.last_update(), Some(written));
    assert_eq!(kernel(&running, 1).as_deref(), Some("http://s/default"));
    running.stop().await;
}

#[tokio::test]
async fn a_replaced_file_is_seen_at_once_and_a_wrong_one_is_told_and_not_used() {
    let files = Files::new(2);
    let running = Running::start(files.config());
    running.until(|state| !state.stale).await;
    files.write("nodes.yaml", &site(4));
    running.until(|state| state.counts.hosts == 4).await;

    files.write(
        "boot.yaml",
        "- {hosts: [Default], kernel: http://s/default}\n- {groups: [all], kernel: http://s/all}\n",
    );
    running.until(|_| kernel(&running, 0).as_deref() == Some("http://s/all")).await;

    files.write("nodes.yaml", &site(4).replace("x1c0s3b0n0", "nonsense"));
    let state = running.until(|state| !state.failing.is_empty()).await;
    let name = files.path("nodes.yaml").display().to_string();
    assert_eq!(state.failing.len(), 1);
    assert_eq!((state.failing[0].part, state.failing[0].kind), (Part::Interfaces, FailureKind::Schema));
    assert_eq!(state.failing[0].text, format!("{name}:5:29: \"nonsense\" is not an xname"));
    assert!(state.stale);
    assert_eq!(running.snapshot().counts().hosts, 4, "the last good site");

    files.write("boot.yaml", "- {macs: [zz]}\n");
    let state = running.until(|state| state.failing.len() == 2).await;
    assert!(state.failing[1].text.ends_with("boot.yaml:1:11: \"zz\": 'z' is not a hexadecimal digit"));
    assert_eq!(kernel(&running, 0).as_deref(), Some("http://s/all"), "the last good configurations");

    files.write("nodes.yaml", &site(5));
    files.write("boot.yaml", "");
    running.until(|state| state.counts.hosts == 5).await;
    running.stop().await;
}

/// What is done to a file, what sort of failure that is, and what is said about it.
type Breakage<'a> = (&'a dyn Fn(&Path), FailureKind, &'a str);

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test's own files")]
async fn what_is_no_text_file_is_an_error_that_names_it() {
    let files = Files::new(1);
    let running = Running::start(SourceConfig { max_body: 10_000, ..files.config() });
    running.until(|state| !state.stale).await;
    let path = files.path("nodes.yaml");
    let breakages: [Breakage<'_>; 5] = [
        (&|path| fs::remove_file(path).unwrap(), FailureKind::Disk, "No such file"),
        (&|path| fs::create_dir(path).unwrap(), FailureKind::Disk, "this is no regular file"),
        (
            &|path| {
                fs::remove_dir(path).unwrap();
                fs::write(path, b"nodes:\n- \xff\n").unwrap();
            },
            FailureKind::Schema,
            "nodes.yaml:2: the file is not UTF-8",
        ),
        (&|path| fs::write(path, " ".repeat(10_001)).unwrap(), FailureKind::TooLarge, "larger than 10000 bytes"),
        (&|path| fs::write(path, "").unwrap(), FailureKind::Schema, "nodes.yaml:"),
    ];
    for (break_it, kind, text) in breakages {
        break_it(&path);
        let state = running
            .until(|state| state.failing.iter().any(|failing| failing.kind == kind && failing.text.contains(text)));
        assert_eq!(state.await.counts.hosts, 1, "{text}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_site_that_is_nearly_gone_is_not_believed_at_once() {
    let files = Files::new(9);
    let running = Running::start(files.config());
    running.until(|state| !state.stale).await;
    files.write("nodes.yaml", &site(1));
    let state = running.until(|state| state.held_back.is_some()).await;
    assert_eq!(state.counts.hosts, 9);
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_file_keeps_a_service_from_starting_unless_there_is_a_snapshot() {
    let files = Files::new(2);
    let saving = SourceConfig { snapshot_file: Some(files.path("snapshot")), ..files.config() };
    files.write("boot.yaml", "kernel: [1]\n");
    let error = Refresher::new(saving.clone()).unwrap_err().to_string();
    assert!(error.contains("boot.yaml:1:"), "{error}");
    files.write("boot.yaml", "{kernel: k}\n");
    let running = Running::start(saving.clone());
    running.until(|state| !state.stale).await;
    running.stop().await;
    files.write("nodes.yaml", "nodes: 7\n");
    let running = Running::start(saving);
    let state = running.until(|state| state.from_disk && !state.failing.is_empty()).await;
    assert_eq!(state.counts.hosts, 2);
    assert_eq!(kernel(&running, 0).as_deref(), Some("k"));
    running.stop().await;
}
