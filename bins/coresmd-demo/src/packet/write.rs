//! DISCOVER and REQUEST, as firmware and iPXE write them and a relay agent forwards them.

use std::net::Ipv4Addr;

use super::{Client, HEADER, MAGIC_COOKIE, MessageType, Program, Relay, option};

/// What a client asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask {
    /// DISCOVER: any offer.
    Discover,
    /// REQUEST in state SELECTING (RFC 2131 §4.3.2): what `server` has offered.
    Request { address: Ipv4Addr, server: Ipv4Addr },
}

/// The message of `client`, `secs` seconds after it began to boot, forwarded by `relay`.
pub(crate) fn message(client: Client, relay: Relay, ask: Ask, xid: u32, secs: u16) -> Vec<u8> {
    let mut packet = header(client, relay, xid, secs);
    let architecture = client.architecture as u16;
    match ask {
        Ask::Discover => put(&mut packet, option::MESSAGE_TYPE, &[MessageType::Discover as u8]),
        Ask::Request { address, server } => {
            put(&mut packet, option::MESSAGE_TYPE, &[MessageType::Request as u8]);
            put(&mut packet, option::REQUESTED_ADDRESS, &address.octets());
            put(&mut packet, option::SERVER_IDENTIFIER, &server.octets());
        }
    }
    put(&mut packet, option::MAX_MESSAGE_SIZE, &1472_u16.to_be_bytes());
    put(&mut packet, option::PARAMETER_REQUEST_LIST, requested(client.program));
    put(&mut packet, option::CLIENT_ARCHITECTURE, &architecture.to_be_bytes());
    put(&mut packet, option::CLIENT_INTERFACE, &[1, 3, 0]);
    put(&mut packet, option::CLIENT_UUID, &uuid(client));
    put(&mut packet, option::VENDOR_CLASS, format!("PXEClient:Arch:{architecture:05}:UNDI:003000").as_bytes());
    if client.program == Program::Ipxe {
        put(&mut packet, option::USER_CLASS, b"iPXE");
        put(&mut packet, option::CLIENT_IDENTIFIER, &[&[1], &client.mac.octets()[..]].concat());
        // Of iPXE's features only HTTP, sub-option 19.
        put(&mut packet, option::IPXE, &[19, 1, 1]);
    }
    put(&mut packet, option::RELAY_AGENT_INFORMATION, &relay_information(relay));
    packet.push(option::END);
    packet
}

/// Sub-options of option 82: link selection (RFC 3527) and, empty, the relay source port (RFC 8357 §5.1).
pub(crate) fn relay_information(relay: Relay) -> Vec<u8> {
    let mut value = vec![5, 4];
    value.extend(relay.link.octets());
    value.extend([19, 0]);
    value
}

/// The fixed part (RFC 2131 §2): one hop from the client, which has no address yet.
fn header(client: Client, relay: Relay, xid: u32, secs: u16) -> Vec<u8> {
    const BOOTREQUEST: u8 = 1;
    const ETHERNET: u8 = 1;
    let mut packet = vec![0; HEADER];
    packet[..4].copy_from_slice(&[BOOTREQUEST, ETHERNET, 6, 1]);
    packet[4..8].copy_from_slice(&xid.to_be_bytes());
    packet[8..10].copy_from_slice(&secs.to_be_bytes());
    if client.program == Program::Firmware {
        packet[10] = 0x80; // EDK2 wants broadcast answers, iPXE does not
    }
    packet[24..28].copy_from_slice(&relay.address.octets());
    packet[28..34].copy_from_slice(&client.mac.octets());
    packet[HEADER - 4..].copy_from_slice(&MAGIC_COOKIE);
    packet
}

/// Option 55, as EDK2 and iPXE send it.
fn requested(program: Program) -> &'static [u8] {
    match program {
        Program::Firmware => &[
            1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97, 128,
            129, 130, 131, 132, 133, 134, 135,
        ],
        Program::Ipxe => {
            &[1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203]
        }
    }
}

/// Option 97: type 0, then a UUID that is this machine's own.
fn uuid(client: Client) -> [u8; 17] {
    let mut value = [0; 17];
    value[11..].copy_from_slice(&client.mac.octets());
    value
}

fn put(packet: &mut Vec<u8>, code: u8, value: &[u8]) {
    packet.push(code);
    packet.push(u8::try_from(value.len()).expect("every option of a client is shorter than 256 bytes"));
    packet.extend_from_slice(value);
}
