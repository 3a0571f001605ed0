//! The corridor on invented packets; recorded ones are in `tests/recorded`.

mod clients;
mod pooled;
mod steps;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use dhcp_wire::v4::{BOOTREPLY, BOOTREQUEST, BROADCAST, Outgoing, Received};
use dhcp_wire::{MessageType, OptionCode};
use ipnet::Ipv4Net;
use naming::{Rule, RuleLog, RuleSet};
use proptest::prelude::*;
use serve::udp::RecvMeta;
use smd_cache::inventory::Bodies;
use smd_cache::{Inventory, MacAddr, Snapshot};

use super::address::{Link, select};
use super::*;
use crate::policy::{Coresmd, ScriptUrl, Step};

const SERVER: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 253);
const OTHER: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 9);
const NODE: [u8; 6] = [0x52, 0x54, 0, 0xbe, 0xef, 1];
const NODE_ADDRESS: Ipv4Addr = Ipv4Addr::new(172, 16, 0, 1);
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 40, 3, 1);
/// The node's address behind the relay.
const FAR_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 40, 3, 11);
const NONE: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

fn snapshot() -> Snapshot {
    let interfaces = br#"[
        {"MACAddress":"52:54:00:be:ef:01","ComponentID":"x1000c0s0b0n0","Type":"Node","LastUpdate":"2026-01-05T08:00:00Z",
         "IPAddresses":[{"IPAddress":"fd00::1"},{"IPAddress":"172.16.0.1"},{"IPAddress":"10.40.3.11"}]},
        {"MACAddress":"52:54:00:be:ef:06","ComponentID":"x1000c0s6b0n0","Type":"Node","LastUpdate":"2026-01-05T08:00:00Z",
         "IPAddresses":[{"IPAddress":"fd00::6"}]}]"#;
    let components = br#"{"Components":[{"ID":"x1000c0s0b0n0","Type":"Node","NID":1},{"ID":"x1000c0s6b0n0","Type":"Node","NID":6}]}"#;
    let bodies = Bodies { interfaces, components, groups: None, boot: None };
    Snapshot::build(Inventory::read(&bodies).unwrap()).0
}

fn rules(texts: &[&str]) -> RuleSet {
    let rules = texts.iter().map(|text| Rule::parse(text).unwrap()).collect();
    RuleSet { rules, log: RuleLog::None, ..RuleSet::default() }
}

fn policy(texts: &[&str]) -> Policy {
    let coresmd = Coresmd { script: ScriptUrl::on_base("http://bss:8081"), lease_time: 3600, rules: rules(texts) };
    let steps = vec![Step::ServerId(SERVER), Step::LeaseTime(60), Step::Coresmd(Box::new(coresmd))];
    Policy { steps, server_id: Some(SERVER), pool: None }
}

/// A client's message of this type.
fn ask(kind: MessageType) -> Outgoing {
    let mut message = Outgoing::new(BOOTREQUEST);
    message.chaddr[..6].copy_from_slice(&NODE);
    message.xid = 0x0102_0304;
    message.options.set(OptionCode::MessageType, &[kind.into()]);
    message
}

fn with(mut message: Outgoing, options: &[(OptionCode, &[u8])]) -> Outgoing {
    for (code, value) in options {
        message.options.set(*code, value);
    }
    message
}

/// What a message is answered with: the reply's type and address, or why there is none.
fn answer(policy: &Policy, message: &Outgoing) -> Result<(MessageType, Ipv4Addr), DropReason> {
    outcome(policy, message).map(|transmit| (transmit.message_type, transmit.reply.yiaddr))
}

fn outcome(policy: &Policy, message: &Outgoing) -> Result<Transmit, DropReason> {
    outcome_with(Some(&snapshot()), policy, message)
}

fn outcome_with(snapshot: Option<&Snapshot>, policy: &Policy, message: &Outgoing) -> Result<Transmit, DropReason> {
    let (meta, datagram) = (meta(), bytes(message));
    handle(snapshot, policy, Arrival { meta: &meta, networks: &[network()], datagram: &datagram }).outcome
}

fn bytes(message: &Outgoing) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(1472, &mut bytes);
    bytes
}

fn meta() -> RecvMeta {
    let source = SocketAddr::from((NODE_ADDRESS, 6767));
    RecvMeta { source, destination: Some(Ipv4Addr::BROADCAST.into()), local: Some(SERVER.into()), interface: 2 }
}

fn network() -> Ipv4Net {
    Ipv4Net::new(SERVER, 24).unwrap()
}

#[test]
fn every_state_of_rfc_2131() {
    use MessageType::{Ack, Decline, Discover, Inform, Nak, Offer, Release, Request};
    let (asked, server) = (OptionCode::RequestedIpAddress, OptionCode::ServerIdentifier);
    let (right, wrong) = (&NODE_ADDRESS.octets()[..], &OTHER.octets()[..]);
    let (us, them) = (&SERVER.octets()[..], &OTHER.octets()[..]);
    let holding = |message: Outgoing, ciaddr| Outgoing { ciaddr, ..message };
    for (name, message, wanted) in [
        ("INIT", ask(Discover), Ok((Offer, NODE_ADDRESS))),
        ("INIT, wishes", with(ask(Discover), &[(asked, wrong)]), Ok((Offer, NODE_ADDRESS))),
        ("SELECTING us", with(ask(Request), &[(asked, right), (server, us)]), Ok((Ack, NODE_ADDRESS))),
        ("SELECTING us, wrong", with(ask(Request), &[(asked, wrong), (server, us)]), Ok((Nak, NONE))),
        ("SELECTING another", with(ask(Request), &[(asked, right), (server, them)]), Err(DropReason::OtherServer)),
        ("INIT-REBOOT", with(ask(Request), &[(asked, right)]), Ok((Ack, NODE_ADDRESS))),
        ("INIT-REBOOT, wrong", with(ask(Request), &[(asked, wrong)]), Ok((Nak, NONE))),
        ("RENEWING", holding(ask(Request), NODE_ADDRESS), Ok((Ack, NODE_ADDRESS))),
        ("RENEWING from afar", holding(ask(Request), FAR_ADDRESS), Ok((Ack, FAR_ADDRESS))),
        ("RENEWING, wrong", holding(ask(Request), OTHER), Ok((Nak, NONE))),
        ("nothing", ask(Request), Err(DropReason::NothingRequested)),
        ("INFORM", holding(ask(Inform), NODE_ADDRESS), Ok((Ack, NONE))),
        ("RELEASE", holding(ask(Release), NODE_ADDRESS), Err(DropReason::Released)),
        ("DECLINE", with(ask(Decline), &[(asked, right)]), Err(DropReason::Declined)),
        ("an OFFER", ask(Offer), Err(DropReason::UnwantedType)),
        ("no type", ask(MessageType::Unknown(99)), Err(DropReason::NoMessageType)),
        ("a reply", Outgoing { op: BOOTREPLY, ..ask(Discover) }, Err(DropReason::NotARequest)),
        ("InfiniBand", Outgoing { hlen: 0, htype: 32, ..ask(Discover) }, Err(DropReason::HardwareAddress)),
        ("a stranger", Outgoing { chaddr: [7; 16], ..ask(Discover) }, Err(DropReason::Unknown)),
    ] {
        assert_eq!(answer(&policy(&[]), &message), wanted, "{name}");
    }
}

#[test]
fn an_inform_is_told_everything_but_a_lease() {
    let message = Outgoing { ciaddr: NODE_ADDRESS, ..ask(MessageType::Inform) };
    let transmit = outcome(&policy(&[]), &message).unwrap();
    assert_eq!(transmit.reply.options.get(OptionCode::AddressLeaseTime), None);
    assert!(transmit.reply.options.get(OptionCode::Hostname).is_some());
    assert_eq!(transmit.destination, Destination::Unicast(NODE_ADDRESS));
}

#[test]
fn a_nak_echoes_the_identifiers_and_a_relayed_one_asks_for_a_broadcast() {
    let wrong = [(OptionCode::RequestedIpAddress, &OTHER.octets()[..])];
    let mut message = with(ask(MessageType::Request), &wrong);
    message.giaddr = RELAY;
    message.options.set(OptionCode::ClientIdentifier, &[1, 2, 3]);
    message.options.set(OptionCode::RelayAgentInformation, &[1, 1, 9]);
    let transmit = outcome(&policy(&[]), &message).unwrap();
    let options: Vec<_> = transmit.reply.options.iter().map(|(code, _)| code).collect();
    assert_eq!(options, [53, 54, 61, 82]);
    assert_eq!((transmit.reply.flags, transmit.reply.giaddr), (0x8000, RELAY));
    assert_eq!(transmit.destination, Destination::Relay("10.40.3.1:67".parse().unwrap()));
}

#[test]
fn replies_find_their_way() {
    let discover = || ask(MessageType::Discover);
    let mac = MacAddr(NODE);
    for (message, way) in [
        (discover(), Destination::LinkLayer { address: NODE_ADDRESS, mac }),
        (Outgoing { flags: 0x8000, ..discover() }, Destination::Broadcast),
        (Outgoing { flags: 0x4001, ..discover() }, Destination::LinkLayer { address: NODE_ADDRESS, mac }),
        (Outgoing { giaddr: RELAY, flags: 0x8000, ..discover() }, Destination::Relay("10.40.3.1:67".parse().unwrap())),
        (
            with(Outgoing { giaddr: RELAY, ..discover() }, &[(OptionCode::RelayAgentInformation, &[19, 0])]),
            Destination::Relay("10.40.3.1:6767".parse().unwrap()), // RFC 8357
        ),
    ] {
        assert_eq!(outcome(&policy(&[]), &message).unwrap().destination, way);
    }
}

#[test]
fn the_link_is_selected_by_82_then_118_then_giaddr() {
    let near = [172, 16, 0, 77];
    let far = [10, 40, 3, 77];
    let selection = |address: [u8; 4]| [&[5, 4][..], &address].concat();
    let relayed = || Outgoing { giaddr: RELAY, ..ask(MessageType::Discover) };
    for (message, address) in [
        (relayed(), FAR_ADDRESS),
        (with(relayed(), &[(OptionCode::RelayAgentInformation, &selection(near))]), NODE_ADDRESS),
        (with(relayed(), &[(OptionCode::SubnetSelection, &near)]), NODE_ADDRESS),
        (
            with(
                relayed(),
                &[(OptionCode::RelayAgentInformation, &selection(far)), (OptionCode::SubnetSelection, &near)],
            ),
            FAR_ADDRESS,
        ),
        (with(ask(MessageType::Discover), &[(OptionCode::SubnetSelection, &far)]), FAR_ADDRESS),
    ] {
        assert_eq!(answer(&policy(&[]), &message), Ok((MessageType::Offer, address)));
    }
    let selected = with(relayed(), &[(OptionCode::SubnetSelection, &near)]);
    let reply = outcome(&policy(&[]), &selected).unwrap().reply;
    assert_eq!(reply.options.get(OptionCode::SubnetSelection), Some(&near[..]));
}

#[test]
fn a_rules_subnet_binds_the_address() {
    let policy = policy(&["subnet:10.40.0.0/16,hostname:wide", "subnet:10.40.1.0/24,hostname:a", "hostname:b"]);
    let from = |giaddr| Outgoing { giaddr, ..ask(MessageType::Discover) };
    assert_eq!(answer(&policy, &from(RELAY)), Ok((MessageType::Offer, FAR_ADDRESS)));
    assert_eq!(answer(&policy, &from(Ipv4Addr::new(10, 40, 1, 1))), Err(DropReason::NotOnLink));
    assert_eq!(answer(&policy, &from(Ipv4Addr::new(172, 16, 0, 2))), Ok((MessageType::Offer, NODE_ADDRESS)));
    let reply = outcome(&policy, &from(RELAY)).unwrap().reply;
    assert_eq!(reply.options.get(OptionCode::Hostname), Some(&b"wide"[..]));
}

#[test]
fn addresses_are_chosen_by_the_longest_prefix_and_then_by_order() {
    let addresses: Vec<IpAddr> =
        ["fd00::1", "192.168.1.5", "10.1.2.3", "10.1.9.9", "10.1.2.4"].map(|text| text.parse().unwrap()).into();
    let network = |text: &str| text.parse::<Ipv4Net>().unwrap();
    let near = |text: &str| Link::Near(text.parse().unwrap());
    let (wide, narrow) = ([network("10.0.0.1/8")], [network("10.0.0.1/8"), network("10.1.9.1/24")]);
    for (link, best) in [
        (near("10.1.2.254"), "10.1.2.3"),
        (near("10.1.9.254"), "10.1.9.9"),
        (near("192.168.200.1"), "192.168.1.5"),
        (near("172.16.0.1"), "192.168.1.5"),
        (Link::Direct(&wide), "10.1.2.3"),
        (Link::Direct(&narrow), "10.1.9.9"),
        (Link::Direct(&[]), "192.168.1.5"),
        (Link::Holds("10.1.2.4".parse().unwrap()), "10.1.2.4"),
    ] {
        assert_eq!(select(&addresses, link, &rules(&[])).unwrap().best.to_string(), best, "{link:?}");
    }
    assert_eq!(select(&addresses[..1], Link::Direct(&wide), &rules(&[])), Err(DropReason::NoIpv4Address));
}

#[test]
fn a_known_host_without_a_usable_address_has_a_verdict_of_its_own() {
    let mut message = ask(MessageType::Discover);
    message.chaddr[5] = 6;
    assert_eq!(answer(&policy(&[]), &message), Err(DropReason::NoIpv4Address));
}

#[test]
fn a_rule_can_ignore_a_host_whatever_it_asks() {
    let policy = policy(&["type:Node,ignore:true"]);
    let holding = |kind| Outgoing { ciaddr: NODE_ADDRESS, ..ask(kind) };
    for message in [ask(MessageType::Discover), holding(MessageType::Request), holding(MessageType::Inform)] {
        assert_eq!(answer(&policy, &message), Err(DropReason::Ignored));
    }
}

#[test]
fn without_a_server_id_the_address_that_was_spoken_to_is_ours() {
    let policy = Policy { server_id: None, ..policy(&[]) };
    let asked = (OptionCode::RequestedIpAddress, &NODE_ADDRESS.octets()[..]);
    let selecting = with(ask(MessageType::Request), &[asked, (OptionCode::ServerIdentifier, &SERVER.octets())]);
    let transmit = outcome(&policy, &selecting).unwrap();
    assert_eq!((transmit.message_type, transmit.server), (MessageType::Ack, SERVER));
    let datagram = bytes(&ask(MessageType::Discover));
    let (snapshot, meta) = (snapshot(), RecvMeta { local: None, ..meta() });
    let arrival = Arrival { meta: &meta, networks: &[], datagram: &datagram };
    assert_eq!(handle(Some(&snapshot), &policy, arrival).outcome, Err(DropReason::NoServerAddress));
}

#[test]
fn every_reason_has_a_label_of_its_own() {
    let labels: std::collections::BTreeSet<_> = DropReason::LABELS.into();
    assert_eq!(labels.len(), DropReason::LABELS.len());
    assert_eq!(DropReason::NoServerAddress.label(), "no_server_address");
    assert_eq!(DropReason::Unknown.label(), "unknown");
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic(datagram in prop::collection::vec(any::<u8>(), 0..600)) {
        let (snapshot, meta) = (snapshot(), meta());
        handle(Some(&snapshot), &policy(&[]), Arrival { meta: &meta, networks: &[network()], datagram: &datagram });
    }

    #[test]
    fn a_reply_belongs_to_its_request(
        xid in any::<u32>(),
        flags in any::<u16>(),
        giaddr in prop_oneof![Just(NONE), any::<[u8; 4]>().prop_map(Ipv4Addr::from)],
        ciaddr in prop_oneof![Just(NONE), Just(NODE_ADDRESS), any::<[u8; 4]>().prop_map(Ipv4Addr::from)],
        kind in 0_u8..20,
        options in prop::collection::btree_map(1_u8..255, prop::collection::vec(any::<u8>(), 0..20), 0..10),
    ) {
        let mut message = Outgoing { xid, flags, giaddr, ciaddr, ..ask(MessageType::from(kind)) };
        for (code, value) in options.iter().filter(|(code, _)| ![52, 53].contains(*code)) {
            message.options.set(OptionCode::from(*code), value);
        }
        if let Ok(transmit) = outcome(&policy(&[]), &message) {
            let mut bytes = Vec::new();
            transmit.encode(&mut bytes);
            prop_assert!(bytes.len() <= transmit.limit);
            let reply = Received::decode(&bytes).unwrap();
            prop_assert_eq!((reply.op(), reply.xid(), reply.giaddr()), (BOOTREPLY, xid, giaddr));
            prop_assert_eq!(reply.mac(), Some(MacAddr(NODE)));
            prop_assert_eq!(reply.server_identifier(), Some(SERVER));
            let echoed = reply.relay_agent().map(|info| info.as_bytes().to_vec());
            let sent = message.options.get(OptionCode::RelayAgentInformation).filter(|value| !value.is_empty());
            prop_assert_eq!(echoed.as_deref(), sent);
        }
    }
}
