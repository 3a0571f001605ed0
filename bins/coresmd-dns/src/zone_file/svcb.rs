//! The parameters of SVCB and HTTPS records (RFC 9460 §2.1, §7, §8; appendix A for the lists).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::lexer::{Fault, Word};
use super::text;

/// The keys with a name (RFC 9460 §14.3.2).
const KEYS: [&str; 7] = ["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"];

/// The parameters as octets, in the order of their keys.
pub(super) fn parameters(words: &[Word<'_>], data: &mut Vec<u8>) -> Result<(), Fault> {
    let mut found: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut rest = words;
    while let [word, others @ ..] = rest {
        rest = others;
        let (name, mut value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.text, None),
        };
        // `alpn="h2,h3"`: the lexer ends a word where a quote begins
        if let (Some(""), [quoted, others @ ..]) = (value, others)
            && quoted.quoted
            && quoted.at.line == word.at.line
            && quoted.at.column == word.at.column + word.text.chars().count()
        {
            (value, rest) = (Some(quoted.text), others);
        }
        let key = key(name).ok_or_else(|| word.fault(format!("`{name}` is no key of a service parameter")))?;
        let value = encode(key, value).map_err(|what| word.fault(format!("`{name}` {what}")))?;
        if found.iter().any(|(known, _)| *known == key) {
            return Err(word.fault(format!("`{name}` is given twice")));
        }
        found.push((key, value));
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    for (key, value) in found {
        data.extend_from_slice(&key.to_be_bytes());
        data.extend_from_slice(&(value.len() as u16).to_be_bytes());
        data.extend(value);
    }
    Ok(())
}

fn key(name: &str) -> Option<u16> {
    if let Some(number) = KEYS.iter().position(|key| *key == name) {
        return Some(number as u16);
    }
    name.strip_prefix("key")?.parse().ok().filter(|number| *number != u16::MAX)
}

/// The value of a key. The error completes the sentence that begins with the key.
fn encode(key: u16, value: Option<&str>) -> Result<Vec<u8>, String> {
    let Some(value) = value else {
        return if key == 2 || key >= KEYS.len() as u16 { Ok(Vec::new()) } else { Err("has no value".to_owned()) };
    };
    let items = || value.split(',');
    let encoded = match key {
        0 => {
            let mut keys = items().map(self::key).collect::<Option<Vec<_>>>().ok_or("names an unknown key")?;
            keys.sort_unstable();
            keys.into_iter().flat_map(u16::to_be_bytes).collect()
        }
        1 => protocols(value)?,
        2 => return Err("takes no value".to_owned()),
        3 => value.parse::<u16>().map_err(|_| "is not a port")?.to_be_bytes().to_vec(),
        4 => {
            let addresses = items().map(|item| item.parse().map(|address: Ipv4Addr| address.octets()));
            addresses.collect::<Result<Vec<_>, _>>().map_err(|_| "is not a list of IPv4 addresses")?.concat()
        }
        5 => text::base64(value).ok_or("is not in base 64")?,
        6 => {
            let addresses = items().map(|item| item.parse().map(|address: Ipv6Addr| address.octets()));
            addresses.collect::<Result<Vec<_>, _>>().map_err(|_| "is not a list of IPv6 addresses")?.concat()
        }
        _ => text::octets(value)?,
    };
    if encoded.len() > usize::from(u16::MAX) {
        return Err("is longer than 65535 octets".to_owned());
    }
    Ok(encoded)
}

/// Protocols of ALPN, each behind its length.
fn protocols(value: &str) -> Result<Vec<u8>, String> {
    let mut encoded = Vec::new();
    for item in value.split(',') {
        let octets = text::octets(item)?;
        let length = u8::try_from(octets.len()).ok().filter(|length| *length > 0);
        encoded.push(length.ok_or("names a protocol that is empty or longer than 255 octets")?);
        encoded.extend(octets);
    }
    Ok(encoded)
}
