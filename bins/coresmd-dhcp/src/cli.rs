//! The command line: `CoreDHCP`'s flags (facts: coredhcp-coredns §A1), `--config`, and `check`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use serve::telemetry::{UnknownLevel, parse_level};
use tracing::level_filters::LevelFilter;

/// DHCP and network boot for HPC clusters, answered from the inventory.
#[derive(Debug, Parser)]
#[command(name = "coresmd-dhcp", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of serving.
    #[command(flatten)]
    pub serve: Serve,
}

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read the configuration, print everything that is wrong with it, exit with 64 if there is anything
    Check(ConfigFile),
}

/// The flags of serving.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigFile,
    /// What is logged: none, debug, info, warning, error, fatal [default: info]
    #[arg(short = 'L', long, value_name = "LEVEL")]
    pub loglevel: Option<Level>,
    /// Append log lines to this file as well
    #[arg(short, long, value_name = "FILE")]
    pub logfile: Option<PathBuf>,
    /// Log nothing to the console
    #[arg(short = 'N', long)]
    pub nostdout: bool,
    /// Print the names of the steps that a configuration may have, and exit
    #[arg(short = 'P', long)]
    pub plugins: bool,
}

/// Where the configuration is, and what goes before it.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The configuration [default: config.yaml and the like in `.`, `$XDG_CONFIG_HOME/coredhcp`, `~/.coredhcp`,
    /// `/etc/coredhcp`]
    #[arg(short = 'c', long = "config", alias = "conf", value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Read the inventory from this nodes.yaml instead of SMD: as `smd: {inventory: FILE}`
    #[arg(long, value_name = "FILE")]
    pub inventory: Option<String>,
    /// Read boot configurations from this file instead of BSS: as `smd: {boot: FILE}`
    #[arg(long, value_name = "FILE")]
    pub boot: Option<String>,
}

/// A level of logging by `CoreDHCP`'s name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(pub LevelFilter);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        parse_level(name).map(Self)
    }
}

/// The files that are tried without `--config`, in `CoreDHCP`'s order: by directory, then by extension. `home` and
/// `xdg_config_home` are the variables of these names.
pub fn search_path(xdg_config_home: Option<&Path>, home: Option<&Path>) -> Vec<PathBuf> {
    const EXTENSIONS: [&str; 12] =
        ["json", "toml", "yaml", "yml", "properties", "props", "prop", "hcl", "tfvars", "dotenv", "env", "ini"];
    let directories = [
        Some(PathBuf::from(".")),
        xdg_config_home.map(|directory| directory.join("coredhcp")),
        home.map(|directory| directory.join(".coredhcp")),
        Some("/etc/coredhcp".into()),
    ];
    let names = || EXTENSIONS.iter().map(|extension| format!("config.{extension}")).chain(["config".to_owned()]);
    directories.into_iter().flatten().flat_map(|directory| names().map(move |name| directory.join(name))).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_flag_of_the_original_is_taken() {
        Cli::command().debug_assert();
        for flag in ["--config", "--conf", "-c"] {
            let cli = Cli::parse_from(["coresmd-dhcp", flag, "x.yaml", "-L", "warning", "-l", "log", "-N"]);
            assert_eq!(cli.serve.config.path, Some("x.yaml".into()));
            assert_eq!(cli.serve.loglevel, Some(Level(LevelFilter::WARN)));
            assert_eq!((cli.serve.logfile, cli.serve.nostdout, cli.serve.plugins), (Some("log".into()), true, false));
        }
        assert!(Cli::parse_from(["coresmd-dhcp", "--plugins"]).serve.plugins);
        assert!(Cli::try_parse_from(["coresmd-dhcp", "--loglevel", "loud"]).is_err());
        let check = Cli::parse_from(["coresmd-dhcp", "check", "--config", "x.yaml"]);
        assert!(matches!(check.command, Some(Command::Check(file)) if file.path == Some("x.yaml".into())));
        let files = Cli::parse_from(["coresmd-dhcp", "--inventory", "nodes.yaml", "--boot=boot.yaml"]).serve.config;
        assert_eq!((files.inventory.as_deref(), files.boot.as_deref()), (Some("nodes.yaml"), Some("boot.yaml")));
    }

    #[test]
    fn without_a_flag_coredhcps_places_are_searched() {
        let files = search_path(Some(Path::new("/x")), Some(Path::new("/h")));
        assert_eq!(files.len(), 4 * 13);
        assert_eq!(files[0], Path::new("./config.json"));
        assert_eq!(files[2], Path::new("./config.yaml"));
        assert_eq!(files[13], Path::new("/x/coredhcp/config.json"));
        assert_eq!(files[28], Path::new("/h/.coredhcp/config.yaml"));
        assert_eq!(files[51], Path::new("/etc/coredhcp/config"));
        assert_eq!(search_path(None, None).len(), 2 * 13);
    }
}
