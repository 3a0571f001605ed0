//! Everything at once that a hostile or broken client may do, while somebody asks for names that are known. Alone in
//! its program, since it leaves little of a machine to others.

#![expect(clippy::unwrap_used, reason = "a test ends where anything fails")]

#[allow(dead_code, reason = "made for the tests beside these, which use all of it")]
#[path = "../program/harness.rs"]
mod harness;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use harness::{Place, Running, free_port, get, smd};

/// Connections that are opened, if the system lets a process have so many descriptors.
const CONNECTIONS: usize = 10_000;
/// How many of them each client opens.
const OF_ONE: usize = 60;
/// Connections that ask much and read nothing.
const SLOW_READERS: usize = 32;
/// The most memory that the server may have then, in KiB.
const MOST_MEMORY: u64 = 200 * 1024;

/// `nid0001.cluster.local A`.
const KNOWN: &[u8] = b"\x10\x92\x01\0\0\x01\0\0\0\0\0\0\x07nid0001\x07cluster\x05local\0\0\x01\0\x01";

/// What goes on until the test has seen enough.
struct Flood {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    fn new() -> Self {
        Self { over: Arc::default(), threads: Vec::new() }
    }

    /// Does something over and over.
    fn add(&mut self, mut act: impl FnMut(u64) + Send + 'static) {
        let over = Arc::clone(&self.over);
        self.threads.push(thread::spawn(move || {
            for turn in 0.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                act(turn);
                // a flood, and yet one that leaves the machine to others
                if turn % 16 == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }));
    }

    fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn udp(dns: u16) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    socket
}

/// Connects from an address of its own in 127.0.0.0/8, without a word.
fn connect(dns: u16, client: u32) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = IpAddr::from(Ipv4Addr::from(0x7f01_0000 + client));
    socket.bind(&SocketAddr::new(source, 0).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, dns)).into())?;
    Ok(socket.into())
}

/// A question for a name that nobody has asked for, in a zone.
fn random_name(turn: u64, zone: &[u8]) -> Vec<u8> {
    let label = format!("{:016x}", turn.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    [b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x10", label.as_bytes(), zone, b"\0\0\x01\0\x01"].concat()
}

/// Octets that are no DNS, or nearly.
fn malformed(turn: u64) -> Vec<u8> {
    let mut message = random_name(turn, b"\x07cluster\x05local");
    let place = turn as usize % message.len();
    message[place] = !message[place];
    message.truncate(1 + (turn.wrapping_mul(0x9e37_79b9) >> 7) as usize % message.len());
    message
}

/// Asks over UDP for a name that is known, again and again as a resolver does.
fn known_over_udp(socket: &UdpSocket) {
    let mut reply = [0; 512];
    let answered = (0..12).any(|_| {
        socket.send(KNOWN).unwrap();
        socket.recv(&mut reply).is_ok()
    });
    assert!(answered, "a name that is known was not answered");
    assert_eq!(&reply[..8], b"\x10\x92\x85\0\0\x01\0\x01");
}

/// Asks over TCP, on a connection of its own, up to three times.
fn known_over_tcp(dns: u16) {
    let mut reply = [0; 10];
    let mut ask = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, dns))?;
        stream.write_all(&[&(KNOWN.len() as u16).to_be_bytes()[..], KNOWN].concat())?;
        stream.read_exact(&mut reply)
    };
    assert!((0..3).any(|_| ask().is_ok()), "a name that is known was not answered");
    assert_eq!(&reply[2..], b"\x10\x92\x85\0\0\x01\0\x01");
}

/// The memory of a process, in KiB.
#[expect(clippy::disallowed_methods, reason = "the kernel tells in a file what a process holds")]
fn memory(running: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Descriptors that this process may have from now on.
fn descriptors() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    maximum.map_or(usize::MAX, |most| most as usize)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn known_names_are_answered_whatever_others_do() {
    let (dns, http) = (free_port(), free_port());
    let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let place = Place::new(&format!(
        ". {{\n bind 127.0.0.1\n health 127.0.0.1:{http}\n prometheus 127.0.0.1:{http}\n errors\n cache\n \
         forward up 127.0.0.1:{}\n coresmd {{\n smd_url http://127.0.0.1:{}\n }}\n}}\n",
        silent.local_addr().unwrap().port(),
        smd()
    ));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));

    let mut flood = Flood::new();
    for zone in [&b"\x07cluster\x05local"[..], b"\x02up"] {
        let socket = udp(dns);
        flood.add(move |turn| _ = socket.send(&random_name(turn, zone)));
    }
    let socket = udp(dns);
    flood.add(move |turn| _ = socket.send(&malformed(turn)));

    let framed = [&(KNOWN.len() as u16).to_be_bytes()[..], KNOWN].concat().repeat(200);
    let mut slow: Vec<TcpStream> = (0..SLOW_READERS).map(|n| connect(dns, 0xff00 + n as u32).unwrap()).collect();
    for stream in &mut slow {
        stream.set_nonblocking(true).unwrap();
        // until its side of the connection is full
        while stream.write(&framed).is_ok() {}
    }

    let socket = udp(dns);
    let many = CONNECTIONS.min(descriptors() - 500);
    let mut idle = Vec::with_capacity(many);
    for n in 0..many {
        idle.push(connect(dns, 1 + (n / OF_ONE) as u32).unwrap());
        if n % 50 == 0 {
            known_over_udp(&socket);
        }
        if n % 500 == 0 {
            known_over_tcp(dns);
        }
    }
    for _ in 0..200 {
        known_over_udp(&socket);
    }
    let held = memory(&running);
    assert!(held < MOST_MEMORY, "{held} KiB");
    println!("{many} idle connections, {SLOW_READERS} slow readers, three floods: {held} KiB");
    flood.end();
    drop((idle, slow));
    known_over_tcp(dns);
    assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
}
