//! The same clients by DHCPv6: dhclient, dhcpcd, wide dhcp6c with rapid commit and dhclient behind a relay (01), UEFI's PXE
//! and the iPXE that it starts (06). The server has the DUID of the one that they were recorded with.

use std::fmt::Write as _;
use std::net::{Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use coresmd_dhcp::config;
use coresmd_dhcp::v6::policy::Policy6;
use coresmd_dhcp::v6::{self, Arrival, Transmit};
use dhcp_wire::v6::{Duid, OptionCode, Received};
use ipnet::Ipv6Net;
use serve::udp::RecvMeta;

use super::{hex, read, snapshot_of};

const CONFIG: &str = "
server6:
  plugins:
    - dns: fd77::1
    - searchdomains: openchami.cluster
    - coresmd:
        svc_base_uri: http://10.77.0.1:27779
        ipxe_base_uri: http://[fd77::1]:8080
        domain: openchami.cluster
        rule: [\"subnet:fd78::/64,hostname:far{04d}\", \"hostname:nid{04d}\"]
";

/// MAC address and address of each client, and its NID by its place.
const NODES: [(&str, &str); 3] =
    [("c2:cf:54:aa:be:44", "fd77::1f5"), ("0e:a8:81:32:73:bf", "fd78::104"), ("52:54:00:00:01:06", "fd77::118")];

#[test]
fn linux_clients() {
    play("01-linux-clients-v6", "000100013293751042ef387aaca2");
}

#[test]
fn uefi_pxe_and_ipxe() {
    play("06a-ovmf-pxe-v6-dhcp6", "00010001329378b73efb1fa81957");
}

fn play(name: &str, server_id: &str) {
    let config = config::read("captures.yaml", CONFIG, None).0.unwrap().server6.unwrap();
    let policy = Policy6 { server_id: Duid::new(&hex(server_id)).unwrap(), steps: config.steps };
    let (snapshot, mut pools) = (snapshot_of(&NODES), config.pools);
    let networks: [Ipv6Net; 2] = ["fe80::1/64", "fd77::1/64"].map(|network| network.parse().unwrap());
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let mut transcript = String::new();
    for line in read(name, "tsv").lines() {
        let [number, source, destination, payload] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let destination = destination.parse::<SocketAddr>().unwrap().ip();
        let meta = RecvMeta {
            source: source.parse().unwrap(),
            destination: Some(destination),
            local: Some(destination).filter(|address| !address.is_multicast()),
            interface: 2,
        };
        let datagram = hex(payload);
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &datagram };
        let transaction = v6::handle(Some(&snapshot), &policy, &mut pools, arrival, now);
        let asked = transaction.asked.unwrap();
        let mac = asked.mac.map_or_else(|| "nobody".to_owned(), |mac| mac.to_string());
        write!(transcript, "{number} {:?} {mac}: ", asked.message_type).unwrap();
        match transaction.outcome {
            Ok(transmit) => describe(&transmit, &mut transcript),
            Err(reason) => writeln!(transcript, "{reason}").unwrap(),
        }
    }
    assert!(transcript == read(name, "txt"), "{name} is answered otherwise than {name}.txt says:\n{transcript}");
}

/// The reply as text: type, way, then each option in its order, but for the identifiers, which are the request's.
fn describe(transmit: &Transmit, out: &mut String) {
    let reply = Received::decode(&transmit.datagram).unwrap();
    let (kind, length) = (transmit.message_type, transmit.datagram.len());
    writeln!(out, "{kind:?} to {}, {length} octets", transmit.destination.to).unwrap();
    for relay in reply.relays() {
        writeln!(out, "  relay {} {} {}", relay.hop_count, relay.link_address, relay.peer_address).unwrap();
    }
    for (code, value) in reply.options() {
        let number = u16::from(code);
        match code {
            OptionCode::ClientId | OptionCode::ServerId => {}
            OptionCode::OptBootfileUrl => writeln!(out, "  {number} {}", String::from_utf8_lossy(value)).unwrap(),
            _ => {
                let octets = value.iter().fold(String::new(), |text, octet| format!("{text}{octet:02x}"));
                writeln!(out, "  {number} {octets}").unwrap();
            }
        }
    }
    let addresses: Vec<Ipv6Addr> = reply.ia_nas().flat_map(|ia| ia.addresses()).map(|leased| leased.address).collect();
    if !addresses.is_empty() {
        writeln!(out, "  gives {addresses:?}").unwrap();
    }
}
