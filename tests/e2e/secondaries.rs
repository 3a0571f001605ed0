//! Others take our zones, say the same as we do about every name in them, and follow when the inventory changes.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use coresmd_tests::dns::{Transport, ask, transfer};
use hickory_proto::rr::RecordType;
use smd_sim::cluster::edit::{Change, NewInterface, NewNode};
use smd_sim::cluster::rows::IpAddressMapping;

use crate::secondary::{Kind, Secondary};
use crate::zones::{Site, ZONES, serial};

#[test]
#[ignore = "needs BIND: tests/run e2e"]
fn bind_takes_our_zones_and_follows() {
    takes_our_zones_and_follows(Kind::Bind);
}

#[test]
#[ignore = "needs NSD: tests/run e2e"]
fn nsd_takes_our_zones_and_follows() {
    takes_our_zones_and_follows(Kind::Nsd);
}

#[test]
#[ignore = "needs Knot: tests/run e2e"]
fn knot_takes_our_zones_and_follows() {
    takes_our_zones_and_follows(Kind::Knot);
}

fn takes_our_zones_and_follows(kind: Kind) {
    let mut site = Site::new();
    let secondary = Secondary::of(kind, &site);
    let first = agree_on_everything(site.dns, secondary.address);
    // a node goes, which no newer row tells of; another comes
    let (gone, nid) = site.node(7);
    let gone_name = format!("nid{nid:04}.cluster.test.");
    assert!(first.contains(&gone_name), "{first:?}");
    site.change(&[Change::RemoveNode { id: gone }]);
    secondary.wait_for(&site);
    assert!(!agree_on_everything(site.dns, secondary.address).contains(&gone_name));
    // a restart is no change, though the serial is not to be found in the inventory
    let before: Vec<_> = ZONES.iter().map(|zone| serial(site.dns, zone)).collect();
    site.restart();
    assert_eq!(ZONES.iter().map(|zone| serial(site.dns, zone)).collect::<Vec<_>>(), before);
    let address = IpAddressMapping { ip_address: "10.64.9.9".to_owned(), network: String::new() };
    let mac_address = "02:aa:bb:cc:dd:01".to_owned();
    let interfaces = vec![NewInterface { mac_address, addresses: vec![address], ..NewInterface::default() }];
    let node = NewNode { id: "x9000c1s1b1n0".to_owned(), interfaces, ..NewNode::default() };
    site.change(&[Change::PutNode(node)]);
    secondary.wait_for(&site);
    assert!(agree_on_everything(site.dns, secondary.address).contains("x9000c1s1b1n0.cluster.test."));
}

/// Compares the transfers of both, and the answers about every name in them, of its own types and of others. The names.
fn agree_on_everything(ours: SocketAddr, theirs: SocketAddr) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for zone in ZONES {
        let records = transfer(ours, zone).expect("we give our zones");
        assert_eq!(records.first(), records.last(), "{zone}");
        let mut questions: BTreeSet<(String, RecordType)> = BTreeSet::new();
        for record in &records {
            let name = record.name.to_string();
            questions.extend([record.record_type(), RecordType::AAAA].map(|rtype| (name.clone(), rtype)));
            names.insert(name);
        }
        questions.insert((format!("nobody.at.all.{zone}"), RecordType::A));
        for (name, rtype) in questions {
            // over TCP, where nothing is cut short
            let answers = [ours, theirs].map(|server| ask(server, Transport::Tcp, &name, rtype));
            assert_eq!(answers[0], answers[1], "{name} {rtype}");
            assert!(answers[0].is_ok(), "{answers:?}");
        }
    }
    names
}
