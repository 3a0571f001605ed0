//! \[IO\] The whole demo, from the inventory to the report.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::node::Targets;
use crate::output::say;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::Source;
use crate::stack::Stack;
use crate::trouble::Trouble;
use crate::{fleet, keep, settings};

/// The relay agent that all nodes are behind: an address of loopback that is not the servers'.
const RELAY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How the demo ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Whether every node came through.
    pub(crate) outcome: Result<bool, Trouble>,
    /// Where the files of the servers are, kept because something went wrong.
    pub(crate) kept: Option<PathBuf>,
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments) -> Ending {
    match prepare(arguments).await {
        Err(trouble) => Ending { outcome: Err(trouble), kept: None },
        Ok((source, plan, mut stack)) => {
            let outcome = with_servers(&mut stack, &source, &plan, arguments).await;
            let kept = stack.stop(matches!(outcome, Ok(true) | Err(Trouble::Interrupted))).await;
            Ending { outcome, kept }
        }
    }
}

/// Everything that is needed before a node can boot.
async fn prepare(arguments: &Arguments) -> Result<(Source, Arc<Plan>, Stack), Trouble> {
    let source = Source::open(arguments).await?;
    let plan = Plan::new(&source.machines, source.limit);
    if plan.nodes.is_empty() {
        return Err(Trouble::NothingToBoot { left_out: plan.left_out });
    }
    announce(&source, &plan, arguments);
    let stack = Stack::start(&source, &plan)?;
    Ok((source, Arc::new(plan), stack))
}

/// Everything that happens while the servers run.
async fn with_servers(
    stack: &mut Stack,
    source: &Source,
    plan: &Arc<Plan>,
    arguments: &Arguments,
) -> Result<bool, Trouble> {
    tokio::select! {
        ready = stack.ready(&source.http) => ready?,
        () = interrupted() => return Err(Trouble::Interrupted),
    }
    let targets = Targets {
        dhcp: settings::at(stack.ports.dhcp),
        dns: settings::at(stack.ports.dns),
        tftp: settings::at(stack.ports.tftp),
        relay: RELAY,
        script: source.script_url(),
        http: source.http.clone(),
    };
    say!("\n");
    let start = clock();
    let report = tokio::select! {
        report = boot(plan, &targets, arguments.parallel.get()) => report?,
        trouble = stack.died() => return Err(trouble),
        () = interrupted() => return Err(Trouble::Interrupted),
    };
    print_report(&report, plan.nodes.len(), start.elapsed(), stack);

    if arguments.keep {
        say!("\n{}", keep::commands(source, &plan.nodes[0], stack.ports, stack.directory()));
        tokio::select! {
            trouble = stack.died() => return Err(trouble),
            () = interrupted() => say!("\n"),
        }
    }
    Ok(report.booted() == plan.nodes.len())
}

async fn boot(plan: &Arc<Plan>, targets: &Targets, parallel: usize) -> Result<Report, Trouble> {
    let mut report = Report::default();
    let mut progress = Progress::start(plan.nodes.len());
    fleet::boot_all(plan, targets, parallel, |node, journey| {
        report.add(node, journey);
        progress.update(report.booted(), report.failed());
    })
    .await
    .map_err(|error| {
        Trouble::Io("cannot open the sockets of the nodes (a smaller --parallel takes fewer)".into(), error)
    })?;
    progress.finish();
    Ok(report)
}

fn announce(source: &Source, plan: &Plan, arguments: &Arguments) {
    let count = plan.nodes.len();
    say!("coresmd-demo: {count} nodes boot, up to {} at a time\n", arguments.parallel.get().min(count));
    if plan.left_out > 0 {
        say!("  {} more have no NID or no IPv4 address\n", plan.left_out);
    }
    say!("\n");
    for line in source.describe() {
        say!("  {line}\n");
    }
}

fn print_report(report: &Report, total: usize, took: Duration, stack: &Stack) {
    say!("{}", report.table());
    if report.failed() > 0 {
        say!("\nFailed:\n{}", report.failures());
        for server in stack.servers().into_iter().filter(|server| report.is_at_fault(server.role)) {
            say!("\nThe end of the log of {}:\n{}", server.role.name(), server.log_tail());
        }
    }
    say!("\n{}\n", report.summary(total, took));
}

/// Ctrl-C, or SIGTERM.
async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be caught");
    tokio::select! {
        caught = tokio::signal::ctrl_c() => caught.expect("SIGINT can be caught"),
        _ = terminate.recv() => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] the demo is timed")]
fn clock() -> Instant {
    Instant::now()
}
