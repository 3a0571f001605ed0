//! \[IO\] Boots all nodes, a bounded number of them at a time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::node::{Journey, Targets, Uplink};
use crate::plan::{NodePlan, Plan};

/// After so many failures no further node is started: whatever it is, it is not the nodes.
const GIVE_UP: usize = 100;

/// Boots every node of `plan` over `parallel` uplinks and tells `on_finished` of each. Ends early after [`GIVE_UP`]
/// failures, or when dropped.
pub(crate) async fn boot_all(
    plan: &Arc<Plan>,
    targets: &Targets,
    parallel: usize,
    mut on_finished: impl FnMut(&NodePlan, &Journey),
) -> io::Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let (results, mut finished) = mpsc::channel(parallel);
    let mut workers = JoinSet::new();
    for _ in 0..parallel.min(plan.nodes.len()) {
        let uplink = Uplink::open(targets.clone()).await?;
        workers.spawn(work(uplink, Arc::clone(plan), Arc::clone(&next), results.clone()));
    }
    drop(results);

    let mut failures = 0;
    while let Some((index, journey)) = finished.recv().await {
        on_finished(&plan.nodes[index], &journey);
        failures += usize::from(journey.failure.is_some());
        if failures == GIVE_UP {
            next.store(plan.nodes.len(), Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Boots one node after another until there is none left.
async fn work(uplink: Uplink, plan: Arc<Plan>, next: Arc<AtomicUsize>, results: mpsc::Sender<(usize, Journey)>) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(node) = plan.nodes.get(index) else { return };
        let journey = uplink.boot(index, node, plan.neighbour(index)).await;
        if results.send((index, journey)).await.is_err() {
            return; // nobody wants to know any more
        }
    }
}
