//! `coresmd-demo`: one command that boots and resolves a cluster.
//!
//! ```text
//! main
//!  ├ child        if the demo has started itself as a server: that server, nothing else
//!  └ demo::run
//!     ├ source    a simulated SMD and BSS, or real ones → machines
//!     ├ plan      machines → which nodes boot, and what is right for each
//!     ├ stack     settings → files → both servers as child processes (server, child, ports)
//!     ├ fleet     every node, a bounded number at a time
//!     │   └ node  one boot: DHCP as firmware, DHCP as iPXE, script, look-ups (packet: the client's own DHCP codec)
//!     ├ report    stats → table, failures, summary; progress
//!     └ keep      what to type next
//! ```

mod arguments;
mod child;
mod demo;
mod fleet;
mod http;
mod keep;
mod node;
mod output;
mod packet;
mod plan;
mod ports;
mod progress;
mod report;
mod server;
mod settings;
mod source;
mod stack;
mod stage;
mod stats;
mod table;
mod trouble;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::child::Role;
use crate::trouble::Trouble;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if let Some(role) = arguments.next().as_deref().and_then(Role::from_argument) {
        return role.run(arguments);
    }
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Trouble::Io("cannot start".into(), error)),
    };
    let ending = runtime.block_on(demo::run(&arguments));
    let code = match &ending.outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(trouble) => fail(trouble),
    };
    if let Some(directory) = ending.kept {
        eprintln!("Configuration and logs of the servers are kept in {}", directory.display());
    }
    code
}

/// 130 after Ctrl-C, as shells have it.
fn fail(trouble: &Trouble) -> ExitCode {
    eprintln!("coresmd-demo: {trouble}");
    if matches!(trouble, Trouble::Interrupted) { ExitCode::from(130) } else { ExitCode::FAILURE }
}
