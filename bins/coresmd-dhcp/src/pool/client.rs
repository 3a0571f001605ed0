//! Who holds a lease, as the lease file spells it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use smd_cache::MacAddr;
use thiserror::Error;

/// What tells clients apart: `chaddr`, cut to `hlen`; for clients without a hardware address (`hlen` 0: InfiniBand, RFC
/// 4390) their client identifier, option 61. 1 to 255 octets; displays as `52:54:00:be:ef:01`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(Arc<[u8]>);

/// Why something is no client key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientKeyError {
    /// No octets, or more than an option holds.
    #[error("a client has 1 to 255 octets, this has {0}")]
    Length(usize),
    /// A text that is not pairs of hexadecimal digits with colons between them.
    #[error("{0:?} is not an octet in two hexadecimal digits")]
    Octet(String),
}

impl ClientKey {
    /// A client by its octets.
    pub fn new(octets: &[u8]) -> Result<Self, ClientKeyError> {
        match octets.len() {
            1..=255 => Ok(Self(octets.into())),
            length => Err(ClientKeyError::Length(length)),
        }
    }
}

impl From<MacAddr> for ClientKey {
    fn from(mac: MacAddr) -> Self {
        Self(Arc::new(mac.octets()))
    }
}

impl FromStr for ClientKey {
    type Err = ClientKeyError;

    fn from_str(text: &str) -> Result<Self, ClientKeyError> {
        let octets: Result<Vec<u8>, _> = text.split(':').map(octet).collect();
        Self::new(&octets?)
    }
}

fn octet(text: &str) -> Result<u8, ClientKeyError> {
    let digits = (text.len() == 2).then_some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    octet.ok_or_else(|| ClientKeyError::Octet(text.to_owned()))
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, octet) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_spelled_as_the_lease_file_spells_it() {
        let mac = ClientKey::from(MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]));
        assert_eq!(mac.to_string(), "52:54:00:be:ef:01");
        assert_eq!("52:54:00:BE:ef:01".parse(), Ok(mac));
        let infiniband = ClientKey::new(&[0xff; 20]).unwrap();
        assert_eq!(infiniband.to_string(), ["ff"; 20].join(":"));
        assert_eq!(infiniband.to_string().parse(), Ok(infiniband));
        assert_eq!("05".parse(), ClientKey::new(&[5]));
    }

    #[test]
    fn what_is_no_client_says_why() {
        let octet = |text: &str| Err(ClientKeyError::Octet(text.to_owned()));
        assert_eq!(ClientKey::new(&[]), Err(ClientKeyError::Length(0)));
        assert_eq!(ClientKey::new(&[0; 256]), Err(ClientKeyError::Length(256)));
        assert_eq!("".parse::<ClientKey>(), octet(""));
        assert_eq!("52:5".parse::<ClientKey>(), octet("5"));
        assert_eq!("52:+5".parse::<ClientKey>(), octet("+5"));
        assert_eq!("52-54".parse::<ClientKey>(), octet("52-54"));
    }
}
