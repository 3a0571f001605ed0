//! RFC 8415 §16 and §18.3, message by message.

use super::*;
use dhcp_wire::v6::IaAddress;

const OTHER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x16, 0, 0, 0, 0, 0, 0x99);
const OFF_LINK: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x99, 0, 0, 0, 0, 0, 1);

/// What an answer says: its type, its status, and of each `IA_NA` the number, the status and the addresses with their
/// lifetimes.
type Said = (MessageType, Option<Status>, Vec<(u32, Option<Status>, Vec<(Ipv6Addr, u32)>)>);

fn said(outcome: &Result<Transmit, DropReason>) -> Result<Said, DropReason> {
    let transmit = outcome.as_ref().map_err(|reason| *reason)?;
    let message = Received::decode(&transmit.datagram).unwrap();
    let associations = message.ia_nas().map(|ia| {
        let address = |leased: IaAddress| (leased.address, leased.valid);
        (ia.iaid, ia.status().map(|(status, _)| status), ia.addresses().map(address).collect())
    });
    Ok((message.message_type(), message.status().map(|(status, _)| status), associations.collect()))
}

#[test]
fn what_section_16_discards() {
    use MessageType::{
        Advertise, Confirm, Decline, InformationRequest, LeaseQuery, Rebind, Reconfigure, RelayRepl, Release, Renew,
        Reply, Request, Solicit, Unknown,
    };
    let anonymous = |kind| Outgoing::new(kind, [1, 2, 3]);
    let to_another =
        |kind| with(ask(kind, NODE), |options| options.push_duid(OptionCode::ServerId, &Duid::link_layer(STRANGER)));
    for kind in [Solicit, Confirm, Rebind] {
        let (policy, named) = (usual(), with_ia(ask_us(kind, NODE), 1, &[NODE_ADDRESS]));
        assert_eq!(outcome(&policy, &anonymous(kind), &multicast()), Err(DropReason::NoClientId), "{kind:?}");
        assert_eq!(outcome(&policy, &named, &multicast()), Err(DropReason::HasServerId), "{kind:?}");
        let direct = meta("[fd00:16::1]:546", "[fd00:16::253]:547");
        let unicast = with_ia(ask(kind, NODE), 1, &[NODE_ADDRESS]);
        assert_eq!(outcome(&policy, &unicast, &direct), Err(DropReason::Unicast), "{kind:?}");
    }
    for kind in [Request, Renew, Release, Decline] {
        let policy = usual();
        assert_eq!(outcome(&policy, &anonymous(kind), &multicast()), Err(DropReason::NoClientId), "{kind:?}");
        assert_eq!(outcome(&policy, &ask(kind, NODE), &multicast()), Err(DropReason::NoServerId), "{kind:?}");
        assert_eq!(outcome(&policy, &to_another(kind), &multicast()), Err(DropReason::OtherServer), "{kind:?}");
    }
    let information = outcome(&usual(), &to_another(InformationRequest), &multicast());
    assert_eq!(information, Err(DropReason::OtherServer));
    let with_association = outcome(&usual(), &with_ia(ask(InformationRequest, NODE), 1, &[]), &multicast());
    assert_eq!(with_association, Err(DropReason::HasAssociation));
    for kind in [Advertise, Reply, Reconfigure, LeaseQuery, Unknown(200)] {
        assert_eq!(outcome(&usual(), &ask(kind, NODE), &multicast()), Err(DropReason::UnwantedType), "{kind:?}");
    }
    let mut reply = relayed("fd00:16::250", &ask(Solicit, NODE));
    reply[0] = RelayRepl.into();
    assert_eq!(answer(&usual(), &mut [], &reply, &multicast()), Err(DropReason::UnwantedType));
}

#[test]
fn a_message_to_one_server_must_be_multicast() {
    for kind in [MessageType::Request, MessageType::Renew, MessageType::Release, MessageType::Decline] {
        let unicast = meta("[fd00:16::1]:546", "[fd00:16::253]:547");
        let transmit = outcome(&usual(), &with_ia(ask_us(kind, NODE), 1, &[NODE_ADDRESS]), &unicast).unwrap();
        let reply = Received::decode(&transmit.datagram).unwrap();
        let codes: Vec<_> = reply.options().map(|(code, _)| u16::from(code)).collect();
        assert_eq!((codes, reply.status()), (vec![1, 2, 13], Some((Status::UseMulticast, &b""[..]))), "{kind:?}");
        assert_eq!((transmit.destination.from, transmit.destination.interface), (Some(SERVER.into()), 0));
    }
    // A relay sends by unicast, and that is right.
    let renewal = relayed("fd00:16::250", &with_ia(ask_us(MessageType::Renew, NODE), 1, &[NODE_ADDRESS]));
    let direct = meta("[fd00:16::250]:547", "[fd00:16::253]:547");
    assert_eq!(answer(&usual(), &mut [], &renewal, &direct).unwrap().address, Some(NODE_ADDRESS));
}

#[test]
fn every_state_of_a_reservation() {
    use MessageType::{Advertise, Confirm, Decline, Rebind, Release, Renew, Reply, Request, Solicit};
    let right = || vec![(1, None, vec![(NODE_ADDRESS, 3600)])];
    let none = |status| vec![(1, Some(status), vec![])];
    let asks = |kind, mac, addresses: &[Ipv6Addr]| with_ia(ask(kind, mac), 1, addresses);
    let asks_us = |kind, mac, addresses: &[Ipv6Addr]| with_ia(ask_us(kind, mac), 1, addresses);
    let rapid = |mac| with(asks(Solicit, mac, &[]), |options| options.push(OptionCode::RapidCommit, &[]));
    for (name, message, wanted) in [
        ("SOLICIT", asks(Solicit, NODE, &[]), Ok((Advertise, None, right()))),
        ("SOLICIT, rapid", rapid(NODE), Ok((Reply, None, right()))),
        ("SOLICIT, wish", asks(Solicit, NODE, &[OFF_LINK]), Ok((Advertise, None, right()))),
        ("REQUEST", asks_us(Request, NODE, &[NODE_ADDRESS]), Ok((Reply, None, right()))),
        ("REQUEST, another", asks_us(Request, NODE, &[OTHER]), Ok((Reply, None, right()))),
        ("REQUEST, off link", asks_us(Request, NODE, &[OFF_LINK]), Ok((Reply, None, none(Status::NotOnLink)))),
        ("RENEW", asks_us(Renew, NODE, &[NODE_ADDRESS]), Ok((Reply, None, right()))),
        (
            "RENEW, another",
            asks_us(Renew, NODE, &[OTHER]),
            Ok((Reply, None, vec![(1, None, vec![(NODE_ADDRESS, 3600), (OTHER, 0)])])),
        ),
        ("REBIND", asks(Rebind, NODE, &[NODE_ADDRESS]), Ok((Reply, None, right()))),
        (
            "REBIND, another",
            asks(Rebind, NODE, &[OFF_LINK, NODE_ADDRESS]),
            Ok((Reply, None, vec![(1, None, vec![(NODE_ADDRESS, 3600), (OFF_LINK, 0)])])),
        ),
        ("CONFIRM", asks(Confirm, NODE, &[NODE_ADDRESS]), Ok((Reply, Some(Status::Success), vec![]))),
        ("CONFIRM, another", asks(Confirm, NODE, &[OTHER]), Ok((Reply, Some(Status::Success), vec![]))),
        ("CONFIRM, off", asks(Confirm, NODE, &[OTHER, OFF_LINK]), Ok((Reply, Some(Status::NotOnLink), vec![]))),
        ("CONFIRM, nothing", asks(Confirm, NODE, &[]), Err(DropReason::NothingToConfirm)),
        ("RELEASE", asks_us(Release, NODE, &[NODE_ADDRESS]), Ok((Reply, Some(Status::Success), vec![]))),
        ("DECLINE", asks_us(Decline, NODE, &[NODE_ADDRESS]), Ok((Reply, Some(Status::Success), vec![]))),
        ("a stranger's SOLICIT", asks(Solicit, STRANGER, &[]), Ok((Advertise, None, none(Status::NoAddrsAvail)))),
        ("a stranger's SOLICIT, rapid", rapid(STRANGER), Ok((Advertise, None, none(Status::NoAddrsAvail)))),
        ("a stranger's REQUEST", asks_us(Request, STRANGER, &[]), Ok((Reply, None, none(Status::NoAddrsAvail)))),
        ("a stranger's RENEW", asks_us(Renew, STRANGER, &[OTHER]), Ok((Reply, None, none(Status::NoBinding)))),
        ("a stranger's REBIND", asks(Rebind, STRANGER, &[OTHER]), Err(DropReason::Unserved(Unserved::Unknown))),
        ("a stranger's CONFIRM", asks(Confirm, STRANGER, &[OTHER]), Ok((Reply, Some(Status::Success), vec![]))),
        (
            "a stranger's CONFIRM, off",
            asks(Confirm, STRANGER, &[OFF_LINK]),
            Ok((Reply, Some(Status::NotOnLink), vec![])),
        ),
        (
            "a stranger's RELEASE",
            asks_us(Release, STRANGER, &[OTHER]),
            Ok((Reply, Some(Status::Success), none(Status::NoBinding))),
        ),
    ] {
        assert_eq!(said(&outcome(&usual(), &message, &multicast())), wanted, "{name}");
    }
}

#[test]
fn who_is_given_nothing_is_told_why() {
    for (mac, wanted) in [(STRANGER, Unserved::Unknown), (IPV4_ONLY, Unserved::NoIpv6Address)] {
        let transmit = outcome(&usual(), &with_ia(ask(MessageType::Solicit, mac), 7, &[]), &multicast()).unwrap();
        assert_eq!(transmit.unserved, Some(wanted));
        let reply = Received::decode(&transmit.datagram).unwrap();
        let (_, text) = reply.ia_nas().next().unwrap().status().unwrap();
        assert_eq!(text, wanted.to_string().as_bytes());
    }
    let uuid = Duid::new(&[&[0, 4][..], &[7; 16]].concat()).unwrap();
    let mut message = Outgoing::new(MessageType::Solicit, [0; 3]);
    message.options.push_duid(OptionCode::ClientId, &uuid);
    let message = with_ia(message, 7, &[]);
    assert_eq!(outcome(&usual(), &message, &multicast()).unwrap().unserved, Some(Unserved::NoMac));
    // iPXE has a DUID-UUID: its MAC address is in the address that it sends from.
    let ipxe = meta("[fe80::5054:ff:febe:ef01]:546", "[ff02::1:2]:547");
    assert_eq!(outcome(&usual(), &message, &ipxe).unwrap().address, Some(NODE_ADDRESS));
}

#[test]
fn who_is_given_nothing_is_told_when_to_ask_again_if_it_wants_to_know() {
    let asks = |mac, codes: &'static [OptionCode]| {
        let message = with_ia(ask(MessageType::Solicit, mac), 7, &[]);
        let transmit =
            outcome(&usual(), &with(message, |options| options.push_codes(OptionCode::ORO, codes)), &multicast());
        let reply = transmit.unwrap().datagram;
        Received::decode(&reply).unwrap().option(OptionCode::SolMaxRt).map(<[u8]>::to_vec)
    };
    assert_eq!(asks(STRANGER, &[OptionCode::SolMaxRt]), Some(vec![0, 0, 1, 44]));
    assert_eq!(asks(STRANGER, &[]), None);
    assert_eq!(asks(NODE, &[OptionCode::SolMaxRt]), None);
}

#[test]
fn a_unicast_information_request_is_answered_as_by_the_original() {
    let unicast = meta("[fd00:16::1]:546", "[fd00:16::253]:547");
    let transmit = outcome(&usual(), &ask(MessageType::InformationRequest, NODE), &unicast).unwrap();
    assert_eq!(transmit.message_type, MessageType::Reply);
}

#[test]
fn a_clients_relays_are_nested_to_eight_hops_and_no_further() {
    let solicit = with_ia(ask(MessageType::Solicit, MANY), 1, &[]);
    let mut datagram = relayed("fd00:40:2::1", &solicit);
    for hop in 1..=9_u8 {
        let transmit = answer(&usual(), &mut [], &datagram, &meta("[fd00:40::1]:547", "[fd00:16::253]:547")).unwrap();
        let reply = Received::decode(&transmit.datagram).unwrap();
        let hops: Vec<u8> = reply.relays().iter().map(|relay| relay.hop_count).collect();
        assert_eq!(hops, (0..hop).rev().collect::<Vec<_>>());
        assert_eq!(transmit.address, Some("fd00:40:2::9".parse().unwrap()), "the link is that of the first relay");
        let addresses = [0; 32];
        datagram = [&[12, hop][..], &addresses, &[0, 9], &(datagram.len() as u16).to_be_bytes(), &datagram].concat();
    }
    let beyond = answer(&usual(), &mut [], &datagram, &multicast());
    assert!(matches!(beyond, Err(DropReason::Malformed(_))), "{beyond:?}");
}

#[test]
fn temporary_addresses_and_prefixes_that_nobody_keeps_are_refused_one_by_one() {
    for (kind, address, prefix) in [
        (MessageType::Request, Status::NoAddrsAvail, Status::NoPrefixAvail),
        (MessageType::Renew, Status::NoBinding, Status::NoBinding),
    ] {
        let message = with(ask_us(kind, NODE), |options| {
            options.push_ia_ta(4, |_| {});
            options.push_ia(OptionCode::IAPD, 5, 0, 0, |_| {});
        });
        let transmit = outcome(&usual(), &message, &multicast()).unwrap();
        let reply = Received::decode(&transmit.datagram).unwrap();
        let temporary = reply.ia_tas().next().unwrap();
        assert_eq!((temporary.iaid, temporary.status()), (4, Some((address, &b""[..]))));
        let delegation = reply.ia_pds().next().unwrap();
        assert_eq!((delegation.iaid, delegation.status()), (5, Some((prefix, &b""[..]))));
    }
}

#[test]
fn the_address_is_that_of_the_clients_link() {
    let solicit = || with_ia(ask(MessageType::Solicit, MANY), 1, &[]);
    for (link, address) in [
        ("fd00:40:1::1", "fd00:40:1::9"),
        ("fd00:40:2::1", "fd00:40:2::9"),
        ("fd00:40:2:1::1", "fd00:40:2::9"), // the nearest, by common prefix
        ("fd00:16::250", "fd00:16::9"),
        ("::", "fd00:16::9"), // the relay is on our link (RFC 6221)
    ] {
        let direct = meta("[fd00:40::1]:547", "[fd00:16::253]:547");
        let transmit = answer(&usual(), &mut [], &relayed(link, &solicit()), &direct).unwrap();
        assert_eq!(transmit.address, Some(address.parse().unwrap()), "{link}");
    }
    assert_eq!(outcome(&usual(), &solicit(), &multicast()).unwrap().address, Some("fd00:16::9".parse().unwrap()));
}

#[test]
fn every_association_gets_an_address_of_its_own_and_keeps_it() {
    let [nine, ten]: [Ipv6Addr; 2] = ["fd00:40:2::9", "fd00:40:2::a"].map(|address| address.parse().unwrap());
    let direct = meta("[fd00:40::1]:547", "[fd00:16::253]:547");
    let three = |message| with_ia(with_ia(with_ia(message, 1, &[]), 2, &[nine]), 3, &[]);
    let ask = three(ask(MessageType::Solicit, MANY));
    let answer = answer(&usual(), &mut [], &relayed("fd00:40:2::1", &ask), &direct);
    let wanted =
        vec![(1, None, vec![(ten, 3600)]), (2, None, vec![(nine, 3600)]), (3, Some(Status::NoAddrsAvail), vec![])];
    assert_eq!(said(&answer).unwrap(), (MessageType::Advertise, None, wanted));
}

#[test]
fn a_rules_subnet_binds_the_address_and_can_ignore_a_host() {
    let with_rules = |rules: &[&str]| policy(vec![Step6::Coresmd(Box::new(coresmd(rules)))]);
    let bound = with_rules(&["subnet:fd00:40:2::/48|fd00:41::/32,hostname:far", "hostname:near"]);
    let direct = meta("[fd00:40::1]:547", "[fd00:16::253]:547");
    let solicit = with_ia(ask(MessageType::Solicit, MANY), 1, &[]);
    let through = |policy, link| answer(policy, &mut [], &relayed(link, &solicit), &direct);
    let far = through(&bound, "fd00:40:2::1").unwrap();
    assert_eq!(far.address, Some("fd00:40:2::9".parse().unwrap()));
    assert_eq!(Received::decode(&far.datagram).unwrap().client_fqdn().unwrap().name, "far.openchami.cluster");
    assert_eq!(through(&bound, "fd00:41::1").unwrap().unserved, Some(Unserved::NotOnLink));

    let ignoring = with_rules(&["type:Node,ignore:true"]);
    for kind in [MessageType::Solicit, MessageType::Confirm, MessageType::Rebind] {
        for mac in [NODE, IPV4_ONLY] {
            let message = with_ia(ask(kind, mac), 1, &[NODE_ADDRESS]);
            assert_eq!(outcome(&ignoring, &message, &multicast()), Err(DropReason::Ignored), "{kind:?}");
        }
    }
}

#[test]
fn a_file_gives_addresses_to_whom_coresmd_leaves_out_and_the_first_of_both_wins() {
    let filed = |mac| file(&[(mac, OTHER)]);
    let solicit = |mac| with_ia(ask(MessageType::Solicit, mac), 1, &[]);
    let smd = || Step6::Coresmd(Box::new(coresmd(&[])));
    for (name, steps, mac, wanted) in [
        ("only in the file", vec![smd(), filed(STRANGER)], STRANGER, OTHER),
        ("without an IPv6 address in SMD", vec![smd(), filed(IPV4_ONLY)], IPV4_ONLY, OTHER),
        ("in both, SMD first", vec![smd(), filed(NODE)], NODE, NODE_ADDRESS),
        ("in both, the file first", vec![filed(NODE), smd()], NODE, OTHER),
    ] {
        let answered = outcome(&policy(steps), &solicit(mac), &multicast()).unwrap();
        assert_eq!(answered.address, Some(wanted), "{name}");
        let reply = Received::decode(&answered.datagram).unwrap();
        assert_eq!(reply.ia_nas().count(), 1, "{name}");
    }
}

#[test]
fn without_an_inventory_only_who_does_not_need_it_is_answered() {
    let (meta, networks) = (multicast(), networks());
    let message = with_ia(ask(MessageType::Solicit, NODE), 1, &[]).encode(&[]).unwrap();
    let arrival = Arrival { meta: &meta, networks: &networks, datagram: &message };
    assert_eq!(handle(None, &usual(), &mut [], arrival, now()).outcome, Err(DropReason::NoSnapshot));
    let filed = policy(vec![file(&[(NODE, OTHER)])]);
    assert_eq!(handle(None, &filed, &mut [], arrival, now()).outcome.unwrap().address, Some(OTHER));
}

#[test]
fn a_confirm_is_left_to_others_where_the_link_is_not_known() {
    let (snapshot, meta) = (snapshot(), multicast());
    let networks = ["fe80::1/64".parse().unwrap()];
    for (address, wanted) in [(NODE_ADDRESS, Ok(Status::Success)), (OTHER, Err(DropReason::LinkUnknown))] {
        let message = with_ia(ask(MessageType::Confirm, NODE), 1, &[address]).encode(&[]).unwrap();
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &message };
        let outcome = handle(Some(&snapshot), &usual(), &mut [], arrival, now()).outcome;
        let status = outcome.map(|transmit| Received::decode(&transmit.datagram).unwrap().status().unwrap().0);
        assert_eq!(status, wanted);
    }
}

#[test]
fn forever_has_no_time_to_renew_and_a_sleep_holds_the_reply_back() {
    let forever = Coresmd6 { lease_time: u32::MAX, ..coresmd(&[]) };
    let steps = vec![
        Step6::Sleep(Duration::from_millis(20)),
        Step6::Coresmd(Box::new(forever)),
        Step6::Sleep(Duration::from_secs(9)),
    ];
    let transmit = outcome(&policy(steps), &with_ia(ask(MessageType::Solicit, NODE), 1, &[]), &multicast()).unwrap();
    assert_eq!(transmit.delay, Duration::from_millis(20));
    let reply = Received::decode(&transmit.datagram).unwrap();
    let ia = reply.ia_nas().next().unwrap();
    assert_eq!((ia.t1, ia.t2, ia.addresses().next().unwrap().valid), (u32::MAX, u32::MAX, u32::MAX));
}

#[test]
fn prefixes_are_leased_released_and_taken_back() {
    let policy = policy(vec![Step6::Prefix(0)]);
    let mut pools = [pool("2001:db8::/63", 64)];
    let mut play = |message: Outgoing| {
        let datagram = message.encode(&[]).unwrap();
        let transmit = answer(&policy, &mut pools, &datagram, &multicast()).unwrap();
        let reply = Received::decode(&transmit.datagram).unwrap();
        let ia = reply.ia_pds().next();
        ia.map_or((None, vec![]), |ia| {
            let prefixes = ia.prefixes().map(|leased| (leased.prefix, leased.valid));
            (ia.status().map(|(status, _)| status), prefixes.collect())
        })
    };
    let wants = |message, prefix: Option<Ipv6Addr>| {
        with(message, |options: &mut Options| {
            options.push_ia(OptionCode::IAPD, 1, 0, 0, |ia| {
                if let Some(prefix) = prefix {
                    ia.push_ia_prefix(prefix, 64, 0, 0);
                }
            });
        })
    };
    let [first, second, foreign] = ["2001:db8::", "2001:db8:0:1::", "2001:db8:9::"].map(|text| text.parse().unwrap());
    let given = |prefix| (None, vec![(prefix, 3600)]);
    assert_eq!(play(wants(ask_us(MessageType::Request, NODE), None)), given(first));
    assert_eq!(play(wants(ask_us(MessageType::Request, STRANGER), Some(first))), given(second));
    assert_eq!(play(wants(ask_us(MessageType::Request, MANY), None)), (Some(Status::NoPrefixAvail), vec![]));
    let renewal = wants(ask_us(MessageType::Renew, NODE), Some(foreign));
    assert_eq!(play(renewal), (None, vec![(first, 3600), (foreign, 0)]));
    assert_eq!(play(wants(ask_us(MessageType::Renew, MANY), Some(foreign))), (Some(Status::NoBinding), vec![]));
    assert_eq!(play(wants(ask_us(MessageType::Release, MANY), Some(first))), (Some(Status::NoBinding), vec![]));
    // What it does not name stays, and a DECLINE is about addresses only.
    assert_eq!(play(wants(ask_us(MessageType::Release, NODE), Some(second))), (None, vec![]));
    let declined = wants(ask_us(MessageType::Decline, NODE), Some(first));
    assert_eq!(play(declined), (Some(Status::NoBinding), vec![]));
    assert_eq!(play(wants(ask(MessageType::Rebind, NODE), Some(first))), given(first));
    assert_eq!(play(wants(ask_us(MessageType::Release, NODE), Some(first))), (None, vec![]));
    // Its lease was lost, not its prefix: who renews what is free has it again.
    assert_eq!(play(wants(ask_us(MessageType::Renew, NODE), Some(first))), given(first));
}
