//! A datagram to the DHCPv4 server, with and without an inventory: no bytes upset it, and a reply keeps the client's
//! transaction, hardware address and relay (RFC 2131 §4.1) and can be read again.
#![no_main]

use std::sync::LazyLock;

use coresmd_dhcp::policy::Policy;
use coresmd_dhcp::v4::{self, Arrival};
use dhcproto::v4::{Message, OptionCode};
use dhcproto::{Decodable, Decoder};
use libfuzzer_sys::fuzz_target;
use serve::udp::RecvMeta;
use smd_cache::{Inventory, Snapshot};

/// The MACs of the seeds: those of the recorded exchanges.
static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    let interfaces = br#"[
        {"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{"IPAddress":"172.16.0.1"},{"IPAddress":"10.1.0.1"}]},
        {"MACAddress":"52:54:00:be:ef:02","ComponentID":"x1000c0s0b0n1","IPAddresses":[{"IPAddress":"fd00::2"},{"IPAddress":"172.16.0.2"}]},
        {"MACAddress":"52:54:00:be:ef:03","ComponentID":"x1000c0s0b0","IPAddresses":[]}]"#;
    let components =
        br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1},{"ID":"x1000c0s0b0n1","Type":"Node"},
        {"ID":"x1000c0s0b0","Type":"NodeBMC"}]}"#;
    Snapshot::build(Inventory::from_smd(interfaces, components).expect("the bodies are SMD's")).0
});

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = include_str!("dhcp4.yaml");
    let (config, findings) = coresmd_dhcp::config::read("dhcp4.yaml", text, None);
    config.unwrap_or_else(|| panic!("{}", findings.report(false))).policy
});

fuzz_target!(|datagram: &[u8]| {
    let meta = RecvMeta { source: ([0, 0, 0, 0], 68).into(), destination: None, local: None, interface: 2 };
    let networks = ["172.16.0.253/24".parse().expect("a network")];
    for snapshot in [None, Some(&*SNAPSHOT)] {
        let transaction = v4::handle(snapshot, &POLICY, Arrival { meta: &meta, networks: &networks, datagram });
        let Ok(transmit) = &transaction.outcome else { continue };
        assert!(snapshot.is_some(), "without an inventory nobody is answered");
        let asked = transaction.asked.expect("a reply answers a message");
        let mut bytes = Vec::new();
        transmit.encode(&mut bytes);
        // option 82 comes on top: it is returned whole, and the relay takes it off (RFC 3046 §2.1)
        let agent = transmit.reply.options.get(OptionCode::RelayAgentInformation);
        let agent = agent.map_or(0, |value| value.len() + 2 * value.len().div_ceil(255).max(1));
        let limit = transmit.limit.max(300) + agent;
        assert!(bytes.len() <= limit, "{} bytes for a client that takes {limit}", bytes.len());
        let reply = Message::decode(&mut Decoder::new(&bytes)).expect("a reply is DHCP");
        assert_eq!((reply.xid(), reply.giaddr()), (asked.xid, asked.giaddr));
        assert_eq!(reply.chaddr(), &asked.chaddr[..usize::from(asked.hlen)]);
    }
});
