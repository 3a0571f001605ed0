//! The program as an operator meets it: exit codes, reports, and a whole life from start to SIGTERM.

#![expect(clippy::unwrap_used, reason = "a test ends where anything fails")]

use std::io::Read;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

mod aliases;
mod chain;
mod harness;
mod reload;
mod zone;

use harness::{Place, Running, free_port, get, read, smd, text, write};

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
fn the_files_of_every_directive_are_checked() {
    let place = Place::new(
        ". {\n    root etc\n    hosts hosts\n    file zone example\n    forward . tls://127.0.0.1 {\n        tls ca.pem\n    }\n}\n",
    );
    std::fs::create_dir(place.path("etc")).unwrap();
    write(&place.path("etc/hosts"), "10.0.0.1 a\n10.0.0.256 b\n");
    write(&place.path("etc/zone"), "@ SOA a b 1 2 3 4 5\nx A 10.0.0\n");
    let output = place.output(&["check"]);
    assert_eq!(output.status.code(), Some(64));
    let report = text(&output.stdout);
    for part in ["etc/hosts:2:", "etc/zone:2:", "Corefile:5:5", "etc/ca.pem: "] {
        assert!(report.contains(part), "{part}: {report}");
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
