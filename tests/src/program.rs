//! Which program a test starts: the release binaries when `tests/run` names their directory, else this workspace's own
//! servers inside `coresmd-servers`, which `cargo test` builds.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// A program under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `coresmd-dhcp`.
    Dhcp,
    /// `coresmd-dns`.
    Dns,
    /// `smd-sim`.
    Sim,
}

impl Program {
    /// The program's file name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dhcp => "coresmd-dhcp",
            Self::Dns => "coresmd-dns",
            Self::Sim => "smd-sim",
        }
    }

    /// The words that start it: the release binary in `$CORESMD_BIN_DIR`, else `servers NAME`, where `servers` is the
    /// path of `coresmd-servers` (`env!("CARGO_BIN_EXE_coresmd-servers")` in a test).
    pub fn words(self, servers: &str) -> Vec<String> {
        match env::var_os("CORESMD_BIN_DIR") {
            Some(directory) => vec![PathBuf::from(directory).join(self.name()).display().to_string()],
            None => vec![servers.to_owned(), self.name().to_owned()],
        }
    }

    /// A command that starts it; see [`Program::words`].
    pub fn command(self, servers: &str) -> Command {
        let words = self.words(servers);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    }
}
