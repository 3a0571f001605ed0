//! The binary itself on loopback: a relay's packets, the admin port, and the exit codes.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dhcp_wire::v4::{BOOTREQUEST, Outgoing, Received};
use dhcp_wire::{MessageType, OptionCode};

/// How long anything may take before the test is called failed; nothing is measured.
const PATIENCE: Duration = Duration::from_secs(20);
const INTERFACES: &str = r#"[{"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","Type":"Node","IPAddresses":[{"IPAddress":"10.78.0.11"}]}]"#;
const COMPONENTS: &str = r#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1}]}"#;

#[test]
fn a_relayed_node_gets_its_lease_and_metrics_tell() {
    let relay = bound();
    let mut server = Server::start(&smd(), "");
    let smd_down = Server::start("http://127.0.0.1:1", "");

    let mut discover = Outgoing::new(BOOTREQUEST);
    discover.xid = 0xc0ff_ee01;
    discover.giaddr = Ipv4Addr::LOCALHOST;
    discover.chaddr[..6].copy_from_slice(&[0x52, 0x54, 0, 0xbe, 0xef, 1]);
    discover.options.set(OptionCode::MessageType, &[MessageType::Discover.into()]);
    discover.options.set(OptionCode::UserClass, b"iPXE");
    discover.options.set(OptionCode::RelayAgentInformation, &[19, 0]); // RFC 8357: back to our port

    server.wait_until_ready();
    let mut bytes = Vec::new();
    discover.encode(1472, &mut bytes);
    relay.send_to(&bytes, server.dhcp).unwrap();
    let mut buffer = [0; 1500];
    let (length, from) = relay.recv_from(&mut buffer).unwrap();
    let offer = Received::decode(&buffer[..length]).unwrap();
    assert_eq!(from, server.dhcp);
    assert_eq!((offer.xid(), offer.message_type()), (0xc0ff_ee01, Some(MessageType::Offer)));
    assert_eq!(offer.yiaddr(), Ipv4Addr::new(10, 78, 0, 11));
    assert_eq!(offer.option(OptionCode::Hostname).as_deref(), Some(&b"nid0001"[..]));
    assert_eq!(offer.file(), b"http://bss/boot/v1/bootscript?mac=52:54:00:be:ef:01");

    // Without an inventory nobody is answered: the only reply that ever comes is to the ready server's next offer.
    relay.send_to(&bytes, smd_down.dhcp).unwrap();
    relay.send_to(&bytes, server.dhcp).unwrap();
    assert_eq!(relay.recv_from(&mut buffer).unwrap().1, server.dhcp);

    let down = get(smd_down.admin, "/readyz");
    assert!(down.starts_with("HTTP/1.1 503") && down.contains("no inventory yet"), "{down}");
    let metrics = get(server.admin, "/metrics");
    for line in [
        "coresmd_dhcp4_requests_total{type=\"discover\"} 2",
        "coresmd_dhcp4_replies_total{type=\"offer\"} 2",
        "coresmd_dhcp4_sends_total{way=\"relay\"} 2",
        "coresmd_dhcp4_drops_total{reason=\"unknown\"} 0",
        "coresmd_dhcp_ready 1",
        "coresmd_snapshot_hosts 1",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line} is not in\n{metrics}");
    }
    server.wait_for("verdict=offer address=10.78.0.11 host=x1000c0s0b0n0 via=relay");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(smd_down.stop(), Some(0));
}

#[test]
fn a_bad_configuration_is_64_with_all_its_faults() {
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "server4:\n  plugins:\n    - ruoter: 1.1.1.1\n    - dns: x\n");
    for (arguments, to_stdout) in [(vec!["check", "--config"], true), (vec!["--config"], false)] {
        let output = run(&arguments, &file);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let report = String::from_utf8(if to_stdout { output.stdout } else { output.stderr }).unwrap();
        for text in ["did you mean `router`?", "\"x\" is no IPv4 address", "config.yaml:3:7", "config.yaml:4:12"] {
            assert!(report.contains(text), "{text} is not in\n{report}");
        }
    }
    assert_eq!(run(&["check", "--conf"], &directory.path().join("none.yaml")).status.code(), Some(64));
    assert_eq!(run(&["--no-such-flag"], &file).status.code(), Some(64));
}

#[test]
fn a_good_configuration_checks_with_0_and_a_warning_with_64() {
    let directory = tempfile::tempdir().unwrap();
    let words = "svc_base_uri=http://smd ipxe_base_uri=http://bss";
    let good = format!("server4:\n  plugins:\n    - coresmd: {words}\n");
    let output = run(&["check", "-c"], &write(directory.path(), &good));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let output =
        run(&["check", "-c"], &write(directory.path(), &good.replace("http://bss", "http://bss lease_tmie=1h")));
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stdout).contains("did you mean `lease_time`?"));
}

#[test]
fn a_port_that_is_taken_is_1_but_not_the_default_admin_port() {
    let directory = tempfile::tempdir().unwrap();
    let holder = bound();
    let taken = holder.local_addr().unwrap();
    let file = write(directory.path(), &config("http://127.0.0.1:1", &taken.to_string(), "127.0.0.1:0", ""));
    let output = run(&["--config"], &file);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("cannot listen on {taken}")));

    let admin = listener();
    let address = admin.local_addr().unwrap();
    let output =
        run(&["--config"], &write(directory.path(), &config("http://x", "127.0.0.1:0", &address.to_string(), "")));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("cannot serve admin requests on {address}")));
}

#[test]
fn it_serves_from_the_disk_while_smd_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let kept = format!("smd: {{snapshot_file: {}}}\n", directory.path().join("snapshot").display());
    let first = Server::start(&smd(), &kept);
    first.wait_until_ready();
    while !directory.path().join("snapshot").exists() {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(first.stop(), Some(0));
    let second = Server::start("http://127.0.0.1:1", &kept);
    second.wait_until_ready();
    assert!(get(second.admin, "/metrics").contains("coresmd_snapshot_from_disk 1\n"));
    assert_eq!(second.stop(), Some(0));
}

/// A running server with its log.
struct Server {
    child: Child,
    log: mpsc::Receiver<String>,
    dhcp: SocketAddr,
    admin: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts one on ports of its choice and learns them from its log.
    fn start(smd: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = write(directory.path(), &config(smd, "127.0.0.1:0", "127.0.0.1:0", more));
        let mut child = command().arg("--config").arg(file).stderr(Stdio::piped()).spawn().unwrap();
        let (lines, log) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut server = Self { child, log, dhcp: unknown, admin: unknown, _directory: directory };
        server.dhcp = address(&server.wait_for("msg=listening"));
        server.admin = address(&server.wait_for("admin port"));
        server
    }

    /// The next line of the log that contains this text.
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line =
                self.log.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {text:?} in the log: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until the inventory is there.
    fn wait_until_ready(&self) {
        let ready = (0..400).any(|_| {
            thread::sleep(PATIENCE / 400);
            get(self.admin, "/readyz").starts_with("HTTP/1.1 200")
        });
        assert!(ready, "{}", get(self.admin, "/readyz?verbose"));
    }

    /// Ends it by SIGTERM; the exit code.
    fn stop(mut self) -> Option<i32> {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(line: &str) -> SocketAddr {
    line.split(' ').find_map(|word| word.strip_prefix("address=")).unwrap().parse().unwrap()
}

fn config(smd: &str, listen: &str, admin: &str, more: &str) -> String {
    format!(
        "server4:\n  listen: {listen:?}\n  plugins:\n    - coresmd: svc_base_uri={smd} ipxe_base_uri=http://bss \
         cache_valid=1s rule_log=none rule=hostname:nid{{04d}}\nadmin: {{listen: {admin:?}}}\n{more}"
    )
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-dhcp"));
    command.stdin(Stdio::null()).env_remove("STATE_DIRECTORY");
    command
}

fn run(arguments: &[&str], file: &Path) -> Output {
    command().args(arguments).arg(file).output().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test writes its configuration")]
fn write(directory: &Path, text: &str) -> PathBuf {
    let file = directory.join("config.yaml");
    std::fs::write(&file, text).unwrap();
    file
}

#[expect(clippy::disallowed_methods, reason = "a test binds its own sockets")]
fn bound() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[expect(clippy::disallowed_methods, reason = "a test binds its own sockets")]
fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Serves SMD's two lists; returns its URL.
fn smd() -> String {
    let listener = listener();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Answers requests on one connection.
fn serve(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let body = if head.contains("EthernetInterfaces") { INTERFACES } else { COMPONENTS };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn get(server: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}
