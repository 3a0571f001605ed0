//! One of the two servers of the site, as a process that can be ended and started again, and what it says of itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use coresmd_tests::http;
use coresmd_tests::metrics::Metrics;
use coresmd_tests::process::Process;
use coresmd_tests::program::Program;
use coresmd_tests::wait;

/// A server and its doors.
pub(crate) struct Server {
    program: Program,
    arguments: [&'static str; 2],
    directory: PathBuf,
    process: Process,
    /// Where it answers clients.
    pub(crate) service: SocketAddr,
    readiness: (SocketAddr, &'static str),
    metrics: SocketAddr,
}

impl Server {
    /// Starts `coresmd-dhcp` on `config.yaml` in `directory`.
    pub(crate) fn dhcp(directory: &Path, service: SocketAddr, admin: SocketAddr) -> Self {
        let arguments = ["--config", "config.yaml"];
        Self::start(Program::Dhcp, arguments, directory, service, (admin, "/readyz"), admin)
    }

    /// Starts `coresmd-dns` on `Corefile` in `directory`.
    pub(crate) fn dns(directory: &Path, service: SocketAddr, ready: SocketAddr, metrics: SocketAddr) -> Self {
        Self::start(Program::Dns, ["--corefile", "Corefile"], directory, service, (ready, "/ready"), metrics)
    }

    fn start(
        program: Program,
        arguments: [&'static str; 2],
        directory: &Path,
        service: SocketAddr,
        readiness: (SocketAddr, &'static str),
        metrics: SocketAddr,
    ) -> Self {
        let process = process(program, arguments, directory);
        Self { program, arguments, directory: directory.to_owned(), process, service, readiness, metrics }
    }

    /// Its name, for messages.
    pub(crate) fn name(&self) -> &'static str {
        self.program.name()
    }

    /// Ends it at once and starts it again; what it knew is only on disk.
    pub(crate) fn crash_and_restart(&mut self) {
        self.process.kill();
        self.process = process(self.program, self.arguments, &self.directory);
    }

    /// Waits until it says that it is ready.
    pub(crate) fn wait_until_ready(&self) {
        wait::until(&format!("{} to be ready", self.name()), || match self.readiness()? {
            (200, _) => Ok(()),
            (status, body) => Err(format!("{status} {body}")),
        });
    }

    /// What it says of its readiness: the status, and the body with the details.
    pub(crate) fn readiness(&self) -> Result<(u16, String), String> {
        let (address, path) = self.readiness;
        http::get(address, &format!("{path}?verbose"))
    }

    /// Waits until it says that it is not ready (503), and that this is why.
    pub(crate) fn wait_until_unready(&self, reason: &str) {
        wait::until(&format!("{} not to be ready, for {reason:?}", self.name()), || match self.readiness()? {
            (503, body) if body.contains(reason) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    /// What its metrics say now.
    pub(crate) fn said(&self) -> Said {
        self.wait_for("anything", |_| true)
    }

    /// Waits until its metrics satisfy `condition`, which `what` names, and returns them.
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&Said) -> bool) -> Said {
        wait::until(&format!("{} to show {what}", self.name()), || {
            let said = Said(Metrics::scrape(self.metrics)?);
            if condition(&said) { Ok(said) } else { Err(format!("{said:?}, {:?}", self.readiness())) }
        })
    }
}

/// What a server's metrics say about its inventory.
#[derive(Debug)]
pub(crate) struct Said(Metrics);

impl Said {
    /// Polls so far.
    pub(crate) fn polls(&self) -> u64 {
        self.count("coresmd_polls_total", &[])
    }

    /// Failures of one kind so far.
    pub(crate) fn failures(&self, kind: &str) -> u64 {
        self.count("coresmd_poll_failures_total", &[&format!("kind=\"{kind}\"")])
    }

    /// Failures of all kinds so far.
    pub(crate) fn all_failures(&self) -> u64 {
        self.count("coresmd_poll_failures_total", &[])
    }

    /// Interfaces that are served.
    pub(crate) fn hosts(&self) -> u64 {
        self.count("coresmd_snapshot_hosts", &[])
    }

    /// Rows that were put aside.
    pub(crate) fn rejected(&self) -> u64 {
        self.count("coresmd_snapshot_rejected", &[])
    }

    /// Whether the last poll did not confirm what is served.
    pub(crate) fn is_stale(&self) -> bool {
        self.count("coresmd_snapshot_stale", &[]) == 1
    }

    /// Whether what is served comes from the disk.
    pub(crate) fn is_from_disk(&self) -> bool {
        self.count("coresmd_snapshot_from_disk", &[]) == 1
    }

    /// Whether a smaller inventory is held back.
    pub(crate) fn is_held_back(&self) -> bool {
        self.count("coresmd_snapshot_held_back", &[]) == 1
    }

    fn count(&self, name: &str, labels: &[&str]) -> u64 {
        self.0.sum(name, labels).unwrap_or_else(|| panic!("no metric {name} {labels:?} in {:?}", self.0))
    }
}

fn process(program: Program, arguments: [&'static str; 2], directory: &Path) -> Process {
    let mut command = program.command(env!("CARGO_BIN_EXE_coresmd-servers"));
    command.args(arguments).current_dir(directory);
    Process::start(program.name(), command)
}
