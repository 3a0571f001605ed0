//! Domain names on the wire (RFC 1035 §3.1, RFC 8415 §10): labels with their lengths, never compressed.

use std::fmt::Write as _;

use thiserror::Error;

/// The longest label.
const MAX_LABEL: usize = 63;
/// The longest name, lengths and root included.
const MAX_NAME: usize = 255;

/// Why a text is no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Two dots in a row, a dot in front, or nothing at all.
    #[error("a label is empty")]
    EmptyLabel,
    /// A label of more than 63 octets.
    #[error("a label has {0} octets, more than 63")]
    LongLabel(usize),
    /// More than 255 octets on the wire.
    #[error("the name has {0} octets, more than 255")]
    LongName(usize),
}

/// The wire form of a name; a dot at its end changes nothing. With the root label behind it.
pub fn domain_name(text: &str) -> Result<Vec<u8>, NameError> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() + 2);
    for label in text.split('.') {
        match label.len() {
            0 => return Err(NameError::EmptyLabel),
            length if length > MAX_LABEL => return Err(NameError::LongLabel(length)),
            length => bytes.push(length as u8),
        }
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() > MAX_NAME { Err(NameError::LongName(bytes.len())) } else { Ok(bytes) }
}

/// The text of one name that fills `bytes`, with or without its root label (RFC 4704 §4.2: a partial name has none);
/// octets that are no printable ASCII show as `\ddd`. `None` where the labels do not fit.
pub(super) fn text(mut bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    while let Some((&length, rest)) = bytes.split_first() {
        if length == 0 {
            return rest.is_empty().then_some(text);
        }
        let (label, rest) = rest.split_at_checked(usize::from(length)).filter(|_| usize::from(length) <= MAX_LABEL)?;
        if !text.is_empty() {
            text.push('.');
        }
        for &octet in label {
            match octet {
                b'.' | b'\\' => text.extend(['\\', char::from(octet)]),
                0x21..=0x7e => text.push(char::from(octet)),
                _ => write!(text, "\\{octet:03}").expect("a string takes any text"),
            }
        }
        bytes = rest;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_labels() {
        let long = "a".repeat(64);
        let wide = ["a".repeat(63).as_str(); 4].join(".");
        for (name, wire) in [
            ("nid0001.openchami.cluster", Ok(&b"\x07nid0001\x09openchami\x07cluster\0"[..])),
            ("cluster.", Ok(b"\x07cluster\0")),
            ("", Err(NameError::EmptyLabel)),
            (".", Err(NameError::EmptyLabel)),
            ("a..b", Err(NameError::EmptyLabel)),
            (&long, Err(NameError::LongLabel(64))),
            (&wide, Err(NameError::LongName(257))),
        ] {
            assert_eq!(domain_name(name).as_deref(), wire.as_ref().map(|bytes| *bytes), "{name}");
        }
    }

    #[test]
    fn names_are_read_whole_or_not_at_all() {
        for (wire, name) in [
            (&b"\x03nid\x07cluster\0"[..], Some("nid.cluster")),
            (b"\x03nid", Some("nid")),
            (b"", Some("")),
            (b"\x02a.\x01\n", Some("a\\..\\010")),
            (b"\x03ni", None),
            (b"\x03nid\0\x01a\0", None),
            (b"\xc0\x00", None),
        ] {
            assert_eq!(text(wire).as_deref(), name, "{wire:?}");
        }
    }
}
