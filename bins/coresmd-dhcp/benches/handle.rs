//! `v4::handle` of a known node's DISCOVER, with its OFFER encoded, and its token buckets: what a packet costs beside its
//! system calls.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use coresmd_dhcp::admission::{Admission, Limits, Urgency};
use coresmd_dhcp::config;
use coresmd_dhcp::v4::{Arrival, handle};
use dhcp_wire::v4::{BOOTREQUEST, Outgoing};
use dhcp_wire::{MessageType, OptionCode};
use ipnet::Ipv4Net;
use serve::udp::RecvMeta;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, Snapshot};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SERVER: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 253);
const CONFIG: &str = include_str!("../../../examples/coredhcp.yaml");

fn main() {
    divan::main();
}

#[divan::bench(args = [1_000, 10_000])]
fn discover_to_offer(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    let snapshot = snapshot(nodes);
    let policy = config::read("coredhcp.yaml", CONFIG, None).0.expect("the example is without a fault").policy;
    let networks = [Ipv4Net::new(SERVER, 16).expect("16 is a prefix length")];
    let meta = RecvMeta {
        source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68)),
        destination: Some(Ipv4Addr::BROADCAST.into()),
        local: Some(SERVER.into()),
        interface: 2,
    };
    let discovers: Vec<Vec<u8>> = (0..nodes).map(discover).collect();
    let (mut turn, mut out) = (0, Vec::with_capacity(1024));
    bencher.bench_local(|| {
        out.clear();
        turn = (turn + 7919) % discovers.len();
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &discovers[turn] };
        let transaction = handle(Some(&snapshot), &policy, arrival);
        transaction.outcome.expect("every node is known").encode(&mut out)
    });
}

/// The token buckets of a message: with ten thousand MAC addresses they do not fit the caches near the core.
#[divan::bench(args = [1_000, 10_000])]
fn admit(bencher: divan::Bencher<'_, '_>, nodes: u32) {
    let mut admission = Admission::new(Limits::default());
    let (mut turn, mut now) = (0, Duration::ZERO);
    bencher.bench_local(|| {
        turn = (turn + 7919) % nodes;
        now += Duration::from_micros(20);
        admission.admit(smd_cache::MacAddr(mac(turn)), 2, Urgency::Beginning, now)
    });
}

fn mac(node: u32) -> [u8; 6] {
    let [a, b, c, d] = node.to_be_bytes();
    [0x52, 0x54, a, b, c, d]
}

/// What UEFI's PXE sends.
fn discover(node: u32) -> Vec<u8> {
    let mut message = Outgoing::new(BOOTREQUEST);
    message.flags = 0x8000;
    message.chaddr[..6].copy_from_slice(&mac(node));
    for (code, value) in [
        (OptionCode::MessageType, &[u8::from(MessageType::Discover)][..]),
        (
            OptionCode::ParameterRequestList,
            &[1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 66, 67, 97, 128],
        ),
        (OptionCode::MaxMessageSize, &[5, 192]),
        (OptionCode::ClassIdentifier, b"PXEClient:Arch:00007:UNDI:003000"),
        (OptionCode::ClientSystemArchitecture, &[0, 7]),
        (OptionCode::ClientNetworkInterface, &[1, 3, 0]),
        (OptionCode::ClientMachineIdentifier, &[0; 17]),
    ] {
        message.options.set(code, value);
    }
    let mut bytes = Vec::new();
    message.encode(1472, &mut bytes);
    bytes
}

fn snapshot(nodes: u32) -> Snapshot {
    let xname = |node: u32| format!("x{}c{}s{}b0n{}", 1000 + node / 512, node / 64 % 8, node / 2 % 32, node % 2);
    let interface = |node: u32| {
        let (mac, address) = (smd_cache::MacAddr(mac(node)), Ipv4Addr::from(0x0a00_0001 + node));
        format!(
            r#"{{"MACAddress":"{mac}","ComponentID":"{}","Type":"Node","IPAddresses":[{{"IPAddress":"{address}"}}]}}"#,
            xname(node)
        )
    };
    let component = |node: u32| format!(r#"{{"ID":"{}","Type":"Node","NID":{}}}"#, xname(node), node + 1);
    let join = |row: &dyn Fn(u32) -> String| (0..nodes).map(row).collect::<Vec<_>>().join(",");
    let interfaces = format!("[{}]", join(&interface));
    let components = format!(r#"{{"Components":[{}]}}"#, join(&component));
    let bodies =
        Bodies { interfaces: interfaces.as_bytes(), components: components.as_bytes(), groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).expect("the lists are well-formed")).0
}
