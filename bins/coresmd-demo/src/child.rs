//! \[IO\] The demo as one of the servers: what its child processes run is exactly what an operator runs, the libraries
//! behind `coresmd-dhcp` and `coresmd-dns` with arguments and configuration files of theirs.

use std::ffi::{OsStr, OsString};
use std::io::{Read, stdin};
use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

/// How long a server may take to drain before it is ended.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

/// Which server a child process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Dhcp,
    Dns,
}

impl Role {
    /// The server's own name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dhcp => "coresmd-dhcp",
            Self::Dns => "coresmd-dns",
        }
    }

    /// The role that the first argument names; the demo names it when it starts itself.
    pub(crate) fn from_argument(argument: &OsStr) -> Option<Self> {
        [Self::Dhcp, Self::Dns].into_iter().find(|role| argument == role.name())
    }

    /// Runs the server until it is told to stop, or the demo is gone.
    pub(crate) fn run(self, arguments: impl Iterator<Item = OsString>) -> ExitCode {
        thread::spawn(stop_with_the_demo);
        let arguments = std::iter::once(self.name().into()).chain(arguments);
        match self {
            Self::Dhcp => coresmd_dhcp::run(arguments),
            Self::Dns => coresmd_dns::run(arguments),
        }
    }
}

/// The demo holds the other end of stdin and never writes to it: the end of stdin is the end of the demo, however it
/// came about.
fn stop_with_the_demo() {
    let mut byte = [0];
    while matches!(stdin().read(&mut byte), Ok(1)) {}
    if kill_process(getpid(), Signal::TERM).is_ok() {
        thread::sleep(DRAIN);
    }
    exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_names_are_roles() {
        for role in [Role::Dhcp, Role::Dns] {
            assert_eq!(Role::from_argument(OsStr::new(role.name())), Some(role));
        }
        assert_eq!(Role::from_argument(OsStr::new("--nodes")), None);
    }
}
