//! The client's fully qualified name (option 81, RFC 4702), as a server answers it that updates no DNS.

/// The client wants the server to update the name's A record.
const S: u8 = 0x01;
/// The server does otherwise than the client wants.
const O: u8 = 0x02;
/// The name is in canonical wire form; else in ASCII, which is deprecated.
const E: u8 = 0x04;
/// The server updates nothing.
const N: u8 = 0x08;
/// Both RCODE fields of a server (RFC 4702 §2.2).
const RCODE: u8 = 255;

/// What a client's option 81 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientFqdn {
    flags: u8,
}

impl ClientFqdn {
    /// Reads the value; `None` without the three fixed octets.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        match value {
            [flags, _, _, ..] => Some(Self { flags: *flags }),
            _ => None,
        }
    }

    /// The value to answer: no update will be made, and this is the client's name, in the form that the client uses
    /// (RFC 4702 §4). A name with a dot is a whole one. `None` for what is no domain name.
    pub fn answer(self, name: &str) -> Option<Vec<u8>> {
        let overridden = if self.flags & S != 0 { O } else { 0 };
        let mut value = vec![N | (self.flags & E) | overridden, RCODE, RCODE];
        if self.flags & E == 0 {
            value.extend_from_slice(name.as_bytes());
            return Some(value);
        }
        for label in name.split('.') {
            let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
            value.push(length);
            value.extend_from_slice(label.as_bytes());
        }
        if name.contains('.') {
            value.push(0);
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_updates_nothing_and_says_so_in_the_clients_form() {
        let wire = b"\x07nid0001\x09openchami\x07cluster\x00";
        for (flags, answered, name) in [
            (0b0101, 0b1110, &wire[..]),                         // E, S: overridden
            (0b0100, 0b1100, wire),                              // E: the client would do it itself
            (0b1100, 0b1100, wire),                              // E, N: nobody should
            (0b0001, 0b1010, b"nid0001.openchami.cluster"),      // ASCII
            (0b1111_0000, 0b1000, b"nid0001.openchami.cluster"), // reserved bits are not echoed
        ] {
            let value = ClientFqdn::read(&[flags, 0, 0, b'x']).unwrap().answer("nid0001.openchami.cluster").unwrap();
            assert_eq!(value, [&[answered, 255, 255][..], name].concat(), "{flags:b}");
        }
    }

    #[test]
    fn a_bare_label_is_a_partial_name() {
        let fqdn = ClientFqdn::read(&[E, 0, 0]).unwrap();
        assert_eq!(fqdn.answer("nid0001").unwrap(), b"\x0c\xff\xff\x07nid0001");
        for name in ["", "a..b", &"x".repeat(64)] {
            assert_eq!(fqdn.answer(name), None, "{name}");
        }
        assert_eq!(ClientFqdn::read(&[4, 0]), None);
    }
}
