//! What the services answer from: a cluster with its rows in SMD's meaningless order, and all that follows from it.
//!
//! A view never changes; every change of the cluster makes a new one. Bodies are therefore made once: the answer to a
//! collection request is kept, so that 30,000 interfaces cost a copy of a pointer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use crate::bss::hosts::Directory;
use crate::bss::store::Store;
use crate::cluster::Cluster;
use crate::reply::Reply;
use crate::settings::Settings;

/// One state of the simulated services.
pub(crate) struct View {
    /// The rows, in the order that SMD would give them.
    pub(crate) cluster: Cluster,
    /// What the services were started with.
    pub(crate) settings: Arc<Settings>,
    bss: OnceLock<Bss>,
    replies: Mutex<HashMap<String, Arc<OnceLock<Reply>>>>,
}

/// What BSS makes of SMD, and its own parameters.
pub(crate) struct Bss {
    /// Hosts, as BSS caches them from SMD.
    pub(crate) directory: Directory,
    /// Boot parameters, as its storage keeps them.
    pub(crate) store: Store,
}

/// Kept answers; when there are more they are all dropped and made again.
const MAX_REPLIES: usize = 64;

impl View {
    /// A view of these rows, put into the order that the seed gives.
    pub(crate) fn new(mut cluster: Cluster, settings: Arc<Settings>) -> Self {
        let mut random = SmallRng::seed_from_u64(settings.seed);
        cluster.components.shuffle(&mut random);
        cluster.interfaces.shuffle(&mut random);
        cluster.redfish_endpoints.shuffle(&mut random);
        cluster.component_endpoints.shuffle(&mut random);
        cluster.groups.shuffle(&mut random);
        Self { cluster, settings, bss: OnceLock::new(), replies: Mutex::default() }
    }

    /// BSS's side, made at the first request for it.
    pub(crate) fn bss(&self) -> &Bss {
        self.bss.get_or_init(|| {
            let directory = Directory::new(&self.cluster);
            let store = Store::new(&self.cluster.boot, &directory, &self.settings);
            Bss { directory, store }
        })
    }

    /// The answer kept under `key`, made if it is not there yet.
    pub(crate) fn kept(&self, key: &str, make: impl FnOnce() -> Reply) -> Reply {
        let reply = {
            let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
            if replies.len() >= MAX_REPLIES && !replies.contains_key(key) {
                replies.clear();
            }
            Arc::clone(replies.entry(key.into()).or_default())
        };
        reply.get_or_init(make).clone()
    }
}
