//! Domain names in wire form, letters lower-cased: what the catalog is keyed by.
//!
//! RFC 1035 §3.1 (labels of at most 63 octets, a name of at most 255), RFC 4343 (names compare without regard to the
//! case of ASCII letters). Past this room a name is a [`Name`] or, from a query, a [`LowerName`]: case bugs cannot be
//! written.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// The longest name, in octets of its wire form (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;

/// The longest label, in octets (RFC 1035 §2.3.4).
pub const MAX_LABEL: usize = 63;

/// A domain name that we own or look for: wire form, lower case, at most [`MAX_NAME`] octets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name(Box<[u8]>);

/// Why a text is no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Two dots in a row, or one in front.
    #[error("has an empty label")]
    EmptyLabel,
    /// A label of more than [`MAX_LABEL`] octets.
    #[error("has a label of more than 63 octets")]
    LongLabel,
    /// More than [`MAX_NAME`] octets.
    #[error("is longer than 255 octets")]
    LongName,
    /// White space, a control character, or one outside ASCII.
    #[error("contains {0:?}, which no host name has")]
    Character(char),
}

impl Name {
    /// The root, `.`.
    pub fn root() -> Self {
        Self(Box::new([0]))
    }

    /// Reads a name as people write it; the trailing dot may be left out, `.` and `""` are the root. There are no
    /// escapes: a backslash is a character like any other.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        Self::root().child(text.strip_suffix('.').unwrap_or(text))
    }

    /// The name `labels` directly or further below this one: `nid0001` below `example.` is `nid0001.example.`.
    pub fn child(&self, labels: &str) -> Result<Self, NameError> {
        let mut wire = Vec::with_capacity(labels.len() + 1 + self.0.len());
        for label in labels.split('.').take_while(|_| !labels.is_empty()) {
            if label.is_empty() {
                return Err(NameError::EmptyLabel);
            }
            if label.len() > MAX_LABEL {
                return Err(NameError::LongLabel);
            }
            if let Some(c) = label.chars().find(|c| !c.is_ascii_graphic()) {
                return Err(NameError::Character(c));
            }
            wire.push(label.len() as u8);
            wire.extend(label.bytes().map(|octet| octet.to_ascii_lowercase()));
        }
        wire.extend_from_slice(&self.0);
        if wire.len() > MAX_NAME {
            return Err(NameError::LongName);
        }
        Ok(Self(wire.into()))
    }

    /// The name that holds the PTR of an address (RFC 1035 §3.5, RFC 3596 §2.5).
    pub fn reverse(address: IpAddr) -> Self {
        let mut wire = Vec::with_capacity(74);
        match address {
            IpAddr::V4(v4) => {
                for octet in v4.octets().into_iter().rev() {
                    let digits = octet.to_string();
                    wire.push(digits.len() as u8);
                    wire.extend_from_slice(digits.as_bytes());
                }
                wire.extend_from_slice(IN_ADDR_ARPA);
            }
            IpAddr::V6(v6) => {
                for octet in v6.octets().into_iter().rev() {
                    for nibble in [octet & 0xf, octet >> 4] {
                        wire.extend_from_slice(&[1, b"0123456789abcdef"[usize::from(nibble)]]);
                    }
                }
                wire.extend_from_slice(IP6_ARPA);
            }
        }
        Self(wire.into())
    }

    /// One of the [`suffixes`] of a name.
    pub(crate) fn from_suffix(suffix: &[u8]) -> Self {
        Self(suffix.into())
    }

    /// The wire form: length-prefixed labels, the root's 0 last.
    pub fn as_wire(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is `.`.
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// Whether it lies in `in-addr.arpa.` or `ip6.arpa.`: a zone there holds PTRs and nothing else.
    pub fn is_reverse(&self) -> bool {
        is_reverse(&self.0)
    }
}

impl From<Name> for Box<[u8]> {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_wire(&self.0, f)
    }
}

/// A name out of a query, lower-cased into a buffer of its own so that a lookup allocates nothing.
#[derive(Clone, Copy)]
pub struct LowerName {
    octets: [u8; MAX_NAME],
    length: u8,
}

impl LowerName {
    /// Lower-cases a name whose wire form has been checked to be whole, uncompressed and of at most [`MAX_NAME`]
    /// octets. Length octets are below 64 and `A` is 65, so they stay as they are.
    pub fn from_checked_wire(wire: &[u8]) -> Self {
        let mut octets = [0; MAX_NAME];
        for (lower, octet) in octets.iter_mut().zip(wire) {
            *lower = octet.to_ascii_lowercase();
        }
        Self { octets, length: wire.len() as u8 }
    }

    /// The wire form.
    pub fn as_wire(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }
}

impl fmt::Debug for LowerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for LowerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_wire(self.as_wire(), f)
    }
}

/// The name itself and each name above it up to the root, as suffixes of one wire form: the label borders at which a
/// zone may match.
pub fn suffixes(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(wire), |name| match name {
        [0, ..] | [] => None,
        [length, ..] => name.get(1 + usize::from(*length)..),
    })
}

/// Whether a wire form lies in `in-addr.arpa.` or `ip6.arpa.`.
pub fn is_reverse(wire: &[u8]) -> bool {
    suffixes(wire).any(|name| name == IN_ADDR_ARPA || name == IP6_ARPA)
}

/// Presentation form with a trailing dot; octets that could be misread are written `\DDD` (RFC 1035 §5.1).
fn fmt_wire(wire: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if wire == [0] {
        return f.write_str(".");
    }
    for name in suffixes(wire).take_while(|name| name[0] != 0) {
        for &octet in &name[1..=usize::from(name[0])] {
            match octet {
                b'.' | b'\\' | b'"' => write!(f, "\\{}", octet as char)?,
                0x21..=0x7e => write!(f, "{}", octet as char)?,
                _ => write!(f, "\\{octet:03}")?,
            }
        }
        f.write_str(".")?;
    }
    Ok(())
}

const IN_ADDR_ARPA: &[u8] = b"\x07in-addr\x04arpa\0";
const IP6_ARPA: &[u8] = b"\x03ip6\x04arpa\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_any_case_with_or_without_its_last_dot() {
        let wire = b"\x07nid0001\x07example\0";
        for text in ["nid0001.example", "NID0001.Example."] {
            assert_eq!(Name::parse(text).unwrap().as_wire(), wire, "{text}");
        }
        assert_eq!(Name::parse("nid0001.example").unwrap().to_string(), "nid0001.example.");
        for text in [".", ""] {
            assert!(Name::parse(text).unwrap().is_root(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = "a".repeat(64);
        let huge = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(62)].join(".");
        for (text, error) in [
            ("a..b", NameError::EmptyLabel),
            (".a", NameError::EmptyLabel),
            ("..", NameError::EmptyLabel),
            (long.as_str(), NameError::LongLabel),
            (huge.as_str(), NameError::LongName),
            ("a b", NameError::Character(' ')),
            ("nœud", NameError::Character('œ')),
        ] {
            assert_eq!(Name::parse(text), Err(error), "{text}");
        }
        let longest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
        assert_eq!(Name::parse(&longest).unwrap().as_wire().len(), 255);
    }

    #[test]
    fn reverse_names() {
        let reverse = |text: &str| Name::reverse(text.parse().unwrap());
        assert_eq!(reverse("10.9.0.255").to_string(), "255.0.9.10.in-addr.arpa.");
        assert_eq!(
            reverse("fd00:9::1").to_string(),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.0.0.d.f.ip6.arpa."
        );
        assert!(reverse("10.9.0.255").is_reverse() && reverse("fd00::1").is_reverse());
        assert!(!Name::parse("in-addr.arpa.example").unwrap().is_reverse());
    }

    #[test]
    fn suffixes_are_taken_at_label_borders_only() {
        let name = Name::parse("a.openchami.cluster").unwrap();
        let all: Vec<String> = suffixes(name.as_wire()).map(|s| Name(s.into()).to_string()).collect();
        assert_eq!(all, ["a.openchami.cluster.", "openchami.cluster.", "cluster.", "."]);
    }

    #[test]
    fn odd_octets_are_shown_escaped() {
        let name = LowerName::from_checked_wire(b"\x05A.\\\0\xff\x01b\0");
        assert_eq!(name.to_string(), r"a\.\\\000\255.b.");
    }
}
