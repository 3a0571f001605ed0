//! \[IO\] The inventory of a real SMD and BSS, read once, as the servers read theirs.

use std::time::Duration;

use smd_cache::boot::Precedence;
use smd_cache::refresh::{BssSource, Refresher, SourceConfig};
use smd_cache::state::StateHandle;
use smd_cache::{Host, Snapshot};
use tokio::time::sleep;

use super::only_v4;
use crate::arguments::Arguments;
use crate::plan::{Interface, Machine};
use crate::trouble::Trouble;

/// The nodes that SMD lists, with what BSS has for each; and why BSS could not be read, if it could not.
pub(super) async fn read(
    smd: &str,
    bss: &str,
    arguments: &Arguments,
) -> Result<(Vec<Machine>, Option<String>), Trouble> {
    let refresher =
        Refresher::new(config(smd, bss, arguments)).map_err(|error| Trouble::Inventory(error.to_string()))?;
    let (snapshot, state) = (refresher.handle(), refresher.state());
    refresher.run(|_| (), first_poll(&state)).await;
    let state = state.load();
    let failing = state.failing.first().map(|failure| failure.text.clone());
    if let Some(snapshot) = snapshot.load() {
        return Ok((machines(&snapshot), failing));
    }
    let reason = failing.or_else(|| state.last_failure.clone());
    Err(Trouble::Inventory(reason.unwrap_or_else(|| "no answer".into())))
}

/// Returns when the first poll is over, however it ended.
async fn first_poll(state: &StateHandle) {
    while state.load().polls == 0 {
        sleep(Duration::from_millis(10)).await;
    }
}

fn config(smd: &str, bss: &str, arguments: &Arguments) -> SourceConfig {
    let (ca, token_file) = (arguments.ca_cert.clone(), arguments.token_file.clone());
    SourceConfig {
        smd_ca: ca.clone(),
        token_file: token_file.clone(),
        bss: Some(BssSource { url: bss.to_owned(), ca, token_file, precedence: Precedence::default() }),
        ..SourceConfig::new(smd)
    }
}

/// The hosts of a snapshot come ordered by component, so one machine's interfaces are together.
fn machines(snapshot: &Snapshot) -> Vec<Machine> {
    let nodes: Vec<_> = snapshot.hosts().filter(|host| host.component_type().is_node()).collect();
    nodes.chunk_by(|one, other| one.id() == other.id()).map(machine).collect()
}

fn machine(hosts: &[Host<'_>]) -> Machine {
    let interface = |host: &Host<'_>| Interface {
        mac: host.mac(),
        addresses: host.addresses().iter().copied().filter_map(only_v4).collect(),
        kernel: host.boot().map(|boot| boot.kernel.clone()),
    };
    let nid = hosts[0].nid().map(|nid| nid.0);
    Machine { id: hosts[0].id().to_string(), nid, interfaces: hosts.iter().map(interface).collect() }
}
