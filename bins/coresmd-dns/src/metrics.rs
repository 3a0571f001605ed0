//! What is counted: CoreDNS's metrics by their names (facts, coredhcp-coredns §B7), and ours beside them.
//!
//! ```text
//! worker ─▶ Tally   plain counters of one worker, no lock, no shared cache line
//!              └─▶ Collector   adds the tallies up when somebody scrapes, and gives them their labels
//! ```

mod collect;
mod directives;
mod inventory;
mod tally;

pub use collect::{Collector, KeyLabels, ListenerLabels, Worker};
pub use directives::{DirectiveCollector, DirectivesOf};
pub use inventory::{InventoryCollector, Served};
pub use tally::{Sample, Tally};

#[cfg(test)]
mod tests;
