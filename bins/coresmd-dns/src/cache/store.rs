//! Where the answers of one kind are kept: sharded, bounded, and forgetting first what was asked for once.

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use quick_cache::sync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

use super::entry::Entry;
use super::key::Key;

/// Octets of records that weigh as much as one answer: a store of 10,000 answers holds 5 MB of them at most.
const OCTETS_OF_ONE: usize = 512;

/// The answers of one kind. Keys are hashed with a secret, so that no client can choose names that collide.
pub(super) struct Store(Cache<Box<[u8]>, Arc<Entry>, Weight, RandomState, Evictions>);

impl Store {
    /// An empty store for `capacity` answers, which counts those that it lets go for want of room.
    pub(super) fn new(capacity: usize, evictions: Counter) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(capacity)
            .weight_capacity(capacity as u64)
            .build()
            .expect("both capacities are given");
        Self(Cache::with_options(options, Weight, RandomState::new(), Evictions(evictions)))
    }

    /// The answer under a key, which is remembered to have been asked for.
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Entry>> {
        self.0.get(key.as_octets())
    }

    /// Puts an answer in place of what was under the key.
    pub(super) fn insert(&self, key: &Key, entry: Entry) {
        self.0.insert(key.as_octets().into(), Arc::new(entry));
    }

    /// Forgets the answer under a key.
    pub(super) fn remove(&self, key: &Key) {
        self.0.remove(key.as_octets());
    }

    /// How many answers there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("answers", &self.0.len()).finish_non_exhaustive()
    }
}

/// How much of the room an answer takes.
#[derive(Clone)]
struct Weight;

impl Weighter<Box<[u8]>, Arc<Entry>> for Weight {
    fn weight(&self, _: &Box<[u8]>, entry: &Arc<Entry>) -> u64 {
        1 + (entry.size() / OCTETS_OF_ONE) as u64
    }
}

/// Counts what goes for want of room.
#[derive(Clone)]
struct Evictions(Counter);

impl Lifecycle<Box<[u8]>, Arc<Entry>> for Evictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn on_evict(&self, (): &mut (), _: Box<[u8]>, _: Arc<Entry>) {
        self.0.inc();
    }
}
