//! SMD behind Debian's haproxy as OpenCHAMI's quickstart has it: TLS 1.3 only, no certificate for a name that it does not
//! have, and a page for people while nobody is behind it.

use std::fs;
use std::process::Command;

use coresmd_tests::dhcp::Relay;
use coresmd_tests::dns::{self, Transport};
use coresmd_tests::ports;
use coresmd_tests::process::Process;
use coresmd_tests::server::{Server, Start};
use coresmd_tests::sources::{Combination, Trouble};
use coresmd_tests::wait;

const NODES: &str = "
nodes:
- {nid: 1, xname: x1000c0s0b0n0, interfaces: [{mac_addr: '02:00:00:00:00:01', ip_addrs: [{ip_addr: 10.78.0.11}]}]}
";

const BOOT: &str = "- {macs: ['02:00:00:00:00:01'], kernel: http://s/vmlinuz}\n";

/// A CA, and a certificate of it for `localhost`.
const CA: &str = include_str!("../../crates/smd-cache/tests/tls/ca.pem");
const CERTIFICATE: &str = concat!(
    include_str!("../../crates/smd-cache/tests/tls/server.pem"),
    include_str!("../../crates/smd-cache/tests/tls/server.key")
);

#[test]
#[ignore = "needs haproxy: tests/run e2e"]
fn both_servers_read_an_smd_behind_haproxy() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let write = |name: &str, text: String| fs::write(directory.path().join(name), text).expect("writable");
    let sources = Combination::SmdAndBssOnSql.serve(NODES, BOOT, directory.path());
    let smd = sources.base.as_deref().and_then(|base| base.strip_prefix("http://")).expect("there are services");
    let gateway = ports::free();
    write("ca.pem", CA.to_owned());
    write("haproxy.pem", CERTIFICATE.to_owned());
    write(
        "haproxy.cfg",
        format!(
            "\
defaults
    mode http
    timeout connect 2s
    timeout client 10s
    timeout server 10s
frontend gateway
    bind {gateway} ssl crt haproxy.pem strict-sni ssl-min-ver TLSv1.3
    default_backend smd
backend smd
    server smd {smd}
"
        ),
    );
    let mut haproxy = Command::new("haproxy");
    haproxy.args(["-db", "-f", "haproxy.cfg"]).current_dir(directory.path());
    let _haproxy = Process::start("haproxy", haproxy);

    let url = format!("https://localhost:{}", gateway.port());
    let (listen, admin) = (ports::free(), ports::free());
    let (names, ready, metrics) = (ports::free(), ports::free(), ports::free());
    write(
        "config.yaml",
        format!(
            "\
server4:
  listen: '{listen}'
  plugins:
    - server_id: 127.0.0.1
    - coresmd: svc_base_uri={url} ipxe_base_uri=http://s ca_cert=ca.pem cache_valid=500ms
bss: {{url: '{url}', ca_cert: ca.pem}}
admin: {{listen: '{admin}'}}
"
        ),
    );
    write(
        "Corefile",
        format!(
            ".:{port} {{\nbind {address}\nready {ready}\nprometheus {metrics}\ncoresmd {{\nsmd_url {url}\nca_cert ca.pem\n\
             cache_duration 500ms\nzone gateway.test {{\nnodes nid{{04d}}\n}}\n}}\n}}\n",
            port = names.port(),
            address = names.ip(),
        ),
    );
    let servers = env!("CARGO_BIN_EXE_coresmd-servers");
    let start = Start { directory: directory.path().to_owned(), servers };
    let dhcp = Server::dhcp(start.clone(), listen, admin);
    let dns = Server::dns(start, names, ready, metrics);
    let everyone_is_served = || {
        let lease = Relay::new(listen).lease([2, 0, 0, 0, 0, 1], true).expect("a lease");
        assert_eq!(lease.address.to_string(), "10.78.0.11");
        let answer = dns::addresses(names, Transport::Udp, "nid0001.gateway.test.").expect("an answer");
        assert_eq!(answer.records, ["10.78.0.11"]);
    };
    for server in [&dhcp, &dns] {
        server.wait_until_ready();
        server.wait_for("no failure", |said| !said.is_stale());
    }
    everyone_is_served();

    sources.suffer(Trouble::Down);
    for server in [&dhcp, &dns] {
        let shown = || match server.readiness()? {
            (200, body) if body.contains("status 503") && body.contains("HTML") => Ok(()),
            other => Err(format!("{other:?}")),
        };
        wait::until(&format!("{} to tell of haproxy's page", server.name()), shown);
    }
    everyone_is_served();
    sources.heal();
    for server in [&dhcp, &dns] {
        server.wait_for("recovery", |said| !said.is_stale());
    }
}
