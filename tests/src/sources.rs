//! One site from each combination of sources: what serves it, what the servers' configurations must say of it, and what
//! can befall it.

mod trouble;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use smd_sim::cluster::load::boot_parameters;
use smd_sim::{
    BootKind, BssMode, BssSettings, Cluster, InventoryKind, InventoryServiceSettings, Settings, Sim, TokenSmithSettings,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub use trouble::Trouble;

/// Where inventory and boot parameters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// SMD, and BSS on an SQL database.
    SmdAndBssOnSql,
    /// SMD, and BSS on etcd.
    SmdAndBssOnEtcd,
    /// inventory-service and boot-service, closed to whoever has no token of `TokenSmith`.
    Successors,
    /// `nodes.yaml` and `boot.yaml`.
    Files,
}

/// The sources of a site, as long as they live; they end when this is dropped.
pub struct Sources {
    /// Words for the step `coresmd` of `coresmd-dhcp`.
    pub step: String,
    /// Sections for the configuration of `coresmd-dhcp`.
    pub sections: String,
    /// Lines for the block `coresmd` of `coresmd-dns`, each with its end.
    pub block: String,
    /// The base URL of all services; `None` where there are only files.
    pub base: Option<String>,
    /// Where nodes are sent for their scripts, without the query. Neither server asks there for anything; where there are
    /// only files, it is what a site then has beside them, and knows the same files.
    pub scripts: String,
    place: Place,
}

/// What serves a site.
enum Place {
    Services { sim: Sim, runtime: Runtime, directory: PathBuf },
    Files { directory: PathBuf, nodes: String, boot: String, _scripts: Runtime },
}

/// What a file is called where both servers have one of their own.
const SERVERS: [&str; 2] = ["dhcp", "dns"];

/// Counts the bootstrap tokens, so that no two are equal.
static MOUNTED: AtomicU32 = AtomicU32::new(0);

impl Combination {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SmdAndBssOnSql, Self::SmdAndBssOnEtcd, Self::Successors, Self::Files];

    /// Serves the site that a `nodes.yaml` and a `boot.yaml` describe. `directory` takes the files that the servers must
    /// find there: they are to be started in it, and they keep their snapshots in it.
    pub fn serve(self, nodes: &str, boot: &str, directory: &Path) -> Sources {
        let mut cluster =
            Cluster::from_inventory("nodes.yaml", nodes, SystemTime::now()).expect("the site is in order");
        cluster.boot = boot_parameters("boot.yaml", boot).expect("the boot parameters are in order");
        let sim = Sim::with_settings(cluster, self.settings());
        let runtime = Runtime::new().expect("a runtime can be started");
        let address = listen(&sim, &runtime);
        let directory = directory.to_owned();
        if self == Self::Files {
            let (nodes, boot) = (nodes.to_owned(), boot.to_owned());
            return Sources {
                step: format!("ipxe_base_uri=http://{address}"),
                sections: "smd: {inventory: nodes.yaml, boot: boot.yaml, snapshot_file: snapshot-dhcp}\n".into(),
                block: "inventory nodes.yaml\nsnapshot_file snapshot-dns\n".into(),
                base: None,
                scripts: format!("http://{address}/boot/v1/bootscript"),
                place: Place::Files { directory, nodes, boot, _scripts: runtime }.mounted(),
            };
        }
        let precedence = if self == Self::SmdAndBssOnEtcd { "kv" } else { "sql" };
        let (scripts, setting) = match self {
            Self::Successors => (format!("http://{address}/bootscript"), "ipxe_uri"),
            _ => (format!("http://{address}"), "ipxe_base_uri"),
        };
        let (token, token_block) = if self == Self::Successors {
            let keys = "mode: required, bootstrap_file: bootstrap-dhcp, session_file: session-dhcp";
            let words = "mode required\nbootstrap_file bootstrap-dns\nsession_file session-dns\n";
            (
                format!(", token: {{url: 'http://{address}', {keys}}}"),
                format!("token {{\nurl http://{address}\n{words}}}\n"),
            )
        } else {
            (String::new(), String::new())
        };
        Sources {
            step: format!("svc_base_uri=http://{address} {setting}={scripts}"),
            sections: format!(
                "smd: {{snapshot_file: snapshot-dhcp{token}}}\nbss: {{url: 'http://{address}', precedence: {precedence}}}\n"
            ),
            block: format!("smd_url http://{address}\nsnapshot_file snapshot-dns\n{token_block}"),
            base: Some(format!("http://{address}")),
            scripts: if self == Self::Successors { scripts } else { format!("{scripts}/boot/v1/bootscript") },
            place: Place::Services { sim, runtime, directory }.mounted(),
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
                // so short that a test sees tokens come, go and end
                settings.tokensmith = Some(TokenSmithSettings { access_seconds: 3, ..TokenSmithSettings::default() });
            }
        }
        settings
    }
}

impl Place {
    /// With its files in place.
    fn mounted(self) -> Self {
        self.mount();
        self
    }

    /// Puts the files of a healthy site into its directory: the sources themselves, or what opens them.
    fn mount(&self) {
        match self {
            Self::Files { directory, nodes, boot, .. } => {
                replace(&directory.join("nodes.yaml"), nodes);
                replace(&directory.join("boot.yaml"), boot);
            }
            Self::Services { sim, directory, .. } => {
                for server in SERVERS {
                    // good before a server can show it
                    let bootstrap = format!("bootstrap token {}", MOUNTED.fetch_add(1, Ordering::Relaxed));
                    sim.add_bootstrap_token(&bootstrap);
                    replace(&directory.join(format!("bootstrap-{server}")), &bootstrap);
                }
            }
        }
    }
}

/// Has the simulator serve on a port of the system's choice.
fn listen(sim: &Sim, runtime: &Runtime) -> SocketAddr {
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let sim = sim.clone();
    runtime.spawn(async move { sim.serve(listener, std::future::pending()).await });
    address
}

/// Replaces a file whole, as an atomic mount does.
fn replace(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    fs::write(&beside, text).expect("writable");
    fs::rename(beside, file).expect("the directory is ours");
}
