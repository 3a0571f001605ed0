//! What happened: the table of stages, the nodes that failed and why, and the line that sums it up.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::time::Duration;

use crate::child::Role;
use crate::node::Journey;
use crate::plan::NodePlan;
use crate::stage::Stage;
use crate::stats::Durations;
use crate::table::{Table, brief};

/// So many failed nodes are described one by one.
const DESCRIBED: usize = 10;

/// Collects the journeys of all nodes.
#[derive(Debug, Default)]
pub(crate) struct Report {
    stages: HashMap<Stage, Durations>,
    whole: Durations,
    booted: usize,
    failed: usize,
    described: Vec<String>,
    /// The servers in whose stages nodes failed.
    at_fault: HashSet<Role>,
}

impl Report {
    /// Adds the journey of a node.
    pub(crate) fn add(&mut self, node: &NodePlan, journey: &Journey) {
        for step in &journey.steps {
            self.stages.entry(step.stage).or_default().add(step.took, step.retries);
        }
        if let Some((stage, failure)) = &journey.failure {
            self.failed += 1;
            self.at_fault.extend(stage.server());
            if self.described.len() < DESCRIBED {
                let (id, mac, label) = (&node.id, node.mac, stage.label());
                self.described.push(format!("{id} ({mac}), {label}: {failure}"));
            }
        } else {
            self.booted += 1;
            let took = journey.steps.iter().map(|step| step.took).sum();
            let retries = journey.steps.iter().map(|step| step.retries).sum();
            self.whole.add(took, retries);
        }
    }

    /// How many nodes came through every stage.
    pub(crate) fn booted(&self) -> usize {
        self.booted
    }

    /// How many did not.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Whether a node failed in a stage of this server's.
    pub(crate) fn is_at_fault(&self, server: Role) -> bool {
        self.at_fault.contains(&server)
    }

    /// What each stage took.
    pub(crate) fn table(&self) -> String {
        let mut table = Table::new(&["stage", "count", "min", "median", "p99", "max", "retries"]);
        for stage in Stage::ALL {
            if let Some(durations) = self.stages.get(&stage) {
                row(&mut table, stage.label(), durations);
            }
        }
        row(&mut table, "a whole boot", &self.whole);
        table.render()
    }

    /// The failed nodes, a line each, as far as they are described; empty if none failed.
    pub(crate) fn failures(&self) -> String {
        let mut text = String::new();
        for line in &self.described {
            let _ = writeln!(text, "  {line}");
        }
        if self.failed > self.described.len() {
            let _ = writeln!(text, "  … and {} more", self.failed - self.described.len());
        }
        text
    }

    /// `32 of 32 nodes booted and resolved in 432 ms`, and what else there is to say of the rest.
    pub(crate) fn summary(&self, total: usize, took: Duration) -> String {
        let mut text = format!("{} of {total} nodes booted and resolved in {}", self.booted, brief(took));
        if self.failed > 0 {
            let _ = write!(text, "; {} failed", self.failed);
        }
        let untried = total - self.booted - self.failed;
        if untried > 0 {
            let _ = write!(text, ", {untried} were not tried any more");
        }
        text
    }
}

fn row(table: &mut Table, label: &str, durations: &Durations) {
    if let Some(summary) = durations.summary() {
        let times = [summary.min, summary.median, summary.p99, summary.max].map(brief);
        let counts = [label.to_owned(), summary.count.to_string()];
        let retries = [durations.retries.to_string()];
        table.row([&counts[..], &times, &retries].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Failure, Step};
    use crate::plan::{Interface, Machine, Plan};

    fn node() -> NodePlan {
        let interface = Interface {
            mac: "02:00:00:00:00:01".parse().unwrap(),
            addresses: vec![[10, 1, 0, 1].into()],
            kernel: None,
        };
        let machine = Machine { id: "x0c0s0b0n0".into(), nid: Some(1), interfaces: vec![interface] };
        Plan::new(&[machine], None).nodes.remove(0)
    }

    fn journey(failure: Option<(Stage, Failure)>) -> Journey {
        let step = |stage, millis| Step { stage, took: Duration::from_millis(millis), retries: 1 };
        Journey { steps: vec![step(Stage::FirmwareOffer, 3), step(Stage::FirmwareAck, 5)], failure }
    }

    #[test]
    fn a_failed_node_says_where_and_why_and_counts_in_no_whole_boot() {
        let mut report = Report::default();
        report.add(&node(), &journey(None));
        let silence = Failure::Silence { sent: 4, waited: Duration::from_millis(15_040) };
        report.add(&node(), &journey(Some((Stage::IpxeOffer, silence))));
        assert_eq!(
            report.failures(),
            "  x0c0s0b0n0 (02:00:00:00:00:01), iPXE: DISCOVER → OFFER: no answer to 4 messages in 15.0 s\n"
        );
        assert_eq!((report.booted(), report.failed()), (1, 1));
        assert!(report.is_at_fault(Role::Dhcp) && !report.is_at_fault(Role::Dns));
        let rows: Vec<Vec<_>> =
            report.table().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        let last = rows.last().unwrap().join(" ");
        assert_eq!(last, "a whole boot 1 8.00 ms 8.00 ms 8.00 ms 8.00 ms 2");
        assert_eq!(
            report.summary(5, Duration::from_millis(432)),
            "1 of 5 nodes booted and resolved in 432 ms; 1 failed, 3 were not tried any more"
        );
    }

    #[test]
    fn many_failures_are_counted_not_described() {
        let mut report = Report::default();
        for _ in 0..DESCRIBED + 3 {
            report.add(&node(), &journey(Some((Stage::Script, Failure::Http("status 500".into())))));
        }
        assert!(report.failures().ends_with("… and 3 more\n"));
        assert_eq!(report.failures().lines().count(), DESCRIBED + 1);
    }
}
