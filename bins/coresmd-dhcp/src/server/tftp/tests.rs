#![expect(clippy::disallowed_methods, reason = "a test has its sockets and files")]

use std::net::UdpSocket;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;

/// A server on loopback with one file of 3,000 octets, `boot`.
struct Site {
    address: SocketAddr,
    registry: Registry,
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
    _runtime: Runtime,
    _root: TempDir,
}

impl Site {
    fn start(ip: &str, single_port: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("boot"), contents()).unwrap();
        let mut registry = Registry::default();
        let tally = Arc::new(Tally::register(&mut registry));
        let library = Library::new(root.path().to_owned(), [("default".to_owned(), b"#!ipxe\n".to_vec())]);
        let desk = Arc::new(Desk::new(library, Limits::default(), SnapshotHandle::default(), tally));
        let bound = Bound::bind(SocketAddr::new(ip.parse().unwrap(), 0), single_port).unwrap();
        let address = bound.endpoint.local_addr().unwrap();
        let runtime = Runtime::new().unwrap();
        let stop = Stop::new().unwrap();
        let threads = bound.serve(desk, runtime.handle(), &stop, |error| panic!("{error}")).unwrap();
        Self { address, registry, stop, threads, _runtime: runtime, _root: root }
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }

    fn end(self) {
        self.stop.set();
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

fn contents() -> Vec<u8> {
    (0..3000u32).map(|at| (at % 251) as u8).collect()
}

/// A client with a port of its own.
struct Client(UdpSocket);

impl Client {
    fn new(site: &Site) -> Self {
        let any = if site.address.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let socket = UdpSocket::bind(any).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(socket)
    }

    fn send(&self, to: SocketAddr, octets: &[u8]) {
        self.0.send_to(octets, to).unwrap();
    }

    fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut octets = [0; 2048];
        let (length, from) = self.0.recv_from(&mut octets).unwrap();
        (octets[..length].to_vec(), from)
    }

    /// Reads to the end: the file, the port it came from, the OACK if there was one.
    fn read(&self, site: &Site, request: &[u8]) -> (Vec<u8>, SocketAddr, Option<Vec<u8>>) {
        self.send(site.address, request);
        self.finish()
    }

    fn finish(&self) -> (Vec<u8>, SocketAddr, Option<Vec<u8>>) {
        let (mut file, mut oack, mut block_size, mut next) = (Vec::new(), None, 512, 1u16);
        loop {
            let (message, from) = self.receive();
            match message[..] {
                [0, 6, ref options @ ..] => {
                    let words: Vec<_> = options.split(|octet| *octet == 0).map(String::from_utf8_lossy).collect();
                    if let Some(at) = words.iter().position(|word| word == "blksize") {
                        block_size = words[at + 1].parse().unwrap();
                    }
                    self.send(from, &[0, 4, 0, 0]);
                    oack = Some(message);
                }
                [0, 3, high, low, ref data @ ..] => {
                    let block = u16::from_be_bytes([high, low]);
                    if block == next {
                        file.extend_from_slice(data);
                        next += 1;
                    }
                    self.send(from, &[0, 4, high, low]);
                    if block == next - 1 && data.len() < block_size {
                        return (file, from, oack);
                    }
                }
                _ => panic!("{message:?}"),
            }
        }
    }
}

/// Runs a test in both ways of serving, over both families.
fn everywhere(test: impl Fn(&Site, bool)) {
    for (ip, single_port) in [("127.0.0.1", true), ("127.0.0.1", false), ("::1", true), ("::1", false)] {
        let site = Site::start(ip, single_port);
        test(&site, single_port);
        site.end();
    }
}

/// Waits for a count to appear in the metrics.
fn wait_for(site: &Site, line: &str) {
    for _ in 0..500 {
        if site.metrics().lines().any(|found| found == line) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("no {line} in\n{}", site.metrics());
}

#[test]
fn a_file_is_read_from_the_port_that_the_mode_says() {
    everywhere(|site, single_port| {
        let (file, from, oack) = Client::new(site).read(site, b"\0\x01boot\0octet\0");
        assert_eq!((file, oack), (contents(), None));
        assert_eq!(from.ip(), site.address.ip());
        assert_eq!(from.port() == site.address.port(), single_port);
        wait_for(site, "coresmd_tftp_requests_total{verdict=\"complete\"} 1");
        wait_for(site, "coresmd_tftp_octets_total 3000");
        wait_for(site, "coresmd_tftp_transfers_active 0");
    });
}

#[test]
fn options_are_agreed_on() {
    everywhere(|site, _| {
        let request = b"\0\x01/boot\0octet\0tsize\x000\0blksize\x001024\0";
        let (file, _, oack) = Client::new(site).read(site, request);
        assert_eq!(file, contents());
        assert_eq!(oack.as_deref(), Some(&b"\0\x06tsize\x003000\0blksize\x001024\0"[..]));
        let (script, ..) = Client::new(site).read(site, b"\0\x01default\0octet\0");
        assert_eq!(script, b"#!ipxe\n");
    });
}

#[test]
fn firmware_that_asks_for_the_size_first_is_understood() {
    everywhere(|site, _| {
        let client = Client::new(site);
        client.send(site.address, b"\0\x01boot\0octet\0tsize\x000\0");
        let (oack, from) = client.receive();
        assert_eq!(oack, b"\0\x06tsize\x003000\0");
        client.send(from, b"\0\x05\0\x08User aborted the transfer\0");
        wait_for(site, "coresmd_tftp_requests_total{verdict=\"size_only\"} 1");
        let (file, ..) = client.read(site, b"\0\x01boot\0octet\0blksize\x001468\0");
        assert_eq!(file, contents());
    });
}

#[test]
fn what_is_lost_comes_again() {
    everywhere(|site, _| {
        let client = Client::new(site);
        client.send(site.address, b"\0\x01boot\0octet\0");
        let (first, _) = client.receive();
        // as if it had never come
        let (again, _) = client.receive();
        assert_eq!(first, again);
        wait_for(site, "coresmd_tftp_transfers_active 1");
        let (file, ..) = client.read(site, b"\0\x01boot\0octet\0");
        assert_eq!(file, contents());
        wait_for(site, "coresmd_tftp_requests_total{verdict=\"restarted\"} 1");
        wait_for(site, "coresmd_tftp_transfers_active 0");
    });
}

#[test]
fn what_cannot_be_had_is_an_error() {
    everywhere(|site, _| {
        for (request, code) in [
            (&b"\0\x01nothing\0octet\0"[..], 1),
            (b"\0\x01../secret\0octet\0", 2),
            (b"\0\x01.\0octet\0tsize\x000\0", 2),
            (b"\0\x02boot\0octet\0", 2),
            (b"\0\x01boot\0mail\0", 4),
            (b"\0\x01boot", 4),
        ] {
            let client = Client::new(site);
            client.send(site.address, request);
            let (error, _) = client.receive();
            assert_eq!(error[..4], [0, 5, 0, code], "{request:?}");
        }
    });
}

#[test]
fn the_end_of_the_server_is_not_kept_up_by_a_transfer() {
    everywhere(|site, _| {
        let client = Client::new(site);
        client.send(site.address, b"\0\x01boot\0octet\0");
        let _ = client.receive();
    });
}
