//! The cluster of the end-to-end tests.
//!
//! ```text
//!  node ──veth── srv: br0 10.77.0.1/24 (smd-sim, coresmd-dhcp, coresmd-dns) ──veth── 10.77.0.2 rly 10.78.0.2 ──veth── far
//! ```
//! `node` is on the servers' link, `far` behind a relay. Both are in the inventory.

use std::fs;
use std::path::Path;
use std::process::Command;

use coresmd_tests::netns::{Namespace, veth};
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::wait;
use tempfile::TempDir;

/// A node as the inventory has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) xname: &'static str,
    pub(crate) mac: &'static str,
    pub(crate) address: &'static str,
    pub(crate) router: &'static str,
    pub(crate) host_name: &'static str,
}

/// The node on the servers' link.
pub(crate) const NEAR: Node = Node {
    xname: "x1000c0s0b0n0",
    mac: "52:54:00:77:00:01",
    address: "10.77.0.11",
    router: "10.77.0.254",
    host_name: "nid0001.cluster.test",
};

/// The node behind the relay.
pub(crate) const FAR: Node = Node {
    xname: "x1000c0s1b0n0",
    mac: "52:54:00:78:00:02",
    address: "10.78.0.12",
    router: "10.78.0.254",
    host_name: "nid0002.cluster.test",
};

/// A machine that the inventory does not know.
pub(crate) const STRANGER: &str = "52:54:00:66:66:66";

/// Where the boot files are that the DHCP server gives out by TFTP, in the lab's directory.
pub(crate) const BOOT_FILES: &str = "boot-files";

/// The servers' address on the near link, where DHCP, DNS and the boot scripts are.
pub(crate) const SERVER: &str = "10.77.0.1";

/// The running cluster: the servers and, joined to their bridge, `node`. Taken down when dropped, processes first.
#[derive(Debug)]
pub(crate) struct Lab {
    dhcp: Process,
    _dns: Process,
    _simulator: Process,
    /// The near node's side of the cable; its interface is `eth0`.
    pub(crate) node: Namespace,
    pub(crate) server: Namespace,
    pub(crate) directory: TempDir,
}

impl Lab {
    /// Starts the servers, with a client of the Ethernet address `mac` on their link.
    pub(crate) fn new(mac: &str) -> Self {
        Self::start(mac, false, "")
    }

    /// The same, with these lines behind the server's last step.
    pub(crate) fn with_steps(mac: &str, steps: &str) -> Self {
        Self::start(mac, false, steps)
    }

    /// The same as [`Lab::new`], but all TFTP transfers stay on the listening port.
    pub(crate) fn with_single_port(mac: &str) -> Self {
        Self::start(mac, true, "")
    }

    fn start(mac: &str, single_port: bool, steps: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let server = Namespace::new("srv");
        server.ip("link add br0 type bridge");
        server.ip("link set br0 type bridge stp_state 0 forward_delay 0");
        server.ip(&format!("addr add {SERVER}/24 dev br0"));
        server.ip("link set br0 up");
        server.ip("route add 10.78.0.0/24 via 10.77.0.2");
        let node = Namespace::new("node");
        veth((&server, "node", None), (&node, "eth0", Some(mac)));
        server.ip("link set node master br0");

        let simulator = start_simulator(&server, directory.path());
        let dhcp = start_dhcp(&server, directory.path(), single_port, steps);
        let dns = start_dns(&server, directory.path());
        let lab = Self { dhcp, _dns: dns, _simulator: simulator, node, server, directory };
        for port in [DHCP_ADMIN_PORT, DNS_READY_PORT] {
            let path = if port == DHCP_ADMIN_PORT { "readyz" } else { "ready" };
            wait::until(&format!("port {port} to be ready"), || {
                fetch(&lab.server, &format!("http://127.0.0.1:{port}/{path}"))
            });
        }
        lab
    }

    /// Ends the DHCP server as a power cut would, and starts it again.
    pub(crate) fn power_cut(&mut self) {
        self.dhcp.kill();
        self.dhcp = start(&self.server, self.directory.path(), Program::Dhcp, &["--config", "config.yaml"]);
        wait::until("the server to be ready again", || self.admin("readyz"));
    }

    /// A page of the DHCP server's admin port.
    pub(crate) fn admin(&self, page: &str) -> Result<String, String> {
        fetch(&self.server, &format!("http://127.0.0.1:{DHCP_ADMIN_PORT}/{page}"))
    }

    /// Waits until the DHCP server's metrics have this line.
    pub(crate) fn wait_for_metric(&self, line: &str) {
        wait::until(line, || {
            let metrics = self.admin("metrics")?;
            if metrics.lines().any(|metric| metric == line) { Ok(()) } else { Err(metrics) }
        });
    }

    /// A namespace whose `eth0`, with the Ethernet address `mac`, is behind the relay namespace that is returned first;
    /// the relay's interfaces are `upstream` (towards the servers) and `downstream`.
    pub(crate) fn behind_a_relay(&self, mac: &str) -> (Namespace, Namespace) {
        let relay = Namespace::new("rly");
        veth((&self.server, "relay", None), (&relay, "upstream", None));
        self.server.ip("link set relay master br0");
        relay.ip("addr add 10.77.0.2/24 dev upstream");
        let far = Namespace::new("far");
        veth((&relay, "downstream", None), (&far, "eth0", Some(mac)));
        relay.ip("addr add 10.78.0.2/24 dev downstream");
        let (status, output) =
            Process::run("sysctl", relay.command(&["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]));
        assert!(status.success(), "forwarding cannot be enabled: {output}");
        (relay, far)
    }
}

const DHCP_ADMIN_PORT: u16 = 9067;
const DNS_READY_PORT: u16 = 8181;

/// Fetches `url` inside `namespace`.
pub(crate) fn fetch(namespace: &Namespace, url: &str) -> Result<String, String> {
    let (status, output) = Process::run("wget", namespace.command(&["busybox", "wget", "-q", "-O", "-", url]));
    if status.success() { Ok(output) } else { Err(format!("{url}: {output}")) }
}

fn start_simulator(server: &Namespace, directory: &Path) -> Process {
    let node = |node: Node, nid: u32| {
        format!(
            "- name: {name}\n  nid: {nid}\n  xname: {xname}\n  bmc_mac: 52:54:00:99:00:{nid:02x}\n  \
             bmc_ip: 10.79.0.{nid}\n  interfaces:\n  - mac_addr: {mac}\n    ip_addrs:\n    - name: management\n      \
             ip_addr: {address}\n",
            name = node.host_name,
            xname = node.xname,
            mac = node.mac,
            address = node.address,
        )
    };
    fs::write(directory.join("nodes.yaml"), format!("nodes:\n{}{}", node(NEAR, 1), node(FAR, 2))).expect("writable");
    let boot = format!(
        "- macs: [{}, {}]\n  kernel: http://{SERVER}/vmlinuz\n  initrd: http://{SERVER}/initrd.img\n  \
         params: console=ttyS0 root=live:http://{SERVER}/rootfs\n",
        NEAR.mac, FAR.mac
    );
    fs::write(directory.join("boot.yaml"), boot).expect("writable");
    start(
        server,
        directory,
        Program::Sim,
        &["--listen", "0.0.0.0:27779", "--inventory", "nodes.yaml", "--boot", "boot.yaml"],
    )
}

fn start_dhcp(server: &Namespace, directory: &Path, single_port: bool, steps: &str) -> Process {
    fs::create_dir(directory.join(BOOT_FILES)).expect("writable");
    let config = format!(
        "\
server4:
  listen: '%br0'
  plugins:
    - server_id: {SERVER}
    - dns: {SERVER}
    - router: {near_router}
    - netmask: 255.255.255.0
    - searchdomains: cluster.test
    - coresmd: |
        svc_base_uri=http://127.0.0.1:27779
        ipxe_base_uri=http://{SERVER}:27779
        cache_valid=1s
        lease_time=1h
        tftp_dir={BOOT_FILES}
        single_port={single_port}
        domain=cluster.test
        rule=type:Node,subnet:10.78.0.0/24,hostname:nid{{04d}},routers:{far_router}
        rule=type:Node,hostname:nid{{04d}}
{steps}
admin:
  listen: 127.0.0.1:{DHCP_ADMIN_PORT}
",
        near_router = NEAR.router,
        far_router = FAR.router,
    );
    fs::write(directory.join("config.yaml"), config).expect("writable");
    start(server, directory, Program::Dhcp, &["--config", "config.yaml"])
}

fn start_dns(server: &Namespace, directory: &Path) -> Process {
    let corefile = format!(
        "\
. {{
    bind {SERVER}
    errors
    ready 127.0.0.1:{DNS_READY_PORT}
    coresmd {{
        smd_url http://127.0.0.1:27779
        cache_duration 1s
        zone cluster.test {{
            nodes nid{{04d}}
        }}
    }}
}}
"
    );
    fs::write(directory.join("Corefile"), corefile).expect("writable");
    start(server, directory, Program::Dns, &["--corefile", "Corefile"])
}

fn start(server: &Namespace, directory: &Path, program: Program, arguments: &[&str]) -> Process {
    let mut words = program.words(env!("CARGO_BIN_EXE_coresmd-servers"));
    words.extend(arguments.iter().map(|&argument| argument.to_owned()));
    let mut command: Command = server.command(&words);
    command.current_dir(directory);
    Process::start(program.name(), command)
}
