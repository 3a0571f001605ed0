//! The program with a Corefile of its own, and what stands around it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

/// A directory with a Corefile.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(corefile: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        write(&directory.path().join("Corefile"), corefile);
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-dns"));
        command.args(arguments).current_dir(self.directory.path());
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test writes what the program reads")]
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

pub(crate) fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// A port that is free for UDP and TCP.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
pub(crate) fn free_port() -> u16 {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    tcp.local_addr().unwrap().port()
}

/// SMD with one node, answering until the test ends.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
pub(crate) fn smd() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_http(stream));
        }
    });
    port
}

pub(crate) fn answer_http(mut stream: TcpStream) {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).unwrap_or(0);
    let body = if text(&request[..length]).contains("EthernetInterfaces") {
        r#"[{"ID":"020000000001","MACAddress":"02:00:00:00:00:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"10.0.0.1"}]}]"#
    } else {
        r#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1}]}"#
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length";
    let _ = write!(stream, "{head}: {}\r\n\r\n{body}", body.len());
}

/// Ends the program when the test does.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[expect(clippy::disallowed_methods, reason = "a test reads what the program wrote")]
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

impl Place {
    /// Starts the server on a port.
    pub(crate) fn start(&self, dns: u16) -> Running {
        let mut command = self.command(&["-p", &dns.to_string()]);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Running {
    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// Waits until something has come to pass, or the program has ended.
    pub(crate) fn wait_for(&mut self, mut passed: impl FnMut() -> bool) {
        while !passed() {
            assert_eq!(self.0.try_wait().unwrap(), None, "it ended");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
