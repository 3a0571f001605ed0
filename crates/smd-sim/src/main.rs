//! `smd-sim`: a simulated SMD and BSS, or their successors, on one port.

mod arguments;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use smd_sim::cluster::load::Inventory;
use smd_sim::{Cluster, Sim, client, discover};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, Command, Load, Serve};

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
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Some(Command::Load(load)) => tell(&load).await,
        None => serve(&arguments.serve).await,
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] the program binds its socket")]
async fn serve(arguments: &Serve) -> anyhow::Result<()> {
    let settings = arguments.settings()?;
    let cluster = match &arguments.inventory {
        Some(inventory) => Cluster::from_files(inventory, arguments.boot.as_deref())?,
        None => Cluster::generate(arguments.nodes)?,
    };
    let first_mac = cluster.nodes().iter().flat_map(|node| &node.interfaces).map(|interface| interface.mac).next();
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| arguments.listen.to_string())?;
    let base = format!("http://{}", listener.local_addr()?);
    say(&format!("{base}/hsm/v2/State/Components\n{base}/hsm/v2/Inventory/EthernetInterfaces"));
    if let Some(mac) = first_mac {
        say(&format!("{base}{}?mac={mac}", arguments.bootscript()));
    }
    say(&format!("{base}/sim/cluster\n{base}/sim/faults"));
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Sim::with_settings(cluster, settings).serve(listener, shutdown).await.context("cannot serve")
}

/// Says something to whoever listens; nobody need.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Tells an SMD what a `nodes.yaml` says. A 409 is no failure: SMD answers so to what it has taken.
async fn tell(arguments: &Load) -> anyhow::Result<()> {
    let inventory = Inventory::from_file(&arguments.inventory)?;
    let token = arguments.token()?;
    let steps = discover::plan(&inventory, arguments.discovery(), &arguments.url);
    let mut failures = 0;
    let told = |request: &discover::Request, status: u16, body: &str| {
        say(&format!("{status} {} {}", request.method, request.path));
        if status >= 400 && status != 409 {
            failures += 1;
            eprintln!("smd-sim: {}", body.trim_end());
        }
    };
    client::send(&arguments.url, token.as_deref(), &steps, told).await?;
    if failures > 0 {
        bail!("{failures} requests were refused");
    }
    Ok(())
}
