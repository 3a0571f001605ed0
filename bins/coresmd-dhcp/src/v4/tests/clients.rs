//! Unusual clients and networks: InfiniBand, names, small buffers, several interfaces, two relays, floods.

use super::*;
use crate::admission::{Excess, Urgency};

/// The GUID of an InfiniBand port that SMD lists by the node's MAC address.
const GUID: [u8; 8] = [0x52, 0x54, 0x00, 0x03, 0x00, 0xbe, 0xef, 0x01];

fn infiniband(hlen: u8, flags: u16) -> Outgoing {
    let mut message = Outgoing { htype: 32, hlen, flags, chaddr: [0; 16], ..ask(MessageType::Discover) };
    let id = [&[255, 0, 0, 0, 1, 0, 3, 0, 32, 0x80, 0, 4, 4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0][..], &GUID].concat();
    message.options.set(OptionCode::ClientIdentifier, &id);
    message
}

#[test]
fn an_infiniband_port_is_known_by_its_client_identifier_and_answered_by_broadcast() {
    for hlen in [0, 20] {
        let transmit = outcome(&policy(&[]), &infiniband(hlen, BROADCAST)).unwrap();
        let reply = &transmit.reply;
        assert_eq!((transmit.message_type, reply.yiaddr), (MessageType::Offer, NODE_ADDRESS));
        assert_eq!((reply.htype, reply.hlen, reply.chaddr), (32, 0, [0; 16]));
        assert!(reply.options.get(OptionCode::ClientIdentifier).is_some());
        assert_eq!(transmit.destination, Destination::Broadcast);
    }
    // A client that forgets the broadcast flag (RFC 4390 §2.1) could not be reached in any other way.
    assert_eq!(outcome(&policy(&[]), &infiniband(0, 0)).unwrap().destination, Destination::Broadcast);
    let relayed = Outgoing { giaddr: RELAY, ..infiniband(0, 0) };
    assert_eq!(
        outcome(&policy(&[]), &relayed).unwrap().destination,
        Destination::Relay("10.40.3.1:67".parse().unwrap())
    );
    let bound = Outgoing { ciaddr: NODE_ADDRESS, ..infiniband(0, 0) };
    let bound = with(bound, &[(OptionCode::MessageType, &[MessageType::Request.into()])]);
    assert_eq!(outcome(&policy(&[]), &bound).unwrap().destination, Destination::Unicast(NODE_ADDRESS));
}

#[test]
fn a_client_that_sends_its_name_is_told_ours() {
    let answered = |flags: u8| {
        let sent = [&[flags, 0, 0][..], b"\x03pxe"].concat();
        let message = with(ask(MessageType::Discover), &[(OptionCode::ClientFQDN, &sent)]);
        let reply = outcome(&policy(&["hostname:nid{04d},domain:openchami.cluster"]), &message).unwrap().reply;
        reply.options.get(OptionCode::ClientFQDN).map(<[u8]>::to_vec)
    };
    assert_eq!(answered(0b0101).unwrap(), b"\x0e\xff\xff\x07nid0001\x09openchami\x07cluster\x00");
    assert_eq!(answered(0b0000).unwrap(), b"\x08\xff\xffnid0001.openchami.cluster");
    let reply = outcome(&policy(&[]), &ask(MessageType::Discover)).unwrap().reply;
    assert_eq!(reply.options.get(OptionCode::ClientFQDN), None, "only who sends it gets it");
}

#[test]
fn a_reply_fits_what_the_client_takes() {
    let mut policy = policy(&[]);
    policy.steps.insert(1, Step::SearchDomains([3, b'a', b'b', b'c', 0].repeat(60)));
    let size = |message: &Outgoing| {
        let transmit = outcome(&policy, message).unwrap();
        let mut out = Vec::new();
        let omitted = transmit.encode(&mut out);
        (transmit.limit, out.len() <= transmit.limit, omitted)
    };
    let takes = |bytes: u16| with(ask(MessageType::Discover), &[(OptionCode::MaxMessageSize, &bytes.to_be_bytes())]);
    assert_eq!(size(&ask(MessageType::Discover)), (548, true, vec![119]));
    assert_eq!(size(&takes(300)), (548, true, vec![119]));
    assert_eq!(size(&takes(1472)), (1444, true, vec![]));
    assert_eq!(size(&takes(9000)), (1472, true, vec![]));
}

#[test]
fn each_interface_answers_with_its_own_address() {
    let policy = Policy { server_id: None, ..policy(&[]) };
    let datagram = bytes(&ask(MessageType::Discover));
    let snapshot = snapshot();
    for (interface, network, address) in [(2, "172.16.0.253/24", NODE_ADDRESS), (3, "10.40.3.253/24", FAR_ADDRESS)] {
        let network: Ipv4Net = network.parse().unwrap();
        let meta = RecvMeta { interface, local: Some(network.addr().into()), ..meta() };
        let arrival = Arrival { meta: &meta, networks: &[network], datagram: &datagram };
        let transmit = handle(Some(&snapshot), &policy, arrival).outcome.unwrap();
        assert_eq!((transmit.server, transmit.reply.siaddr), (network.addr(), network.addr()));
        assert_eq!(transmit.reply.options.get(OptionCode::ServerIdentifier), Some(&network.addr().octets()[..]));
        assert_eq!(transmit.reply.yiaddr, address);
    }
}

#[test]
fn two_relays_of_one_link_get_the_same_answer() {
    let by = |last| Outgoing { giaddr: Ipv4Addr::new(10, 40, 3, last), hops: 1, ..ask(MessageType::Discover) };
    let (one, other) = (outcome(&policy(&[]), &by(1)).unwrap(), outcome(&policy(&[]), &by(2)).unwrap());
    assert_eq!((one.reply.yiaddr, one.reply.xid), (FAR_ADDRESS, other.reply.xid));
    assert_eq!(one.reply.options, other.reply.options);
    assert_eq!(Outgoing { giaddr: other.reply.giaddr, ..one.reply }, other.reply);
    assert_ne!(one.destination, other.destination);
}

#[test]
fn who_asks_too_often_is_dropped_before_anything_is_looked_up() {
    let (snapshot, meta) = (snapshot(), meta());
    let mut seen = Vec::new();
    for (kind, excess) in [
        (MessageType::Discover, Some(Excess::Mac)),
        (MessageType::Inform, Some(Excess::Interface)),
        (MessageType::Decline, None),
    ] {
        let datagram = bytes(&ask(kind));
        let arrival = Arrival { meta: &meta, networks: &[network()], datagram: &datagram };
        let mut admit = |mac, urgency| {
            seen.push((mac, urgency));
            excess.map_or(Ok(()), Err)
        };
        let hooks = Hooks { admit: &mut admit, observe: &mut |_, _, _| {}, lender: None };
        let transaction = handle_with(Some(&snapshot), &policy(&[]), arrival, hooks);
        let reason = excess.map_or(DropReason::Declined, DropReason::from);
        assert_eq!(transaction.outcome, Err(reason));
        assert_eq!((transaction.asked.is_some(), transaction.host.is_some()), (true, excess.is_none()));
    }
    let (mac, beginning) = (MacAddr(NODE), Urgency::Beginning);
    assert_eq!(seen, [(mac, beginning), (mac, beginning), (mac, Urgency::UnderWay)]);
}

#[test]
fn an_exchange_under_way_is_urgent() {
    use MessageType::{Ack, Decline, Discover, Inform, Release, Request};
    for (kind, urgent) in
        [(Discover, false), (Inform, false), (Request, true), (Decline, true), (Release, true), (Ack, false)]
    {
        assert_eq!(is_urgent(&bytes(&ask(kind))), urgent, "{kind:?}");
    }
    assert!(!is_urgent(b"nothing"));
}
