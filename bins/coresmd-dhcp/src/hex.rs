//! Octets as hexadecimal digits: DUIDs in the configuration and in the server's own files.

use std::fmt::Write as _;

/// Two lower-case digits for each octet.
pub(crate) fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        write!(text, "{octet:02x}").expect("a string takes any text");
        text
    })
}

/// The octets of digits in either case; `None` for an odd number of them, or anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_digits() {
        for octets in [&[][..], &[0], &[0x0b, 0xad, 0xff]] {
            assert_eq!(decode(&encode(octets)).as_deref(), Some(octets));
        }
        assert_eq!(decode("0BaD"), Some(vec![0x0b, 0xad]));
        for text in ["0", "0x", "0b ", "é0"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
