//! Network namespaces joined by veth pairs, made with iproute2 and taken down when dropped (needs root).
//!
//! A network namespace does not isolate `/etc`: each gets its own `/etc/netns/NAME/resolv.conf`, which `ip netns exec`
//! binds over the machine's, so that no client can write to that.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Counts the namespaces of this test program, so that tests run beside each other.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// One network namespace with its loopback up.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace; `role` (`srv`, `cli`, …) ends its name. All names begin with `$CORESMD_E2E_RUN`, by which
    /// `tests/run` finds what an interrupted run left behind.
    pub fn new(role: &str) -> Self {
        let run = env::var("CORESMD_E2E_RUN").unwrap_or_else(|_| format!("csmd{}", process::id()));
        let name = format!("{run}-{}-{role}", COUNT.fetch_add(1, Ordering::Relaxed));
        ip(&format!("netns add {name}"));
        let namespace = Self { name };
        fs::create_dir_all(namespace.etc()).expect("/etc/netns can be written by root");
        namespace.write_resolver("");
        namespace.ip("link set lo up");
        namespace
    }

    /// The namespace's name, as `ip netns` knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `ip ARGUMENTS` on this namespace; the arguments are split at blanks.
    pub fn ip(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.name));
    }

    /// A command that runs `words` inside this namespace.
    pub fn command<W: AsRef<str>>(&self, words: &[W]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).args(words.iter().map(AsRef::as_ref));
        command
    }

    /// Names the server that the C library's resolver asks in this namespace; before that it has none.
    pub fn resolver(&self, server: &str) {
        self.write_resolver(&format!("nameserver {server}\n"));
    }

    fn write_resolver(&self, text: &str) {
        // Written in place: commands started before have this very file bound over /etc/resolv.conf.
        fs::write(self.etc().join("resolv.conf"), text).expect("/etc/netns can be written by root");
    }

    fn etc(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(&self.name)
    }
}

impl Drop for Namespace {
    /// Ends what still runs inside (clients that went to the background), then removes the namespace.
    fn drop(&mut self) {
        if let Ok(pids) = Command::new("ip").args(["netns", "pids", &self.name]).output() {
            for pid in String::from_utf8_lossy(&pids.stdout).split_whitespace() {
                drop(Command::new("sh").args(["-c", "kill -KILL \"$0\" 2>/dev/null", pid]).status());
            }
        }
        let deleted = Command::new("ip").args(["netns", "delete", &self.name]).status();
        drop(fs::remove_dir_all(self.etc()));
        if !thread::panicking() {
            assert!(deleted.is_ok_and(|status| status.success()), "namespace {} cannot be removed", self.name);
        }
    }
}

/// Joins `left` and `right` by a veth pair; each side is (namespace, interface name, Ethernet address if it matters).
/// Both ends are up afterwards.
pub fn veth(left: (&Namespace, &str, Option<&str>), right: (&Namespace, &str, Option<&str>)) {
    let end = |(namespace, interface, mac): (&Namespace, &str, Option<&str>)| {
        let address = mac.map(|mac| format!("address {mac} ")).unwrap_or_default();
        format!("{interface} {address}netns {}", namespace.name)
    };
    ip(&format!("link add {} type veth peer name {}", end(left), end(right)));
    for (namespace, interface, _) in [left, right] {
        namespace.ip(&format!("link set {interface} up"));
    }
}

/// Runs `ip ARGUMENTS` and fails the test if it fails.
fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("iproute2 is installed");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}
