//! Is an OFFER or ACK right for this node? Every field that a boot depends on, and every deviation named.

use std::fmt::Debug;
use std::net::Ipv4Addr;

use super::Targets;
use super::dhcp::Answer;
use crate::packet::{Client, MessageType, Program, Relay, Reply, option, relay_information};
use crate::plan::NodePlan;
use crate::settings;

/// What a node has to be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lease {
    address: Ipv4Addr,
    mask: Ipv4Addr,
    router: Ipv4Addr,
    hostname: String,
    boot_file: String,
}

impl Lease {
    /// For firmware the file of its architecture, for iPXE the URL of its script; the rest is the same.
    pub(super) fn of(node: &NodePlan, program: Program, targets: &Targets) -> Self {
        let boot_file = match program {
            Program::Firmware => node.architecture.boot_file().to_owned(),
            Program::Ipxe => format!("{}?mac={}", targets.script, node.mac),
        };
        Self {
            address: node.address,
            mask: node.subnet.network().netmask(),
            router: node.subnet.router(),
            hostname: node.hostname.clone(),
            boot_file,
        }
    }
}

/// The answer, or what is wrong with it.
pub(super) fn verify(
    reply: &Reply,
    kind: MessageType,
    lease: &Lease,
    client: Client,
    relay: Relay,
) -> Result<Answer, Vec<String>> {
    const BOOTREPLY: u8 = 2;
    let mut wrong = Vec::new();
    let mut expect = |what, found: String, right: String| {
        if found != right {
            wrong.push(format!("{what} is {found}, should be {right}"));
        }
    };
    expect("op", show(Some(reply.op)), show(Some(BOOTREPLY)));
    expect("message type (53)", show(reply.message_type()), show(Some(kind as u8)));
    expect("chaddr", format!("{:02x?}", reply.chaddr), format!("{:02x?}", client.mac.octets()));
    expect("giaddr", reply.giaddr.to_string(), relay.address.to_string());
    expect("yiaddr", reply.yiaddr.to_string(), lease.address.to_string());
    let addresses = [
        ("subnet mask (1)", option::SUBNET_MASK, lease.mask),
        ("router (3)", option::ROUTER, lease.router),
        ("DNS server (6)", option::DOMAIN_SERVER, settings::SERVER),
        ("server identifier (54)", option::SERVER_IDENTIFIER, settings::SERVER),
    ];
    for (what, code, right) in addresses {
        expect(what, show(reply.address(code)), show(Some(right)));
    }
    expect("lease time (51)", show(reply.number(option::LEASE_TIME)), show(Some(settings::LEASE_SECONDS)));
    expect("hostname (12)", show(reply.text(option::HOST_NAME)), show(Some(lease.hostname.as_str())));
    expect("boot file (67)", show(reply.text(option::BOOT_FILE)), show(Some(lease.boot_file.as_str())));
    expect(
        "relay agent information (82)",
        show(reply.option(option::RELAY_AGENT_INFORMATION)),
        show(Some(relay_information(relay).as_slice())),
    );
    if wrong.is_empty() {
        Ok(Answer { address: lease.address, server: settings::SERVER, boot_file: lease.boot_file.clone() })
    } else {
        Err(wrong)
    }
}

fn show<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(|| "absent".to_owned(), |value| format!("{value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Architecture;

    const RELAY: Relay = Relay { address: Ipv4Addr::new(127, 0, 0, 2), link: Ipv4Addr::new(10, 1, 255, 254) };

    fn client() -> Client {
        Client {
            mac: "02:00:00:00:00:01".parse().unwrap(),
            architecture: Architecture::Efi64,
            program: Program::Firmware,
        }
    }

    fn lease() -> Lease {
        Lease {
            address: [10, 1, 0, 1].into(),
            mask: [255, 255, 0, 0].into(),
            router: [10, 1, 255, 254].into(),
            hostname: "nid0001.openchami.cluster".into(),
            boot_file: "ipxe-x86_64.efi".into(),
        }
    }

    /// An OFFER with these options besides 53, 54, 6, 51 and 82.
    fn offer(options: &[(u8, &[u8])]) -> Reply {
        let mut packet = vec![0; 236];
        packet[0] = 2;
        packet[16..20].copy_from_slice(&[10, 1, 0, 1]);
        packet[24..28].copy_from_slice(&RELAY.address.octets());
        packet[28..34].copy_from_slice(&client().mac.octets());
        packet.extend([99, 130, 83, 99, 53, 1, 2, 54, 4, 127, 0, 0, 1, 6, 4, 127, 0, 0, 1, 51, 4, 0, 0, 14, 16]);
        packet.extend([82, 8, 5, 4, 10, 1, 255, 254, 19, 0]);
        for (code, value) in options {
            packet.extend([*code, value.len() as u8]);
            packet.extend_from_slice(value);
        }
        packet.push(255);
        Reply::read(&packet).unwrap()
    }

    #[test]
    fn a_right_offer_passes() {
        let reply = offer(&[
            (1, &[255, 255, 0, 0]),
            (3, &[10, 1, 255, 254]),
            (12, b"nid0001.openchami.cluster"),
            (67, b"ipxe-x86_64.efi"),
        ]);
        let answer = verify(&reply, MessageType::Offer, &lease(), client(), RELAY).unwrap();
        assert_eq!(answer.address, Ipv4Addr::new(10, 1, 0, 1));
    }

    #[test]
    fn every_deviation_is_named() {
        let reply = offer(&[(1, &[255, 255, 255, 0]), (3, &[10, 1, 255, 254]), (12, b"nid0002")]);
        let wrong = verify(&reply, MessageType::Ack, &lease(), client(), RELAY).unwrap_err();
        assert_eq!(
            wrong,
            [
                "message type (53) is 2, should be 5",
                "subnet mask (1) is 255.255.255.0, should be 255.255.0.0",
                r#"hostname (12) is "nid0002", should be "nid0001.openchami.cluster""#,
                r#"boot file (67) is absent, should be "ipxe-x86_64.efi""#,
            ]
        );
    }
}
