//! The Corefile as this server understands it: every directive typed, every fault in one report.
//!
//! The grammar is the crate `corefile`'s; what the directives mean is decided here (facts, coredhcp-coredns §B3, §B5;
//! coresmd-plugins §7). A directive of CoreDNS that this version does not have is refused by name: an option that is
//! read and then ignored would be worse.

mod acl;
mod arguments;
mod block;
mod cache;
mod coresmd;
mod directives;
mod errors;
mod file;
mod forward;
mod hosts;
mod local;
mod log;
mod read;
mod report;
mod rrl;
mod rules;
mod template;
mod values;

pub use block::{Block, Health, Key};
pub use coresmd::{Coresmd, Source};
pub use directives::SUPPORTED;
pub use errors::{Consolidation, Errors};
pub use file::FileConfig;
pub use hosts::HostsConfig;
pub use local::Local;
pub use log::{Classes, Field, LogRule, Part};
pub use read::{Corefile, read};
pub use rules::{Nsid, Reload, Rules};
pub use values::{BindTarget, HttpAddress};

use corefile::ServerBlock;
use serve::findings::Findings;

use report::Report;

/// What the Corefile says.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server blocks, in the order of the file.
    pub blocks: Vec<Block>,
    /// The inventories that their `coresmd` directives read. Directives that agree on everything about it share one.
    pub sources: Vec<Source>,
}

/// Understands a Corefile. `dns_port` is the port of keys that name none. The findings hold every fault and every
/// warning; with an error among them there is no configuration.
pub fn understand(file: &Corefile, dns_port: u16) -> (Option<Config>, Findings) {
    let mut report = Report::new(file);
    let Some(parsed) = &file.parsed else { return (None, report.finish()) };
    for conflict in parsed.conflicts(dns_port) {
        report.corefile(&conflict);
    }
    let mut sources = Vec::new();
    let blocks = parsed.blocks.iter().map(|block| understand_block(block, dns_port, &mut sources, &mut report));
    let blocks: Vec<Block> = blocks.collect();
    if blocks.is_empty() {
        report.whole("there is no server block", "write one: `. {`, its directives on lines of their own, `}`");
    }
    let findings = report.finish();
    ((!findings.has_errors()).then_some(Config { blocks, sources }), findings)
}

fn understand_block(block: &ServerBlock, dns_port: u16, sources: &mut Vec<Source>, report: &mut Report<'_>) -> Block {
    directives::check_names(block, report);
    let coresmd = coresmd::understand(block, report).map(|(source, plan)| {
        let index = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            sources.push(source);
            sources.len() - 1
        });
        Coresmd { source: index, plan }
    });
    block::understand(block, dns_port, coresmd, report)
}

#[cfg(test)]
pub(crate) use local::tests::local as local_of;

#[cfg(test)]
pub(crate) mod tests;
