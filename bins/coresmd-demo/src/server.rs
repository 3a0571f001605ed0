//! \[IO\] One of the real servers as a child process: start, wait until it is ready, watch, stop, read its log.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};

use crate::child::{DRAIN, Role};

/// How long a server may take until it is ready: a real SMD may be slow.
const START: Duration = Duration::from_secs(30);

/// How many lines of a log are shown when something fails.
const TAIL: usize = 10;

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) role: Role,
    /// The file that its stdout and stderr go to.
    log: PathBuf,
    child: Child,
    /// Never written to: its end tells the server to stop, also when the demo is killed.
    stdin: Option<ChildStdin>,
}

/// Why a server does not serve.
#[derive(Debug)]
pub(crate) enum Unready {
    /// It has ended.
    Ended(ExitStatus),
    /// It is not ready after [`START`]; the last thing it said about that.
    Slow(String),
}

impl Server {
    /// Starts this program again as `role`.
    pub(crate) fn start(role: Role, arguments: &[&OsStr], log: PathBuf) -> io::Result<Self> {
        let output = create(&log)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(role.name())
            .args(arguments)
            // Their files say everything; of the environment only where the system's CAs are.
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "SSL_CERT_FILE" || name == "SSL_CERT_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::from(output.try_clone()?))
            .stderr(Stdio::from(output))
            // Ctrl-C is for the demo alone; it stops its servers itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take();
        Ok(Self { role, log, child, stdin })
    }

    /// Waits until `url` answers 200; what it took since `start`.
    pub(crate) async fn ready(
        &mut self,
        http: &reqwest::Client,
        url: &str,
        start: Instant,
    ) -> Result<Duration, Unready> {
        let mut last = format!("nothing answers on {url}");
        while start.elapsed() < START {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Unready::Ended(status));
            }
            match http.get(url).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(start.elapsed()),
                Ok(answer) => last = answer.text().await.unwrap_or(last),
                Err(_) => {} // it does not listen yet
            }
            sleep(Duration::from_millis(5)).await;
        }
        Err(Unready::Slow(last.trim_end().to_owned()))
    }

    /// Returns when the server has ended, whatever the reason.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the server to stop, and ends it if it does not.
    pub(crate) async fn stop(mut self) {
        drop(self.stdin.take());
        if timeout(DRAIN, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await; // fails only if it has ended by now
        }
    }

    /// The last lines of its log, each indented.
    pub(crate) fn log_tail(&self) -> String {
        match tail(&read(&self.log)) {
            lines if lines.is_empty() => "    (it is empty)\n".to_owned(),
            lines => lines,
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let shown = &lines[lines.len().saturating_sub(TAIL)..];
    shown.iter().flat_map(|line| ["    ", line, "\n"]).collect()
}

#[expect(clippy::disallowed_methods, reason = "[IO] the servers' logs")]
fn create(log: &Path) -> io::Result<File> {
    File::create(log)
}

/// A log that cannot be read is an empty one: it is only shown beside another failure.
#[expect(clippy::disallowed_methods, reason = "[IO] the servers' logs")]
fn read(log: &Path) -> String {
    std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_shown() {
        let log: Vec<_> = (0..30).map(|number| format!("line {number}")).collect();
        let shown = tail(&log.join("\n"));
        assert_eq!(shown.lines().count(), TAIL);
        assert!(shown.starts_with("    line 20\n") && shown.ends_with("    line 29\n"));
        assert_eq!(tail(""), "");
    }
}
