//! An answer of the server, read back without trusting it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use thiserror::Error;

use super::{HEADER, MAGIC_COOKIE, option};

/// What a BOOTREPLY says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) op: u8,
    pub(crate) xid: u32,
    pub(crate) yiaddr: Ipv4Addr,
    pub(crate) giaddr: Ipv4Addr,
    pub(crate) chaddr: [u8; 6],
    /// Values by option number; those of an option that is split are joined (RFC 3396).
    options: BTreeMap<u8, Vec<u8>>,
}

/// Why a datagram is no DHCP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Malformed {
    /// Shorter than the fixed part, or without the cookie that opens the options.
    #[error("not a DHCP message")]
    Header,
    /// An option reaches behind the end of the message.
    #[error("option {0} reaches behind the end of the message")]
    Option(u8),
    /// The options do not end in 255.
    #[error("the options have no end")]
    Unended,
}

impl Reply {
    /// Reads a datagram.
    pub(crate) fn read(datagram: &[u8]) -> Result<Self, Malformed> {
        let (header, options) = datagram.split_at_checked(HEADER).ok_or(Malformed::Header)?;
        if header[HEADER - 4..] != MAGIC_COOKIE {
            return Err(Malformed::Header);
        }
        let four = |at: usize| [header[at], header[at + 1], header[at + 2], header[at + 3]];
        let [a, b, c, d] = four(28);
        Ok(Self {
            op: header[0],
            xid: u32::from_be_bytes(four(4)),
            yiaddr: four(16).into(),
            giaddr: four(24).into(),
            chaddr: [a, b, c, d, header[32], header[33]],
            options: read_options(options)?,
        })
    }

    /// An option's value.
    pub(crate) fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.get(&code).map(Vec::as_slice)
    }

    /// Option 53, if it is one byte as it must be.
    pub(crate) fn message_type(&self) -> Option<u8> {
        self.array(option::MESSAGE_TYPE).map(|[kind]| kind)
    }

    /// An option that is one IPv4 address.
    pub(crate) fn address(&self, code: u8) -> Option<Ipv4Addr> {
        self.array::<4>(code).map(Ipv4Addr::from)
    }

    /// An option that is a text.
    pub(crate) fn text(&self, code: u8) -> Option<&str> {
        str::from_utf8(self.option(code)?).ok()
    }

    /// An option that is a number of 32 bits.
    pub(crate) fn number(&self, code: u8) -> Option<u32> {
        self.array(code).map(u32::from_be_bytes)
    }

    fn array<const N: usize>(&self, code: u8) -> Option<[u8; N]> {
        self.option(code)?.try_into().ok()
    }
}

fn read_options(mut rest: &[u8]) -> Result<BTreeMap<u8, Vec<u8>>, Malformed> {
    let mut options = BTreeMap::<u8, Vec<u8>>::new();
    loop {
        match *rest {
            [] => return Err(Malformed::Unended),
            [option::END, ..] => return Ok(options),
            [0, ref behind @ ..] => rest = behind,
            [code, length, ref behind @ ..] => {
                let (value, behind) = behind.split_at_checked(usize::from(length)).ok_or(Malformed::Option(code))?;
                options.entry(code).or_default().extend_from_slice(value);
                rest = behind;
            }
            [code] => return Err(Malformed::Option(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Architecture, Ask, Client, Program, Relay, message};
    use super::*;

    /// What the demo writes, read by its own reader (which does not mind that it is a request).
    fn written(program: Program, ask: Ask) -> Reply {
        let mac = "52:54:00:be:ef:01".parse().unwrap();
        let client = Client { mac, architecture: Architecture::EfiArm64, program };
        let relay = Relay { address: [127, 0, 0, 2].into(), link: [172, 16, 255, 254].into() };
        Reply::read(&message(client, relay, ask, 0x0123_4567, 3)).unwrap()
    }

    #[test]
    fn a_discover_of_firmware_is_what_pxe_firmware_sends() {
        let packet = written(Program::Firmware, Ask::Discover);
        assert_eq!((packet.op, packet.xid), (1, 0x0123_4567));
        assert_eq!(packet.chaddr, [0x52, 0x54, 0, 0xbe, 0xef, 1]);
        assert_eq!(packet.giaddr, Ipv4Addr::new(127, 0, 0, 2));
        assert_eq!(packet.message_type(), Some(1));
        assert_eq!(packet.option(93), Some(&[0, 11][..]));
        assert_eq!(packet.text(60), Some("PXEClient:Arch:00011:UNDI:003000"));
        assert_eq!(packet.option(77), None);
        assert_eq!(packet.option(82), Some(&[5, 4, 172, 16, 255, 254, 19, 0][..]));
    }

    #[test]
    fn a_request_of_ipxe_names_the_offer_and_ipxe() {
        let ask = Ask::Request { address: [172, 16, 0, 1].into(), server: [127, 0, 0, 1].into() };
        let packet = written(Program::Ipxe, ask);
        assert_eq!(packet.message_type(), Some(3));
        assert_eq!(packet.address(50), Some([172, 16, 0, 1].into()));
        assert_eq!(packet.address(54), Some([127, 0, 0, 1].into()));
        assert_eq!(packet.option(77), Some(&b"iPXE"[..]));
        assert_eq!(packet.option(61), Some(&[1, 0x52, 0x54, 0, 0xbe, 0xef, 1][..]));
    }

    #[test]
    fn a_split_option_is_joined_and_padding_skipped() {
        let options = [12, 2, b'n', b'i', 0, 0, 12, 1, b'd', 255, 7];
        assert_eq!(read_options(&options).unwrap()[&12], b"nid");
    }

    #[test]
    fn what_is_cut_off_says_where() {
        assert_eq!(read_options(&[12, 9, b'n']), Err(Malformed::Option(12)));
        assert_eq!(read_options(&[12]), Err(Malformed::Option(12)));
        assert_eq!(read_options(&[12, 1, b'n']), Err(Malformed::Unended));
        assert_eq!(Reply::read(&[0; 300]), Err(Malformed::Header));
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Some(cookie) = bytes.get_mut(HEADER - 4..HEADER) {
                cookie.copy_from_slice(&MAGIC_COOKIE);
            }
            let _ = Reply::read(&bytes);
        }
    }
}
