//! The chain of directives over real sockets: who answers, who has to wait, and what is counted.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::Stdio;

use super::{Place, Running, free_port, get, text};

impl Place {
    /// Starts the server on a port.
    pub(super) fn start(&self, dns: u16) -> Running {
        let mut command = self.command(&["-p", &dns.to_string()]);
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

fn query(id: u8, name: &[u8]) -> Vec<u8> {
    [&[0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], name, &[0, 0, 1, 0, 1]].concat()
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

/// An upstream that never answers, over UDP and TCP.
#[expect(clippy::disallowed_methods, reason = "a test on loopback")]
fn silent() -> (u16, TcpListener, UdpSocket) {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = tcp.local_addr().unwrap().port();
    (port, tcp, UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap())
}

#[test]
fn what_waits_for_an_upstream_holds_up_nothing_behind_it() {
    let (dns, http, (upstream, _tcp, _udp)) = (free_port(), free_port(), silent());
    let place = Place::new(&format!(
        ". {{\n bind 127.0.0.1\n health 127.0.0.1:{http}\n forward . 127.0.0.1:{upstream}\n \
         template IN A t {{\n answer \"{{{{ .Name }}}} 60 IN A 10.0.0.1\"\n }}\n}}\n"
    ));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/health").is_some());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    let both = [framed(&query(1, b"\x04slow")), framed(&query(2, b"\x01a\x01t"))].concat();
    stream.write_all(&both).unwrap();
    // the first answer is that to the second query; that to the first comes when the upstream is given up
    for (id, rcode) in [(2, 0), (1, 2)] {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!((reply[1], reply[3] & 0xf), (id, rcode));
    }
}

#[test]
fn a_loop_ends_the_server() {
    let dns = free_port();
    let place = Place::new(&format!(". {{\n bind 127.0.0.1\n loop\n forward . 127.0.0.1:{dns}\n}}\n"));
    let output = place.output(&["-p", &dns.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("loop: an upstream of zone . sends"), "{}", text(&output.stderr));
}

#[test]
fn metrics_have_the_names_of_the_original() {
    let (dns, http, upstream) = (free_port(), free_port(), free_port());
    let place = Place::new(&format!(
        ".:{upstream} {{\n bind 127.0.0.1\n whoami\n}}\n\
         . {{\n bind 127.0.0.1\n health 127.0.0.1:{http}\n prometheus 127.0.0.1:{http}\n reload\n cache\n \
         forward . 127.0.0.1:{upstream}\n hosts {{\n 10.0.0.1 h.example\n fallthrough\n }}\n \
         acl {{\n allow net 127.0.0.0/8\n }}\n rrl {{\n responses-per-second 1000\n }}\n \
         coresmd {{\n smd_url http://127.0.0.1:{}\n }}\n template IN A t {{\n answer \"{{{{ .Name }}}} 60 IN A 10.0.0.1\"\n }}\n}}\n",
        super::smd()
    ));
    let mut running = place.start(dns);
    running.wait_for(|| get(http, "/ready").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")));
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, dns)).unwrap();
    for name in [&b"\x01a\x01t"[..], b"\x01h\x07example", b"\x07nid0001\x07cluster\x05local", b"\x01u"] {
        stream.write_all(&framed(&query(1, name))).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply).unwrap();
    }
    let metrics = get(http, "/metrics").unwrap();
    let names: BTreeSet<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    for name in NAMES {
        assert!(names.contains(name), "{name} is missing\n{metrics}");
    }
    let ours = |name: &&&str| !name.starts_with("coredns_");
    let surplus: Vec<_> = names.iter().filter(|name| !NAMES.contains(name) && !ours(name)).collect();
    assert_eq!(surplus, Vec::<&&str>::new(), "names of the original that it does not have");
}

/// The families of facts, coredhcp-coredns §B7, without the `_total` that counters have in their samples.
const NAMES: [&str; 44] = [
    "coredns_acl_allowed_requests",
    "coredns_acl_blocked_requests",
    "coredns_acl_dropped_requests",
    "coredns_acl_filtered_requests",
    "coredns_build_info",
    "coredns_cache_drops",
    "coredns_cache_entries",
    "coredns_cache_evictions",
    "coredns_cache_hits",
    "coredns_cache_misses",
    "coredns_cache_prefetch",
    "coredns_cache_requests",
    "coredns_cache_served_stale",
    "coredns_coresmd_cache_hits",
    "coredns_coresmd_cache_misses",
    "coredns_coresmd_request_duration_seconds",
    "coredns_coresmd_requests",
    "coredns_coresmd_smd_cache_age_seconds",
    "coredns_coresmd_smd_cache_size",
    "coredns_dns_do_requests",
    "coredns_dns_request_duration_seconds",
    "coredns_dns_request_size_bytes",
    "coredns_dns_requests",
    "coredns_dns_response_size_bytes",
    "coredns_dns_responses",
    "coredns_forward_healthcheck_broken",
    "coredns_forward_max_concurrent_rejects",
    "coredns_health_request_duration_seconds",
    "coredns_health_request_failures",
    "coredns_hosts_entries",
    "coredns_hosts_reload_timestamp_seconds",
    "coredns_panics",
    "coredns_plugin_enabled",
    "coredns_proxy_conn_cache_hits",
    "coredns_proxy_conn_cache_misses",
    "coredns_proxy_healthcheck_failures",
    "coredns_proxy_request_duration_seconds",
    "coredns_reload_failed",
    "coredns_reload_version_info",
    "coredns_rrl_requests_exceeded",
    "coredns_rrl_responses_exceeded",
    "coredns_template_failures",
    "coredns_template_matches",
    "coredns_template_rr_failures",
];
