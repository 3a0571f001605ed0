//! A site of three nodes on loopback, from one combination of sources: both servers as processes, every node as a
//! virtual client.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use coresmd_tests::dhcp::Relay;
use coresmd_tests::dns::{self, Transport};
use coresmd_tests::server::{Server, Start};
use coresmd_tests::sources::{Combination, Sources};
use coresmd_tests::{http, ports, wait};
use tempfile::TempDir;

/// Three nodes, two of them of one BMC, one MAC in capitals (BSS folds no other spelling).
const NODES: &str = "
nodes:
- {nid: 1, xname: x1000c0s0b0n0, interfaces: [{mac_addr: '02:00:00:00:00:01', ip_addrs: [{ip_addr: 10.78.0.11}]}]}
- {nid: 2, xname: x1000c0s0b0n1, interfaces: [{mac_addr: '02:00:00:00:00:0B', ip_addrs: [{ip_addr: 10.78.0.12}]}]}
- {nid: 7, xname: x1000c0s1b0n0, interfaces: [{mac_addr: '02:00:00:00:00:03', ip_addrs: [{ip_addr: 10.78.0.17}]}]}
";

const BOOT: &str =
    "- {macs: ['02:00:00:00:00:01', '02:00:00:00:00:0b', '02:00:00:00:00:03'], kernel: http://s/vmlinuz}\n";

/// What NODES say: the last octet of the MAC, the address, the host name, and what the address resolves back to.
const EXPECTED: [(u8, Ipv4Addr, &str, &str); 3] = [
    (1, Ipv4Addr::new(10, 78, 0, 11), "nid0001.sites.test", "x1000c0s0b0n0.sites.test."),
    (0x0b, Ipv4Addr::new(10, 78, 0, 12), "nid0002.sites.test", "x1000c0s0b0n1.sites.test."),
    (3, Ipv4Addr::new(10, 78, 0, 17), "nid0007.sites.test", "x1000c0s1b0n0.sites.test."),
];

/// The running site. Dropped, it takes everything down.
pub(crate) struct Site {
    combination: Combination,
    pub(crate) sources: Sources,
    dhcp: Server,
    dns: Server,
    relay: Relay,
    _directory: TempDir,
}

impl Site {
    /// Starts a site whose servers look at their sources every `poll`.
    pub(crate) fn new(combination: Combination, poll: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let sources = combination.serve(NODES, BOOT, directory.path());
        let (dhcp, admin) = (ports::free(), ports::free());
        let (dns, ready, metrics) = (ports::free(), ports::free(), ports::free());
        let write = |name, text| fs::write(directory.path().join(name), text).expect("writable");
        write("config.yaml", dhcp_config(&sources, poll, dhcp, admin));
        write("Corefile", dns_config(&sources, poll, dns, ready, metrics));
        let servers = env!("CARGO_BIN_EXE_coresmd-servers");
        let start = Start { directory: directory.path().to_owned(), servers };
        Self {
            combination,
            sources,
            relay: Relay::new(dhcp),
            dhcp: Server::dhcp(start.clone(), dhcp, admin),
            dns: Server::dns(start, dns, ready, metrics),
            _directory: directory,
        }
    }

    /// Both servers.
    pub(crate) fn servers(&mut self) -> [&mut Server; 2] {
        [&mut self.dhcp, &mut self.dns]
    }

    /// Waits until both servers answer, by what their sources say now.
    pub(crate) fn wait_until_well(&mut self, when: &str) {
        for server in self.servers() {
            server.wait_until_ready();
            server.wait_for(&format!("good news, {when}"), |said| {
                !said.is_stale() && !said.is_from_disk() && !said.is_held_back()
            });
        }
    }

    /// Waits until both servers say by their readiness that `reason` is their trouble.
    pub(crate) fn wait_until_shown(&mut self, reason: &str) {
        for server in self.servers() {
            wait::until(&format!("{} to say {reason:?}", server.name()), || match server.readiness()? {
                (200, body) if body.contains(reason) => Ok(()),
                other => Err(format!("{other:?}")),
            });
        }
    }

    /// Every node gets its own address, name and script, and its name and address resolve.
    pub(crate) fn everyone_is_served(&mut self, when: &str) {
        let what = format!("{:?}, {when}", self.combination);
        for (last, address, name, reverse) in EXPECTED {
            let lease = self.relay.lease([2, 0, 0, 0, 0, last], true);
            let lease = lease.unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
            assert_eq!((lease.address, lease.host_name.as_deref()), (address, Some(name)), "{what}");
            let script = format!("{}?mac=02:00:00:00:00:{last:02x}", self.sources.scripts);
            assert_eq!(lease.boot_file, Some(script), "{what}");
            let forward = dns::addresses(self.dns.service, Transport::Udp, &format!("{name}.")).expect("an answer");
            assert_eq!(forward.records, [address.to_string()], "{what}");
            let back = dns::names(self.dns.service, Transport::Udp, IpAddr::from(address)).expect("an answer");
            assert_eq!(back.records, [reverse], "{what}");
        }
    }

    /// Whoever the inventory does not know gets nothing.
    pub(crate) fn strangers_are_not(&mut self, when: &str) {
        let silence = self.relay.silence([2, 0, 0, 0, 0, 99]);
        silence.unwrap_or_else(|wrong| panic!("{:?}, {when}: {wrong}", self.combination));
    }

    /// The script that iPXE is sent to boots the kernel of the boot parameters.
    pub(crate) fn everyone_boots(&mut self) {
        for (last, ..) in EXPECTED {
            let lease = self.relay.lease([2, 0, 0, 0, 0, last], true).expect("a lease");
            let url = lease.boot_file.expect("iPXE is sent to a script");
            let (server, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
            let server: SocketAddr = server.parse().expect("the services are on loopback");
            let (status, script) = http::get(server, &format!("/{path}")).expect("an answer");
            assert_eq!(status, 200, "{:?}: {url}: {script}", self.combination);
            assert!(script.starts_with("#!ipxe") && script.contains("http://s/vmlinuz"), "{script}");
        }
    }
}

fn dhcp_config(sources: &Sources, poll: &str, listen: SocketAddr, admin: SocketAddr) -> String {
    let Sources { step, sections, .. } = sources;
    let tftp = ports::free().port();
    format!(
        "\
server4:
  listen: '{listen}'
  plugins:
    - server_id: 127.0.0.1
    - coresmd: {step} cache_valid={poll} domain=sites.test tftp_port={tftp} rule=type:Node,hostname:nid{{04d}}
admin:
  listen: '{admin}'
{sections}"
    )
}

fn dns_config(sources: &Sources, poll: &str, listen: SocketAddr, ready: SocketAddr, metrics: SocketAddr) -> String {
    let (address, port, block) = (listen.ip(), listen.port(), &sources.block);
    format!(
        "\
.:{port} {{
bind {address}
ready {ready}
prometheus {metrics}
coresmd {{
{block}cache_duration {poll}
zone sites.test {{
nodes nid{{04d}}
}}
}}
}}
"
    )
}
