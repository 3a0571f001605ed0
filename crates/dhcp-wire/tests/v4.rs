//! Decoder and encoder against each other and against packets that were recorded from real clients.

use std::net::Ipv4Addr;

use dhcp_wire::v4::{BOOTREPLY, BOOTREQUEST, DecodeError, Outgoing, Received, datagram_limit};
use dhcp_wire::{ClientArch, MessageType, OptionCode};
use proptest::prelude::*;

/// A BOOTREQUEST with the given `hlen` and options field.
fn request(hlen: u8, options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 236];
    bytes[..4].copy_from_slice(&[BOOTREQUEST, 1, hlen, 0]);
    bytes[28..34].copy_from_slice(&[0x52, 0x54, 0, 0xbe, 0xef, 1]);
    bytes.extend_from_slice(&[99, 130, 83, 99]);
    bytes.extend_from_slice(options);
    bytes
}

fn error(bytes: &[u8]) -> Option<DecodeError> {
    Received::decode(bytes).err()
}

#[test]
fn what_cannot_be_cut_into_options_is_refused() {
    let whole = request(6, &[53, 1, 1, 255]);
    assert_eq!(error(&whole), None);
    assert_eq!(error(&whole[..239]), Some(DecodeError::Short(239)));
    assert_eq!(error(&[]), Some(DecodeError::Short(0)));
    assert_eq!(error(&request(6, &vec![0; 66_000])), Some(DecodeError::Long(66_240)));
    assert_eq!(error(&request(6, &[53, 1, 1])), Some(DecodeError::NoEnd));
    assert_eq!(error(&request(6, &[])), Some(DecodeError::NoEnd));
    assert_eq!(error(&request(6, &[53, 1, 1, 61, 64, 1, 2])), Some(DecodeError::Overrun(61)));
    assert_eq!(error(&request(6, &[53, 1, 1, 12])), Some(DecodeError::Overrun(12)));
    assert_eq!(error(&request(17, &[255])), Some(DecodeError::HardwareLength(17)));
    let mut other = whole.clone();
    other[0] = 3;
    assert_eq!(error(&other), Some(DecodeError::Op(3)));
    other[239] = 0;
    assert_eq!(error(&other), Some(DecodeError::Cookie));
}

#[test]
fn a_value_of_the_wrong_length_is_an_absent_option() {
    let bytes = request(6, &[53, 2, 1, 1, 50, 3, 1, 2, 3, 57, 1, 9, 93, 1, 7, 54, 4, 10, 0, 0, 1, 255]);
    let message = Received::decode(&bytes).unwrap();
    assert_eq!(message.message_type(), None);
    assert_eq!(message.requested_address(), None);
    assert_eq!(message.max_message_size(), None);
    assert_eq!(message.client_arch(), None);
    assert_eq!(message.server_identifier(), Some(Ipv4Addr::new(10, 0, 0, 1)));
}

#[test]
fn architectures_are_the_first_of_a_list_of_numbers() {
    for (value, arch) in [
        (&[0, 7][..], Some(ClientArch::X64_UEFI)),
        (&[0, 7, 0, 0], Some(ClientArch::X64_UEFI)),
        (&[0, 7, 0], None),
        (&[7], None),
        (&[], None),
    ] {
        let mut options = vec![93, value.len() as u8];
        options.extend_from_slice(value);
        options.push(255);
        assert_eq!(Received::decode(&request(6, &options)).unwrap().client_arch(), arch, "{value:?}");
    }
}

#[test]
fn user_classes_are_read_raw_and_length_prefixed() {
    for (value, is_ipxe) in [
        (&b"iPXE"[..], true),
        (b"\x04iPXE", true),
        (b"\x03abc\x04iPXE", true),
        (b"ipxe", false),
        (b"iPXE2", false),
        (b"\x05iPXE", false),
        (b"\x00", false),
        (b"", false),
    ] {
        let mut options = vec![77, value.len() as u8];
        options.extend_from_slice(value);
        options.push(255);
        assert_eq!(Received::decode(&request(6, &options)).unwrap().has_user_class(b"iPXE"), is_ipxe, "{value:?}");
    }
}

#[test]
fn an_empty_list_asks_for_everything() {
    for (options, router, dns) in
        [(&[255][..], true, true), (&[55, 0, 255], true, true), (&[55, 1, 3, 255], true, false)]
    {
        let bytes = request(6, options);
        let message = Received::decode(&bytes).unwrap();
        assert_eq!((message.wants(OptionCode::Router), message.wants(OptionCode::DomainNameServer)), (router, dns));
    }
}

#[test]
fn parts_are_joined_over_all_three_fields() {
    let mut bytes = request(6, &[52, 1, 3, 0, 61, 2, 1, 2, 61, 1, 3, 255, 61, 1, 99]);
    bytes[108..113].copy_from_slice(&[61, 1, 4, 255, 9]);
    bytes[44..47].copy_from_slice(&[61, 1, 5]);
    let message = Received::decode(&bytes).unwrap();
    assert_eq!(message.client_identifier().as_deref(), Some(&[1, 2, 3, 4, 5][..]));
    assert_eq!((message.file(), message.sname()), (&[][..], &[][..]));

    bytes[109] = 200;
    assert_eq!(error(&bytes), Some(DecodeError::Overrun(61)));
    bytes[242] = 2; // only sname is overloaded: file is a name again
    assert_eq!(Received::decode(&bytes).unwrap().file(), [61, 200, 4, 255, 9]);
}

#[test]
fn a_mac_is_six_bytes() {
    assert_eq!(
        Received::decode(&request(6, &[255])).unwrap().mac().map(|mac| mac.to_string()),
        Some("52:54:00:be:ef:01".into())
    );
    assert_eq!(Received::decode(&request(0, &[255])).unwrap().mac(), None);
    assert_eq!(Received::decode(&request(16, &[255])).unwrap().mac(), None);
}

/// A reply with everything in it, for the layout tests.
fn reply(search: usize) -> Outgoing {
    let mut reply = Outgoing::new(BOOTREPLY);
    reply.xid = 0xdead_beef;
    reply.file = b"undionly.kpxe".to_vec();
    reply.options.set(OptionCode::RelayAgentInformation, &[1, 1, 7]);
    reply.options.set(OptionCode::MessageType, &[2]);
    reply.options.set(OptionCode::DomainSearch, &vec![7; search]);
    reply.options.set(OptionCode::Hostname, b"nid0001");
    reply
}

#[test]
fn a_reply_is_padded_ends_with_82_and_255_and_splits_long_options() {
    let mut bytes = vec![0xaa];
    assert!(reply(3).encode(548, &mut bytes).is_empty());
    let bytes = &bytes[1..];
    assert_eq!(bytes.len(), 300);
    let options = [12, 7, b'n', b'i', b'd', b'0', b'0', b'0', b'1', 53, 1, 2, 119, 3, 7, 7, 7, 82, 3, 1, 1, 7, 255, 0];
    assert_eq!(bytes[240..][..options.len()], options);
    assert_eq!(bytes[108..][..14], *b"undionly.kpxe\0");

    let mut bytes = Vec::new();
    assert!(reply(256).encode(1472, &mut bytes).is_empty());
    assert_eq!(bytes.len(), 240 + 9 + 3 + 2 + 255 + 2 + 1 + 5 + 1);
    assert_eq!(Received::decode(&bytes).unwrap().option(OptionCode::DomainSearch).unwrap().len(), 256);
}

#[test]
fn a_zero_length_option_is_sent() {
    let mut bytes = Vec::new();
    reply(0).encode(548, &mut bytes);
    assert_eq!(Received::decode(&bytes).unwrap().option(OptionCode::DomainSearch).as_deref(), Some(&[][..]));
}

#[test]
fn a_boot_file_too_long_for_the_header_stays_out_of_it() {
    let mut long = reply(0);
    long.file = vec![b'x'; 128];
    let mut bytes = Vec::new();
    long.encode(548, &mut bytes);
    assert_eq!(Received::decode(&bytes).unwrap().file(), b"");
}

#[test]
fn what_does_not_fit_goes_into_file_and_sname_and_82_stays_last() {
    let mut reply = reply(60);
    reply.options.set(OptionCode::BootfileName, &[b'f'; 50]);
    reply.options.set(OptionCode::VendorExtensions, &[1; 250]);
    let mut bytes = Vec::new();
    assert_eq!(reply.encode(300, &mut bytes), [43]);
    assert_eq!(bytes.len(), 300);
    let read = Received::decode(&bytes).unwrap();
    assert_eq!(read.option(OptionCode::DomainSearch).unwrap().len(), 60);
    assert_eq!(read.option(OptionCode::BootfileName).unwrap().len(), 50);
    assert_eq!(read.message_type(), Some(MessageType::Offer));
    assert_eq!(bytes[240..].windows(6).position(|six| six == [82, 3, 1, 1, 7, 255]), Some(15));
}

#[test]
fn option_57_counts_the_headers() {
    for (option, limit) in [(None, 548), (Some(0), 548), (Some(1472), 1444), (Some(65280), 1472)] {
        assert_eq!(datagram_limit(option), limit);
    }
}

proptest! {
    #[test]
    fn decode_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn decode_never_panics_behind_a_good_header(
        hlen in 0_u8..20,
        options in prop::collection::vec(prop_oneof![any::<u8>(), Just(52), Just(1), Just(3), Just(255)], 0..400),
    ) {
        read_all(&request(hlen, &options));
    }

    #[test]
    fn decode_gives_back_what_was_encoded(
        xid in any::<u32>(),
        flags in any::<u16>(),
        yiaddr in any::<[u8; 4]>(),
        options in prop::collection::btree_map(1_u8..255, prop::collection::vec(any::<u8>(), 0..40), 0..12),
    ) {
        let mut sent = Outgoing::new(BOOTREPLY);
        (sent.xid, sent.flags, sent.yiaddr) = (xid, flags, yiaddr.into());
        for (code, value) in options.iter().filter(|(code, _)| **code != 52) {
            sent.options.set(OptionCode::from(*code), value);
        }
        let mut bytes = Vec::new();
        prop_assert_eq!(sent.encode(1472, &mut bytes), Vec::<u8>::new());
        let read = Received::decode(&bytes).unwrap();
        prop_assert_eq!((read.op(), read.xid(), read.flags(), read.yiaddr()), (BOOTREPLY, xid, flags, yiaddr.into()));
        for (code, value) in sent.options.iter() {
            let read = read.option(OptionCode::from(code)).unwrap();
            prop_assert_eq!(&*read, value);
        }
    }

    #[test]
    fn no_reply_is_longer_than_its_limit(
        options in prop::collection::btree_map(1_u8..255, prop::collection::vec(any::<u8>(), 0..300), 0..12),
    ) {
        let mut sent = Outgoing::new(BOOTREPLY);
        for (code, value) in options.iter().filter(|(code, _)| ![52, 82].contains(*code)) {
            sent.options.set(OptionCode::from(*code), value);
        }
        let mut bytes = Vec::new();
        let omitted = sent.encode(548, &mut bytes);
        prop_assert!(bytes.len() <= 548);
        let read = Received::decode(&bytes).unwrap();
        for (code, value) in sent.options.iter() {
            let got = read.option(OptionCode::from(code));
            if omitted.contains(&code) { prop_assert_eq!(got, None) } else { prop_assert_eq!(&*got.unwrap(), value) }
        }
    }
}

/// Calls every accessor on whatever decodes.
fn read_all(bytes: &[u8]) {
    let Ok(message) = Received::decode(bytes) else { return };
    for code in 0..=255 {
        let _ = message.option(OptionCode::from(code));
    }
    let _ = (message.mac(), message.chaddr(), message.sname(), message.file(), message.message_type());
    let _ = (message.client_arch(), message.has_user_class(b"iPXE"), message.client_identifier());
    let _ = message.relay_agent().map(|info| (info.link_selection(), info.wants_source_port()));
}
