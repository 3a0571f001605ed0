//! One site from each combination of sources: what serves it, and what the servers' configurations must say of it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::SystemTime;

use smd_sim::cluster::load::boot_parameters;
use smd_sim::{BootKind, BssMode, BssSettings, Cluster, InventoryKind, InventoryServiceSettings, Settings, Sim};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Where inventory and boot parameters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// SMD, and BSS on an SQL database.
    SmdAndBssOnSql,
    /// SMD, and BSS on etcd.
    SmdAndBssOnEtcd,
    /// inventory-service and boot-service, closed to whoever has no token.
    Successors,
    /// `nodes.yaml` and `boot.yaml`.
    Files,
}

/// The sources of a site, as long as they live; they end when this is dropped.
pub struct Sources {
    /// The simulator; `None` where there are only files.
    pub sim: Option<Sim>,
    /// Words for the step `coresmd` of `coresmd-dhcp`.
    pub step: String,
    /// Sections for the configuration of `coresmd-dhcp`.
    pub sections: String,
    /// Lines for the block `coresmd` of `coresmd-dns`, each with its end.
    pub block: String,
    _runtime: Option<Runtime>,
}

impl Combination {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SmdAndBssOnSql, Self::SmdAndBssOnEtcd, Self::Successors, Self::Files];

    /// Serves the site that a `nodes.yaml` and a `boot.yaml` describe. `directory` takes the files that the servers must
    /// find there: they are to be started in it.
    pub fn serve(self, nodes: &str, boot: &str, directory: &Path) -> Sources {
        match self {
            Self::Files => {
                fs::write(directory.join("nodes.yaml"), nodes).expect("writable");
                fs::write(directory.join("boot.yaml"), boot).expect("writable");
                Sources {
                    sim: None,
                    step: String::new(),
                    sections: "smd: {inventory: nodes.yaml, boot: boot.yaml}\n".into(),
                    block: "inventory nodes.yaml\n".into(),
                    _runtime: None,
                }
            }
            Self::SmdAndBssOnSql | Self::SmdAndBssOnEtcd | Self::Successors => {
                let (sim, runtime, address) = simulate(self.settings(), nodes, boot);
                let bss = match self {
                    Self::SmdAndBssOnEtcd => "precedence: kv",
                    Self::Successors => "token_file: token",
                    Self::SmdAndBssOnSql | Self::Files => "precedence: sql",
                };
                let mut sources = Sources {
                    sim: Some(sim),
                    step: format!("svc_base_uri=http://{address}"),
                    sections: format!("bss: {{url: 'http://{address}', {bss}}}\n"),
                    block: format!("smd_url http://{address}\n"),
                    _runtime: Some(runtime),
                };
                if self == Self::Successors {
                    fs::write(directory.join("token"), TOKEN).expect("writable");
                    sources.sections.push_str("smd: {token_file: token}\n");
                    sources.block.push_str("token_file token\n");
                }
                sources
            }
        }
    }

    fn settings(self) -> Settings {
        let mut settings = Settings::default();
        match self {
            Self::SmdAndBssOnSql | Self::Files => {}
            Self::SmdAndBssOnEtcd => settings.bss = BssSettings { mode: BssMode::Kv, ..BssSettings::default() },
            Self::Successors => {
                let odd = InventoryServiceSettings { wrapped: true, nids_as_text: true };
                settings.inventory = InventoryKind::InventoryService(odd);
                settings.boot = BootKind::BootService { legacy_api: false };
                settings.token = Some(TOKEN.into());
            }
        }
        settings
    }
}

/// What the successors are open to.
const TOKEN: &str = "a good token";

/// Starts a simulator with this site on a port of its choice.
fn simulate(settings: Settings, nodes: &str, boot: &str) -> (Sim, Runtime, SocketAddr) {
    let mut cluster = Cluster::from_inventory("nodes.yaml", nodes, SystemTime::now()).expect("the site is in order");
    cluster.boot = boot_parameters("boot.yaml", boot).expect("the boot parameters are in order");
    let sim = Sim::with_settings(cluster, settings);
    let runtime = Runtime::new().expect("a runtime can be started");
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    runtime.spawn({
        let sim = sim.clone();
        async move { sim.serve(listener, std::future::pending()).await }
    });
    (sim, runtime, address)
}
