//! What holds for every datagram.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn every_reason_has_a_label_of_its_own() {
    let labels: BTreeSet<_> = DropReason::LABELS.into_iter().chain(Unserved::LABELS).collect();
    assert_eq!(labels.len(), DropReason::LABELS.len() + Unserved::LABELS.len());
    assert_eq!(DropReason::TooLong(dhcp_wire::v6::TooLong).label(), "too_long");
    assert_eq!(DropReason::Unserved(Unserved::NoStep).label(), "no_step");
}

/// A policy with every step.
fn everything() -> Policy6 {
    policy(vec![
        Step6::Dns(vec![SERVER]),
        Step6::SearchDomains(b"\x07cluster\0".to_vec()),
        file(&[(STRANGER, NODE_ADDRESS)]),
        Step6::Prefix(0),
        Step6::Prefix(7), // no such pool
        Step6::Coresmd(Box::new(coresmd(&["type:Node,hostname:nid{04d}"]))),
        Step6::Nbp { url: "http://boot/x".into(), parameters: None },
    ])
}

fn addresses() -> impl Strategy<Value = Ipv6Addr> {
    prop_oneof![Just(NODE_ADDRESS), Just(Ipv6Addr::UNSPECIFIED), any::<u128>().prop_map(Ipv6Addr::from)]
}

#[test]
fn who_asks_too_often_goes_no_further_and_is_known_by_mac_or_duid() {
    let (snapshot, networks, meta) = (snapshot(), networks(), multicast());
    let ask_as = |duid: &Duid| {
        let mut message = Outgoing::new(MessageType::Solicit, [1, 2, 3]);
        message.options.push_duid(OptionCode::ClientId, duid);
        let datagram = message.encode(&[]).unwrap();
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &datagram };
        let mut asked = None;
        let mut admit = |sender, urgency| {
            asked = Some((sender, urgency));
            Err(Excess::Mac)
        };
        let hooks = Hooks { admit: &mut admit, observe: &mut |_, _, _| panic!("no rule is looked at") };
        let outcome = handle_with(Some(&snapshot), &usual(), &mut [], arrival, now(), hooks).outcome;
        assert_eq!(outcome, Err(DropReason::MacRate));
        asked.unwrap()
    };
    let uuid = |octet: u8| Duid::new(&[&[0, 4][..], &[octet; 16]].concat()).unwrap();
    assert_eq!(ask_as(&Duid::link_layer(NODE)), (NODE, Urgency::Beginning));
    assert_eq!(ask_as(&uuid(1)), ask_as(&uuid(1)));
    assert_ne!(ask_as(&uuid(1)), ask_as(&uuid(2)));
}

proptest! {
    #[test]
    fn no_datagram_makes_it_panic(datagram in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = answer(&everything(), &mut [pool("2001:db8::/60", 64)], &datagram, &multicast());
    }

    #[test]
    fn a_reply_belongs_to_its_request(
        kind in 1_u8..12,
        transaction_id in any::<[u8; 3]>(),
        mac in prop_oneof![Just(NODE), Just(MANY), Just(STRANGER), Just(IPV4_ONLY)],
        names_us in any::<bool>(),
        associations in prop::collection::vec((any::<u32>(), prop::collection::vec(addresses(), 0..3)), 0..4),
        delegations in prop::collection::vec((any::<u32>(), prop::option::of((addresses(), 0_u8..=128))), 0..4),
        options in prop::collection::vec((40_u16..90, prop::collection::vec(any::<u8>(), 0..20)), 0..4),
        relay in prop::option::of(addresses()),
    ) {
        let mut message = if names_us { ask_us(kind.into(), mac) } else { ask(kind.into(), mac) };
        message.transaction_id = transaction_id;
        for (iaid, addresses) in &associations {
            message = with_ia(message, *iaid, addresses);
        }
        for (iaid, hint) in &delegations {
            message.options.push_ia(OptionCode::IAPD, *iaid, 0, 0, |ia| {
                if let Some((prefix, length)) = hint {
                    ia.push_ia_prefix(*prefix, *length, 0, 0);
                }
            });
        }
        for (code, value) in options.iter().filter(|(code, _)| ![61, 62].contains(code)) {
            message.options.push(OptionCode::from(*code), value);
        }
        let datagram = match relay {
            Some(link) => relayed(&link.to_string(), &message),
            None => message.encode(&[]).unwrap(),
        };
        let mut pools = [pool("2001:db8::/60", 64)];
        let Ok(transmit) = answer(&everything(), &mut pools, &datagram, &multicast()) else { return Ok(()) };
        let reply = Received::decode(&transmit.datagram).unwrap();
        prop_assert_eq!(reply.message_type(), transmit.message_type);
        prop_assert_eq!(reply.transaction_id(), transaction_id);
        prop_assert_eq!(reply.client_id(), Some(Duid::link_layer(mac)));
        prop_assert_eq!(reply.server_id(), Some(Duid::link_layer(SERVER_MAC)));
        prop_assert_eq!(reply.relays().len(), usize::from(relay.is_some()));
        if kind != 4 && reply.status().is_none() {
            // Whoever asks for configuration hears of each of its associations, in their order.
            let asked: Vec<u32> = associations.iter().map(|(iaid, _)| *iaid).collect();
            prop_assert_eq!(reply.ia_nas().map(|ia| ia.iaid).collect::<Vec<_>>(), asked);
            prop_assert_eq!(reply.ia_pds().count(), delegations.len());
        }
        let given: Vec<_> = reply.ia_nas().flat_map(|ia| ia.addresses()).filter(|leased| leased.valid > 0).collect();
        let distinct: BTreeSet<_> = given.iter().map(|leased| leased.address).collect();
        prop_assert_eq!(distinct.len(), given.len());
    }
}
