//! \[IO\] Both servers, with their configuration files and logs in a directory of their own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Instant;

use tempfile::TempDir;

use crate::child::Role;
use crate::output::say;
use crate::packet::Architecture;
use crate::plan::Plan;
use crate::ports;
use crate::server::{Server, Unready};
use crate::settings::{self, Ports};
use crate::source::Source;
use crate::table::brief;
use crate::trouble::Trouble;

/// The running servers.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) ports: Ports,
    dhcp: Server,
    dns: Server,
    started: Instant,
    directory: TempDir,
}

impl Stack {
    /// Writes the configuration files and starts both servers.
    pub(crate) fn start(source: &Source, plan: &Plan) -> Result<Self, Trouble> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |error| Trouble::Io(what, error)
        };
        let directory =
            tempfile::Builder::new().prefix("coresmd-demo-").tempdir().map_err(io("cannot make a directory"))?;
        let ports = ports::free().map_err(io("cannot find free ports"))?;
        let write = |name: &str, text: String| {
            let path = directory.path().join(name);
            write(&path, &text).map_err(io(&format!("cannot write {}", path.display()))).map(|()| path)
        };
        let boot_files = directory.path().join(settings::TFTP_DIRECTORY);
        write_boot_files(&boot_files).map_err(io("cannot write the boot files"))?;
        let yaml =
            write(settings::DHCP_FILE, settings::dhcp_yaml(source.settings(), &plan.subnets, ports, &boot_files))?;
        let corefile = write(settings::DNS_FILE, settings::corefile(source.settings(), ports))?;

        let start = |role: Role, flag: &str, file: &Path| {
            let log = directory.path().join(format!("{}.log", role.name()));
            Server::start(role, &[OsStr::new(flag), file.as_os_str()], log)
                .map_err(io(&format!("cannot start {}", role.name())))
        };
        let started = clock();
        let dhcp = start(Role::Dhcp, "--config", &yaml)?;
        let dns = start(Role::Dns, "--corefile", &corefile)?;
        Ok(Self { ports, dhcp, dns, started, directory })
    }

    /// Waits until both answer, and says so.
    pub(crate) async fn ready(&mut self, http: &reqwest::Client) -> Result<(), Trouble> {
        let Self { ports, dhcp, dns, started, .. } = self;
        let dhcp_ready = settings::dhcp_ready_url(*ports);
        let dns_ready = settings::dns_ready_url(*ports);
        let outcomes = tokio::join!(dhcp.ready(http, &dhcp_ready, *started), dns.ready(http, &dns_ready, *started));
        for (server, port, outcome) in [(dhcp, ports.dhcp, outcomes.0), (dns, ports.dns, outcomes.1)] {
            let took = outcome.map_err(|unready| unready_trouble(server, unready))?;
            say!("  {:<13} {}, ready after {}\n", server.role.name(), settings::at(port), brief(took));
        }
        Ok(())
    }

    /// Returns when a server has ended, which it should not.
    pub(crate) async fn died(&mut self) -> Trouble {
        let (server, status) = tokio::select! {
            status = self.dhcp.ended() => (&self.dhcp, status),
            status = self.dns.ended() => (&self.dns, status),
        };
        match status {
            Ok(status) => unready_trouble(server, Unready::Ended(status)),
            Err(error) => Trouble::Io(format!("cannot watch {}", server.role.name()), error),
        }
    }

    /// Where the configuration files and logs are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Both servers.
    pub(crate) fn servers(&self) -> [&Server; 2] {
        [&self.dhcp, &self.dns]
    }

    /// Stops both servers. Their files go too if all was `well`; if not, the directory that they are in comes back.
    pub(crate) async fn stop(self, well: bool) -> Option<PathBuf> {
        tokio::join!(self.dhcp.stop(), self.dns.stop());
        (!well).then(|| self.directory.keep())
    }
}

fn unready_trouble(server: &Server, unready: Unready) -> Trouble {
    let what = match unready {
        Unready::Ended(status) => ended(status),
        Unready::Slow(last) => format!("is not ready: {last}"),
    };
    let tail = server.log_tail().trim_end().to_owned();
    Trouble::Server { server: server.role.name(), what, tail }
}

fn ended(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("has ended with exit code {code}"),
        None => format!("has ended: {status}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] the servers' configuration files")]
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// One for each architecture of the nodes.
#[expect(clippy::disallowed_methods, reason = "[IO] the server's boot files")]
fn write_boot_files(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir(directory)?;
    let names = Architecture::ALL.map(Architecture::boot_file);
    names.iter().try_for_each(|name| std::fs::write(directory.join(name), settings::boot_file(name)))
}

#[expect(clippy::disallowed_methods, reason = "[IO] the start of the servers is timed")]
fn clock() -> Instant {
    Instant::now()
}
