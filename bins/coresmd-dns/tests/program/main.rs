//! The program as an operator meets it: exit codes, reports, and a whole life from start to SIGTERM.

#![expect(clippy::unwrap_used, reason = "a test ends where anything fails")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

mod aliases;
mod chain;
mod reload;
mod zone;

/// A directory with a Corefile.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new(corefile: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        write(&directory.path().join("Corefile"), corefile);
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-dns"));
        command.args(arguments).current_dir(self.directory.path());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test writes what the program reads")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn check_says_64_if_anything_is_wrong_and_0_if_not() {
    let right = Place::new(". {\n    errors\n    coresmd {\n        smd_url http://127.0.0.1:1\n    }\n}\n");
    let output = right.output(&["check"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""));
    let wrong = Place::new(". {\n    frobnicate\n    coresmd {\n    }\n}\n");
    let output = wrong.output(&["check", "-conf=Corefile"]);
    assert_eq!(output.status.code(), Some(64));
    let report = text(&output.stdout);
    for part in ["unknown directive `frobnicate`", "Corefile:2:5", "`coresmd` without `smd_url`", "2 errors"] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn an_inventory_in_a_file_is_checked_with_the_corefile() {
    let place = Place::new(". {\n    coresmd {\n        inventory nodes.yaml\n    }\n}\n");
    write(&place.path("nodes.yaml"), "nodes: [{xname: x1000c0s0b0n0, nid: 1}]\n");
    assert_eq!(place.output(&["check"]).status.code(), Some(0));
    write(&place.path("nodes.yaml"), "nodes: [{xname: x1000c0s0b0, nid: 1}]\n");
    let output = place.output(&["check"]);
    assert_eq!(output.status.code(), Some(64));
    let report = text(&output.stdout);
    for part in ["Corefile:2:5", "nodes.yaml:1:17: \"x1000c0s0b0\" is the xname of a NodeBMC"] {
        assert!(report.contains(part), "{report}");
    }
}

#[test]
fn a_wrong_corefile_or_argument_keeps_it_from_starting() {
    let place = Place::new(". {\n    coresmd {\n        smd_url https://s\n        ca_cert missing.pem\n    }\n}\n");
    for (arguments, part) in [
        (&["--corefile", "Corefile"][..], "missing.pem"),
        (&["--corefile", "nosuch"], "nosuch"),
        (&["-config", "Corefile"], "-config"),
        (&["serve"], "serve"),
    ] {
        let output = place.output(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn an_address_that_cannot_be_had_is_a_failed_start() {
    let place = Place::new(". {\n    bind 192.0.2.77\n    errors\n}\n");
    let output = place.output(&["-p", "15353"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("192.0.2.77"), "{}", text(&output.stderr));
}

#[test]
fn it_tells_about_itself() {
    let place = Place::new("");
    let plugins = text(&place.output(&["-plugins"]).stdout);
    assert_eq!(
        plugins.lines().collect::<Vec<_>>(),
        [
            "acl",
            "bind",
            "bufsize",
            "cache",
            "coresmd",
            "debug",
            "errors",
            "file",
            "forward",
            "header",
            "health",
            "hosts",
            "loadbalance",
            "log",
            "loop",
            "nsid",
            "prometheus",
            "ready",
            "reload",
            "root",
            "rrl",
            "template",
            "whoami"
        ]
    );
    assert!(text(&place.output(&["--version"]).stdout).starts_with("coresmd-dns-"));
    assert!(text(&place.output(&["-help"]).stdout).contains("-corefile FILE"));
}

/// A port that is free for UDP and TCP.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn free_port() -> u16 {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    tcp.local_addr().unwrap().port()
}

/// SMD with one node, answering until the test ends.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn smd() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_http(stream));
        }
    });
    port
}

fn answer_http(mut stream: TcpStream) {
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
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn from_start_to_sigterm() {
    let (dns, health) = (free_port(), free_port());
    let place = Place::new(&format!(
        ". {{\n bind 127.0.0.1\n health 127.0.0.1:{health}\n prometheus 127.0.0.1:{health}\n log\n coresmd {{\n smd_url http://127.0.0.1:{}\n snapshot_file snapshot\n }}\n}}\n",
        smd()
    ));
    let port = dns.to_string();
    let mut command = place.command(&["-p", &port, "-pidfile", "pid"]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    while !get(health, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
        thread::sleep(Duration::from_millis(20));
    }
    let query = b"\x10\x92\x01\0\0\x01\0\0\0\0\0\0\x07nid0001\x07cluster\x05local\0\0\x01\0\x01";
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    socket.send(query).unwrap();
    let mut reply = [0; 512];
    let length = socket.recv(&mut reply).unwrap();
    assert_eq!(&reply[..8], b"\x10\x92\x85\0\0\x01\0\x01");
    assert_eq!(&reply[length - 4..length], [10, 0, 0, 1]);
    assert!(get(health, "/health").unwrap().ends_with("\r\n\r\nOK"));
    let metrics = get(health, "/metrics").unwrap();
    assert!(metrics.contains("coredns_coresmd_cache_hits_total{"), "{metrics}");
    let pid = running.0.id();
    assert_eq!(read(&place.path("pid")).trim(), pid.to_string());
    while !place.path("snapshot").is_file() {
        assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
        thread::sleep(Duration::from_millis(20));
    }
    // SIGHUP is nothing to it, SIGTERM ends it
    for signal in ["-HUP", "-USR1", "-TERM"] {
        assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
    }
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.starts_with(&format!(".:{dns}\ncoresmd-dns-")), "{said}");
    assert!(said.contains("\"A IN nid0001.cluster.local. udp 39 false 512\" NOERROR qr,aa,rd 55"), "{said}");
}

#[expect(clippy::disallowed_methods, reason = "a test reads what the program wrote")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
