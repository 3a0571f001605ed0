//! \[IO\] A made-up cluster, served by the simulator for as long as this process lives.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use smd_cache::MacAddr;
use smd_sim::{Cluster, Sim};
use tokio::net::TcpListener;

use super::only_v4;
use crate::plan::{Interface, Machine};
use crate::trouble::Trouble;

/// The machines, and the base URL of SMD and BSS.
pub(super) async fn start(nodes: usize) -> Result<(Vec<Machine>, String), Trouble> {
    let cluster = Cluster::generate(nodes).map_err(|error| Trouble::Inventory(error.to_string()))?;
    let machines = machines(&cluster);
    let listener = listen().await.map_err(|error| Trouble::Io("cannot start the simulator".into(), error))?;
    let address = listener.local_addr().map_err(|error| Trouble::Io("cannot start the simulator".into(), error))?;
    let simulator = Sim::new(cluster);
    tokio::spawn(async move { simulator.serve(listener, std::future::pending()).await });
    Ok((machines, format!("http://{address}")))
}

#[expect(clippy::disallowed_methods, reason = "[IO] the simulator's socket")]
async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

/// What the cluster itself says of its nodes, not what the simulator answers.
fn machines(cluster: &Cluster) -> Vec<Machine> {
    let kernels = kernels(cluster);
    let machine = |node: smd_sim::Node| Machine {
        id: node.id.to_string(),
        nid: node.nid.map(|nid| nid.0),
        interfaces: node
            .interfaces
            .into_iter()
            .map(|interface| Interface {
                mac: interface.mac,
                addresses: interface.addresses.into_iter().filter_map(only_v4).collect(),
                kernel: kernels.get(&interface.mac).cloned(),
            })
            .collect(),
    };
    cluster.nodes().into_iter().map(machine).collect()
}

/// The kernel of every MAC that has boot parameters; the last ones count.
fn kernels(cluster: &Cluster) -> HashMap<MacAddr, String> {
    let by_mac = cluster.boot.iter().flat_map(|boot| boot.macs.iter().map(|mac| (mac, &boot.kernel)));
    by_mac.filter_map(|(mac, kernel)| Some((mac.parse().ok()?, kernel.clone()))).collect()
}
