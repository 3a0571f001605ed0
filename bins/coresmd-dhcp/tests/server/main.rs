//! The binary itself on loopback: a relay's packets, the admin port, and the exit codes.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod dhcp6;
mod harness;
mod leases;
mod transport;

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

use dhcp_wire::v4::{BOOTREQUEST, Outgoing, Received};
use dhcp_wire::{MessageType, OptionCode};

use self::harness::{Server, bound, config, get, listener, run, smd, write};

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
    let file = write(directory.path(), "config.yaml", "server4:\n  plugins:\n    - ruoter: 1.1.1.1\n    - dns: x\n");
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
    let output = run(&["check", "-c"], &write(directory.path(), "config.yaml", &good));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let output = run(
        &["check", "-c"],
        &write(directory.path(), "config.yaml", &good.replace("http://bss", "http://bss lease_tmie=1h")),
    );
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stdout).contains("did you mean `lease_time`?"));
}

#[test]
fn a_port_that_is_taken_is_1_but_not_the_default_admin_port() {
    let directory = tempfile::tempdir().unwrap();
    let holder = bound();
    let taken = holder.local_addr().unwrap();
    let file =
        write(directory.path(), "config.yaml", &config("http://127.0.0.1:1", &taken.to_string(), "127.0.0.1:0", ""));
    let output = run(&["--config"], &file);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("cannot listen on {taken}")));

    let admin = listener();
    let address = admin.local_addr().unwrap();
    let output = run(
        &["--config"],
        &write(directory.path(), "config.yaml", &config("http://x", "127.0.0.1:0", &address.to_string(), "")),
    );
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

#[test]
fn who_sleeps_keeps_nobody_else_waiting_and_is_answered_once() {
    let relay = bound();
    let plugins = "[{file: early}, {sleep: 1s}, {file: late}]";
    let files = [("early", "02:00:00:00:00:01 10.78.0.1\n"), ("late", "02:00:00:00:00:02 10.78.0.2\n")];
    let server = Server::of_files(plugins, &files, "");
    for node in [2, 2, 1] {
        relay.send_to(&relayed_discover(node), server.dhcp).unwrap();
    }
    assert_eq!([offered(&relay), offered(&relay)], [Ipv4Addr::new(10, 78, 0, 1), Ipv4Addr::new(10, 78, 0, 2)]);
    // Once it has been answered, a retransmission is answered again.
    relay.send_to(&relayed_discover(2), server.dhcp).unwrap();
    assert_eq!(offered(&relay), Ipv4Addr::new(10, 78, 0, 2));
    let metrics = get(server.admin, "/metrics");
    for line in [
        "coresmd_dhcp4_requests_total{type=\"discover\"} 4",
        "coresmd_dhcp4_replies_total{type=\"offer\"} 3",
        "coresmd_dhcp4_drops_total{reason=\"duplicate\"} 1",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line} is not in\n{metrics}");
    }
    assert!(get(server.admin, "/readyz").starts_with("HTTP/1.1 200"), "nothing is asked of SMD");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_replaced_file_counts_and_a_bad_one_does_not() {
    let relay = bound();
    let files = [("hosts", "02:00:00:00:00:01 10.78.0.1\n")];
    let mut server = Server::of_files("[{file: hosts autorefresh}]", &files, "");
    let ask = |server: &Server| {
        relay.send_to(&relayed_discover(1), server.dhcp).unwrap();
        offered(&relay)
    };
    assert_eq!(ask(&server), Ipv4Addr::new(10, 78, 0, 1));
    server.replace("hosts", "02:00:00:00:00:01 10.78.0.99\n");
    server.wait_for("was read anew");
    assert_eq!(ask(&server), Ipv4Addr::new(10, 78, 0, 99));
    server.replace("hosts", "02:00:00:00:00:01 10.78.0.5\noops\n");
    server.wait_for("hosts:2:1");
    assert_eq!(ask(&server), Ipv4Addr::new(10, 78, 0, 99));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_bad_address_file_is_64_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let hosts = directory.path().join("hosts");
    let file =
        write(directory.path(), "config.yaml", &format!("server4: {{plugins: [{{file: {}}}]}}", hosts.display()));
    for (text, says) in [("# none\noops\n", "hosts:2:1"), ("02:00:00:00:00:01 fd00::1\n", "is no IPv4 address")] {
        write(directory.path(), "hosts", text);
        for arguments in [vec!["check", "--config"], vec!["--config"]] {
            let output = run(&arguments, &file);
            assert_eq!(output.status.code(), Some(64), "{arguments:?}");
            let report = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(report.contains(says), "{says} is not in\n{report}");
        }
    }
}

#[test]
fn a_flood_of_one_mac_address_is_held_back_and_counted() {
    let relay = bound();
    let files = [("hosts", "02:00:00:00:00:01 10.78.0.1\n02:00:00:00:00:02 10.78.0.2\n")];
    let server = Server::of_files("[{file: hosts}]", &files, "policy: {max_rate_per_mac: 1}\n");
    for node in [1, 1, 1, 1, 1, 1, 1, 1, 2] {
        relay.send_to(&relayed_discover(node), server.dhcp).unwrap();
    }
    assert_eq!(offered(&relay), Ipv4Addr::new(10, 78, 0, 1));
    while offered(&relay) != Ipv4Addr::new(10, 78, 0, 2) {}
    let metrics = get(server.admin, "/metrics");
    let count = metrics.lines().find_map(|line| line.strip_prefix("coresmd_dhcp4_drops_total{reason=\"mac_rate\"} "));
    assert_ne!(count, Some("0"), "{metrics}");
    assert_eq!(server.stop(), Some(0));
}

/// A node's DISCOVER through a relay that wants the answer at its own port.
fn relayed_discover(node: u8) -> Vec<u8> {
    relayed(node, MessageType::Discover, &[])
}

/// A node's message of this type with these options, through such a relay.
fn relayed(node: u8, kind: MessageType, options: &[(OptionCode, &[u8])]) -> Vec<u8> {
    let mut message = Outgoing::new(BOOTREQUEST);
    message.xid = node.into();
    message.giaddr = Ipv4Addr::LOCALHOST;
    message.chaddr[..6].copy_from_slice(&[2, 0, 0, 0, 0, node]);
    message.options.set(OptionCode::MessageType, &[kind.into()]);
    for (code, value) in options {
        message.options.set(*code, value);
    }
    message.options.set(OptionCode::RelayAgentInformation, &[19, 0]); // RFC 8357: back to our port
    let mut bytes = Vec::new();
    message.encode(1472, &mut bytes);
    bytes
}

/// The address in the next OFFER.
fn offered(relay: &UdpSocket) -> Ipv4Addr {
    let mut buffer = [0; 1500];
    let (length, _) = relay.recv_from(&mut buffer).unwrap();
    Received::decode(&buffer[..length]).unwrap().yiaddr()
}

const SITE: &str = "nodes:\n- {nid: 1, xname: x1000c0s0b0n0, interfaces: [{mac_addr: 52:54:00:be:ef:01, ip_addrs: [{ip_addr: 10.78.0.11}]}]}\n";

#[test]
fn a_site_in_a_file_needs_no_smd() {
    let relay = bound();
    let plugins = "[coresmd: 'ipxe_base_uri=http://bss rule_log=none rule=hostname:nid{04d}']";
    let mut server = Server::of_files(plugins, &[("nodes.yaml", SITE)], "smd: {inventory: nodes.yaml}\n");
    server.wait_until_ready();
    let mut discover = Outgoing::new(BOOTREQUEST);
    discover.giaddr = Ipv4Addr::LOCALHOST;
    discover.chaddr[..6].copy_from_slice(&[0x52, 0x54, 0, 0xbe, 0xef, 1]);
    discover.options.set(OptionCode::MessageType, &[MessageType::Discover.into()]);
    discover.options.set(OptionCode::RelayAgentInformation, &[19, 0]); // RFC 8357: back to our port
    let mut bytes = Vec::new();
    discover.encode(1472, &mut bytes);
    let address = server.dhcp;
    let offered = || {
        relay.send_to(&bytes, address).unwrap();
        let mut buffer = [0; 1500];
        let length = relay.recv(&mut buffer).unwrap();
        Received::decode(&buffer[..length]).unwrap().yiaddr()
    };
    assert_eq!(offered(), Ipv4Addr::new(10, 78, 0, 11));
    server.replace("nodes.yaml", &SITE.replace("10.78.0.11", "10.78.0.12"));
    while offered() != Ipv4Addr::new(10, 78, 0, 12) {
        thread::sleep(Duration::from_millis(50));
    }
    server.replace("nodes.yaml", &SITE.replace("x1000c0s0b0n0", "nonsense"));
    server.wait_for("nodes.yaml:2:19: ");
    assert_eq!(offered(), Ipv4Addr::new(10, 78, 0, 12), "the last good site");
}

#[test]
fn a_wrong_file_is_told_with_its_places() {
    let directory = tempfile::tempdir().unwrap();
    let config = "server4:\n  plugins:\n    - coresmd: {ipxe_base_uri: 'http://bss'}\n";
    let file = write(directory.path(), "config.yaml", config);
    let nodes = write(directory.path(), "nodes.yaml", &SITE.replace("10.78.0.11", "10.78.0.300"));
    let boot = write(directory.path(), "boot.yaml", "- {hosts: [Default], kernel: k}\n");
    let (nodes, boot) = (nodes.display().to_string(), boot.display().to_string());
    let flags = ["--inventory", &nodes, "--boot", &boot, "--config"];
    let output = run(&[&["check"], &flags[..]].concat(), &file);
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(64), "{report}");
    assert!(report.contains("nodes.yaml:2:98") && report.contains("is not an IP address"), "{report}");
    let output = run(&flags, &file);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr).unwrap().contains("nodes.yaml:2:98: \"10.78.0.300\" is not an IP address")
    );
}
