//! A 48-bit MAC address, whatever way SMD spells it.
//!
//! SMD stores what Redfish reported: lower or upper case, with `:`, `-`, `.` or nothing between the digits
//! (inventory-service and the V2 parser do not fold at all). All spellings of one address are one [`MacAddr`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Six octets in wire order; displays as `aa:bb:cc:dd:ee:ff`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr(pub [u8; 6]);

/// Why a text is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MacError {
    /// Not twelve hexadecimal digits once the separators are gone.
    #[error("a MAC address has 12 hexadecimal digits, this has {0}")]
    Length(usize),
    /// A character that is neither a digit nor a separator.
    #[error("{0:?} is not a hexadecimal digit")]
    Digit(char),
}

impl MacAddr {
    /// The six octets.
    pub fn octets(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for MacAddr {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let mut octets = [0_u8; 6];
        let mut digits = 0;
        for c in text.trim().chars().filter(|c| !matches!(c, ':' | '-' | '.')) {
            let digit = c.to_digit(16).ok_or(MacError::Digit(c))? as u8;
            if let Some(octet) = octets.get_mut(digits / 2) {
                *octet = *octet << 4 | digit;
            }
            digits += 1;
        }
        if digits == 12 { Ok(Self(octets)) } else { Err(MacError::Length(digits)) }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl TryFrom<String> for MacAddr {
    type Error = MacError;

    fn try_from(text: String) -> Result<Self, MacError> {
        text.parse()
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_address() {
        let one = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]);
        for text in ["52:54:00:be:ef:01", "52-54-00-BE-EF-01", "5254.00be.ef01", "525400BEEF01", " 52:54:00:be:ef:01 "]
        {
            assert_eq!(text.parse(), Ok(one), "{text}");
        }
        assert_eq!(one.to_string(), "52:54:00:be:ef:01");
    }

    #[test]
    fn what_is_no_address_says_why() {
        assert_eq!("".parse::<MacAddr>(), Err(MacError::Length(0)));
        assert_eq!("52:54:00:be:ef".parse::<MacAddr>(), Err(MacError::Length(10)));
        assert_eq!("52:54:00:be:ef:01:02".parse::<MacAddr>(), Err(MacError::Length(14)));
        assert_eq!("52:54:00:be:ef:0g".parse::<MacAddr>(), Err(MacError::Digit('g')));
    }
}
