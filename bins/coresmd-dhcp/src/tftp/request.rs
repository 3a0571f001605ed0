//! What a client says: a request, an acknowledgement or an error (RFC 1350 §5, RFC 2347).

use tftpd::{OptionType, Packet, TransferOption};
use thiserror::Error;

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// RRQ: the client wants to read a file.
    Read(ReadRequest),
    /// WRQ: the client wants to write one, which it may not.
    Write {
        /// The file's name.
        file: String,
    },
    /// ACK of a block; 0 acknowledges our OACK.
    Acknowledge(u16),
    /// ERROR: the client wants no more of it. Code 8 is its answer to an OACK that it asked for only to learn the size.
    Error {
        /// The error's code.
        code: u16,
        /// Its text, made printable.
        text: String,
    },
}

/// RRQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRequest {
    /// The file's name, as it was sent.
    pub file: String,
    /// How its contents are to be sent.
    pub mode: Mode,
    /// The options that we know, as they were asked for. An option that is asked for twice counts as it was first.
    pub options: Options,
}

/// The transfer's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The octets as they are.
    Octet,
    /// Text, with line ends as RFC 764 wants them.
    Netascii,
}

/// The options of RFC 2348, 2349 and 7440 with the values asked for; not negotiated yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// `blksize`, in octets.
    pub block_size: Option<u64>,
    /// Whether `tsize` is asked for.
    pub transfer_size: bool,
    /// `timeout`, in seconds.
    pub timeout: Option<u64>,
    /// `windowsize`, in blocks.
    pub window_size: Option<u64>,
}

/// Why a datagram is no message that can be dealt with. The client is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    /// Too short, no known opcode, or a message that only servers send.
    #[error("not a message of a TFTP client")]
    Message,
    /// A request whose name or mode does not end, or is not UTF-8.
    #[error("a request without a name or a mode")]
    Request,
    /// A mode other than octet and netascii; `mail` was never for files.
    #[error("a mode other than octet")]
    Mode,
}

impl Message {
    /// Reads a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, Malformed> {
        match datagram {
            [0, 1 | 2, ..] => request(datagram),
            [0, 4, high, low, ..] => Ok(Self::Acknowledge(u16::from_be_bytes([*high, *low]))),
            [0, 5, high, low, text @ ..] => {
                let text = text.split(|octet| *octet == 0).next().unwrap_or_default();
                let text = String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(100).collect();
                Ok(Self::Error { code: u16::from_be_bytes([*high, *low]), text })
            }
            _ => Err(Malformed::Message),
        }
    }
}

/// RRQ or WRQ. An option that cannot be read makes the codec refuse the whole request; RFC 2347 wants it ignored.
fn request(datagram: &[u8]) -> Result<Message, Malformed> {
    let end = end_of_mode(datagram).ok_or(Malformed::Request)?;
    let plain = &datagram[..end];
    let packet = Packet::deserialize(datagram).or_else(|_| Packet::deserialize(plain));
    match packet.map_err(|_| Malformed::Request)? {
        Packet::Rrq { filename, mode, options } => {
            let mode = match mode.to_ascii_lowercase().as_str() {
                "octet" => Mode::Octet,
                "netascii" => Mode::Netascii,
                _ => return Err(Malformed::Mode),
            };
            Ok(Message::Read(ReadRequest { file: filename, mode, options: Options::of(&options) }))
        }
        Packet::Wrq { filename, .. } => Ok(Message::Write { file: filename }),
        _ => Err(Malformed::Message),
    }
}

/// Where the two strings that every request has are over.
fn end_of_mode(datagram: &[u8]) -> Option<usize> {
    let mut ends = datagram.iter().enumerate().skip(2).filter(|(_, octet)| **octet == 0).map(|(at, _)| at + 1);
    ends.nth(1)
}

impl Options {
    fn of(options: &[TransferOption]) -> Self {
        let value = |wanted| options.iter().find(|option| option.option == wanted).map(|option| option.value);
        Self {
            block_size: value(OptionType::BlockSize),
            transfer_size: value(OptionType::TransferSize).is_some(),
            timeout: value(OptionType::Timeout),
            window_size: value(OptionType::WindowSize),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(datagram: &[u8]) -> ReadRequest {
        match Message::decode(datagram) {
            Ok(Message::Read(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_are_read_whatever_their_case() {
        let request = read(b"\0\x01ipxe.efi\0OCTET\0BlkSize\x001468\0tsize\x000\0windowsize\x004\0timeout\x003\0");
        assert_eq!((request.file.as_str(), request.mode), ("ipxe.efi", Mode::Octet));
        let options = Options { block_size: Some(1468), transfer_size: true, timeout: Some(3), window_size: Some(4) };
        assert_eq!(request.options, options);
    }

    #[test]
    fn unknown_and_broken_options_do_not_cost_the_file() {
        assert_eq!(read(b"\0\x01f\0octet\0frobnicate\x001\0blksize\x00600\0").options.block_size, Some(600));
        for broken in
            [&b"\0\x01f\0octet\0blksize\0abc\0"[..], b"\0\x01f\0octet\0blksize", b"\0\x01f\0octet\0\xff\0\xff\0"]
        {
            assert_eq!(read(broken).options, Options::default(), "{broken:?}");
        }
    }

    #[test]
    fn what_is_no_request_is_said_to_be_none() {
        for (datagram, error) in [
            (&b""[..], Malformed::Message),
            (b"\0", Malformed::Message),
            (b"\0\x03\0\x01data", Malformed::Message),
            (b"\0\x06blksize\x008\0", Malformed::Message),
            (b"\0\x04\0", Malformed::Message),
            (b"\0\x01file", Malformed::Request),
            (b"\0\x01file\0octet", Malformed::Request),
            (b"\0\x01\xff\xfe\0octet\0", Malformed::Request),
            (b"\0\x01file\0mail\0", Malformed::Mode),
        ] {
            assert_eq!(Message::decode(datagram), Err(error), "{datagram:?}");
        }
    }

    #[test]
    fn acknowledgements_and_errors_are_read() {
        assert_eq!(Message::decode(b"\0\x04\x01\x02"), Ok(Message::Acknowledge(0x102)));
        assert_eq!(Message::decode(b"\0\x04\0\0 padded by a ROM"), Ok(Message::Acknowledge(0)));
        let aborted = Message::Error { code: 8, text: "User aborted the transfer".into() };
        assert_eq!(Message::decode(b"\0\x05\0\x08User aborted\n the transfer\0"), Ok(aborted));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(datagram in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Message::decode(&datagram);
        }

        #[test]
        fn any_request_is_read_or_refused(opcode in 0u8..7, rest in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Message::decode(&[&[0, opcode][..], &rest].concat());
        }
    }
}
