//! A changed Corefile under a running server.

use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Place, free_port, get, write};

/// `a.t A`.
const QUERY: &[u8] = b"\x10\x92\x01\0\0\x01\0\0\0\0\0\0\x01a\x01t\0\0\x01\0\x01";

fn corefile(http: u16, address: &str) -> String {
    format!(
        ". {{\n bind 127.0.0.1\n errors\n health 127.0.0.1:{http}\n prometheus 127.0.0.1:{http}\n \
         template IN A t {{\n answer \"{{{{ .Name }}}} 60 IN A {address}\"\n }}\n}}\n"
    )
}

/// The value of a metric without labels.
fn metric(http: u16, name: &str) -> Option<String> {
    let metrics = get(http, "/metrics")?;
    let line = metrics.lines().find(|line| line.split(' ').next() == Some(name))?;
    line.split(' ').nth(1).map(str::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn socket(dns: u16) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

/// The last octet of the address that the server answers.
fn asked(socket: &UdpSocket) -> u8 {
    socket.send(QUERY).unwrap();
    let mut reply = [0; 512];
    let length = socket.recv(&mut reply).expect("every query is answered");
    reply[length - 1]
}

#[test]
fn sigusr1_takes_up_the_new_corefile_and_loses_no_query() {
    let (dns, http) = (free_port(), free_port());
    let place = Place::new(&corefile(http, "10.0.0.1"));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/health").is_some());

    let done = Arc::new(AtomicBool::new(false));
    let load = thread::spawn({
        let done = Arc::clone(&done);
        move || {
            let socket = socket(dns);
            let mut seen = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let last = asked(&socket);
                if seen.last() != Some(&last) {
                    seen.push(last);
                }
            }
            seen
        }
    });
    let other = socket(dns);
    for last in 2..6 {
        write(&place.path("Corefile"), &corefile(http, &format!("10.0.0.{last}")));
        running.signal("-USR1");
        running.wait_for(|| asked(&other) == last);
    }
    // a wrong one, and one that cannot be bound: both are counted, and the last good one stays
    for (failures, wrong) in [("1", "frobnicate".to_owned()), ("2", "bind 192.0.2.77".to_owned())] {
        write(&place.path("Corefile"), &corefile(http, "10.0.0.9").replace("bind 127.0.0.1", &wrong));
        running.signal("-USR1");
        running.wait_for(|| metric(http, "coredns_reload_failed_total").as_deref() == Some(failures));
        assert_eq!(asked(&other), 5);
    }
    done.store(true, Ordering::Relaxed);
    assert_eq!(load.join().unwrap(), [1, 2, 3, 4, 5]);
}

#[test]
fn reload_finds_out_by_itself() {
    let (dns, http) = (free_port(), free_port());
    let reloading = |address: &str| corefile(http, address).replace("errors", "reload 2s 1s");
    let place = Place::new(&reloading("10.0.0.1"));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/health").is_some());
    let digest =
        |metrics: String| metrics.lines().find(|line| line.contains("coredns_reload_version_info{")).map(str::to_owned);
    let before = digest(get(http, "/metrics").unwrap()).unwrap();
    write(&place.path("Corefile"), &reloading("10.0.0.2"));
    let socket = socket(dns);
    running.wait_for(|| asked(&socket) == 2);
    assert_ne!(digest(get(http, "/metrics").unwrap()).unwrap(), before);
}

/// Ends the program with a signal.
impl super::Running {
    pub(super) fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// Waits until something has come to pass, or the program has ended.
    pub(super) fn wait_for(&mut self, mut passed: impl FnMut() -> bool) {
        while !passed() {
            assert_eq!(self.0.try_wait().unwrap(), None, "it ended");
            thread::sleep(Duration::from_millis(20));
        }
    }
}
