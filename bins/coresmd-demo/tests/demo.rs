//! The demo as a user starts it: a whole small cluster, the same against services that are given, one that is broken,
//! and how it ends.
#![expect(clippy::unwrap_used, reason = "helpers of tests may")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use smd_sim::{Cluster, Fault, FaultKind, Sim};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

async fn demo(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap(); // a demo that fails leaves its files behind
    let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-demo"));
    command.args(arguments).env("TMPDIR", directory.path()).kill_on_drop(true).output().await.unwrap()
}

/// A simulator of the test's own, for the demo to take as the real services.
#[expect(clippy::disallowed_methods, reason = "a test's own loopback socket")]
async fn services(nodes: usize) -> (Sim, SocketAddr) {
    let sim = Sim::new(Cluster::generate(nodes).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = sim.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    (sim, address)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_cluster_boots_and_resolves() {
    let output = demo(&["--nodes", "4"]).await;
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("4 of 4 nodes booted and resolved in "), "{text}");
    for stage in ["firmware: DISCOVER → OFFER", "iPXE: REQUEST → ACK", "PTR of its address", "over TCP"] {
        assert!(text.contains(stage), "{stage} is missing: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_services_are_taken_instead_of_the_simulator() {
    let (_sim, address) = services(7).await;
    let output = demo(&["--smd-url", &format!("http://{address}/"), "--nodes", "5"]).await;
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("http://{address}")), "{text}");
    assert!(text.contains("5 of 5 nodes booted and resolved in "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bss_that_fails_makes_the_demo_fail_and_say_why() {
    let (_smd, smd) = services(2).await;
    let (bss, broken) = services(2).await;
    let status = FaultKind::Status { code: 500, detail: "as the test wants it".into() };
    bss.set_faults(vec![Fault::on("/boot/v1/bootscript", status)]).unwrap();
    let output = demo(&["--smd-url", &format!("http://{smd}"), "--bss-url", &format!("http://{broken}")]).await;
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("0 of 2 nodes booted and resolved in "), "{text}");
    assert!(text.contains("x1000c0s0b0n0 (02:01:00:00:00:00), boot script over HTTP: GET "), "{text}");
    assert!(text.contains("status 500"), "{text}");
}

/// A demo that is kept running, as far as its last line, and the URLs that it prints.
struct Kept {
    demo: Child,
    urls: Vec<String>,
    directory: PathBuf,
}

async fn kept() -> Kept {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-demo"));
    command.args(["--nodes", "2", "--keep"]).stdout(Stdio::piped()).kill_on_drop(true);
    let mut demo = command.spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut urls = Vec::new();
    loop {
        let line = lines.next_line().await.unwrap().expect("the demo does not end by itself");
        if let Some(url) = line.trim().strip_prefix("curl http") {
            urls.push(format!("http{url}"));
        }
        if let Some(logs) = line.trim().strip_prefix("tail -f ") {
            let directory = PathBuf::from(logs).parent().unwrap().to_owned();
            return Kept { demo, urls, directory };
        }
    }
}

impl Kept {
    /// Sends a signal to the demo alone, not to its servers.
    fn signal(&self, signal: Signal) {
        let id = self.demo.id().and_then(|id| Pid::from_raw(id.cast_signed())).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// The addresses behind the URLs, each once.
    fn addresses(&self) -> BTreeSet<SocketAddr> {
        let address = |url: &String| url.trim_start_matches("http://").split('/').next().unwrap().parse().unwrap();
        self.urls.iter().map(address).collect()
    }

    async fn all_listen(&self) -> bool {
        for address in self.addresses() {
            if TcpStream::connect(address).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Waits until nobody listens any more, however long that takes: a test that hangs here has failed.
    async fn nobody_listens(&self) {
        for address in self.addresses() {
            while TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_running_ends_with_the_demo() {
    let mut kept = kept().await;
    assert!(kept.addresses().len() >= 4, "{:?}", kept.urls);
    assert!(kept.all_listen().await);
    kept.signal(Signal::TERM);
    assert_eq!(kept.demo.wait().await.unwrap().code(), Some(0));
    kept.nobody_listens().await;
    assert!(!kept.directory.exists(), "{} is left behind", kept.directory.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_do_not_outlive_a_demo_that_is_killed() {
    let mut kept = kept().await;
    assert!(kept.all_listen().await);
    kept.signal(Signal::KILL);
    kept.demo.wait().await.unwrap();
    kept.nobody_listens().await;
    std::fs::remove_dir_all(&kept.directory).unwrap(); // a killed demo cannot tidy up
}
