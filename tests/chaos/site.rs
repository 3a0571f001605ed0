//! A site on loopback: the simulated SMD in this process, both servers as processes, every node as a virtual client.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use coresmd_tests::dhcp::Relay;
use coresmd_tests::dns::{self, Transport};
use coresmd_tests::ports;
use coresmd_tests::server::{Server, Start};
use hickory_proto::op::ResponseCode;
use smd_sim::cluster::generate::Generate;
use smd_sim::{Fault, FaultKind, Node, Sim};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Nodes of a site.
const NODES: usize = 40;

/// The domain of the nodes' names.
const DOMAIN: &str = "chaos.test";

/// A MAC that no inventory row has.
const STRANGER: [u8; 6] = [0x02, 0xc0, 0xff, 0xee, 0x00, 0x01];

/// The running site. Dropped, it takes everything down.
pub(crate) struct Site {
    pub(crate) dhcp: Server,
    pub(crate) dns: Server,
    sim: Sim,
    nodes: Vec<Expected>,
    relay: Relay,
    stop: CancellationToken,
    runtime: Runtime,
    _directory: TempDir,
}

/// What is right for one node, from the cluster as it was declared.
#[derive(Debug, PartialEq, Eq)]
struct Expected {
    mac: [u8; 6],
    address: Ipv4Addr,
    name: String,
    /// All IPv4 addresses of the name, as DNS must give them.
    addresses: BTreeSet<String>,
    /// What the address resolves back to.
    reverse: String,
}

impl Site {
    /// Starts a site whose servers look at SMD every `poll`; both are ready when it returns.
    pub(crate) fn new(poll: &str) -> Self {
        let mut site = Self::start(poll, Vec::new());
        for server in site.servers() {
            server.wait_until_ready();
        }
        site
    }

    /// Starts a site whose SMD refuses every connection.
    pub(crate) fn in_an_outage(poll: &str) -> Self {
        Self::start(poll, vec![Fault::everywhere(FaultKind::Refused)])
    }

    fn start(poll: &str, faults: Vec<Fault>) -> Self {
        let cluster = Generate::new(NODES).build().expect("the networks hold that many");
        let nodes: Vec<_> = cluster.nodes().iter().map(Expected::of).collect();
        let sim = Sim::new(cluster);
        sim.set_faults(faults).expect("the faults make sense");
        let runtime = Runtime::new().expect("a runtime can be started");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback has a free port");
        let smd = listener.local_addr().expect("a bound socket has an address");
        let stop = CancellationToken::new();
        runtime.spawn({
            let (sim, stop) = (sim.clone(), stop.clone());
            async move { sim.serve(listener, stop.cancelled_owned()).await }
        });

        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let (dhcp, dhcp_admin) = (ports::free(), ports::free());
        let config = directory.path().join("config.yaml");
        fs::write(&config, dhcp_config(smd, poll, dhcp, dhcp_admin)).expect("writable");
        let servers = env!("CARGO_BIN_EXE_coresmd-servers");
        let start = Start { directory: directory.path().to_owned(), servers };
        let dhcp = Server::dhcp(start.clone(), dhcp, dhcp_admin);
        let (dns, dns_ready, dns_metrics) = (ports::free(), ports::free(), ports::free());
        let corefile = directory.path().join("Corefile");
        fs::write(&corefile, dns_config(smd, poll, dns, dns_ready, dns_metrics)).expect("writable");
        let dns = Server::dns(start, dns, dns_ready, dns_metrics);
        let relay = Relay::new(dhcp.service);
        Self { dhcp, dns, sim, nodes, relay, stop, runtime, _directory: directory }
    }

    /// Both servers.
    pub(crate) fn servers(&mut self) -> [&mut Server; 2] {
        [&mut self.dhcp, &mut self.dns]
    }

    /// From now on SMD misbehaves so, on every path; connections that are refused are refused when this returns.
    pub(crate) fn break_smd(&self, kind: FaultKind) {
        self.sim.set_faults(vec![Fault::everywhere(kind)]).expect("the fault makes sense");
        self.runtime.block_on(self.sim.settled());
    }

    /// SMD is well again.
    pub(crate) fn heal_smd(&self) {
        self.sim.clear_faults();
        self.runtime.block_on(self.sim.settled());
    }

    /// Every node gets its own address and name by DHCP, as firmware and as iPXE, and its name and address resolve, by
    /// UDP and by TCP. `when` is for the message.
    pub(crate) fn everyone_is_served(&mut self, when: &str) {
        for node in &self.nodes {
            if let Err(wrong) = node.boots(&mut self.relay).and_then(|()| node.resolves(self.dns.service)) {
                panic!("{when}: {} is not served as it should be: {wrong}", node.name);
            }
        }
    }

    /// A machine that the inventory does not know gets nothing, nor does a name that nobody has.
    pub(crate) fn strangers_are_not(&mut self, when: &str) {
        let (dhcp, dns) = (self.relay.silence(STRANGER), self.dns.service);
        dhcp.unwrap_or_else(|wrong| panic!("{when}: {wrong}"));
        let answer = dns::addresses(dns, Transport::Udp, &format!("nid9999.{DOMAIN}."));
        let answer = answer.unwrap_or_else(|wrong| panic!("{when}: {wrong}"));
        assert_eq!((answer.rcode, answer.authoritative), (ResponseCode::NXDomain, true), "{when}");
    }

    /// Before the first inventory nobody knows who is who: no DHCP answer, and no answer of DNS that somebody could
    /// believe.
    pub(crate) fn nobody_is_served(&mut self, when: &str) {
        let node = &self.nodes[0];
        self.relay.silence(node.mac).unwrap_or_else(|wrong| panic!("{when}: {wrong}"));
        let answer = dns::addresses(self.dns.service, Transport::Udp, &format!("{}.", node.name));
        let answer = answer.unwrap_or_else(|wrong| panic!("{when}: {wrong}"));
        assert_eq!((answer.rcode, answer.records.len()), (ResponseCode::ServFail, 0), "{when}");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Expected {
    fn of(node: &Node) -> Self {
        let v4 = |addresses: &[IpAddr]| -> Vec<Ipv4Addr> {
            addresses.iter().filter_map(|address| if let IpAddr::V4(v4) = address { Some(*v4) } else { None }).collect()
        };
        let boot = node.interfaces.first().expect("a generated node has a boot interface");
        let all = node.interfaces.iter().flat_map(|interface| v4(&interface.addresses));
        Self {
            mac: boot.mac.octets(),
            address: *v4(&boot.addresses).first().expect("a boot interface has an IPv4 address"),
            name: format!("nid{:04}.{DOMAIN}", node.nid.expect("a generated node has a NID").0),
            addresses: all.map(|address| address.to_string()).collect(),
            reverse: format!("{}.{DOMAIN}.", node.id),
        }
    }

    fn boots(&self, relay: &mut Relay) -> Result<(), String> {
        for ipxe in [false, true] {
            let lease = relay.lease(self.mac, ipxe)?;
            let given = (lease.address, lease.host_name.as_deref());
            if given != (self.address, Some(&self.name)) {
                return Err(format!("DHCP gave {given:?} instead of {}", self.address));
            }
        }
        Ok(())
    }

    fn resolves(&self, dns: SocketAddr) -> Result<(), String> {
        for transport in [Transport::Udp, Transport::Tcp] {
            let forward = dns::addresses(dns, transport, &format!("{}.", self.name))?;
            if forward.rcode != ResponseCode::NoError
                || forward.records.iter().cloned().collect::<BTreeSet<_>>() != self.addresses
            {
                return Err(format!("DNS gave {forward:?} instead of {:?}", self.addresses));
            }
            let reverse = dns::names(dns, transport, self.address.into())?;
            if reverse.records != [self.reverse.as_str()] {
                return Err(format!("the address {} resolves to {reverse:?}", self.address));
            }
        }
        Ok(())
    }
}

/// `coresmd-dhcp`'s configuration.
fn dhcp_config(smd: SocketAddr, poll: &str, listen: SocketAddr, admin: SocketAddr) -> String {
    format!(
        "\
server4:
  listen: '{listen}'
  plugins:
    - server_id: 127.0.0.1
    - netmask: 255.192.0.0
    - coresmd: |
        svc_base_uri=http://{smd}
        ipxe_base_uri=http://{smd}
        cache_valid={poll}
        lease_time=1h
        domain={DOMAIN}
        tftp_port={tftp}
        rule=type:Node,hostname:nid{{04d}}
smd:
  snapshot_file: dhcp.snapshot
  timeouts:
    header: 2s
    body: 2s
admin:
  listen: '{admin}'
",
        tftp = ports::free().port(),
    )
}

/// `coresmd-dns`'s configuration.
fn dns_config(smd: SocketAddr, poll: &str, listen: SocketAddr, ready: SocketAddr, metrics: SocketAddr) -> String {
    format!(
        "\
.:{port} {{
    bind {address}
    errors
    ready {ready}
    prometheus {metrics}
    coresmd {{
        smd_url http://{smd}
        cache_duration {poll}
        snapshot_file dns.snapshot
        zone {DOMAIN} {{
            nodes nid{{04d}}
        }}
    }}
}}
",
        port = listen.port(),
        address = listen.ip(),
    )
}
