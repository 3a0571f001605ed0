//! What real clients sent, and what they get: udhcpc, dhclient, dhcpcd and a relay (01), the PXE ROM and iPXE of a BIOS
//! (02), UEFI's PXE and HTTP boot on x86-64 (03, 04, 06, 07) and ARM64 (05). Recorded beside another server; here all of
//! them are nodes of the inventory with the addresses that they had there.
//!
//! A line of `NAME.tsv`: the packet's number in the capture, source, destination, payload. `NAME.txt` is what we answer;
//! when a change of it is right, put in the text that the failing test prints.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

#[path = "captures/dhcp6.rs"]
mod dhcp6;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;

use coresmd_dhcp::config;
use coresmd_dhcp::v4::{self, Arrival, Destination, Transmit};
use dhcp_wire::OptionCode;
use dhcp_wire::v4::Received;
use ipnet::Ipv4Net;
use serve::udp::RecvMeta;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, Snapshot};

/// The server's address in the captures.
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

const CONFIG: &str = "
server4:
  plugins:
    - server_id: 10.77.0.1
    - dns: 10.77.0.1
    - router: 10.77.0.1
    - netmask: 255.255.255.0
    - mtu: 1500
    - coresmd:
        svc_base_uri: http://10.77.0.1:27779
        ipxe_base_uri: http://10.77.0.1:8080
        domain: openchami.cluster
        rule: [\"subnet:10.78.0.0/24,hostname:far{04d},routers:10.78.0.1\", \"hostname:nid{04d}\"]
";

/// MAC address and address of each client, and its NID by its place.
const NODES: [(&str, &str); 10] = [
    ("c2:cf:54:aa:be:44", "10.77.0.144"),
    ("0e:a8:81:32:73:bf", "10.78.0.117"),
    ("52:54:00:00:00:02", "10.77.0.101"),
    ("52:54:00:00:00:20", "10.77.0.131"),
    ("52:54:00:00:01:01", "10.77.0.113"),
    ("52:54:00:00:01:02", "10.77.0.114"),
    ("52:54:00:00:02:01", "10.77.0.126"),
    ("52:54:00:00:02:02", "10.77.0.127"),
    ("52:54:00:00:01:06", "10.77.0.118"),
    ("52:54:00:00:01:09", "10.77.0.172"),
];

macro_rules! captures {
    ($($name:ident: $file:literal,)*) => {$(
        #[test]
        fn $name() {
            play($file);
        }
    )*};
}

captures! {
    linux_clients: "01-linux-clients",
    bios: "02a-bios-virtio",
    bios_with_uuid: "02e-bios-uuid",
    uefi_pxe: "03a-ovmf-pxe-virtio",
    uefi_http_boot: "04a-ovmf-httpboot-virtio",
    arm64_pxe: "05a-aavmf-pxe",
    arm64_http_boot: "05b-aavmf-httpboot",
    ipxe_after_pxe_by_ipv6: "06a-ovmf-pxe-v6",
    beside_a_proxy: "07a-ovmf-proxydhcp",
}

fn play(name: &str) {
    let (snapshot, policy) = (snapshot_of(&NODES), config::read("captures.yaml", CONFIG, None).0.unwrap().policy);
    let mut transcript = String::new();
    for line in read(name, "tsv").lines() {
        let [number, source, destination, payload] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let destination: SocketAddrV4 = destination.parse().unwrap();
        let meta = RecvMeta {
            source: source.parse::<SocketAddr>().unwrap(),
            destination: Some(IpAddr::V4(*destination.ip())),
            local: Some(SERVER.into()),
            interface: 2,
        };
        let (networks, datagram) = ([Ipv4Net::new(SERVER, 24).unwrap()], hex(payload));
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &datagram };
        let transaction = v4::handle(Some(&snapshot), &policy, arrival);
        let asked = transaction.asked.unwrap();
        let client = Received::decode(&datagram).unwrap().client_mac().unwrap();
        write!(transcript, "{number} {:?} {client}: ", asked.message_type.unwrap()).unwrap();
        match transaction.outcome {
            Ok(transmit) => describe(&transmit, &mut transcript),
            Err(reason) => writeln!(transcript, "{reason}").unwrap(),
        }
    }
    assert!(transcript == read(name, "txt"), "{name} is answered otherwise than {name}.txt says:\n{transcript}");
}

/// The reply as text: type, way, header, then each option in its order.
fn describe(transmit: &Transmit, out: &mut String) {
    let mut bytes = Vec::new();
    assert!(transmit.encode(&mut bytes).is_empty(), "every option finds room");
    let reply = Received::decode(&bytes).unwrap();
    let way = match transmit.destination {
        Destination::Relay(relay) => format!("relay {relay}"),
        Destination::Unicast(address) => format!("unicast {address}"),
        Destination::LinkLayer { address, mac } => format!("frame to {mac} for {address}"),
        Destination::Broadcast => "broadcast".into(),
    };
    let file = String::from_utf8_lossy(reply.file());
    writeln!(out, "{:?} by {way}, {} octets", transmit.message_type, bytes.len()).unwrap();
    writeln!(out, "  yiaddr {} siaddr {} giaddr {} file {file:?}", reply.yiaddr(), reply.siaddr(), reply.giaddr())
        .unwrap();
    for (code, value) in transmit.reply.options.iter() {
        writeln!(out, "  {code} {}", text(OptionCode::from(code), value)).unwrap();
    }
}

fn text(code: OptionCode, value: &[u8]) -> String {
    match code {
        OptionCode::Hostname | OptionCode::RootPath | OptionCode::TFTPServerName | OptionCode::BootfileName => {
            String::from_utf8_lossy(value).into_owned()
        }
        _ => value.iter().fold(String::new(), |mut text, octet| {
            write!(text, "{octet:02x}").unwrap();
            text
        }),
    }
}

/// An inventory of nodes with these MAC addresses and addresses.
fn snapshot_of(nodes: &[(&str, &str)]) -> Snapshot {
    let interface = |nid: usize| {
        let (mac, address) = nodes[nid - 1];
        format!(
            r#"{{"MACAddress":"{mac}","ComponentID":"x1000c0s{nid}b0n0","Type":"Node","IPAddresses":[{{"IPAddress":"{address}"}}]}}"#
        )
    };
    let component = |nid: usize| format!(r#"{{"ID":"x1000c0s{nid}b0n0","Type":"Node","NID":{nid}}}"#);
    let rows = |row: &dyn Fn(usize) -> String| (1..=nodes.len()).map(row).collect::<Vec<_>>().join(",");
    let (interfaces, components) =
        (format!("[{}]", rows(&interface)), format!(r#"{{"Components":[{}]}}"#, rows(&component)));
    let bodies =
        Bodies { interfaces: interfaces.as_bytes(), components: components.as_bytes(), groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).unwrap()).0
}

#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn read(name: &str, extension: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(format!("{name}.{extension}"));
    std::fs::read_to_string(file).unwrap_or_default()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
