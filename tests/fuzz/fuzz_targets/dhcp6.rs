//! Datagrams to the DHCPv6 server, one after the other with a pool of prefixes that remembers them: no bytes upset it, a
//! reply keeps the client's transaction, identifiers and relays (RFC 8415 §18.3.10) and can be read again, and no prefix
//! has two holders.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use coresmd_dhcp::v6::policy::Policy6;
use coresmd_dhcp::v6::prefix::PrefixPool;
use coresmd_dhcp::v6::{self, Arrival, prefix_file};
use dhcp_wire::v6::Received;
use libfuzzer_sys::fuzz_target;
use serve::udp::RecvMeta;
use smd_cache::{Inventory, Snapshot};

/// The MACs of the seeds: those of the recorded exchanges.
static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let interfaces = br#"[
        {"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"172.16.0.1"},{"IPAddress":"fd00:16::1"},{"IPAddress":"fd00:17::1"}]},
        {"MACAddress":"52:54:00:be:ef:02","ComponentID":"x1000c0s0b0n1","IPAddresses":[{"IPAddress":"fd00:16::2"}]},
        {"MACAddress":"52:54:00:be:ef:03","ComponentID":"x1000c0s0b0","IPAddresses":[]}]"#;
    let components =
        br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1},{"ID":"x1000c0s0b0n1","Type":"Node"},
        {"ID":"x1000c0s0b0","Type":"NodeBMC"}]}"#;
    Snapshot::build(Inventory::from_smd(interfaces, components).expect("the bodies are SMD's")).0
});

static SERVER: LazyLock<(Policy6, Vec<PrefixPool>)> = LazyLock::new(|| {
    let text = include_str!("dhcp6.yaml");
    let (config, findings) = coresmd_dhcp::config::read("dhcp6.yaml", text, None);
    let config = config.unwrap_or_else(|| panic!("{}", findings.report(false))).server6.expect("it has the section");
    (Policy6 { server_id: config.server_id.expect("it is set"), steps: config.steps }, config.pools)
});

fuzz_target!(|input: &[u8]| {
    let (policy, pools) = &*SERVER;
    let mut pools = pools.clone();
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let networks = ["fe80::1/64", "fd00:16::253/64"].map(|network| network.parse().expect("a network"));
    // One octet says how much time passes and how the datagram comes, two how long it is. What does not begin so, as the
    // seeds do not, is one datagram.
    let mut rest = input;
    while !rest.is_empty() {
        let (how, datagram) = match rest {
            [how @ 128..=255, high, low, tail @ ..] => {
                let (datagram, tail) = tail.split_at(tail.len().min(usize::from(*high) << 8 | usize::from(*low)));
                rest = tail;
                (*how, datagram)
            }
            datagram => {
                rest = &[];
                (0, datagram)
            }
        };
        now += Duration::from_secs(u64::from(how >> 2 & 31) * 120);
        let (source, destination) = match how & 3 {
            0 => ("[fe80::1]:546", "ff02::1:2"),
            1 => ("[fe80::5054:ff:febe:ef01]:546", "ff02::1:2"),
            2 => ("[fd00:16::250]:547", "fd00:16::253"),
            _ => ("[fd00:16::250]:547", "ff05::1:3"),
        };
        let destination: std::net::IpAddr = destination.parse().expect("an address");
        let meta = RecvMeta {
            source: source.parse().expect("an address"),
            destination: Some(destination),
            local: Some(destination).filter(|address| !address.is_multicast()),
            interface: 2,
        };
        let arrival = Arrival { meta: &meta, networks: &networks, datagram };
        let transaction = v6::handle(Some(&SNAPSHOT), policy, &mut pools, arrival, now);
        if let Ok(transmit) = &transaction.outcome {
            let asked = transaction.asked.expect("a reply answers a message");
            let reply = Received::decode(&transmit.datagram).expect("a reply is DHCPv6");
            assert_eq!(reply.transaction_id(), asked.transaction_id);
            assert_eq!((reply.client_id(), reply.server_id().as_ref()), (asked.client, Some(&policy.server_id)));
            assert_eq!(reply.relays().len(), asked.relays);
        }
        let leases: Vec<_> = pools.iter().flat_map(PrefixPool::export).collect();
        let blocks: BTreeSet<_> = leases.iter().map(|lease| lease.prefix.addr().segments()[3]).collect();
        assert_eq!(blocks.len(), leases.len(), "a block has one holder");
        assert_eq!(prefix_file::parse(&prefix_file::encode(leases.iter().cloned())), Ok(leases));
    }
});
