//! `smd-sim`: a simulated SMD and BSS on one port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use smd_sim::{BssMode, BssSettings, Cluster, Settings, Sim};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A simulated SMD and BSS, with faults on demand under /sim.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on; SMD and BSS share it
    #[arg(long, default_value = "127.0.0.1:27779")]
    listen: SocketAddr,
    /// Make up a cluster of this many nodes; without it and without --inventory there are none
    #[arg(long, default_value_t = 0, conflicts_with = "inventory")]
    nodes: usize,
    /// Read the cluster from a nodes.yaml, as `ochami discover static` does
    #[arg(long)]
    inventory: Option<PathBuf>,
    /// Read boot parameters from a YAML list
    #[arg(long, requires = "inventory")]
    boot: Option<PathBuf>,
    /// Ask for this bearer token where SMD and BSS do when authentication is on
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
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("smd-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "[IO] the program reads its token and binds its socket")]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let cluster = match &arguments.inventory {
        Some(inventory) => Cluster::from_files(inventory, arguments.boot.as_deref())?,
        None => Cluster::generate(arguments.nodes)?,
    };
    let token = match &arguments.token_file {
        Some(file) => {
            Some(std::fs::read_to_string(file).with_context(|| file.display().to_string())?.trim().to_owned())
        }
        None => None,
    };
    let bss = BssSettings {
        mode: arguments.bss,
        ipxe_server: arguments.bss_ipxe_server,
        chain_proto: arguments.bss_chain_proto,
        gw_uri: arguments.bss_gw_uri,
        advertise: arguments.bss_advertise,
        ..BssSettings::default()
    };
    let first_mac = cluster.nodes().iter().flat_map(|node| &node.interfaces).map(|interface| interface.mac).next();
    let sim = Sim::with_settings(cluster, Settings { bss, token, seed: arguments.seed });
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| arguments.listen.to_string())?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("{base}/hsm/v2/State/Components\n{base}/hsm/v2/Inventory/EthernetInterfaces");
    if let Some(mac) = first_mac {
        println!("{base}/boot/v1/bootscript?mac={mac}");
    }
    println!("{base}/sim/cluster\n{base}/sim/faults");
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    sim.serve(listener, shutdown).await.context("cannot serve")
}
