//! A message to the DNS server, over UDP and TCP: no bytes upset it; a reply is a response to this message that
//! another implementation can read, and fits the transport (RFC 1035 §4.2, RFC 6891 §6.2).
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use coresmd_dns::catalog::{Catalog, Plan, Zone};
use coresmd_dns::chain::Chain;
use coresmd_dns::handle::{Exchange, Handled, handle};
use coresmd_dns::name::Name;
use coresmd_dns::response::{MAX_UDP, Transport};
use coresmd_dns::transfer::wanted;
use coresmd_dns::view::{Block, Key, View};
use coresmd_dns::wire::Rcode;
use hickory_proto::op::{Message, MessageType};
use libfuzzer_sys::fuzz_target;
use smd_cache::{Inventory, Snapshot};

/// The zones and names of the seeds, and one name with many addresses.
static VIEW: LazyLock<View> = LazyLock::new(|| {
    let many: Vec<String> = (1..=200).map(|last| format!(r#"{{"IPAddress":"10.9.0.{last}"}}"#)).collect();
    let interfaces = format!(
        r#"[{{"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","IPAddresses":[{{"IPAddress":"172.16.0.1"}},{{"IPAddress":"fd00::1"}}]}},
            {{"MACAddress":"52:54:00:be:ef:02","ComponentID":"x1000c0s0b0","IPAddresses":[{{"IPAddress":"172.16.0.101"}}]}},
            {{"MACAddress":"52:54:00:be:ef:03","ComponentID":"x1000c0s1b0n0","IPAddresses":[{}]}}]"#,
        many.join(",")
    );
    let components =
        br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1},{"ID":"x1000c0s0b0","Type":"NodeBMC"},
        {"ID":"x1000c0s1b0n0","Type":"Node","NID":2}]}"#;
    let inventory = Inventory::from_smd(interfaces.as_bytes(), components).expect("the bodies are SMD's");
    let zone = |apex, nodes: Option<&str>| {
        Zone::new(Name::parse(apex).expect("a name"), nodes.map(|pattern| pattern.parse().expect("a pattern")))
    };
    let mut plan = Plan::of(vec![zone("openchami.cluster", Some("nid{04d}")), zone("cluster.local", None)]);
    plan.transfer_to = vec!["127.0.0.1/32".parse().expect("a network")];
    let catalog = Catalog::build(&Snapshot::build(inventory).0, &plan);
    View {
        keys: vec![Key { zone: Name::root(), block: 0 }, Key { zone: Name::parse("other").expect("a name"), block: 1 }],
        blocks: vec![
            Block::new(Some(Arc::new(catalog)), Chain::empty(Rcode::Refused)),
            Block::new(None, Chain::empty(Rcode::ServFail)),
        ],
    }
});

fuzz_target!(|message: &[u8]| {
    let exchange = |transport| Exchange { transport, client: ([127, 0, 0, 1], 4242).into(), message, now: Instant::now() };
    if let Some(wanted) = wanted(&VIEW, &exchange(Transport::Tcp)) {
        let (mut messages, mut out) = (wanted.messages(), Vec::new());
        while messages.next(&mut out) {
            Message::from_vec(&out).expect("a part of a zone is DNS");
            out.clear();
        }
    }
    for (transport, limit) in [(Transport::Udp, usize::from(MAX_UDP)), (Transport::Tcp, usize::from(u16::MAX))] {
        let mut reply = Vec::new();
        let handled = handle(&VIEW, &exchange(transport), &mut reply);
        if matches!(handled, Handled::Dropped(_)) {
            assert!(reply.is_empty(), "what is dropped has no reply");
            continue;
        }
        assert!(reply.len() <= limit, "{} bytes over {transport:?}", reply.len());
        assert_eq!(reply[..2], message[..2], "the id of the query");
        let read = Message::from_vec(&reply).expect("a reply is DNS");
        assert_eq!(read.metadata.message_type, MessageType::Response);
        if matches!(handled, Handled::Answered(_)) {
            assert_eq!(read.queries.len(), 1, "the question comes back");
        }
    }
});
