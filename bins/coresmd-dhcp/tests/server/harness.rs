//! The binary as a child process, and an SMD that it can ask.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long anything may take before the test is called failed; nothing is measured.
const PATIENCE: Duration = Duration::from_secs(20);
const COMPONENTS: &str = r#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1}]}"#;

/// A running server with its log.
pub(crate) struct Server {
    child: Child,
    log: mpsc::Receiver<String>,
    pub(crate) dhcp: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Until somebody takes it.
    directory: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts one that asks SMD.
    pub(crate) fn start(smd: &str, more: &str) -> Self {
        Self::start_under(&[], smd, more)
    }

    /// Starts one that asks SMD, in this environment.
    pub(crate) fn start_under(environment: &[(&str, &str)], smd: &str, more: &str) -> Self {
        let text = config(smd, "127.0.0.1:0", "127.0.0.1:0", more);
        Self::start_in(tempfile::tempdir().unwrap(), &text, environment)
    }

    /// Starts one without SMD, with these steps and these files beside its configuration.
    pub(crate) fn of_files(plugins: &str, files: &[(&str, &str)], more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            write(directory.path(), name, text);
        }
        let listen = "127.0.0.1:0";
        let text =
            format!("server4: {{listen: {listen:?}, plugins: {plugins}}}\nadmin: {{listen: {listen:?}}}\n{more}");
        Self::start_in(directory, &text, &[])
    }

    /// Starts one of DHCPv6 with these steps, whose state directory is also where its configuration is.
    pub(crate) fn of_dhcp6(directory: tempfile::TempDir, plugins: &str, more: &str) -> Self {
        let text =
            format!("server6: {{listen: \"[::1]:0\", plugins: {plugins}}}\nadmin: {{listen: \"127.0.0.1:0\"}}\n{more}");
        Self::start_in(directory, &text, &[])
    }

    /// Starts one on ports of its choice and learns them from its log.
    fn start_in(directory: tempfile::TempDir, config: &str, environment: &[(&str, &str)]) -> Self {
        write(directory.path(), "config.yaml", config);
        Self::run_in(directory, environment)
    }

    /// Starts one with the configuration that is there.
    fn run_in(directory: tempfile::TempDir, environment: &[(&str, &str)]) -> Self {
        let mut command = command();
        let state = directory.path();
        command.current_dir(state).env("STATE_DIRECTORY", state).args(["--config", "config.yaml"]);
        command.envs(environment.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (lines, log) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut server = Self { child, log, dhcp: unknown, admin: unknown, directory: Some(directory) };
        server.dhcp = address(&server.wait_for("msg=listening"));
        server.admin = address(&server.wait_for("admin port"));
        server
    }

    /// The next line of the log that contains this text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line =
                self.log.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {text:?} in the log: {error}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Replaces a file beside the configuration, by renaming.
    #[expect(clippy::disallowed_methods, reason = "a test replaces a file")]
    pub(crate) fn replace(&self, name: &str, text: &str) {
        let directory = self.directory.as_ref().unwrap().path();
        let new = write(directory, "new", text);
        std::fs::rename(new, directory.join(name)).unwrap();
    }

    /// Waits until the inventory is there.
    pub(crate) fn wait_until_ready(&self) {
        let ready = (0..400).any(|_| {
            thread::sleep(PATIENCE / 400);
            get(self.admin, "/readyz").starts_with("HTTP/1.1 200")
        });
        assert!(ready, "{}", get(self.admin, "/readyz?verbose"));
    }

    /// Waits until the metrics have these lines: a reply may be there before it is counted.
    pub(crate) fn wait_for_metrics(&self, lines: &[&str]) {
        let mut metrics = String::new();
        let found = (0..400).any(|_| {
            metrics = get(self.admin, "/metrics");
            let all = lines.iter().all(|line| metrics.contains(&format!("{line}\n")));
            if !all {
                thread::sleep(PATIENCE / 400);
            }
            all
        });
        assert!(found, "{lines:?} are not all in\n{metrics}");
    }

    /// Ends it by SIGKILL, as a power cut would, and starts it again where it was.
    pub(crate) fn kill_and_restart(self) -> Self {
        Self::run_in(self.kill(), &[])
    }

    /// The directory with its files.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.as_ref().unwrap().path()
    }

    /// Ends it by SIGTERM; the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Server {
    /// Ends it by SIGKILL; what it has left behind.
    pub(crate) fn kill(mut self) -> tempfile::TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.directory.take().unwrap()
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

/// A configuration that asks SMD.
pub(crate) fn config(smd: &str, listen: &str, admin: &str, more: &str) -> String {
    format!(
        "server4:\n  listen: {listen:?}\n  plugins:\n    - coresmd: svc_base_uri={smd} ipxe_base_uri=http://bss \
         cache_valid=1s rule_log=none rule=hostname:nid{{04d}} tftp_port={}\nadmin: {{listen: {admin:?}}}\n{more}",
        free_port()
    )
}

/// A port for TFTP that nobody has at this moment; what the server cannot bind it goes on without.
#[expect(clippy::disallowed_methods, reason = "a test asks the system for a port")]
pub(crate) fn free_port() -> u16 {
    UdpSocket::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port()
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coresmd-dhcp"));
    command.stdin(Stdio::null()).env_remove("STATE_DIRECTORY");
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str], file: &Path) -> Output {
    command().args(arguments).arg(file).output().unwrap()
}

/// Writes a file; its path.
#[expect(clippy::disallowed_methods, reason = "a test writes its configuration")]
pub(crate) fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let file = directory.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// A socket of the test's own, that waits no longer than a test may.
pub(crate) fn bound() -> UdpSocket {
    bound_to("127.0.0.1:0")
}

/// As [`bound`], at this address.
#[expect(clippy::disallowed_methods, reason = "a test binds its own sockets")]
pub(crate) fn bound_to(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A listener of the test's own.
#[expect(clippy::disallowed_methods, reason = "a test binds its own sockets")]
pub(crate) fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// Serves SMD's two lists, with the one node that the tests of DHCPv4 know; returns its URL.
pub(crate) fn smd() -> String {
    smd_of("52:54:00:be:ef:01", "10.78.0.11")
}

/// As [`smd`], with this node.
pub(crate) fn smd_of(mac: &str, address: &str) -> String {
    let interfaces = format!(
        r#"[{{"MACAddress":"{mac}","ComponentID":"x1000c0s0b0n0","Type":"Node","IPAddresses":[{{"IPAddress":"{address}"}}]}}]"#
    );
    let listener = listener();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let interfaces = interfaces.clone();
            thread::spawn(move || serve(stream, &interfaces));
        }
    });
    url
}

/// Answers requests on one connection.
fn serve(mut stream: TcpStream, interfaces: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let body = if head.contains("EthernetInterfaces") { interfaces } else { COMPONENTS };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// A page of the admin port, with its head.
pub(crate) fn get(server: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}
