//! \[IO\] How far the boots are: a bar on a terminal, a line every few seconds anywhere else. On stderr.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(3);

/// How far the boots are.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Redrawn in place.
    Bar(ProgressBar),
    /// For files and pipes.
    Lines { total: usize, start: Instant, last: Instant },
}

impl Progress {
    /// Nothing is done yet of `total` boots.
    pub(crate) fn start(total: usize) -> Self {
        if std::io::stderr().is_terminal() {
            let style =
                ProgressStyle::with_template("  {bar:40.green/dim} {pos} of {len} nodes  {elapsed}  {msg:.red}")
                    .expect("the template is well-formed")
                    .progress_chars("━╸─");
            Self::Bar(ProgressBar::new(total as u64).with_style(style))
        } else {
            let now = clock();
            Self::Lines { total, start: now, last: now }
        }
    }

    /// `booted` nodes are up, `failed` have failed.
    pub(crate) fn update(&mut self, booted: usize, failed: usize) {
        match self {
            Self::Bar(bar) => {
                if failed > 0 {
                    bar.set_message(format!("{failed} failed"));
                }
                bar.set_position((booted + failed) as u64);
            }
            Self::Lines { total, start, last } => {
                let now = clock();
                if now.duration_since(*last) >= LINE_EVERY {
                    let seconds = now.duration_since(*start).as_secs();
                    eprintln!("  {booted} of {total} nodes booted, {failed} failed, after {seconds} s");
                    *last = now;
                }
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "[IO] progress is shown in time")]
fn clock() -> Instant {
    Instant::now()
}
