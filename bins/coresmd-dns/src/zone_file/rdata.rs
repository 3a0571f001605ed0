//! The data of records: text in, octets out, by a table that says of what fields each type is made.
//!
//! RFC 1035 §3.3 and §5.1, and the RFC that is named beside each type; RFC 3597 §5 for types without a form of their
//! own, and for any type (`TYPE65280`, `\# 4 0a000001`).

use super::lexer::{Fault, Word};
use super::{svcb, text};
use crate::wire::Rtype;

/// A field of a type's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// A number of so many octets.
    Number(usize),
    /// Seconds, four octets.
    Seconds,
    /// A point in time as DNSSEC writes it, `YYYYMMDDHHMMSS` or a number (RFC 4034 §3.2).
    Timestamp,
    /// A domain name.
    Name,
    /// An IPv4 address.
    V4,
    /// An IPv6 address.
    V6,
    /// A character string: its length and at most 255 octets.
    String,
    /// Character strings to the end; at least one.
    Strings,
    /// Octets to the end, without a length.
    Text,
    /// The mnemonic of a type.
    Type,
    /// Mnemonics of types to the end, as a bitmap (RFC 4034 §4.1.2).
    Types,
    /// Base 16 to the end; `-` is nothing.
    Hex,
    /// Base 16 behind its length in one octet; `-` is nothing.
    Salt,
    /// Base 64 to the end.
    Base64,
    /// Parameters of a service to the end (RFC 9460 §2.1).
    Parameters,
}

/// A type with a form of its own.
struct Form {
    rtype: Rtype,
    name: &'static str,
    fields: &'static [Field],
}

const fn form(number: u16, name: &'static str, fields: &'static [Field]) -> Form {
    Form { rtype: Rtype(number), name, fields }
}

use Field::{
    Base64, Hex, Name, Number, Parameters, Salt, Seconds, String as CharacterString, Strings, Text, Timestamp, Type,
    Types, V4, V6,
};

/// Signatures: RRSIG (RFC 4034 §3).
const SIGNATURE: &[Field] = &[Type, Number(1), Number(1), Seconds, Timestamp, Timestamp, Number(2), Name, Base64];

const FORMS: [Form; 32] = [
    form(1, "A", &[V4]),
    form(2, "NS", &[Name]),
    form(5, "CNAME", &[Name]),
    form(6, "SOA", &[Name, Name, Number(4), Seconds, Seconds, Seconds, Seconds]),
    form(12, "PTR", &[Name]),
    form(13, "HINFO", &[CharacterString, CharacterString]),
    form(15, "MX", &[Number(2), Name]),
    form(16, "TXT", &[Strings]),
    form(17, "RP", &[Name, Name]),                             // RFC 1183
    form(18, "AFSDB", &[Number(2), Name]),                     // RFC 1183
    form(28, "AAAA", &[V6]),                                   // RFC 3596
    form(33, "SRV", &[Number(2), Number(2), Number(2), Name]), // RFC 2782
    form(35, "NAPTR", &[Number(2), Number(2), CharacterString, CharacterString, CharacterString, Name]), // RFC 3403
    form(36, "KX", &[Number(2), Name]),                        // RFC 2230
    form(39, "DNAME", &[Name]),                                // RFC 6672
    form(43, "DS", &[Number(2), Number(1), Number(1), Hex]),   // RFC 4034
    form(44, "SSHFP", &[Number(1), Number(1), Hex]),           // RFC 4255
    form(46, "RRSIG", SIGNATURE),
    form(47, "NSEC", &[Name, Types]),                                 // RFC 4034
    form(48, "DNSKEY", &[Number(2), Number(1), Number(1), Base64]),   // RFC 4034
    form(51, "NSEC3PARAM", &[Number(1), Number(1), Number(2), Salt]), // RFC 5155
    form(52, "TLSA", &[Number(1), Number(1), Number(1), Hex]),        // RFC 6698
    form(53, "SMIMEA", &[Number(1), Number(1), Number(1), Hex]),      // RFC 8162
    form(59, "CDS", &[Number(2), Number(1), Number(1), Hex]),         // RFC 7344
    form(60, "CDNSKEY", &[Number(2), Number(1), Number(1), Base64]),  // RFC 7344
    form(61, "OPENPGPKEY", &[Base64]),                                // RFC 7929
    form(62, "CSYNC", &[Number(4), Number(2), Types]),                // RFC 7477
    form(63, "ZONEMD", &[Number(4), Number(1), Number(1), Hex]),      // RFC 8976
    form(64, "SVCB", &[Number(2), Name, Parameters]),                 // RFC 9460
    form(65, "HTTPS", &[Number(2), Name, Parameters]),                // RFC 9460
    form(256, "URI", &[Number(2), Number(2), Text]),                  // RFC 7553
    form(257, "CAA", &[Number(1), CharacterString, Text]),            // RFC 8659
];

/// Types that are known by name, though their data can be written as RFC 3597 has it only.
const NAMED: [(u16, &str); 10] = [
    (11, "WKS"),
    (25, "KEY"),
    (29, "LOC"),
    (37, "CERT"),
    (42, "APL"),
    (45, "IPSECKEY"),
    (49, "DHCID"),
    (50, "NSEC3"),
    (55, "HIP"),
    (99, "SPF"),
];

/// The type with this mnemonic, in any case, or `TYPE123`.
pub(crate) fn rtype(mnemonic: &str) -> Option<Rtype> {
    if let Some(form) = FORMS.iter().find(|form| form.name.eq_ignore_ascii_case(mnemonic)) {
        return Some(form.rtype);
    }
    if let Some((number, _)) = NAMED.iter().find(|(_, name)| name.eq_ignore_ascii_case(mnemonic)) {
        return Some(Rtype(*number));
    }
    let number = mnemonic.get(..4).filter(|start| start.eq_ignore_ascii_case("TYPE")).map(|_| &mnemonic[4..])?;
    number.parse().ok().map(Rtype)
}

/// The data of a record of a type, names whole and uncompressed. `behind` is the word before the data, to which a
/// fault about missing words points.
pub(super) fn encode(rtype: Rtype, words: &[Word<'_>], behind: &Word<'_>, origin: &[u8]) -> Result<Vec<u8>, Fault> {
    let form = FORMS.iter().find(|form| form.rtype == rtype);
    if let [first, rest @ ..] = words
        && first.text == "\\#"
        && !first.quoted
    {
        return generic(rest, first);
    }
    let Some(form) = form else {
        return Err(behind.fault(format!("data of type {rtype} is written as `\\# LENGTH HEX` (RFC 3597)")));
    };
    let mut data = Vec::new();
    let mut rest = words;
    let mut last = behind;
    for field in form.fields {
        if field.takes_all() {
            field.encode_all(rest, last, &mut data)?;
            rest = &[];
        } else {
            let (word, others) = rest.split_first().ok_or_else(|| last.fault(format!("{} lacks data", form.name)))?;
            field.encode(word, origin, &mut data)?;
            (rest, last) = (others, word);
        }
    }
    if let Some(word) = rest.first() {
        return Err(word.fault(format!("`{}` is too much for {}", word.text, form.name)));
    }
    if data.len() > usize::from(u16::MAX) {
        return Err(behind.fault("the data is longer than 65535 octets"));
    }
    Ok(data)
}

/// `\# LENGTH HEX…` (RFC 3597 §5).
fn generic(words: &[Word<'_>], behind: &Word<'_>) -> Result<Vec<u8>, Fault> {
    let (length, digits) = words.split_first().ok_or_else(|| behind.fault("`\\#` without a length"))?;
    let expected: u16 = length.text.parse().map_err(|_| length.fault(format!("`{}` is no length", length.text)))?;
    let data = text::hex(&joined(digits)).ok_or_else(|| length.fault("the data is not in base 16"))?;
    if data.len() != usize::from(expected) {
        return Err(length.fault(format!("the length is {expected}, the data has {} octets", data.len())));
    }
    Ok(data)
}

impl Field {
    /// Whether it goes to the end of the data.
    fn takes_all(self) -> bool {
        matches!(self, Strings | Text | Types | Hex | Base64 | Parameters)
    }

    /// A field of one word.
    fn encode(self, word: &Word<'_>, origin: &[u8], data: &mut Vec<u8>) -> Result<(), Fault> {
        let wrong = |what: &str| word.fault(format!("`{}` is not {what}", word.text));
        match self {
            Number(octets) => {
                let limit = u32::MAX >> (32 - 8 * octets);
                let number: u32 = word
                    .text
                    .parse()
                    .ok()
                    .filter(|number| *number <= limit)
                    .ok_or_else(|| wrong(&format!("a number from 0 to {limit}")))?;
                data.extend_from_slice(&number.to_be_bytes()[4 - octets..]);
            }
            Seconds => {
                let seconds = text::seconds(word.text).ok_or_else(|| wrong("a number of seconds"))?;
                data.extend_from_slice(&seconds.to_be_bytes());
            }
            Timestamp => {
                let time = timestamp(word.text).ok_or_else(|| wrong("a time (YYYYMMDDHHMMSS)"))?;
                data.extend_from_slice(&time.to_be_bytes());
            }
            Name => {
                let name = text::name(word.text, origin);
                data.extend(name.map_err(|error| word.fault(format!("`{}` {error}", word.text)))?);
            }
            V4 => data.extend(word.text.parse::<std::net::Ipv4Addr>().map_err(|_| wrong("an IPv4 address"))?.octets()),
            V6 => data.extend(word.text.parse::<std::net::Ipv6Addr>().map_err(|_| wrong("an IPv6 address"))?.octets()),
            Type => data.extend(rtype(word.text).ok_or_else(|| wrong("a type"))?.0.to_be_bytes()),
            Salt => {
                let salt = if word.text == "-" { Some(Vec::new()) } else { text::hex(word.text) };
                let salt = salt.filter(|salt| salt.len() <= 255).ok_or_else(|| wrong("a salt in base 16"))?;
                data.push(salt.len() as u8);
                data.extend(salt);
            }
            _ => string(word, data)?,
        }
        Ok(())
    }

    /// A field of all the words that are left. `behind` is the word before them.
    fn encode_all(self, words: &[Word<'_>], behind: &Word<'_>, data: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Parameters => return svcb::parameters(words, data),
            Types => return types(words, data),
            _ => {}
        }
        let first = words.first().ok_or_else(|| behind.fault("data is missing behind this"))?;
        match self {
            Strings => words.iter().try_for_each(|word| string(word, data))?,
            Text => {
                if let Some(word) = words.get(1) {
                    return Err(word.fault(format!("`{}` is too much: put the text in quotes", word.text)));
                }
                data.extend(octets(first)?);
            }
            Hex => data.extend(text::hex(&joined(words)).ok_or_else(|| first.fault("this is not in base 16"))?),
            _ => data.extend(text::base64(&joined(words)).ok_or_else(|| first.fault("this is not in base 64"))?),
        }
        Ok(())
    }
}

/// The octets that a word stands for.
pub(super) fn octets(word: &Word<'_>) -> Result<Vec<u8>, Fault> {
    text::octets(word.text).map_err(|error| word.fault(format!("`{}` {error}", word.text)))
}

fn string(word: &Word<'_>, data: &mut Vec<u8>) -> Result<(), Fault> {
    let octets = octets(word)?;
    let length = u8::try_from(octets.len()).map_err(|_| word.fault("a string of more than 255 octets; split it"))?;
    data.push(length);
    data.extend(octets);
    Ok(())
}

fn joined(words: &[Word<'_>]) -> String {
    words.iter().map(|word| word.text).collect()
}

/// The bitmap of types: windows of 256, each with its number, its length and its bits (RFC 4034 §4.1.2).
fn types(words: &[Word<'_>], data: &mut Vec<u8>) -> Result<(), Fault> {
    let mut types = Vec::new();
    for word in words {
        types.push(rtype(word.text).ok_or_else(|| word.fault(format!("`{}` is not a type", word.text)))?.0);
    }
    types.sort_unstable();
    for window in types.chunk_by(|a, b| a >> 8 == b >> 8) {
        let mut bits = [0u8; 32];
        for low in window.iter().map(|rtype| usize::from(rtype & 0xff)) {
            bits[low / 8] |= 0x80 >> (low % 8);
        }
        let length = usize::from(window[window.len() - 1] & 0xff) / 8 + 1;
        data.extend_from_slice(&[(window[0] >> 8) as u8, length as u8]);
        data.extend_from_slice(&bits[..length]);
    }
    Ok(())
}

/// Seconds since 1970, modulo 2³² (RFC 4034 §3.1.5).
fn timestamp(text: &str) -> Option<u32> {
    if text.len() != 14 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return text.parse().ok();
    }
    let part = |range: std::ops::Range<usize>| text[range].parse::<u64>().ok();
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60
    {
        return None;
    }
    // days since 1970-03-01 in years that begin in March, so that the day of a leap year comes last
    let (march_year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * march_year + march_year / 4 - march_year / 100 + march_year / 400 + (153 * march_month + 2) / 5 + day;
    // the same count for 1970-01-01 is 719_469
    Some(((days - 719_469) * 86_400 + hour * 3_600 + minute * 60 + second) as u32)
}

#[cfg(test)]
mod tests;
