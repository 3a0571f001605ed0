//! What one datagram costs a server thread: the batched loop of `serve::udp` beside a loop of `recv_from` and `send_to`,
//! both echoing 64 octets on the loopback interface to one client that keeps a number of datagrams under way.
//!
//! `cargo bench -p serve --bench echo`. The client is not faster than the servers, so that the time to look at is the
//! CPU time of the server's thread.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads clocks and binds its own sockets")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serve::drain::Stop;
use serve::udp::{BindSpec, UdpEndpoint};

/// Datagrams of one measurement.
const DATAGRAMS: u32 = 300_000;
/// Octets of one datagram.
const OCTETS: usize = 64;
/// Measurements of each kind; the median is shown.
const ROUNDS: usize = 5;

fn main() {
    println!("{:<10} {:>9} {:>16} {:>12}", "server", "under way", "server CPU ns", "datagrams/s");
    for under_way in [1, 16, 64] {
        let (mut batched, mut simple) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            batched.push(measure_batched(under_way));
            simple.push(measure_simple(under_way));
        }
        for (name, mut rounds) in [("batched", batched), ("recv/send", simple)] {
            rounds.sort();
            let (cpu, wall) = rounds[ROUNDS / 2];
            let rate = f64::from(DATAGRAMS) / wall.as_secs_f64();
            println!("{name:<10} {under_way:>9} {:>16} {rate:>12.0}", cpu.as_nanos() / u128::from(DATAGRAMS));
        }
    }
}

/// CPU time of the server's thread and wall-clock time, with `serve::udp` as the server.
fn measure_batched(under_way: u32) -> (Duration, Duration) {
    let endpoint = UdpEndpoint::bind(&BindSpec::new((Ipv4Addr::LOCALHOST, 0).into())).expect("a loopback port");
    let stop = Stop::new().expect("a pipe");
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let running = endpoint.run(64, &stop, |meta, payload, replies| {
                replies.push(meta.source, meta.local, 0, |reply| reply.extend_from_slice(payload));
            });
            running.expect("a working socket");
            thread_time()
        });
        let wall = load(endpoint.local_addr().expect("bound"), under_way);
        stop.set();
        (server.join().expect("no panic"), wall)
    })
}

/// The same with one system call to receive and one to send.
fn measure_simple(under_way: u32) -> (Duration, Duration) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut buffer = [0; 4096];
            while !stop.load(Ordering::Relaxed) {
                let (length, client) = socket.recv_from(&mut buffer).expect("a working socket");
                socket.send_to(&buffer[..length], client).expect("a working socket");
            }
            thread_time()
        });
        let address = socket.local_addr().expect("bound");
        let wall = load(address, under_way);
        stop.store(true, Ordering::Relaxed);
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|waker| waker.send_to(&[0], address)).expect("one more");
        (server.join().expect("no panic"), wall)
    })
}

/// Sends all datagrams, with `under_way` of them unanswered at any time; returns how long that took.
fn load(server: SocketAddr, under_way: u32) -> Duration {
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    client.connect(server).expect("loopback");
    let mut buffer = [0; OCTETS];
    let start = Instant::now();
    for _ in 0..under_way {
        client.send(&[0; OCTETS]).expect("a working socket");
    }
    for answered in 0..DATAGRAMS {
        client.recv(&mut buffer).expect("nothing is lost on the loopback interface");
        if answered + under_way < DATAGRAMS {
            client.send(&[0; OCTETS]).expect("a working socket");
        }
    }
    start.elapsed()
}

/// Time that the calling thread has spent on a CPU (proc(5): schedstat).
fn thread_time() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = schedstat.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first field is a number"))
}
