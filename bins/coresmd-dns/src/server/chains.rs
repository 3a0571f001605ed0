//! \[IO\] From the blocks of a configuration to what they do: whatever needs randomness, files or the name of this
//! machine gets it here.

use std::net::SocketAddr;
use std::sync::Arc;

use prometheus_client::registry::Registry;

use super::local_files::LocalFiles;
use crate::cache::{self, Cache};
use crate::catalog::Catalog;
use crate::chain::Chain;
use crate::config::{BindTarget, Block as BlockConfig, Config, FileConfig, Nsid};
use crate::forward::{self, Forward, SetupError};
use crate::name::Name;
use crate::plugins::probe::Probe;
use crate::plugins::rate_limit::RateLimit;
use crate::resolve::Resolver;
use crate::response::MAX_UDP;
use crate::template::Template;
use crate::view::Block;
use crate::wire::Rcode;

/// What the directives of every configuration count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Meters {
    cache: cache::Metrics,
    forward: forward::Metrics,
}

impl Meters {
    /// Shows them as the original does.
    pub(super) fn register(&self, registry: &mut Registry) {
        self.cache.register(registry);
        self.forward.register(registry);
    }
}

/// The local files that a configuration reads, and those of the one before.
pub(super) struct Files<'f> {
    /// Those of the configuration.
    pub(super) new: &'f LocalFiles,
    /// Those of the one before: what cannot be read any more is taken over from there.
    pub(super) previous: &'f LocalFiles,
}

/// The blocks of a configuration before the first snapshot. Must be called within the runtime.
pub(super) fn blocks(config: &Config, meters: &Meters, files: &Files<'_>) -> Result<Vec<Block>, SetupError> {
    let block = |block: &BlockConfig| {
        let plan = block.coresmd.as_ref().map(|coresmd| &coresmd.plan);
        Ok(Block::new(plan.map(|plan| Arc::new(Catalog::unloaded(plan))), chain(block, meters, files)?))
    };
    config.blocks.iter().map(block).collect()
}

fn chain(block: &BlockConfig, meters: &Meters, files: &Files<'_>) -> Result<Chain, SetupError> {
    let (rules, local) = (&block.rules, &block.local);
    // as CoreDNS: a block that does nothing refuses, and so does `file` for other zones; all else that knows nothing fails
    let last = block.handlers().last().copied();
    let otherwise = if matches!(last, None | Some("file")) { Rcode::Refused } else { Rcode::ServFail };
    let zone = block.keys.first().map_or_else(Name::root, |key| key.zone.clone());
    let file = |config: &FileConfig| files.new.zone_file(config, Some(files.previous));
    Ok(Chain {
        acl: rules.acl.clone(),
        rate_limit: rules.rate_limits.clone().map(RateLimit::new),
        probe: rules.detect_loop.then(|| Probe::new(&zone, [rand::random(), rand::random()])),
        hosts: local.hosts.as_ref().map(|config| files.new.hosts(config)),
        files: local.files.iter().map(file).collect(),
        templates: local.templates.iter().cloned().map(Template::new).collect(),
        whoami: rules.whoami,
        resolver: resolver(block, meters)?.map(Arc::new),
        header: rules.header.unwrap_or_default(),
        loadbalance: rules.loadbalance.clone(),
        nsid: rules.nsid.as_ref().map(name_of_server),
        max_udp: rules.bufsize.unwrap_or(MAX_UDP),
        last: last.unwrap_or("errors"),
        ..Chain::empty(otherwise)
    })
}

/// The `cache` and the `forward`s of a block; none without a `forward`.
fn resolver(block: &BlockConfig, meters: &Meters) -> Result<Option<Resolver>, SetupError> {
    let forwards = block.forward.iter().map(|config| Forward::new(config, &meters.forward));
    let forwards: Vec<Forward> = forwards.collect::<Result<_, _>>()?;
    let cache = block.cache.as_ref().map(|config| {
        let zones: Vec<String> = config.zones.iter().map(ToString::to_string).collect();
        let zones = if zones.is_empty() { ".".to_owned() } else { zones.join(",") };
        Cache::new(config.clone(), meters.cache.counters(&server_of(block), &zones))
    });
    Ok((!forwards.is_empty()).then(|| Resolver::new(cache, forwards)))
}

/// How a block is called in the labels of its cache: by the first place where it listens.
fn server_of(block: &BlockConfig) -> String {
    let port = block.keys.first().map_or(53, |key| key.port);
    match block.bind.first() {
        Some(BindTarget::Address(ip)) => format!("dns://{}", SocketAddr::new(*ip, port)),
        _ => format!("dns://:{port}"),
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
