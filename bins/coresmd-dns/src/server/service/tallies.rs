//! Who counts what for a listening address: a tally for each UDP thread, which it alone writes, and one each for what
//! tasks of the runtime answer, one at a time.

use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::{ListenerLabels, Sample, Tally, Worker};
use crate::server::listen::{Listener, threads};

/// The tallies of a listening address.
pub(in crate::server) struct Tallies {
    /// For each UDP thread.
    udp: Vec<Arc<Tally>>,
    /// For UDP queries that an upstream had to be asked about.
    late: Mutex<Arc<Tally>>,
    /// For connections.
    tcp: Mutex<Arc<Tally>>,
}

impl Tallies {
    /// Everything at zero.
    pub(super) fn new(listener: &Listener, labels: &ListenerLabels) -> Self {
        let tally = || Arc::new(Tally::new(labels.keys.iter().map(|key| key.zones.len())));
        let workers = listener.addresses().len() * threads();
        Self { udp: (0..workers).map(|_| tally()).collect(), late: Mutex::new(tally()), tcp: Mutex::new(tally()) }
    }

    /// Counts a message that a UDP thread has answered. `worker` is the thread's number on the address; no two threads
    /// have the same.
    pub(in crate::server) fn udp(&self, worker: usize, sample: &Sample) {
        self.udp[worker].record(sample);
    }

    /// Counts a UDP message that was answered later.
    pub(in crate::server) fn late(&self, sample: &Sample) {
        record(&self.late, sample);
    }

    /// Counts a message of a connection.
    pub(in crate::server) fn tcp(&self, sample: &Sample) {
        record(&self.tcp, sample);
    }

    /// All of them, for a scrape.
    pub(in crate::server) fn workers(&self, listener: &Arc<ListenerLabels>) -> Vec<Worker> {
        let shared = |tally: &Mutex<Arc<Tally>>| Arc::clone(&tally.lock().unwrap_or_else(PoisonError::into_inner));
        let udp = self.udp.iter().map(Arc::clone).chain([shared(&self.late)]).map(|tally| ("udp", tally));
        let all = udp.chain([("tcp", shared(&self.tcp))]);
        all.map(|(proto, tally)| Worker { listener: Arc::clone(listener), proto, tally }).collect()
    }
}

fn record(tally: &Mutex<Arc<Tally>>, sample: &Sample) {
    tally.lock().unwrap_or_else(PoisonError::into_inner).record(sample);
}
