//! The corridor: recorded packets, and invented ones for what nobody recorded.

mod boot;
mod invariants;
mod recorded;
mod states;

use std::net::SocketAddr;
use std::sync::Arc;

use dhcp_wire::v6::{Duid, MessageType, OptionCode, Options, Outgoing, Received, Status};
use ipnet::Ipv6Net;
use naming::{Rule, RuleLog, RuleSet};
use serve::udp::RecvMeta;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, MacAddr, Snapshot};

use super::policy::{Coresmd6, Policy6, Step6};
use super::prefix::PrefixPool;
use super::*;
use crate::address_file::AddressFile;
use crate::policy::ScriptUrl;

/// The server of the recordings.
const SERVER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x16, 0, 0, 0, 0, 0, 0x253);
const SERVER_MAC: MacAddr = MacAddr([2, 0, 0, 0x16, 0, 0x53]);
/// x1000c0s0b0n0, NID 1.
const NODE: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]);
const NODE_ADDRESS: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x16, 0, 0, 0, 0, 0, 1);
/// x1000c0s2b0n0, with an IPv4 address only.
const IPV4_ONLY: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 3]);
/// A node with addresses on three links, two of them on the second.
const MANY: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 9]);
/// Nobody's.
const STRANGER: MacAddr = MacAddr([0x0a, 0, 0x27, 0, 0, 1]);

fn snapshot() -> Snapshot {
    let interfaces = br#"[
        {"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","Type":"Node","IPAddresses":[{"IPAddress":"172.16.0.1"},{"IPAddress":"fd00:16::1"}]},
        {"MACAddress":"52:54:00:be:ef:02","ComponentID":"x1000c0s1b0n0","Type":"Node","IPAddresses":[{"IPAddress":"fd00:16::2"}]},
        {"MACAddress":"52:54:00:be:ef:03","ComponentID":"x1000c0s2b0n0","Type":"Node","IPAddresses":[{"IPAddress":"172.16.0.3"}]},
        {"MACAddress":"52:54:00:00:01:06","ComponentID":"x1000c0s6b0n0","Type":"Node","IPAddresses":[{"IPAddress":"fd00:16::6"}]},
        {"MACAddress":"52:54:00:be:ef:09","ComponentID":"x1000c0s8b0n0","Type":"Node","IPAddresses":[{"IPAddress":"fd00:40:1::9"},{"IPAddress":"fd00:40:2::9"},{"IPAddress":"fd00:40:2::a"},{"IPAddress":"fd00:16::9"}]},
        {"MACAddress":"de:ca:fc:0f:ee:01","ComponentID":"x1000c0s0b0","Type":"NodeBMC","IPAddresses":[{"IPAddress":"172.16.0.101"},{"IPAddress":"fd00:16::65"}]},
        {"MACAddress":"02:00:00:16:00:c1","ComponentID":"x1000c0s7b0n0","Type":"Node","IPAddresses":[{"IPAddress":"172.16.0.17"}]}]"#;
    let components = br#"{"Components":[
        {"ID":"x1000c0s0b0n0","Type":"Node","NID":1},{"ID":"x1000c0s1b0n0","Type":"Node","NID":2},
        {"ID":"x1000c0s2b0n0","Type":"Node","NID":3},{"ID":"x1000c0s8b0n0","Type":"Node","NID":9},
        {"ID":"x1000c0s6b0n0","Type":"Node","NID":6},        {"ID":"x1000c0s0b0","Type":"NodeBMC"},{"ID":"x1000c0s7b0n0","Type":"Node","NID":17}]}"#;
    let bodies = Bodies { interfaces, components, groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).unwrap()).0
}

fn coresmd(rules: &[&str]) -> Coresmd6 {
    let rules = rules.iter().map(|text| Rule::parse(text).unwrap()).collect();
    Coresmd6 {
        script: ScriptUrl::on_base("http://[fd00:16::253]:8081"),
        lease_time: 3600,
        rules: RuleSet { rules, domain: Some("openchami.cluster".into()), log: RuleLog::None, ..RuleSet::default() },
        tftp_port: 69,
        http: None,
    }
}

fn policy(steps: Vec<Step6>) -> Policy6 {
    Policy6 { server_id: Duid::link_layer(SERVER_MAC), steps }
}

/// `dns` and `coresmd` as in most of the recordings.
fn usual() -> Policy6 {
    let rules = ["type:Node,hostname:nid{04d}", "type:NodeBMC,hostname:bmc-{id}"];
    policy(vec![Step6::Dns(vec![SERVER]), Step6::Coresmd(Box::new(coresmd(&rules)))])
}

fn file(entries: &[(MacAddr, Ipv6Addr)]) -> Step6 {
    let file = AddressFile::new("hosts6".into(), false);
    file.table.store(Arc::new(entries.iter().copied().collect()));
    Step6::File(file)
}

fn pool(pool: &str, length: u8) -> PrefixPool {
    PrefixPool::new(pool.parse().unwrap(), length).unwrap()
}

/// The addresses of the server's interface.
fn networks() -> Vec<Ipv6Net> {
    vec!["fe80::ff:fe16:53/64".parse().unwrap(), Ipv6Net::new(SERVER, 64).unwrap()]
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

/// A datagram's circumstances: where it came from and where it was sent to.
fn meta(source: &str, destination: &str) -> RecvMeta {
    let destination: SocketAddr = destination.parse().unwrap();
    let local = Some(destination.ip()).filter(|address| !address.is_multicast());
    RecvMeta { source: source.parse().unwrap(), destination: Some(destination.ip()), local, interface: 2 }
}

fn multicast() -> RecvMeta {
    meta("[fe80::1]:546", "[ff02::1:2]:547")
}

/// A client's message with its DUID.
fn ask(kind: MessageType, mac: MacAddr) -> Outgoing {
    let mut message = Outgoing::new(kind, [1, 2, 3]);
    message.options.push_duid(OptionCode::ClientId, &Duid::link_layer(mac));
    message
}

/// As [`ask`], to us.
fn ask_us(kind: MessageType, mac: MacAddr) -> Outgoing {
    let mut message = ask(kind, mac);
    message.options.push_duid(OptionCode::ServerId, &Duid::link_layer(SERVER_MAC));
    message
}

/// Adds an `IA_NA` that names these addresses.
fn with_ia(mut message: Outgoing, iaid: u32, addresses: &[Ipv6Addr]) -> Outgoing {
    message.options.push_ia(OptionCode::IANA, iaid, 0, 0, |ia| {
        for address in addresses {
            ia.push_ia_address(*address, 0, 0);
        }
    });
    message
}

fn with(mut message: Outgoing, add: impl FnOnce(&mut Options)) -> Outgoing {
    add(&mut message.options);
    message
}

fn outcome(policy: &Policy6, message: &Outgoing, meta: &RecvMeta) -> Result<Transmit, DropReason> {
    answer(policy, &mut [], &message.encode(&[]).unwrap(), meta)
}

fn answer(
    policy: &Policy6,
    pools: &mut [PrefixPool],
    datagram: &[u8],
    meta: &RecvMeta,
) -> Result<Transmit, DropReason> {
    let (snapshot, networks) = (snapshot(), networks());
    handle(Some(&snapshot), policy, pools, Arrival { meta, networks: &networks, datagram }, now()).outcome
}

/// A RELAY-FORW around a message.
fn relayed(link: &str, message: &Outgoing) -> Vec<u8> {
    let inner = message.encode(&[]).unwrap();
    let [link, peer] = [link, "fe80::1"].map(|address| address.parse::<Ipv6Addr>().unwrap().octets());
    [&[12, 0][..], &link, &peer, &[0, 9], &(inner.len() as u16).to_be_bytes(), &inner].concat()
}
