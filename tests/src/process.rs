//! A child process with captured output that never outlives its test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::wait;

/// A running (or ended) child process. Dropping it kills it; a test that fails prints what it said.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` without standard input; `name` is for messages.
    pub fn start(name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name} ({command:?}): {error}"));
        let output = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            copy_lines(child.stdout.take().expect("stdout was piped"), Arc::clone(&output)),
            copy_lines(child.stderr.take().expect("stderr was piped"), Arc::clone(&output)),
        ];
        Self { name: name.to_owned(), child, output, readers }
    }

    /// Runs `command` to its end and returns its exit status and everything it said.
    pub fn run(name: &str, command: Command) -> (ExitStatus, String) {
        let mut process = Self::start(name, command);
        let status = process.ended();
        (status, process.output())
    }

    /// Standard output and standard error so far, line by line as they came.
    pub fn output(&self) -> String {
        self.output.lock().expect("no reader panics").clone()
    }

    /// Waits until the output holds `text`.
    pub fn wait_for_output(&mut self, text: &str) {
        let what = format!("{} to say {text:?}", self.name);
        wait::until(&what, || {
            let output = self.output();
            if output.contains(text) { Ok(()) } else { Err(output) }
        });
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Waits for the process to end by itself, and for the last of its output.
    pub fn ended(&mut self) -> ExitStatus {
        let what = format!("{} to end", self.name);
        let status = wait::until(&what, || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("still running".to_owned()),
            Err(error) => Err(error.to_string()),
        });
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader panics");
        }
        status
    }

    /// Asks the process to end (SIGTERM) and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot signal {} (pid {pid})", self.name);
    }

    /// Ends the process at once (SIGKILL), as a power cut would.
    pub fn kill(&mut self) {
        // An error here means that it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("---- {} said:\n{}----", self.name, self.output());
        }
    }
}

/// Appends what comes out of `pipe` to `output`, line by line, until the process closes it.
fn copy_lines(pipe: impl Read + Send + 'static, output: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            output.lock().expect("no reader panics").push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}
