//! One of the two servers, as a process that can be ended and started again, and what it says of itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::http;
use crate::metrics::Metrics;
use crate::process::Process;
use crate::program::Program;
use crate::wait;

/// A server and its doors.
#[derive(Debug)]
pub struct Server {
    program: Program,
    start: Start,
    process: Process,
    /// Where it answers clients.
    pub service: SocketAddr,
    readiness: (SocketAddr, &'static str),
    metrics: SocketAddr,
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// Its working directory, with its configuration.
    pub directory: PathBuf,
    /// The path of `coresmd-servers`: `env!("CARGO_BIN_EXE_coresmd-servers")` in a test.
    pub servers: &'static str,
}

impl Server {
    /// Starts `coresmd-dhcp` on `config.yaml`.
    pub fn dhcp(start: Start, service: SocketAddr, admin: SocketAddr) -> Self {
        let process = start.process(Program::Dhcp);
        Self { program: Program::Dhcp, start, process, service, readiness: (admin, "/readyz"), metrics: admin }
    }

    /// Starts `coresmd-dns` on `Corefile`.
    pub fn dns(start: Start, service: SocketAddr, ready: SocketAddr, metrics: SocketAddr) -> Self {
        let process = start.process(Program::Dns);
        Self { program: Program::Dns, start, process, service, readiness: (ready, "/ready"), metrics }
    }

    /// Its name, for messages.
    pub fn name(&self) -> &'static str {
        self.program.name()
    }

    /// Ends it at once and starts it again; what it knew is only on disk.
    pub fn crash_and_restart(&mut self) {
        self.process.kill();
        self.process = self.start.process(self.program);
    }

    /// Waits until it says that it is ready.
    pub fn wait_until_ready(&self) {
        wait::until(&format!("{} to be ready", self.name()), || match self.readiness()? {
            (200, _) => Ok(()),
            (status, body) => Err(format!("{status} {body}")),
        });
    }

    /// What it says of its readiness: the status, and the body with the details.
    pub fn readiness(&self) -> Result<(u16, String), String> {
        let (address, path) = self.readiness;
        http::get(address, &format!("{path}?verbose"))
    }

    /// Waits until it says that it is not ready (503), and that this is why.
    pub fn wait_until_unready(&self, reason: &str) {
        wait::until(&format!("{} not to be ready, for {reason:?}", self.name()), || match self.readiness()? {
            (503, body) if body.contains(reason) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    /// What its metrics say now.
    pub fn said(&self) -> Said {
        self.wait_for("anything", |_| true)
    }

    /// Waits until its metrics satisfy `condition`, which `what` names, and returns them.
    pub fn wait_for(&self, what: &str, condition: impl Fn(&Said) -> bool) -> Said {
        wait::until(&format!("{} to show {what}", self.name()), || {
            let said = Said(Metrics::scrape(self.metrics)?);
            if condition(&said) { Ok(said) } else { Err(format!("{said:?}, {:?}", self.readiness())) }
        })
    }
}

/// What a server's metrics say about its inventory.
#[derive(Debug)]
pub struct Said(Metrics);

impl Said {
    /// Polls so far.
    pub fn polls(&self) -> u64 {
        self.count("coresmd_polls_total", &[])
    }

    /// Failures of one kind so far.
    pub fn failures(&self, kind: &str) -> u64 {
        self.count("coresmd_poll_failures_total", &[&format!("kind=\"{kind}\"")])
    }

    /// Failures of all kinds so far.
    pub fn all_failures(&self) -> u64 {
        self.count("coresmd_poll_failures_total", &[])
    }

    /// Interfaces that are served.
    pub fn hosts(&self) -> u64 {
        self.count("coresmd_snapshot_hosts", &[])
    }

    /// Rows that were put aside.
    pub fn rejected(&self) -> u64 {
        self.count("coresmd_snapshot_rejected", &[])
    }

    /// Whether the last poll did not confirm what is served.
    pub fn is_stale(&self) -> bool {
        self.count("coresmd_snapshot_stale", &[]) == 1
    }

    /// Whether what is served comes from the disk.
    pub fn is_from_disk(&self) -> bool {
        self.count("coresmd_snapshot_from_disk", &[]) == 1
    }

    /// Whether a smaller inventory is held back.
    pub fn is_held_back(&self) -> bool {
        self.count("coresmd_snapshot_held_back", &[]) == 1
    }

    /// Whether the token is in the state of this name; `false` where there is no token.
    pub fn token_is(&self, state: &str) -> bool {
        self.0.sum("coresmd_token_state", &[&format!("state=\"{state}\"")]) == Some(1)
    }

    fn count(&self, name: &str, labels: &[&str]) -> u64 {
        self.0.sum(name, labels).unwrap_or_else(|| panic!("no metric {name} {labels:?} in {:?}", self.0))
    }
}

impl Start {
    fn process(&self, program: Program) -> Process {
        let arguments = match program {
            Program::Dhcp => ["--config", "config.yaml"],
            Program::Dns => ["--corefile", "Corefile"],
            Program::Sim => panic!("the simulator is no server of a site"),
        };
        let mut command = program.command(self.servers);
        command.args(arguments).current_dir(&self.directory);
        Process::start(program.name(), command)
    }
}
