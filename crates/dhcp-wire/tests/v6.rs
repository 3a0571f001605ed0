//! Decoder and encoder against each other and against packets that were recorded from real clients and relays.

use std::net::Ipv6Addr;
use std::time::Duration;

use dhcp_wire::ClientArch;
use dhcp_wire::v6::{
    DecodeError, Duid, DuidKind, IaAddress, IaPrefix, MAX_RELAYS, MessageType, OptionCode, Options, Outgoing, Received,
    Status, TooLong,
};
use proptest::prelude::*;
use smd_cache::MacAddr;

const MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]);
/// What EDK2 sends before a boot from the network.
const EDK2: &str = "018623360001000e0001000131d9953d5254000001060008000200000003000c5afc77f3ffffffffffffffff00060008003b003c\
                    00170010003e0003010300003d0002000700100026000001570020505845436c69656e743a417263683a30303030373a554e44\
                    493a303033303030";
/// What iPXE sends.
const IPXE: &str = "015ce592000100120004000000000000000000000000000000000003000c7cad548300000000000000000006000800170018003b\
                    003c00100026000001570020505845436c69656e743a417263683a30303030373a554e44493a303033303130003d0002000700\
                    3e000301030a000f0006000469505845000800020000";
/// A Solicit behind two relays, each with an Interface-Id, the inner one with a link-layer address.
const TWO_RELAYS: &str = "0c01fd000017000000000000000000000001fd000016000000000000000000010001000900670c00fd00001600000000\
                          0000000000000250fe8000000000000000000000000000010009002c016bac690001000a00030001525400beef010003\
                          000c0000000100000000000000000006000600170018003b00120005696e6e6572004f00080001525400beef01001200\
                          056f75746572";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
}

/// A RELAY-FORW around a message, with more options behind it.
fn forward(hops: u8, peer: Ipv6Addr, inner: &[u8], more: &[u8]) -> Vec<u8> {
    let link = Ipv6Addr::new(0xfd00, u16::from(hops), 0, 0, 0, 0, 0, 1);
    [&[12, hops][..], &link.octets(), &peer.octets(), &option(9, inner), more].concat()
}

fn solicit(options: &[u8]) -> Vec<u8> {
    [&[1, 7, 8, 9][..], options].concat()
}

fn error(bytes: &[u8]) -> Option<DecodeError> {
    Received::decode(bytes).err()
}

fn address(text: &str) -> Ipv6Addr {
    text.parse().expect("an address")
}

#[test]
fn edk2_is_understood() {
    let bytes = hex(EDK2);
    let message = Received::decode(&bytes).unwrap();
    assert_eq!((message.message_type(), message.transaction_id()), (MessageType::Solicit, [0x86, 0x23, 0x36]));
    let duid = message.client_id().unwrap();
    assert!(matches!(duid.kind(), DuidKind::LinkLayerTime { hardware_type: 1, time: 0x31d9_953d, .. }));
    assert_eq!(message.mac(address("fe80::1")), Some(MacAddr([0x52, 0x54, 0, 0, 1, 6])));
    assert_eq!(message.ia_nas().map(|ia| (ia.iaid, ia.t1)).collect::<Vec<_>>(), [(0x5afc_77f3, u32::MAX)]);
    assert_eq!(message.client_arch(), Some(ClientArch::X64_UEFI));
    assert_eq!(message.network_interface(), Some([1, 3, 0]));
    assert_eq!(message.elapsed(), Some(Duration::ZERO));
    let class = message.vendor_class().unwrap();
    assert_eq!(class.enterprise, 343);
    assert_eq!(class.items().collect::<Vec<_>>(), [b"PXEClient:Arch:00007:UNDI:003000"]);
    assert_eq!(message.user_classes().count(), 0);
    assert!(message.wants(OptionCode::OptBootfileUrl) && !message.wants(OptionCode::DomainSearchList));
    assert!(message.server_id().is_none() && message.link_address().is_none() && !message.rapid_commit());
}

#[test]
fn ipxe_has_its_mac_in_its_address_only() {
    let bytes = hex(IPXE);
    let message = Received::decode(&bytes).unwrap();
    assert_eq!(message.user_classes().collect::<Vec<_>>(), [b"iPXE"]);
    assert_eq!(message.mac(address("fe80::5054:ff:fe00:106")), Some(MacAddr([0x52, 0x54, 0, 0, 1, 6])));
    assert_eq!(message.mac(address("fe80::1")), None);
}

#[test]
fn relays_come_off_and_go_on_again_in_their_order() {
    let bytes = hex(TWO_RELAYS);
    let message = Received::decode(&bytes).unwrap();
    let levels: Vec<_> = message.relays().iter().map(|r| (r.hop_count, r.link_address, r.peer_address)).collect();
    assert_eq!(
        levels,
        [(1, address("fd00:17::1"), address("fd00:16::1:1")), (0, address("fd00:16::250"), address("fe80::1"))]
    );
    assert_eq!(message.relays()[0].option(OptionCode::InterfaceId), Some(&b"outer"[..]));
    assert_eq!(message.relays()[1].client_link_layer(), Some(MAC));
    assert_eq!(message.link_address(), Some(address("fd00:16::250")));

    let reply = Outgoing::new(MessageType::Advertise, message.transaction_id()).encode(message.relays()).unwrap();
    let inner = [13, 0]
        .into_iter()
        .chain(address("fd00:16::250").octets())
        .chain(address("fe80::1").octets())
        .chain(option(9, &[2, 0x6b, 0xac, 0x69]))
        .chain(option(18, b"inner"))
        .collect::<Vec<_>>();
    let outer = [13, 1]
        .into_iter()
        .chain(address("fd00:17::1").octets())
        .chain(address("fd00:16::1:1").octets())
        .chain(option(9, &inner))
        .chain(option(18, b"outer"))
        .collect::<Vec<_>>();
    assert_eq!(reply, outer);
}

#[test]
fn a_relay_sees_18_37_and_135_again_and_nothing_else() {
    let more = [
        option(135, &[2, 0x22]),
        option(38, b"subscriber"),
        option(37, b"\0\0\x01\x57port"),
        option(79, &[0, 1, 0x52, 0x54, 0, 0xbe, 0xef, 1]),
        option(18, b"eth7"),
    ];
    let bytes = forward(0, address("fe80::1"), &solicit(&[]), &more.concat());
    let message = Received::decode(&bytes).unwrap();
    assert!(message.relays()[0].wants_source_port());
    let reply = Outgoing::new(MessageType::Reply, [0; 3]).encode(message.relays()).unwrap();
    let echoed =
        [option(9, &[7, 0, 0, 0]), option(18, b"eth7"), option(37, b"\0\0\x01\x57port"), option(135, &[2, 0x22])];
    assert_eq!(reply[34..], echoed.concat());
}

#[test]
fn the_link_is_named_by_the_innermost_relay_that_names_one() {
    let mut inner = forward(0, address("fe80::1"), &solicit(&[]), &[]);
    for (link, named) in [("::", "fd00:1::1"), ("fe80::7", "fd00:1::1"), ("fd00:9::1", "fd00:9::1")] {
        inner[2..18].copy_from_slice(&address(link).octets());
        let bytes = forward(1, address("fe80::2"), &inner, &[]);
        assert_eq!(Received::decode(&bytes).unwrap().link_address(), Some(address(named)), "{link}");
    }
}

#[test]
fn the_mac_is_what_the_relay_saw_then_the_address_then_the_duid() {
    let (by_duid, by_address) = (MacAddr([2, 0, 0, 0, 0, 1]), MacAddr([2, 0, 0, 0, 0, 2]));
    let eui = address("fe80::ff:fe00:2");
    let with_duid = solicit(&option(1, Duid::link_layer(by_duid).as_bytes()));
    let with_uuid = solicit(&option(1, &[&[0, 4][..], &[9; 16]].concat()));
    let seen = option(79, &[&[0, 1][..], &MAC.octets()].concat());
    let infiniband = option(79, &[&[0, 32][..], &[0; 12], &[0, 2, 0xc9, 3, 0, 0x10, 0xb4, 0xa1]].concat());
    let port = MacAddr([0, 2, 0xc9, 0x10, 0xb4, 0xa1]);
    let firewire = option(79, &[&[0, 24][..], &[7; 8]].concat());
    let plain = address("fe80::1");
    for (name, bytes, source, mac) in [
        ("direct, DUID", with_duid.clone(), eui, Some(by_duid)),
        ("direct, address", with_uuid.clone(), eui, Some(by_address)),
        ("direct, neither", with_uuid.clone(), plain, None),
        ("direct, no DUID", solicit(&[]), eui, Some(by_address)),
        ("relayed, 79", forward(0, eui, &with_duid, &seen), plain, Some(MAC)),
        ("relayed, 79 is InfiniBand's", forward(0, eui, &with_duid, &infiniband), plain, Some(port)),
        ("relayed, 79 is of no such hardware", forward(0, eui, &with_duid, &firewire), plain, Some(by_address)),
        ("relayed, address", forward(0, eui, &with_duid, &[]), plain, Some(by_address)),
        ("relayed, DUID", forward(0, plain, &with_duid, &[]), plain, Some(by_duid)),
        ("relayed, the relay's own address", forward(0, plain, &with_uuid, &[]), eui, None),
        ("79 of the outer relay", forward(1, plain, &forward(0, plain, &with_uuid, &[]), &seen), plain, None),
    ] {
        assert_eq!(Received::decode(&bytes).unwrap().mac(source), mac, "{name}");
    }
}

#[test]
fn what_cannot_be_cut_into_options_is_refused() {
    let overrun = hex("01c664a70001000a00030001525400beef010003000c000000010000000000000000000600090017");
    assert_eq!(error(&overrun), Some(DecodeError::Overrun(6)));
    assert_eq!(error(&[]), Some(DecodeError::Short(0)));
    assert_eq!(error(&[1, 2, 3]), Some(DecodeError::Short(3)));
    assert_eq!(error(&solicit(&[])), None);
    assert_eq!(error(&solicit(&[0, 1, 0])), Some(DecodeError::Remainder));
    assert_eq!(error(&vec![1; 65_536]), Some(DecodeError::Long(65_536)));
    assert_eq!(error(&[12; 20]), Some(DecodeError::Short(20)));
    let relayed = forward(0, address("fe80::1"), &solicit(&[]), &[]);
    assert_eq!(error(&relayed), None);
    assert_eq!(error(&relayed[..34]), Some(DecodeError::NoRelayMessage));
    assert_eq!(error(&forward(0, address("fe80::1"), &[], &[])), Some(DecodeError::Short(0)));
}

#[test]
fn a_malformed_option_that_we_read_refuses_the_message() {
    let ia = |inner: &[u8]| [&[0; 12][..], inner].concat();
    let address = |inner: &[u8]| ia(&option(5, &[&[0; 24][..], inner].concat()));
    let mut prefix = vec![0; 25];
    prefix[8] = 129;
    let (long_duid, prefix) = (vec![0; 131], ia(&option(26, &prefix)));
    for (code, value, wanted) in [
        (1, &[0, 1][..], Some(DecodeError::Malformed(1))),
        (1, &long_duid, Some(DecodeError::Malformed(1))),
        (2, &[], Some(DecodeError::Malformed(2))),
        (3, &[0; 11], Some(DecodeError::Malformed(3))),
        (3, &ia(&option(5, &[0; 23])), Some(DecodeError::Malformed(5))),
        (3, &ia(&option(13, &[0])), Some(DecodeError::Malformed(13))),
        (3, &ia(&[0, 5, 0]), Some(DecodeError::Remainder)),
        (3, &address(&option(13, &[0])), Some(DecodeError::Malformed(13))),
        (3, &address(&[0, 13, 0, 9]), Some(DecodeError::Overrun(13))),
        (3, &address(&option(5, &[0])), None), // nothing reads an address within an address
        (4, &[0; 3], Some(DecodeError::Malformed(4))),
        (25, &[0; 11], Some(DecodeError::Malformed(25))),
        (25, &ia(&option(26, &[0; 24])), Some(DecodeError::Malformed(26))),
        (25, &ia(&option(26, &[0; 5])), Some(DecodeError::Malformed(26))),
        (25, &prefix, Some(DecodeError::Malformed(26))),
        (6, &[0], Some(DecodeError::Malformed(6))),
        (7, &[], Some(DecodeError::Malformed(7))),
        (8, &[0; 3], Some(DecodeError::Malformed(8))),
        (13, &[0], Some(DecodeError::Malformed(13))),
        (14, &[0], Some(DecodeError::Malformed(14))),
        (15, &[0, 4, 1], Some(DecodeError::Malformed(15))),
        (15, &[0], Some(DecodeError::Malformed(15))),
        (16, &[0; 3], Some(DecodeError::Malformed(16))),
        (16, &[0, 0, 1, 0x57, 0, 9], Some(DecodeError::Malformed(16))),
        (39, &[], Some(DecodeError::Malformed(39))),
        (39, &[0, 5, 1], Some(DecodeError::Malformed(39))),
        (61, &[], Some(DecodeError::Malformed(61))),
        (61, &[0, 7, 0], Some(DecodeError::Malformed(61))),
        (62, &[0, 7], Some(DecodeError::Malformed(62))),
        (17, &[1], None), // nobody reads it
        (60_000, &[], None),
    ] {
        assert_eq!(error(&solicit(&option(code, value))), wanted, "option {code}: {value:?}");
    }
}

#[test]
fn a_malformed_option_of_a_relay_refuses_the_message() {
    for (code, length) in [(37, 3), (79, 2), (135, 1), (135, 3)] {
        let bytes = forward(0, Ipv6Addr::LOCALHOST, &solicit(&[]), &option(code, &vec![0; length]));
        assert_eq!(error(&bytes), Some(DecodeError::Malformed(code)));
    }
}

/// Nesting overflowed the stack of a library that this replaces.
#[test]
fn nested_vendor_options_cost_no_stack() {
    let mut nested = Vec::new();
    for _ in 0..8_000 {
        nested = option(17, &[&[0, 0, 0, 9][..], &nested].concat());
    }
    assert_eq!(error(&solicit(&nested)), None);
}

#[test]
fn leases_and_statuses_are_read_as_they_were_written() {
    let mut options = Options::new();
    options.push_ia(OptionCode::IANA, 1, 1800, 2700, |ia| {
        ia.push_ia_address(Ipv6Addr::LOCALHOST, 10, 20);
        ia.push_status(Status::NoBinding, "nothing");
    });
    options.push_ia_ta(2, |ia| ia.push_status(Status::NoAddrsAvail, ""));
    options.push_ia(OptionCode::IAPD, 3, 0, 0, |ia| ia.push_ia_prefix(address("2001:db8::"), 56, 30, 40));
    options.push_client_fqdn(0, "nid0001.openchami.cluster").unwrap();
    options.push_status(Status::Success, "fine");
    let bytes = Outgoing { message_type: MessageType::Reply, transaction_id: [1, 2, 3], options }.encode(&[]).unwrap();
    let message = Received::decode(&bytes).unwrap();
    let ia = message.ia_nas().next().unwrap();
    assert_eq!((ia.iaid, ia.t1, ia.t2), (1, 1800, 2700));
    assert_eq!(
        ia.addresses().collect::<Vec<_>>(),
        [IaAddress { address: Ipv6Addr::LOCALHOST, preferred: 10, valid: 20 }]
    );
    assert_eq!(ia.status(), Some((Status::NoBinding, &b"nothing"[..])));
    assert_eq!(message.ia_tas().map(|ia| ia.iaid).collect::<Vec<_>>(), [2]);
    let prefix = IaPrefix { prefix: address("2001:db8::"), length: 56, preferred: 30, valid: 40 };
    assert_eq!(message.ia_pds().flat_map(|ia| ia.prefixes()).collect::<Vec<_>>(), [prefix]);
    assert_eq!(message.client_fqdn().unwrap().name, "nid0001.openchami.cluster");
    assert_eq!(message.option(OptionCode::ClientFqdn), Some(&b"\0\x07nid0001\x09openchami\x07cluster\0"[..]));
    assert_eq!(message.status(), Some((Status::Success, &b"fine"[..])));
}

#[test]
fn values_behind_lengths() {
    let mut options = Options::new();
    options.push_boot_file_parameters([&b"console"[..], b""]);
    options.push_vendor_class(343, [&b"HTTPClient"[..]]);
    options.push_user_class([&b"lab"[..], b"iPXE"]);
    options.push_client_fqdn(1, "nid0001").unwrap(); // a partial name
    options.push_codes(OptionCode::ORO, &[OptionCode::DomainNameServers, OptionCode::OptBootfileUrl]);
    options.push_addresses(OptionCode::DomainNameServers, &[Ipv6Addr::LOCALHOST]);
    assert!(options.push_client_fqdn(0, "a..b").is_err());
    let bytes = Outgoing { message_type: MessageType::Solicit, transaction_id: [0; 3], options }.encode(&[]).unwrap();
    let wanted = [
        option(60, b"\0\x07console\0\0"),
        option(16, b"\0\0\x01\x57\0\x0aHTTPClient"),
        option(15, b"\0\x03lab\0\x04iPXE"),
        option(39, b"\x01\x07nid0001"),
        option(6, &[0, 23, 0, 59]),
        option(23, &Ipv6Addr::LOCALHOST.octets()),
    ];
    assert_eq!(bytes[4..], wanted.concat());
}

#[test]
fn what_is_too_long_is_not_sent() {
    let mut message = Outgoing::new(MessageType::Reply, [0; 3]);
    message.options.push(OptionCode::OptBootfileUrl, &vec![b'a'; 65_000]);
    assert!(message.encode(&[]).is_ok());
    let bytes = forward(0, Ipv6Addr::LOCALHOST, &solicit(&[]), &option(18, &[0; 600]));
    assert_eq!(message.encode(Received::decode(&bytes).unwrap().relays()), Err(TooLong));
    message.options.push(OptionCode::OptBootfileUrl, &vec![b'a'; 65_536]);
    assert_eq!(message.encode(&[]), Err(TooLong));
}

/// Bytes that look like a message: relays around options with codes that we read.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let codes = prop_oneof![0_u16..90, Just(135), any::<u16>()];
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (prop::collection::vec(any::<u8>(), 0..30), 0_u16..30, prop::collection::vec(any::<u8>(), 0..30))
            .prop_map(|(head, code, tail)| [head, option(code, &tail)].concat()),
    ];
    let options = prop::collection::vec((codes, value), 0..8)
        .prop_map(|options| options.iter().flat_map(|(code, value)| option(*code, value)).collect::<Vec<_>>());
    (options, 0_usize..4, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(options, relays, at, byte)| {
        let mut bytes = solicit(&options);
        for hops in 0..relays {
            bytes = forward(hops as u8, Ipv6Addr::LOCALHOST, &bytes, &options);
        }
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    })
}

/// Reads everything.
fn read(bytes: &[u8]) {
    let Ok(message) = Received::decode(bytes) else { return };
    assert!(message.relays().len() <= MAX_RELAYS);
    let _ = (message.mac(Ipv6Addr::LOCALHOST), message.link_address(), message.status(), message.client_fqdn());
    let _ = (message.user_classes().count(), message.vendor_class().map(|class| class.items().count()));
    for ia in message.ia_nas().chain(message.ia_tas()).chain(message.ia_pds()) {
        let _ = (ia.addresses().count(), ia.prefixes().count(), ia.status());
    }
    let _ = Outgoing::new(MessageType::Reply, [0; 3]).encode(message.relays());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn nothing_that_looks_like_a_message_makes_it_panic(bytes in almost()) {
        read(&bytes);
    }

    #[test]
    fn what_is_encoded_is_decoded(
        kind in (1_u8..12).prop_map(MessageType::from),
        transaction_id in any::<[u8; 3]>(),
        options in prop::collection::vec((40_u16..59, prop::collection::vec(any::<u8>(), 0..40)), 0..10),
        relays in 0_u8..=10,
        interface in prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
    ) {
        let more = interface.iter().flat_map(|value| option(18, value)).collect::<Vec<_>>();
        let mut asked = solicit(&[]);
        for hops in 0..relays {
            asked = forward(hops, Ipv6Addr::from(u128::from(hops)), &asked, &more);
        }
        if usize::from(relays) > MAX_RELAYS {
            prop_assert_eq!(error(&asked), Some(DecodeError::Hops));
            return Ok(());
        }
        let asked = Received::decode(&asked).unwrap();
        let mut message = Outgoing::new(kind, transaction_id);
        for (code, value) in &options {
            message.options.push(OptionCode::from(*code), value);
        }
        let bytes = message.encode(asked.relays()).unwrap();
        let decoded = Received::decode(&bytes).unwrap();
        prop_assert_eq!((decoded.message_type(), decoded.transaction_id()), (kind, transaction_id));
        let read: Vec<_> = decoded.options().map(|(code, value)| (u16::from(code), value.to_vec())).collect();
        prop_assert_eq!(read, options);
        let level = |relay: &dhcp_wire::v6::Relay<'_>| {
            let interface = relay.option(OptionCode::InterfaceId).map(<[u8]>::to_vec);
            (relay.hop_count, relay.link_address, relay.peer_address, interface)
        };
        let (sent, wrapped) = (asked.relays().iter().map(level), decoded.relays().iter().map(level));
        prop_assert!(sent.eq(wrapped));
        prop_assert!(decoded.relays().iter().all(|relay| relay.message_type == MessageType::RelayRepl));
    }
}
