//! Words into values: names, character strings, times, numbers in the bases that DNSSEC uses.
//!
//! RFC 1035 §5.1 (escapes, relative names), RFC 2308 §4 and BIND's units of time (`1h30m`), RFC 4648 (base 16
//! and 64). The error of each reader is what is wrong, to be said behind the word.

use crate::name::{MAX_LABEL, MAX_NAME};

/// The longest TTL (RFC 2181 §8).
pub(super) const MAX_TTL: u32 = 0x7fff_ffff;

/// A name in wire form, in the case in which it is written. `@` is the origin, and what has no dot at its end lies
/// below it.
pub(super) fn name(text: &str, origin: &[u8]) -> Result<Vec<u8>, String> {
    match text {
        "@" => return Ok(origin.to_vec()),
        "." => return Ok(vec![0]),
        "" => return Err("is an empty name".to_owned()),
        _ => {}
    }
    let mut wire = vec![0];
    let mut label = 0;
    for piece in pieces(text) {
        match piece? {
            (b'.', false) if wire.len() == label + 1 => return Err("has an empty label".to_owned()),
            (b'.', false) => {
                wire[label] = (wire.len() - label - 1) as u8;
                label = wire.len();
                wire.push(0);
            }
            (octet, _) => {
                wire.push(octet);
                if wire.len() - label - 1 > MAX_LABEL {
                    return Err("has a label of more than 63 octets".to_owned());
                }
            }
        }
    }
    // the last label is empty where the text ends with a dot: the name is whole
    if wire.len() > label + 1 {
        wire[label] = (wire.len() - label - 1) as u8;
        wire.extend_from_slice(origin);
    }
    if wire.len() > MAX_NAME {
        return Err("is a name of more than 255 octets".to_owned());
    }
    Ok(wire)
}

/// The octets of a character string, without its length.
pub(super) fn octets(text: &str) -> Result<Vec<u8>, String> {
    pieces(text).map(|piece| piece.map(|(octet, _)| octet)).collect()
}

/// Seconds: a number, or numbers with the units `s m h d w`.
pub(super) fn seconds(text: &str) -> Option<u32> {
    let (mut total, mut number) = (0u32, None::<u32>);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    match number {
        Some(number) => total.checked_add(number),
        None if text.is_empty() => None,
        None => Some(total),
    }
}

/// Octets in base 16; white space has been taken out.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    from_base(text, 4, |c| c.to_digit(16))
}

/// Octets in base 64, with its padding or without.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let padding = text.len() - text.trim_end_matches('=').len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    from_base(text.trim_end_matches('='), 6, |c| match c {
        'A'..='Z' => Some(c as u32 - 'A' as u32),
        'a'..='z' => Some(c as u32 - 'a' as u32 + 26),
        '0'..='9' => Some(c as u32 - '0' as u32 + 52),
        '+' => Some(62),
        '/' => Some(63),
        _ => None,
    })
}

/// The octets that digits of `bits` bits make; what is left over must be less than a digit, and zero.
fn from_base(text: &str, bits: u32, digit: impl Fn(char) -> Option<u32>) -> Option<Vec<u8>> {
    let (mut octets, mut pending, mut have) = (Vec::with_capacity(text.len()), 0u32, 0);
    for c in text.chars() {
        pending = pending << bits | digit(c)?;
        have += bits;
        if have >= 8 {
            have -= 8;
            octets.push((pending >> have) as u8);
            pending &= (1 << have) - 1;
        }
    }
    (have < bits && pending == 0).then_some(octets)
}

/// The octets that a text stands for, each with whether it was escaped.
fn pieces(text: &str) -> impl Iterator<Item = Result<(u8, bool), String>> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (&first, behind) = rest.split_first()?;
        rest = behind;
        if first != b'\\' {
            return Some(Ok((first, false)));
        }
        Some(
            escaped(&mut rest)
                .map(|octet| (octet, true))
                .ok_or_else(|| "has a bad escape: `\\DDD` is at most `\\255`".to_owned()),
        )
    })
}

/// The octet of an escape whose backslash has been read.
fn escaped(rest: &mut &[u8]) -> Option<u8> {
    let (&first, behind) = rest.split_first()?;
    if !first.is_ascii_digit() {
        *rest = behind;
        return Some(first);
    }
    let digits = rest.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    *rest = &rest[3..];
    value.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        let origin = b"\x07example\0";
        for (text, wire) in [
            ("@", &b"\x07example\0"[..]),
            (".", b"\0"),
            ("a", b"\x01a\x07example\0"),
            ("A.b.", b"\x01A\x01b\0"),
            (r"a\.b\000.", b"\x04a.b\0\0"),
            (r"\@", b"\x01@\x07example\0"),
            ("*.w", b"\x01*\x01w\x07example\0"),
        ] {
            assert_eq!(name(text, origin).unwrap(), wire, "{text}");
        }
        for text in ["", "..", ".a", "a..b", &"a".repeat(64), &"a.".repeat(128), r"\256", r"\1", "a\\"] {
            assert!(name(text, origin).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("0", Some(0)),
            ("3600", Some(3_600)),
            ("1h30M", Some(5_400)),
            ("1w2d3h4m5s", Some(604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5)),
            ("1m30", Some(90)),
            ("", None),
            ("h", None),
            ("1hh", None),
            ("1x", None),
            ("-1", None),
            ("4294967296", None),
            ("7102w", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn bases() {
        assert_eq!(hex("00fFa1"), Some(vec![0, 255, 0xa1]));
        assert_eq!((hex("0"), hex("0g")), (None, None));
        for (text, octets) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")] {
            assert_eq!(base64(text), Some(octets.as_bytes().to_vec()), "{text}");
        }
        for text in ["Z", "Zg=", "Zg===", "Zh==", "Zm 9", "=", "Zm9v===="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    proptest! {
        /// What [`crate::name::Name`] shows of a name reads back as the name.
        #[test]
        fn shown_names_read_back(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..=20), 0..6)) {
            let mut wire: Vec<u8> = labels.iter().flat_map(|label| {
                std::iter::once(label.len() as u8).chain(label.iter().map(u8::to_ascii_lowercase))
            }).collect();
            wire.push(0);
            let shown = crate::name::LowerName::from_checked_wire(&wire).to_string();
            prop_assert_eq!(name(&shown, b"\x01x\0").unwrap(), wire, "{}", shown);
        }
    }
}
