//! \[IO\] From the blocks of a configuration to what they do: whatever needs randomness, files or the name of this
//! machine gets it here.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::chain::Chain;
use crate::config::{Block as BlockConfig, Config, Nsid};
use crate::name::Name;
use crate::plugins::probe::Probe;
use crate::plugins::rate_limit::RateLimit;
use crate::response::MAX_UDP;
use crate::view::Block;
use crate::wire::Rcode;

/// The blocks of a configuration before the first snapshot.
pub(super) fn blocks(config: &Config) -> Vec<Block> {
    let block = |block: &BlockConfig| {
        let zones = block.coresmd.as_ref().map(|coresmd| &coresmd.zones);
        Block { catalog: zones.map(|zones| Arc::new(Catalog::unloaded(zones))), chain: Arc::new(chain(block)) }
    };
    config.blocks.iter().map(block).collect()
}

fn chain(block: &BlockConfig) -> Chain {
    let rules = &block.rules;
    // as CoreDNS: a block that does nothing refuses, one that does anything and knows nothing fails
    let otherwise = if block.handles() { Rcode::ServFail } else { Rcode::Refused };
    let zone = block.keys.first().map_or_else(Name::root, |key| key.zone.clone());
    Chain {
        acl: rules.acl.clone(),
        rate_limit: rules.rate_limits.clone().map(RateLimit::new),
        probe: rules.detect_loop.then(|| Probe::new(&zone, [random(), random()])),
        whoami: rules.whoami,
        header: rules.header.unwrap_or_default(),
        loadbalance: rules.loadbalance.clone(),
        nsid: rules.nsid.as_ref().map(name_of_server),
        max_udp: rules.bufsize.unwrap_or(MAX_UDP),
        last: block.handlers().last().copied().unwrap_or("errors"),
        ..Chain::empty(otherwise)
    }
}

fn name_of_server(nsid: &Nsid) -> Vec<u8> {
    match nsid {
        Nsid::Text(text) => text.clone().into_bytes(),
        Nsid::Hostname => hostname().into_bytes(),
    }
}

/// The name of this machine, as far as it is known.
#[expect(clippy::disallowed_methods, reason = "the kernel tells the name of the machine in a file")]
fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

/// A number that nobody can guess: the standard library seeds its hash tables with such.
fn random() -> u64 {
    RandomState::new().hash_one(())
}
