//! Datagrams to the DHCPv4 server with a pool, one after another as time goes by: nothing upsets it, an address of the pool
//! never has two holders, and whom the inventory knows has none.
//!
//! An input is any number of `SECONDS (1 octet) LENGTH (2 octets, little-endian) DATAGRAM`.
#![no_main]

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coresmd_dhcp::policy::Policy;
use coresmd_dhcp::v4::{self, Arrival, Hooks, Lender};
use dhcproto::v4::MessageType;
use libfuzzer_sys::fuzz_target;
use serve::udp::RecvMeta;
use smd_cache::{Inventory, MacAddr, Snapshot};

/// A node outside of the pool, and one that SMD has learned of by an address of it.
static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let interfaces = br#"[
        {"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"172.16.0.1"}]},
        {"MACAddress":"52:54:00:be:ef:02","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"172.16.0.157"}]}]"#;
    let components = br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1}]}"#;
    Snapshot::build(Inventory::from_smd(interfaces, components).expect("the bodies are SMD's")).0
});

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = include_str!("dhcp4_pool.yaml");
    let (config, findings) = coresmd_dhcp::config::read("dhcp4_pool.yaml", text, None);
    config.unwrap_or_else(|| panic!("{}", findings.report(false))).policy
});

fuzz_target!(|input: &[u8]| {
    let settings = POLICY.pool.as_ref().expect("there is a pool");
    let pool = Mutex::new(settings.empty());
    let mut now: SystemTime = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut holders: HashMap<Ipv4Addr, (MacAddr, SystemTime)> = HashMap::new();
    let networks = ["172.16.0.253/24".parse().expect("a network")];
    let meta = RecvMeta { source: ([0, 0, 0, 0], 68).into(), destination: None, local: None, interface: 2 };
    let mut rest = input;
    while let [seconds, low, high, more @ ..] = rest {
        now += Duration::from_secs((*seconds).into());
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(more.len());
        let (datagram, behind) = more.split_at(length);
        rest = behind;
        let lender = Some(Lender { pool: &pool, backlog: 0, now });
        let hooks = Hooks { admit: &mut |_, _| Ok(()), observe: &mut |_, _, _| {}, lender };
        let arrival = Arrival { meta: &meta, networks: &networks, datagram };
        let transaction = v4::handle_with(Some(&SNAPSHOT), &POLICY, arrival, hooks);
        let mac = transaction.asked.and_then(|asked| asked.mac);
        let known = transaction.host.is_some();
        // Only an ACK promises; whoever is told or says anything else may be without its lease.
        let promised = matches!(&transaction.outcome, Ok(transmit) if transmit.message_type == MessageType::Ack);
        if !promised {
            holders.retain(|_, (holder, _)| Some(*holder) != mac);
        }
        let Ok(transmit) = &transaction.outcome else { continue };
        transmit.encode(&mut Vec::new());
        let address = transmit.reply.yiaddr;
        let pooled = settings.ranges.iter().any(|range| range.contains(address));
        assert!(!(known && pooled) || address == Ipv4Addr::new(172, 16, 0, 157), "{address} for whom SMD knows");
        if promised && pooled && !known {
            let mac = mac.expect("a reply answers a client");
            let until = now + Duration::from_secs(settings.times.lease_time);
            let before = holders.insert(address, (mac, until));
            assert!(before.is_none_or(|(other, until)| other == mac || until < now), "{address} has two holders");
        }
    }
});
