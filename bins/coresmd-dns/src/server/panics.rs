//! `[IO]` What is said about a defect of this program that a query has met. The query is lost, the server goes on.

use std::backtrace::Backtrace;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the way to the defect is told too: the hook of a process is one for all, and so is this.
static STACKTRACE: AtomicBool = AtomicBool::new(false);

/// Logs each panic from now on.
pub(super) fn log_them() {
    std::panic::set_hook(Box::new(|info| {
        let stack = STACKTRACE.load(Ordering::Relaxed).then(|| Backtrace::force_capture().to_string());
        tracing::error!(stack, "a defect of this program: {info}");
    }));
}

/// Whether `errors { stacktrace }` is said somewhere.
pub(super) fn with_stacktrace(wanted: bool) {
    STACKTRACE.store(wanted, Ordering::Relaxed);
}
