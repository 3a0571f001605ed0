//! The examples of whole sites, run as they are but for ports, and for places that only a site has.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use coresmd_tests::dhcp::Relay;
use coresmd_tests::dns::{self, Transport};
use coresmd_tests::ports;
use coresmd_tests::server::{Server, Start};
use coresmd_tests::sources::Combination;
use tempfile::TempDir;

/// The two servers of an example.
struct Running {
    dhcp: Server,
    dns: Server,
    _directory: TempDir,
}

#[test]
fn a_site_without_smd() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    for file in ["nodes.yaml", "boot.yaml"] {
        fs::write(directory.path().join(file), example(file)).expect("writable");
    }
    let running = Running::start(directory, &example("coresmd-dhcp-files.yaml"), &example("Corefile.files"));
    running.serve_the_nodes();
}

#[test]
fn a_site_with_tokensmith() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let sources = Combination::Successors.serve(&example("nodes.yaml"), &example("boot.yaml"), directory.path());
    let base = sources.base.as_deref().expect("there are services");
    let here = |text: &str, server: &str| {
        let lines =
            text.lines().filter(|line| !line.trim_start().starts_with("ca_cert")).map(|line| format!("{line}\n"));
        let mut text: String = lines.collect();
        for (there, here) in [
            ("https://demo.openchami.cluster:8443/tokensmith", base),
            ("https://demo.openchami.cluster:8443/boot-service", base),
            ("https://demo.openchami.cluster:8443", base),
            ("/run/secrets/bootstrap-token", &format!("bootstrap-{server}")),
            (&format!("/var/lib/coresmd-{server}/"), &format!("{server}-")),
        ] {
            text = text.replace(there, here);
        }
        text
    };
    let dhcp = here(&example("coresmd-dhcp-tokensmith.yaml"), "dhcp");
    let running = Running::start(directory, &dhcp, &here(&example("Corefile.tokensmith"), "dns"));
    running.serve_the_nodes();
    for server in [&running.dhcp, &running.dns] {
        assert!(server.said().token_is("valid"), "{}", server.name());
    }
}

impl Running {
    /// Starts both servers on these configurations, with ports of the test's choice.
    fn start(directory: TempDir, dhcp: &str, dns: &str) -> Self {
        let (listen, admin) = (ports::free(), ports::free());
        let (names, ready, metrics) = (ports::free(), ports::free(), ports::free());
        let listening = format!("server4:\n  listen: '{listen}'\n");
        let domain = "        domain: openchami.cluster\n";
        let dhcp = put(dhcp, domain, &format!("{domain}        tftp_port: {}\n", ports::free().port()));
        let dhcp = format!("{}\nadmin:\n  listen: '{admin}'\n", put(&dhcp, "server4:\n", &listening));
        let block = format!(".:{} {{\n    bind {}\n    prometheus {metrics}\n", names.port(), names.ip());
        let dns = put(&put(dns, ".:53 {\n", &block), "    ready\n", &format!("    ready {ready}\n"));
        for (name, text) in [("config.yaml", dhcp), ("Corefile", dns)] {
            fs::write(directory.path().join(name), text).expect("writable");
        }
        let servers = env!("CARGO_BIN_EXE_coresmd-servers");
        let start = Start { directory: directory.path().to_owned(), servers };
        let dhcp = Server::dhcp(start.clone(), listen, admin);
        let dns = Server::dns(start, names, ready, metrics);
        for server in [&dhcp, &dns] {
            server.wait_until_ready();
        }
        Self { dhcp, dns, _directory: directory }
    }

    /// Both nodes of `nodes.yaml` are served by address and name, and so is the BMC.
    fn serve_the_nodes(&self) {
        let mut relay = Relay::new(self.dhcp.service);
        for (mac, address, name) in [
            ([0x52, 0x54, 0, 0xbe, 0xef, 1], Ipv4Addr::new(172, 16, 0, 1), "nid0001.openchami.cluster"),
            ([0x52, 0x54, 0, 0xbe, 0xef, 2], Ipv4Addr::new(172, 16, 0, 2), "nid0002.openchami.cluster"),
        ] {
            let lease = relay.lease(mac, true).expect("a lease");
            assert_eq!((lease.address, lease.host_name.as_deref()), (address, Some(name)));
            assert_eq!(self.addresses(name), [address.to_string()]);
        }
        let bmc = relay.lease([0xde, 0xca, 0xfc, 0x0f, 0xfe, 0xe1], false).expect("a lease");
        assert_eq!(bmc.address, Ipv4Addr::new(172, 16, 0, 101));
        assert_eq!(self.addresses("x1000c0s0b0.openchami.cluster"), ["172.16.0.101"]);
    }

    fn addresses(&self, name: &str) -> Vec<String> {
        let server: SocketAddr = self.dns.service;
        dns::addresses(server, Transport::Udp, &format!("{name}.")).expect("an answer").records
    }
}

/// An example's text.
fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `text` with what stands in it exactly once put otherwise.
fn put(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    text.replace(from, to)
}
