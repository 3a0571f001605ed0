//! A site on loopback whose zones others may copy: the simulated SMD in this process, `coresmd-dns` beside it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use coresmd_tests::dns::{self, Transport};
use coresmd_tests::ports;
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::wait;
use hickory_proto::rr::RecordType;
use smd_sim::Sim;
use smd_sim::cluster::edit::Change;
use smd_sim::cluster::generate::Generate;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Nodes of the site.
const NODES: usize = 60;

/// The zones of the site: one of names, one below it, and reverse ones.
pub(crate) const ZONES: [&str; 6] = [
    "cluster.test.",
    "mgmt.cluster.test.",
    "0.10.in-addr.arpa.",
    "64.10.in-addr.arpa.",
    "65.10.in-addr.arpa.",
    "0.1.0.0.0.0.d.f.ip6.arpa.",
];

/// The running site. Dropped, it takes everything down.
pub(crate) struct Site {
    /// Where `coresmd-dns` answers.
    pub(crate) dns: SocketAddr,
    process: Process,
    sim: Sim,
    stop: CancellationToken,
    _runtime: Runtime,
    directory: TempDir,
}

impl Site {
    /// Starts it; it answers when this returns.
    pub(crate) fn new() -> Self {
        let sim = Sim::new(Generate::new(NODES).build().expect("the networks hold that many"));
        let runtime = Runtime::new().expect("a runtime can be started");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback has a free port");
        let smd = listener.local_addr().expect("a bound socket has an address");
        let stop = CancellationToken::new();
        runtime.spawn({
            let (sim, stop) = (sim.clone(), stop.clone());
            async move { sim.serve(listener, stop.cancelled_owned()).await }
        });
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let dns = ports::free();
        fs::write(directory.path().join("Corefile"), corefile(smd, dns)).expect("writable");
        let process = start(directory.path());
        let site = Self { dns, process, sim, stop, _runtime: runtime, directory };
        site.wait_until_served();
        site
    }

    /// Changes the inventory, and waits until the zone of names is another.
    pub(crate) fn change(&self, changes: &[Change]) {
        let before = serial(self.dns, ZONES[0]).expect("it answers");
        self.sim.apply(changes).expect("the changes make sense");
        wait::until("the serial to move", || match serial(self.dns, ZONES[0])? {
            same if same == before => Err(format!("still {before}")),
            _ => Ok(()),
        });
    }

    /// Ends `coresmd-dns` and starts it again.
    pub(crate) fn restart(&mut self) {
        self.process.terminate();
        self.process = start(self.directory.path());
        self.wait_until_served();
    }

    /// The xname and the NID of a node.
    pub(crate) fn node(&self, index: usize) -> (String, u64) {
        let node = &self.sim.cluster().nodes()[index];
        (node.id.to_string(), node.nid.expect("a generated node has a NID").0)
    }

    fn wait_until_served(&self) {
        wait::until("coresmd-dns to know its zones", || serial(self.dns, ZONES[0]).map(drop));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The serial of a zone as a server has it.
pub(crate) fn serial(server: SocketAddr, zone: &str) -> Result<u32, String> {
    let answer = dns::ask(server, Transport::Udp, zone, RecordType::SOA)?;
    let serial = answer.records.first().and_then(|soa| soa.split(' ').nth(2)).and_then(|serial| serial.parse().ok());
    serial.ok_or_else(|| format!("{zone}: {answer:?}"))
}

fn start(directory: &Path) -> Process {
    let mut command = Program::Dns.command(env!("CARGO_BIN_EXE_coresmd-servers"));
    command.args(["--corefile", "Corefile"]).current_dir(directory);
    Process::start("coresmd-dns", command)
}

/// Every kind of name that there is. Secondaries look for a newer zone each second.
fn corefile(smd: SocketAddr, dns: SocketAddr) -> String {
    format!(
        "\
.:{port} {{
    bind 127.0.0.1
    errors
    coresmd {{
        smd_url http://{smd}
        cache_duration 200ms
        snapshot_file snapshot
        soa ns1 admin@example.org 1s 1s 1h 1s
        ns ns1.cluster.test 10.0.255.53 fd00:10::53
        ns ns2.cluster.test 10.0.255.54
        transfer to 127.0.0.1
        reverse 10.0.0.0/16 10.64.0.0/15 fd00:10::/32
        interfaces nid{{04d}}-if{{index}}
        zone cluster.test {{
            nodes nid{{04d}}
            alias login nid[0001-0003]
            alias everyone nid[0001-0060]
            record scheduler CNAME login
            record twice CNAME scheduler
            record gone CNAME nobody
            record elsewhere CNAME www.example.org.
            record @ MX 10 mail.example.org.
            record @ TXT \"a cluster\" \"in two parts\"
            record _slurmctld._tcp SRV 10 0 6817 scheduler
            record nid0001 SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
            record deep.down.below A 10.0.255.1
            record 9.255.0.10.in-addr.arpa PTR deep.down.below
        }}
        zone mgmt.cluster.test {{
            ttl 5m
            ns ns1 10.0.255.55
            types NodeBMC bmc-{{id}}
        }}
    }}
}}
",
        port = dns.port()
    )
}
