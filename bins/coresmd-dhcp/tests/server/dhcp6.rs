//! DHCPv6 on loopback: a relay's packets, and what outlives a restart.

use std::net::{Ipv6Addr, UdpSocket};

use dhcp_wire::v6::{Duid, MessageType, OptionCode, Outgoing, Received};
use smd_cache::MacAddr;

use crate::harness::{Server, bound_to, free_port, get, smd_of, write};

const SERVER: MacAddr = MacAddr([2, 0, 0, 0, 0, 0xee]);
const IDENTITY: &str = "{server_id: LL 02:00:00:00:00:ee}";

/// A client's message, in the RELAY-FORW of a relay on its link.
fn relayed(kind: MessageType, node: u8, fill: impl FnOnce(&mut Outgoing)) -> Vec<u8> {
    let mut message = Outgoing::new(kind, [0, 0, node]);
    message.options.push_duid(OptionCode::ClientId, &client(node));
    if kind != MessageType::Solicit {
        message.options.push_duid(OptionCode::ServerId, &Duid::link_layer(SERVER));
    }
    fill(&mut message);
    let inner = message.encode(&[]).unwrap();
    let link: Ipv6Addr = "fd00:16::250".parse().unwrap();
    [&[12, 0][..], &link.octets(), &[0; 16], &[0, 9], &(inner.len() as u16).to_be_bytes(), &inner].concat()
}

fn client(node: u8) -> Duid {
    Duid::link_layer(MacAddr([2, 0, 0, 0, 0, node]))
}

/// What the server says to a relayed message.
fn answer(relay: &UdpSocket, server: &Server, datagram: &[u8]) -> Vec<u8> {
    relay.send_to(datagram, server.dhcp).unwrap();
    let mut buffer = [0; 1500];
    let (length, from) = relay.recv_from(&mut buffer).unwrap();
    assert_eq!(from, server.dhcp);
    buffer[..length].to_vec()
}

/// The address and the prefix in an answer.
fn given(datagram: &[u8]) -> (Option<String>, Option<String>) {
    let message = Received::decode(datagram).unwrap();
    let address = message.ia_nas().next().and_then(|ia| ia.addresses().next());
    let prefix = message.ia_pds().next().and_then(|ia| ia.prefixes().next());
    (address.map(|given| given.address.to_string()), prefix.map(|given| format!("{}/{}", given.prefix, given.length)))
}

fn asks_address(message: &mut Outgoing) {
    message.options.push_ia(OptionCode::IANA, 1, 0, 0, |_| {});
}

fn asks_prefix(message: &mut Outgoing) {
    message.options.push_ia(OptionCode::IAPD, 1, 0, 0, |_| {});
}

#[test]
fn a_relayed_node_gets_its_address_without_dhcpv4_and_metrics_tell() {
    let relay = bound_to("[::1]:0");
    let smd = smd_of("02:00:00:00:00:01", "fd00:16::1");
    let words = format!(
        "svc_base_uri={smd} ipxe_base_uri=http://bss cache_valid=1s tftp_port={} rule=hostname:nid{{04d}}",
        free_port()
    );
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::of_dhcp6(directory, &format!("[{IDENTITY}, {{coresmd: \"{words}\"}}]"), "");
    server.wait_until_ready();
    let reply = answer(&relay, &server, &relayed(MessageType::Solicit, 1, asks_address));
    assert_eq!(given(&reply), (Some("fd00:16::1".into()), None));
    let message = Received::decode(&reply).unwrap();
    assert_eq!((message.message_type(), message.relays().len()), (MessageType::Advertise, 1));
    assert_eq!(message.client_fqdn().unwrap().name, "nid0001");
    let stranger = answer(&relay, &server, &relayed(MessageType::Solicit, 9, asks_address));
    assert_eq!(given(&stranger), (None, None));
    let metrics = get(server.admin, "/metrics");
    for line in [
        "coresmd_dhcp6_requests_total{type=\"solicit\"} 2",
        "coresmd_dhcp6_replies_total{type=\"advertise\"} 2",
        "coresmd_dhcp6_unserved_total{reason=\"unknown\"} 1",
        "coresmd_dhcp6_drops_total{reason=\"no_server_id\"} 0",
        "coresmd_dhcp6_udp_received_total{endpoint=\"[::1]:0\"} 2",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line} is not in\n{metrics}");
    }
    server.wait_for("verdict=advertise address=fd00:16::1");
    server.wait_for("refused=unknown");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_prefix_is_on_the_disk_before_its_reply_and_damage_is_told() {
    let relay = bound_to("[::1]:0");
    let plugins = format!("[{IDENTITY}, {{prefix: \"2001:db8::/63 64\"}}]");
    let server = Server::of_dhcp6(tempfile::tempdir().unwrap(), &plugins, "");
    let bound = given(&answer(&relay, &server, &relayed(MessageType::Request, 1, asks_prefix))).1;
    assert_eq!(bound.as_deref(), Some("2001:db8::/64"));

    let directory = server.kill();
    let server = Server::of_dhcp6(directory, &plugins, "");
    assert!(get(server.admin, "/metrics").contains("coresmd_dhcp6_prefixes 1\n"));
    let other = given(&answer(&relay, &server, &relayed(MessageType::Request, 2, asks_prefix))).1;
    assert_eq!(other.as_deref(), Some("2001:db8:0:1::/64"));
    assert_eq!(given(&answer(&relay, &server, &relayed(MessageType::Renew, 1, asks_prefix))).1, bound);
    assert!(get(server.admin, "/readyz").starts_with("HTTP/1.1 200"));

    let directory = server.kill();
    write(directory.path(), "prefixes", "coresmd-prefixes 1 damaged\n");
    let server = Server::of_dhcp6(directory, &plugins, "");
    let ready = get(server.admin, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("prefixes.damaged"), "{ready}");
    assert_eq!(given(&answer(&relay, &server, &relayed(MessageType::Request, 3, asks_prefix))).1, bound);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn who_sleeps_keeps_nobody_else_waiting_and_is_answered_once() {
    let relay = bound_to("[::1]:0");
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "hosts6", "02:00:00:00:00:02 fd00:16::2 # not 10.0.0.2\n");
    let smd = smd_of("02:00:00:00:00:01", "fd00:16::1");
    let words = format!("svc_base_uri={smd} ipxe_base_uri=http://bss cache_valid=1s tftp_port={}", free_port());
    let plugins = format!("[{IDENTITY}, {{coresmd: \"{words}\"}}, {{sleep: 1s}}, {{file: hosts6}}]");
    let server = Server::of_dhcp6(directory, &plugins, "");
    server.wait_until_ready();
    for node in [2, 2, 1] {
        relay.send_to(&relayed(MessageType::Solicit, node, asks_address), server.dhcp).unwrap();
    }
    let next = || {
        let mut buffer = [0; 1500];
        let (length, _) = relay.recv_from(&mut buffer).unwrap();
        given(&buffer[..length]).0.unwrap()
    };
    assert_eq!([next(), next()], ["fd00:16::1", "fd00:16::2"]);
    let metrics = get(server.admin, "/metrics");
    assert!(metrics.contains("coresmd_dhcp6_drops_total{reason=\"duplicate\"} 1\n"), "{metrics}");
    assert_eq!(server.stop(), Some(0));
}
