//! Option 59, and 16 for HTTP boot.

use super::*;

/// What option 59 of the answer to such a client says.
fn url(coresmd: Coresmd6, add: impl FnOnce(&mut Options)) -> Option<String> {
    let policy = policy(vec![Step6::Coresmd(Box::new(coresmd))]);
    let message = with(with_ia(ask(MessageType::Solicit, NODE), 1, &[]), add);
    let transmit = outcome(&policy, &message, &multicast()).unwrap();
    let reply = Received::decode(&transmit.datagram).unwrap();
    reply.option(OptionCode::OptBootfileUrl).map(|url| String::from_utf8(url.to_vec()).unwrap())
}

fn asks_url(options: &mut Options) {
    options.push_codes(OptionCode::ORO, &[OptionCode::OptBootfileUrl]);
}

fn arch(number: u16) -> impl Fn(&mut Options) {
    move |options| {
        asks_url(options);
        options.push(OptionCode::ClientArchType, &number.to_be_bytes());
    }
}

fn vendor(text: &'static str) -> impl Fn(&mut Options) {
    move |options| {
        asks_url(options);
        options.push_vendor_class(343, [text.as_bytes()]);
    }
}

#[test]
fn firmware_is_told_its_architectures_file_on_our_address() {
    for (number, file) in [
        (0, Some("undionly.kpxe")),
        (6, Some("ipxe-i386.efi")),
        (7, Some("ipxe-x86_64.efi")),
        (9, Some("ipxe-x86_64.efi")),
        (10, Some("ipxe-arm32.efi")),
        (11, Some("ipxe-arm64.efi")),
        (16, None), // boots from HTTP, and no directory is configured
        (41, None),
    ] {
        let wanted = file.map(|file| format!("tftp://[fd00:16::253]/{file}"));
        assert_eq!(url(coresmd(&[]), arch(number)), wanted, "{number}");
    }
    let on_port = Coresmd6 { tftp_port: 6969, ..coresmd(&[]) };
    assert_eq!(url(on_port, arch(7)).unwrap(), "tftp://[fd00:16::253]:6969/ipxe-x86_64.efi");
}

#[test]
fn the_vendor_class_tells_the_architecture_where_option_61_does_not() {
    for (text, file) in [
        ("PXEClient:Arch:00011:UNDI:003000", Some("tftp://[fd00:16::253]/ipxe-arm64.efi")),
        ("PXEClient", None),
        ("PXEClient:Arch:seven", None),
        ("HTTPClient:Arch:00016:UNDI:003001", Some("http://[fd00:16::253]:8080/boot/ipxe-x86_64.efi")),
    ] {
        let http = Some("http://[fd00:16::253]:8080/boot".into());
        assert_eq!(url(Coresmd6 { http, ..coresmd(&[]) }, vendor(text)).as_deref(), file, "{text}");
    }
}

#[test]
fn an_operating_system_gets_no_url() {
    assert_eq!(url(coresmd(&[]), |_| {}), None);
    assert_eq!(url(coresmd(&[]), asks_url), None);
    assert_eq!(url(coresmd(&[]), |options| options.push(OptionCode::ClientArchType, &[0, 7])), None);
}

#[test]
fn ipxe_gets_its_script_wherever_its_class_stands() {
    let script = "http://[fd00:16::253]:8081/boot/v1/bootscript?mac=52:54:00:be:ef:01";
    let classes = |classes: &'static [&'static [u8]]| {
        move |options: &mut Options| {
            options.push_user_class(classes.iter().copied());
            options.push(OptionCode::ClientArchType, &[0, 7]);
        }
    };
    assert_eq!(url(coresmd(&[]), classes(&[b"iPXE"])).unwrap(), script);
    assert_eq!(url(coresmd(&[]), classes(&[b"lab", b"iPXE"])).unwrap(), script);
    assert_eq!(url(coresmd(&[]), classes(&[b"lab"])).unwrap(), "tftp://[fd00:16::253]/ipxe-x86_64.efi");
}

#[test]
fn http_firmware_sees_its_class_again() {
    let http = Some("http://boot:8080".into());
    let policy = policy(vec![Step6::Coresmd(Box::new(Coresmd6 { http, ..coresmd(&[]) }))]);
    let with_class = |options: &mut Options| {
        vendor("HTTPClient:Arch:00019:UNDI:003000")(options);
        options.push(OptionCode::ClientArchType, &[0, 19]);
    };
    let message = with(ask(MessageType::InformationRequest, NODE), with_class);
    let transmit = outcome(&policy, &message, &multicast()).unwrap();
    let reply = Received::decode(&transmit.datagram).unwrap();
    assert_eq!(reply.option(OptionCode::OptBootfileUrl), Some(&b"http://boot:8080/ipxe-arm64.efi"[..]));
    assert_eq!(reply.option(OptionCode::VendorClass), Some(&b"\0\0\x01\x57\0\x0aHTTPClient"[..]));
}

#[test]
fn our_address_is_the_one_spoken_to_or_the_one_near_the_client() {
    let net = |text: &str| text.parse::<Ipv6Net>().unwrap();
    let (link_local, wide, near) = (net("fe80::1/64"), net("fd00:1::1/32"), net("fd00:16::253/64"));
    for (name, meta, networks, relayed, wanted) in [
        ("spoken to", meta("[fd00:40::1]:547", "[fd00:16::99]:547"), vec![wide], true, Some("fd00:16::99")),
        ("near", multicast(), vec![link_local, wide, near], false, Some("fd00:16::253")),
        ("any", multicast(), vec![link_local, wide], false, Some("fd00:1::1")),
        ("link-local", multicast(), vec![link_local], false, Some("fe80::1")),
        ("link-local, relayed", multicast(), vec![link_local], true, None),
        ("none", multicast(), vec![], false, None),
    ] {
        let arrival = Arrival { meta: &meta, networks: &networks, datagram: &[] };
        let address = crate::v6::boot::server_address(arrival, relayed, Some(NODE_ADDRESS));
        assert_eq!(address, wanted.map(|text: &str| text.parse().unwrap()), "{name}");
    }
}
