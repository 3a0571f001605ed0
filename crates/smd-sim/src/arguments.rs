//! \[IO\] What the program is started with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use smd_sim::discover::{Discovery, DiscoveryVersion};
use smd_sim::{BootKind, BssMode, BssSettings, InventoryKind, InventoryServiceSettings, Settings, TokenSmithSettings};

/// A simulated SMD and BSS, or their successors, with faults on demand under /sim
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    /// Something else than serving.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Serving.
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What can be done besides serving.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tell a running SMD, simulated or real, what a nodes.yaml says, as `ochami discover static` does
    Load(Load),
}

/// Arguments of `load`.
#[derive(Args)]
pub(crate) struct Load {
    /// The nodes.yaml
    pub(crate) inventory: PathBuf,
    /// Where SMD listens, without TLS
    #[arg(long, default_value = "http://127.0.0.1:27779")]
    pub(crate) url: String,
    /// 1: post each interface with all its addresses; 2: let SMD make them, with one address each
    #[arg(long, default_value = "2", value_parser = ["1", "2"])]
    discovery_version: String,
    /// Replace what is there already
    #[arg(long)]
    overwrite: bool,
    /// Send this bearer token
    #[arg(long)]
    token_file: Option<PathBuf>,
}

/// Arguments for serving.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address to listen on; all services share it
    #[arg(long, default_value = "127.0.0.1:27779")]
    pub(crate) listen: SocketAddr,
    /// Services to be: smd or inventory-service, bss or boot-service, tokensmith [default: smd,bss]
    #[arg(long = "as", value_name = "SERVICE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    services: Vec<Service>,
    /// Make up a cluster of this many nodes; without it and without --inventory there are none
    #[arg(long, default_value_t = 0, conflicts_with = "inventory")]
    pub(crate) nodes: usize,
    /// Read the cluster from a nodes.yaml
    #[arg(long)]
    pub(crate) inventory: Option<PathBuf>,
    /// Read boot parameters from a YAML list
    #[arg(long, requires = "inventory")]
    pub(crate) boot: Option<PathBuf>,
    /// Ask for this bearer token where the services do when authentication is on
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Seed of the order of rows, which SMD never sorts
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// BSS's storage mode: sql or kv
    #[arg(long, default_value = "sql")]
    bss: BssMode,
    /// Host and port of chain URLs: BSS's `BSS_IPXE_SERVER`
    #[arg(long, default_value_t = BssSettings::default().ipxe_server)]
    bss_ipxe_server: String,
    /// Scheme of chain URLs: BSS's `BSS_CHAIN_PROTO`
    #[arg(long, default_value_t = BssSettings::default().chain_proto)]
    bss_chain_proto: String,
    /// Path prefix of chain URLs, may be empty: BSS's `BSS_GW_URI`
    #[arg(long, default_value_t = BssSettings::default().gw_uri)]
    bss_gw_uri: String,
    /// Where cloud-init is told to ask: BSS's `BSS_ADVERTISE_ADDRESS`
    #[arg(long, default_value_t = BssSettings::default().advertise)]
    bss_advertise: String,
    /// inventory-service: interfaces in an object instead of a bare array
    #[arg(long)]
    wrapped_interfaces: bool,
    /// inventory-service: NIDs in quotes
    #[arg(long)]
    nids_as_text: bool,
    /// boot-service: /boot/v1 is there too
    #[arg(long)]
    legacy_api: bool,
    /// TokenSmith: a bootstrap token that is good once; may be repeated
    #[arg(long, value_name = "TOKEN")]
    bootstrap_token: Vec<String>,
    /// TokenSmith: a client that may have tokens for its secret
    #[arg(long, value_name = "ID:SECRET")]
    client: Option<String>,
    /// TokenSmith: seconds that an access token lives
    #[arg(long, default_value_t = TokenSmithSettings::default().access_seconds)]
    access_seconds: u64,
    /// TokenSmith: seconds that a refresh token lives
    #[arg(long, default_value_t = TokenSmithSettings::default().refresh_seconds)]
    refresh_seconds: u64,
}

/// A service to be.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    Smd,
    #[value(name = "inventory-service")]
    Inventory,
    Bss,
    #[value(name = "boot-service")]
    Boot,
    Tokensmith,
}

impl Load {
    /// How to go about it.
    pub(crate) fn discovery(&self) -> Discovery {
        let by_client = self.discovery_version == "1";
        let version = if by_client { DiscoveryVersion::Interfaces } else { DiscoveryVersion::Parser };
        Discovery { version, overwrite: self.overwrite }
    }

    /// The token to send.
    pub(crate) fn token(&self) -> anyhow::Result<Option<String>> {
        self.token_file.as_deref().map(read_token).transpose()
    }
}

impl Serve {
    /// The settings that these arguments mean; an argument of a service that is not there is a mistake.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        for pair in [[Service::Smd, Service::Inventory], [Service::Bss, Service::Boot]] {
            if pair.iter().all(|service| self.is(*service)) {
                bail!("a service and its successor have the same paths: --as takes one of them");
            }
        }
        let tokensmith = !self.bootstrap_token.is_empty() || self.client.is_some();
        for (given, service, name) in [
            (self.wrapped_interfaces || self.nids_as_text, Service::Inventory, "inventory-service"),
            (self.legacy_api, Service::Boot, "boot-service"),
            (tokensmith, Service::Tokensmith, "tokensmith"),
        ] {
            if given && !self.is(service) {
                bail!("there is an argument for {name}, but no --as {name}");
            }
        }
        let inventory = InventoryServiceSettings { wrapped: self.wrapped_interfaces, nids_as_text: self.nids_as_text };
        Ok(Settings {
            inventory: if self.is(Service::Inventory) {
                InventoryKind::InventoryService(inventory)
            } else {
                InventoryKind::Smd
            },
            boot: if self.is(Service::Boot) {
                BootKind::BootService { legacy_api: self.legacy_api }
            } else {
                BootKind::Bss
            },
            bss: BssSettings {
                mode: self.bss,
                ipxe_server: self.bss_ipxe_server.clone(),
                chain_proto: self.bss_chain_proto.clone(),
                gw_uri: self.bss_gw_uri.clone(),
                advertise: self.bss_advertise.clone(),
                ..BssSettings::default()
            },
            token: self.token_file.as_deref().map(read_token).transpose()?,
            tokensmith: if self.is(Service::Tokensmith) { Some(self.tokensmith()?) } else { None },
            seed: self.seed,
        })
    }

    /// Path of the boot script.
    pub(crate) fn bootscript(&self) -> &'static str {
        if self.is(Service::Boot) { "/bootscript" } else { "/boot/v1/bootscript" }
    }

    fn tokensmith(&self) -> anyhow::Result<TokenSmithSettings> {
        let client = match self.client.as_deref().map(|client| client.split_once(':')) {
            Some(Some((id, secret))) => Some((id.to_owned(), secret.to_owned())),
            Some(None) => bail!("--client is ID:SECRET"),
            None => None,
        };
        Ok(TokenSmithSettings {
            bootstrap_tokens: self.bootstrap_token.clone(),
            client,
            access_seconds: self.access_seconds,
            refresh_seconds: self.refresh_seconds,
        })
    }

    fn is(&self, service: Service) -> bool {
        self.services.contains(&service)
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] the program reads its token")]
fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_readme_tells_of_every_argument() {
        let readme = include_str!("../README.md");
        let command = Arguments::command();
        let commands = std::iter::once(&command).chain(command.get_subcommands());
        let arguments: Vec<_> =
            commands.flat_map(clap::Command::get_arguments).filter_map(|argument| argument.get_long()).collect();
        assert!(arguments.len() > 20, "{arguments:?}");
        for argument in arguments.into_iter().filter(|argument| !["help", "version"].contains(argument)) {
            assert!(readme.contains(&format!("--{argument}")), "--{argument}");
        }
    }

    #[test]
    fn services_go_with_their_arguments_only() {
        let settings = |words: &str| {
            let arguments = Arguments::try_parse_from(format!("smd-sim {words}").split_whitespace())?;
            arguments.serve.settings()
        };
        let refused = |words: &str| settings(words).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(settings("").unwrap().inventory, InventoryKind::Smd);
        let successors = settings("--as inventory-service,boot-service --nids-as-text").unwrap();
        let odd = InventoryServiceSettings { wrapped: false, nids_as_text: true };
        assert_eq!(successors.inventory, InventoryKind::InventoryService(odd));
        assert_eq!(successors.boot, BootKind::BootService { legacy_api: false });
        assert!(refused("--as smd,inventory-service").contains("--as takes one of them"));
        assert!(refused("--legacy-api").contains("no --as boot-service"));
        assert!(refused("--client a:b").contains("no --as tokensmith"));
        assert!(refused("--as tokensmith --client a").contains("ID:SECRET"));
        assert!(refused("--bss etcd").contains("`sql` or `kv`"));
    }
}
