//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Parser;

/// Boots and resolves a whole cluster on this machine: no root, no network, nothing to set up.
///
/// Starts a simulated SMD and BSS, the real DHCP and DNS servers on free ports of 127.0.0.1, and
/// as many virtual nodes as you like. Each node gets its address as PXE firmware and again as iPXE
/// (through a relay agent), fetches its boot script, and looks up its own name, a neighbour's and
/// its address. Every answer is checked against the inventory. A table shows what each stage took.
///
/// Exits with 0 if all nodes came through, 1 if not.
#[derive(Debug, Parser)]
#[command(name = "coresmd-demo", version, verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// How many nodes boot [default: 32, or all that the real SMD lists]
    #[arg(long, short, value_name = "N")]
    pub(crate) nodes: Option<NonZeroUsize>,

    /// How many of them at the same time
    #[arg(long, short, value_name = "N", default_value = "64")]
    pub(crate) parallel: NonZeroUsize,

    /// Leave everything running until Ctrl-C, and say how to query it by hand
    #[arg(long, short)]
    pub(crate) keep: bool,

    /// Take the nodes from this SMD; it is only read, and DHCP and DNS stay on 127.0.0.1
    #[arg(long, value_name = "URL", help_heading = "Real services")]
    pub(crate) smd_url: Option<String>,

    /// Fetch the boot scripts from this BSS [default: the URL of SMD]
    #[arg(long, value_name = "URL", requires = "smd_url", help_heading = "Real services")]
    pub(crate) bss_url: Option<String>,

    /// PEM file with the CAs of both [default: those of the system]
    #[arg(long, value_name = "FILE", requires = "smd_url", help_heading = "Real services")]
    pub(crate) ca_cert: Option<PathBuf>,

    /// File with a bearer token for both, where they want one
    #[arg(long, value_name = "FILE", requires = "smd_url", help_heading = "Real services")]
    pub(crate) token_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [&["--nodes", "0"][..], &["--bss-url", "http://b"], &["--parallel", "none"], &["extra"]] {
            let arguments = ["coresmd-demo"].iter().chain(words);
            assert!(Arguments::try_parse_from(arguments).is_err(), "{words:?}");
        }
    }
}
