//! The cluster of the end-to-end tests by IPv6.
//!
//! ```text
//!  node ──veth── srv: br0 fd77::1/64 10.77.0.1/24 (smd-sim, coresmd-dhcp) ──veth── fd77::2 rly fd78::1 ──veth── far
//! ```
//! `node` is on the server's link, `far` behind a relay. The inventory has both, and the clients that a load generator
//! plays.

use std::fs;

use coresmd_tests::netns::{Namespace, veth};
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::wait;
use tempfile::TempDir;

use crate::lab::fetch;

/// MAC address and address of the node on the server's link.
pub(crate) const NEAR: (&str, &str) = ("52:54:00:77:00:01", "fd77::11");
/// MAC address and address of the node behind the relay.
pub(crate) const FAR: (&str, &str) = ("52:54:00:78:00:02", "fd78::12");
/// The server's addresses on the near link.
pub(crate) const SERVER: &str = "fd77::1";
pub(crate) const SERVER4: &str = "10.77.0.1";
/// The first MAC address of the load generator's clients.
pub(crate) const LOAD_MAC: &str = "52:54:00:77:01:00";
/// How many clients it plays.
pub(crate) const LOAD_CLIENTS: usize = 16;

const ADMIN_PORT: u16 = 9067;

/// The running cluster: the servers and, joined to their bridge, `node`. Taken down when dropped, processes first.
#[derive(Debug)]
pub(crate) struct Lab6 {
    _dhcp: Process,
    _simulator: Process,
    /// The near node's side of the cable; its interface is `eth0`.
    pub(crate) node: Namespace,
    pub(crate) server: Namespace,
    pub(crate) directory: TempDir,
}

impl Lab6 {
    /// Starts the servers, with the near node on their link.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (server, node) = (namespace("srv"), namespace("node"));
        server.ip("link add br0 type bridge");
        server.ip("link set br0 type bridge stp_state 0 forward_delay 0");
        server.ip(&format!("addr add {SERVER4}/24 dev br0"));
        server.ip(&format!("addr add {SERVER}/64 dev br0"));
        server.ip("link set br0 up");
        server.ip("route add fd78::/64 via fd77::2");
        veth((&server, "node", None), (&node, "eth0", Some(NEAR.0)));
        server.ip("link set node master br0");

        fs::write(directory.path().join("nodes.yaml"), inventory()).expect("writable");
        fs::write(directory.path().join("config.yaml"), config()).expect("writable");
        let start = |program: Program, arguments: &[&str]| {
            let mut words = program.words(env!("CARGO_BIN_EXE_coresmd-servers"));
            words.extend(arguments.iter().map(|&argument| argument.to_owned()));
            let mut command = server.command(&words);
            command.current_dir(directory.path()).env("STATE_DIRECTORY", directory.path());
            Process::start(program.name(), command)
        };
        let simulator = start(Program::Sim, &["--listen", "127.0.0.1:27779", "--inventory", "nodes.yaml"]);
        let dhcp = start(Program::Dhcp, &["--config", "config.yaml"]);
        let lab = Self { _dhcp: dhcp, _simulator: simulator, node, server, directory };
        wait::until("the server to be ready", || lab.admin("readyz"));
        link_local(&lab.server, "br0");
        link_local(&lab.node, "eth0");
        lab
    }

    /// A page of the server's admin port.
    pub(crate) fn admin(&self, page: &str) -> Result<String, String> {
        fetch(&self.server, &format!("http://127.0.0.1:{ADMIN_PORT}/{page}"))
    }

    /// Waits until this line is among the metrics.
    pub(crate) fn wait_for_metric(&self, line: &str) {
        wait::until(line, || {
            let metrics = self.admin("metrics")?;
            if metrics.lines().any(|found| found == line) { Ok(()) } else { Err(metrics) }
        });
    }

    /// A relay's namespace with its interfaces `upstream` and `downstream`, and that of the far node behind it.
    pub(crate) fn behind_a_relay(&self) -> (Namespace, Namespace) {
        let (relay, far) = (namespace("rly"), namespace("far"));
        veth((&self.server, "relay", None), (&relay, "upstream", None));
        self.server.ip("link set relay master br0");
        relay.ip("addr add fd77::2/64 dev upstream");
        veth((&relay, "downstream", None), (&far, "eth0", Some(FAR.0)));
        relay.ip("addr add fd78::1/64 dev downstream");
        for interface in ["upstream", "downstream"] {
            link_local(&relay, interface);
        }
        link_local(&far, "eth0");
        (relay, far)
    }
}

/// A namespace whose IPv6 addresses can be used at once: nobody else has them.
fn namespace(role: &str) -> Namespace {
    let namespace = Namespace::new(role);
    let words = ["sh", "-c", "for c in all default; do echo 0 >/proc/sys/net/ipv6/conf/$c/accept_dad; done"];
    let (status, output) = Process::run("sysctl", namespace.command(&words));
    assert!(status.success(), "duplicate address detection cannot be turned off: {output}");
    namespace
}

/// Waits for an interface's link-local address, from which every client speaks.
fn link_local(namespace: &Namespace, interface: &str) {
    wait::until(&format!("{interface} to have a link-local address"), || {
        let words = ["ip", "-6", "addr", "show", "dev", interface, "scope", "link"];
        let (_, output) = Process::run("ip", namespace.command(&words));
        if output.contains("fe80::") && !output.contains("tentative") { Ok(()) } else { Err(output) }
    });
}

fn inventory() -> String {
    let load = (0..LOAD_CLIENTS).map(|number| {
        let mac = format!("{}{number:02x}", LOAD_MAC.trim_end_matches("00"));
        (mac, vec![format!("10.77.0.{}", 100 + number), format!("fd77::1:{number:x}")])
    });
    let named = [NEAR, FAR].map(|(mac, address)| (mac.to_owned(), vec![address.to_owned()]));
    let node = |(at, (mac, addresses)): (usize, (String, Vec<String>))| {
        let nid = at + 1;
        let addresses: String = addresses
            .iter()
            .flat_map(|address| ["    - name: management\n      ip_addr: \"", address, "\"\n"])
            .collect();
        format!(
            "- name: nid{nid:04}\n  nid: {nid}\n  xname: x1000c0s{nid}b0n0\n  bmc_mac: 52:54:00:99:00:{nid:02x}\n  \
             bmc_ip: 10.79.0.{nid}\n  interfaces:\n  - mac_addr: {mac}\n    ip_addrs:\n{addresses}"
        )
    };
    let nodes: String = named.into_iter().chain(load).enumerate().map(node).collect();
    format!("nodes:\n{nodes}")
}

fn config() -> String {
    let words = "svc_base_uri=http://127.0.0.1:27779 ipxe_base_uri=http://[fd77::1]:27779 cache_valid=1s lease_time=1h \
                 domain=cluster.test rule=hostname:nid{04d}";
    format!(
        "\
server4:
  listen: '%br0'
  plugins:
    - server_id: {SERVER4}
    - netmask: 255.255.255.0
    - coresmd: {words}
server6:
  listen: '%br0'
  plugins:
    - dns: {SERVER}
    - searchdomains: cluster.test
    - prefix: fd99::/56 64
    - coresmd: {words}
admin:
  listen: 127.0.0.1:{ADMIN_PORT}
"
    )
}
