//! \[IO\] Lines in CoreDNS's form on standard output: those of `log` and `errors`.

use std::io::{self, Write};
use std::sync::Arc;

use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

/// Where the lines go: to a thread that writes them. When the reader of standard output is too slow, lines get lost;
/// queries do not wait for it.
#[derive(Clone)]
pub(super) struct Journal {
    writer: NonBlocking,
    /// Writes what is waiting when the last clone is gone.
    _guard: Arc<WorkerGuard>,
}

impl Journal {
    /// On standard output.
    pub(super) fn to_stdout() -> Self {
        let (writer, guard) = tracing_appender::non_blocking(io::stdout());
        Self { writer, _guard: Arc::new(guard) }
    }

    /// Hands a line over.
    pub(super) fn line(&self, line: &str) {
        // the appender takes everything, or drops it and counts
        let _ = self.writer.clone().write_all(line.as_bytes());
    }
}
