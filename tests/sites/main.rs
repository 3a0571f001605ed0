//! The same site from each combination of sources: both servers answer for every node in the same way.

#![expect(clippy::disallowed_methods, reason = "the servers are processes and read files")]

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use coresmd_tests::dhcp::Relay;
use coresmd_tests::dns::{self, Transport};
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::sources::{Combination, Sources};
use coresmd_tests::{http, ports, wait};

/// Three nodes, two of them of one BMC.
const NODES: &str = "
nodes:
- {nid: 1, xname: x1000c0s0b0n0, interfaces: [{mac_addr: '02:00:00:00:00:01', ip_addrs: [{ip_addr: 10.78.0.11}]}]}
- {nid: 2, xname: x1000c0s0b0n1, interfaces: [{mac_addr: '02-00-00-00-00-02', ip_addrs: [{ip_addr: 10.78.0.12}]}]}
- {nid: 7, xname: x1000c0s1b0n0, interfaces: [{mac_addr: '02:00:00:00:00:03', ip_addrs: [{ip_addr: 10.78.0.17}]}]}
";

const BOOT: &str =
    "- {macs: ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'], kernel: http://s/vmlinuz}\n";

/// What NODES say: the last octet of the MAC, the address, the host name.
const EXPECTED: [(u8, Ipv4Addr, &str); 3] = [
    (1, Ipv4Addr::new(10, 78, 0, 11), "nid0001.sites.test"),
    (2, Ipv4Addr::new(10, 78, 0, 12), "nid0002.sites.test"),
    (3, Ipv4Addr::new(10, 78, 0, 17), "nid0007.sites.test"),
];

#[test]
fn every_combination_serves_every_node() {
    for combination in Combination::ALL {
        serve_everybody(combination);
    }
}

fn serve_everybody(combination: Combination) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let sources = combination.serve(NODES, BOOT, directory.path());
    let (dhcp, admin, dns, ready) = (ports::free(), ports::free(), ports::free(), ports::free());
    write(directory.path(), "config.yaml", &dhcp_config(&sources, dhcp, admin));
    write(directory.path(), "Corefile", &dns_config(&sources, dns, ready));
    let _dhcp = start(Program::Dhcp, ["--config", "config.yaml"], directory.path());
    let _dns = start(Program::Dns, ["--corefile", "Corefile"], directory.path());
    for (address, path) in [(admin, "/readyz"), (ready, "/ready")] {
        wait::until(&format!("{combination:?} to be ready"), || match http::get(address, path)? {
            (200, _) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }
    let mut relay = Relay::new(dhcp);
    for (last, address, name) in EXPECTED {
        let lease = relay.lease([2, 0, 0, 0, 0, last], true).unwrap_or_else(|wrong| panic!("{combination:?}: {wrong}"));
        assert_eq!((lease.address, lease.host_name.as_deref()), (address, Some(name)), "{combination:?}");
        let forward = dns::addresses(dns, Transport::Udp, &format!("{name}.")).expect("an answer");
        assert_eq!(forward.records, [address.to_string()], "{combination:?}");
        let reverse = dns::names(dns, Transport::Udp, IpAddr::from(address)).expect("an answer");
        assert_eq!(reverse.records.len(), 1, "{combination:?}");
    }
    relay.silence([2, 0, 0, 0, 0, 99]).unwrap_or_else(|wrong| panic!("{combination:?}: {wrong}"));
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).expect("writable");
}

fn start(program: Program, arguments: [&str; 2], directory: &Path) -> Process {
    let mut command: Command = program.command(env!("CARGO_BIN_EXE_coresmd-servers"));
    command.args(arguments).current_dir(directory);
    Process::start(program.name(), command)
}

fn dhcp_config(sources: &Sources, listen: SocketAddr, admin: SocketAddr) -> String {
    let Sources { step, sections, .. } = sources;
    format!(
        "\
server4:
  listen: '{listen}'
  plugins:
    - server_id: 127.0.0.1
    - coresmd: {step} ipxe_base_uri=http://s cache_valid=1s domain=sites.test rule=type:Node,hostname:nid{{04d}}
admin:
  listen: '{admin}'
{sections}"
    )
}

fn dns_config(sources: &Sources, listen: SocketAddr, ready: SocketAddr) -> String {
    let (address, port, block) = (listen.ip(), listen.port(), &sources.block);
    format!(
        "\
.:{port} {{
bind {address}
ready {ready}
coresmd {{
{block}cache_duration 1s
zone sites.test {{
nodes nid{{04d}}
}}
}}
}}
"
    )
}
