//! The 28 octets before the payload: an IPv4 header without options (RFC 791) and a UDP header (RFC 768).

use std::net::SocketAddrV4;

/// Octets of both headers together.
pub(super) const HEADERS: usize = IPV4_HEADER + UDP_HEADER;

const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// IP protocol number of UDP.
const UDP: u8 = 17;

/// Both headers for `payload`, checksums included. `None`: the payload does not fit an IPv4 packet.
///
/// TTL 64; "don't fragment" with identification 0, as RFC 6864 §4.1 allows for atomic datagrams.
pub(super) fn headers(source: SocketAddrV4, destination: SocketAddrV4, payload: &[u8]) -> Option<[u8; HEADERS]> {
    let total_length = u16::try_from(HEADERS + payload.len()).ok()?;
    let udp_length = total_length - IPV4_HEADER as u16;
    let addresses = [source.ip().octets(), destination.ip().octets()].concat();

    let mut header = [0; HEADERS];
    header[0] = 0x45; // version 4, header of 5 words
    header[2..4].copy_from_slice(&total_length.to_be_bytes());
    header[6] = 0x40; // don't fragment
    header[8] = 64; // time to live
    header[9] = UDP;
    header[12..20].copy_from_slice(&addresses);
    let checksum = !fold(sum(&header[..IPV4_HEADER]));
    header[10..12].copy_from_slice(&checksum.to_be_bytes());

    header[20..22].copy_from_slice(&source.port().to_be_bytes());
    header[22..24].copy_from_slice(&destination.port().to_be_bytes());
    header[24..26].copy_from_slice(&udp_length.to_be_bytes());
    let pseudo_header = sum(&addresses) + u64::from(UDP) + u64::from(udp_length);
    let checksum = !fold(pseudo_header + sum(&header[IPV4_HEADER..]) + sum(payload));
    // A checksum of zero would say that there is none: RFC 768 sends its other representation.
    let checksum = if checksum == 0 { 0xffff } else { checksum };
    header[26..28].copy_from_slice(&checksum.to_be_bytes());
    Some(header)
}

/// Sum of the 16-bit words of `bytes`, an odd last octet padded with zero (RFC 1071).
fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks_exact(2);
    let last = words.remainder().first().map_or(0, |&octet| u64::from(octet) << 8);
    words.map(|word| u64::from(u16::from_be_bytes([word[0], word[1]]))).sum::<u64>() + last
}

/// The sum with its carries added in again until it fits 16 bits (RFC 1071 §1).
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    /// Headers as hexadecimal octets, checksums worked out apart from this code.
    #[test]
    fn headers_octet_by_octet() {
        let table = [
            // an odd payload; a broadcast without payload; a payload whose checksum is zero and must not be
            (
                "172.16.0.253:67",
                "172.16.0.1:68",
                b"coresmd".as_slice(),
                "450000230000400040 11e1ab ac1000fd ac100001 00430044 000f f8e7",
            ),
            (
                "10.0.0.1:67",
                "255.255.255.255:68",
                b"",
                "4500001c0000400040 1130d1 0a000001 ffffffff 00430044 0008 f556",
            ),
            (
                "10.0.0.1:67",
                "10.0.0.2:68",
                &[0xeb, 0x50],
                "4500001e0000400040 1126cd 0a000001 0a000002 00430044 000a ffff",
            ),
        ];
        for (source, destination, payload, expected) in table {
            let headers = headers(source.parse().unwrap(), destination.parse().unwrap(), payload).unwrap();
            let expected = expected.replace(' ', "");
            let octet = |at: usize| u8::from_str_radix(&expected[2 * at..2 * at + 2], 16).unwrap();
            assert_eq!(headers, std::array::from_fn(octet), "{source} to {destination}");
        }
    }

    #[test]
    fn a_payload_has_to_fit_an_ipv4_packet() {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);
        let longest = 65_535 - HEADERS;
        assert_eq!(headers(address, address, &vec![0; longest]).unwrap()[2..4], [0xff, 0xff]);
        assert_eq!(headers(address, address, &vec![0; longest + 1]), None);
    }

    proptest! {
        /// A receiver's sum over what it checks, the checksum included, is all ones (RFC 1071 §1).
        #[test]
        fn checksums_satisfy_the_receiver(
            source in any::<(u32, u16)>(),
            destination in any::<(u32, u16)>(),
            payload in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            let address = |(ip, port)| SocketAddrV4::new(Ipv4Addr::from_bits(ip), port);
            let headers = headers(address(source), address(destination), &payload).unwrap();
            prop_assert_eq!(fold(sum(&headers[..20])), 0xffff);
            let pseudo_header = sum(&headers[12..20]) + 17 + sum(&headers[24..26]);
            prop_assert_eq!(fold(pseudo_header + sum(&headers[20..]) + sum(&payload)), 0xffff);
            prop_assert_eq!(usize::from(u16::from_be_bytes([headers[24], headers[25]])), 8 + payload.len());
            prop_assert_ne!([headers[26], headers[27]], [0, 0]);
        }
    }
}
