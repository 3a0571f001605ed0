//! Other name servers with our zones: BIND, NSD and Knot as secondaries on loopback, each on files of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use coresmd_tests::ports;
use coresmd_tests::process::Process;
use coresmd_tests::wait;
use tempfile::TempDir;

use crate::zones::{Site, ZONES, serial};

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bind,
    Nsd,
    Knot,
}

/// A running secondary. Dropped, it ends.
pub(crate) struct Secondary {
    kind: Kind,
    /// Where it answers.
    pub(crate) address: SocketAddr,
    _process: Process,
    _directory: TempDir,
}

impl Secondary {
    /// Starts one; it has every zone when this returns.
    pub(crate) fn of(kind: Kind, primary: &Site) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let address = ports::free();
        let (text, words) = kind.configuration(directory.path(), address, primary.dns);
        let file = directory.path().join("config");
        fs::write(&file, text).expect("writable");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(&file).current_dir(directory.path());
        let process = Process::start(words[0], command);
        let secondary = Self { kind, address, _process: process, _directory: directory };
        secondary.wait_for(primary);
        secondary
    }

    /// Waits until it has the zones that the primary has now.
    pub(crate) fn wait_for(&self, primary: &Site) {
        for zone in ZONES {
            let wanted = serial(primary.dns, zone).expect("the primary answers");
            wait::until(&format!("{:?} to have {zone} {wanted}", self.kind), || match serial(self.address, zone)? {
                has if has == wanted => Ok(()),
                other => Err(format!("it has {other}")),
            });
        }
    }
}

impl Kind {
    /// The text of its configuration file, and the words before the file's name that start it.
    fn configuration(self, directory: &Path, at: SocketAddr, primary: SocketAddr) -> (String, Vec<&'static str>) {
        let (directory, port, from) = (directory.display(), at.port(), primary.port());
        let zones = |zone: &dyn Fn(&str) -> String| ZONES.iter().map(|name| zone(name)).collect::<String>();
        match self {
            Self::Bind => {
                let zones = zones(&|name| {
                    format!(
                        "zone \"{name}\" {{ type secondary; primaries port {from} {{ 127.0.0.1; }}; \
                         file \"{name}db\"; }};\n"
                    )
                });
                let text = format!(
                    "options {{ directory \"{directory}\"; listen-on port {port} {{ 127.0.0.1; }}; \
                     listen-on-v6 {{ none; }}; pid-file \"{directory}/pid\"; session-keyfile \"{directory}/key\"; \
                     recursion no; notify no; dnssec-validation no; minimal-responses yes; \
                     min-refresh-time 1; min-retry-time 1; max-records-per-type 0; }};\ncontrols {{ }};\n{zones}"
                );
                (text, vec!["named", "-g", "-n", "1", "-c"])
            }
            Self::Nsd => {
                let zones = zones(&|name| {
                    format!(
                        "zone:\n  name: \"{name}\"\n  request-xfr: AXFR 127.0.0.1@{from} NOKEY\n  \
                         min-refresh-time: 1\n  min-retry-time: 1\n"
                    )
                });
                let text = format!(
                    "server:\n  ip-address: 127.0.0.1@{port}\n  port: {port}\n  username: \"\"\n  chroot: \"\"\n  \
                     zonesdir: \"{directory}\"\n  database: \"\"\n  pidfile: \"{directory}/pid\"\n  \
                     xfrdfile: \"{directory}/xfrd\"\n  xfrdir: \"{directory}\"\n  zonelistfile: \"{directory}/zones\"\n  \
                     server-count: 1\n  verbosity: 1\nremote-control:\n  control-enable: no\n{zones}"
                );
                (text, vec!["nsd", "-d", "-c"])
            }
            Self::Knot => {
                let zones = zones(&|name| format!("  - domain: {name}\n"));
                let text = format!(
                    "server:\n  rundir: {directory}\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n  tcp-workers: 1\n\
                     database:\n  storage: {directory}\nlog:\n  - target: stdout\n    any: warning\n\
                     remote:\n  - id: primary\n    address: 127.0.0.1@{from}\n\
                     template:\n  - id: default\n    storage: {directory}\n    master: primary\n    \
                     refresh-min-interval: 2\n    retry-min-interval: 2\nzone:\n{zones}"
                );
                (text, vec!["knotd", "-c"])
            }
        }
    }
}
