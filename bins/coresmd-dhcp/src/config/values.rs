//! Values that several keys share. Each error says what is wrong with the text.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// An IPv4 address.
pub(super) fn ipv4(text: &str) -> Result<Ipv4Addr, String> {
    text.parse().map_err(|_| format!("{text:?} is no IPv4 address"))
}

/// A netmask: contiguous and not empty.
pub(super) fn netmask(text: &str) -> Result<Ipv4Addr, String> {
    let mask = ipv4(text)?;
    let bits = u32::from(mask);
    if bits == 0 || bits.leading_ones() + bits.trailing_zeros() != 32 {
        return Err(format!("{text} is no netmask: its ones must stand together, in front"));
    }
    Ok(mask)
}

/// A Go truth value.
pub(super) fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// A URL with a host, for SMD and BSS: http or https.
pub(super) fn http_url(text: &str) -> Result<String, String> {
    match url(text)? {
        url if url.starts_with("http://") || url.starts_with("https://") => Ok(url),
        _ => Err(format!("{text:?} is no http:// or https:// URL")),
    }
}

/// A URL with a scheme and a host.
pub(super) fn url(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("{text:?} is no URL: it has no scheme"))?;
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    if scheme.is_empty() || !scheme.chars().all(letter) {
        return Err(format!("{text:?} is no URL: {scheme:?} is no scheme"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') {
        return Err(format!("{text:?} is no URL: it has no host"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>')) {
        return Err(format!("{text:?} is no URL: a character in it must be escaped"));
    }
    Ok(text.to_owned())
}

/// A text without the quotes around it; the text form has no other use for them.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// A list of domain names in the wire form of option 119 (RFC 3397), uncompressed.
pub(super) fn domain(text: &str) -> Result<Vec<u8>, String> {
    let mut wire = Vec::with_capacity(text.len() + 2);
    for label in text.strip_suffix('.').unwrap_or(text).split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length));
        wire.push(length.ok_or_else(|| format!("{text:?} is no domain name: a label has 1 to 63 octets"))?);
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    if wire.len() > 255 { Err(format!("{text:?} is too long for a domain name")) } else { Ok(wire) }
}

/// `CIDR,GATEWAY` in the wire form of option 121 (RFC 3442): only the octets that the prefix reaches, host bits zero.
pub(super) fn route(text: &str) -> Result<Vec<u8>, String> {
    let (destination, gateway) = text.split_once(',').ok_or_else(|| format!("{text:?} is no CIDR,GATEWAY"))?;
    let network: Ipv4Net = destination.parse().map_err(|_| format!("{destination:?} is no IPv4 network"))?;
    let octets = network.network().octets();
    let significant = usize::from(network.prefix_len().div_ceil(8));
    Ok([&[network.prefix_len()], &octets[..significant], &ipv4(gateway)?.octets()].concat())
}

/// A size in octets: a number, or one with KiB, MiB or GiB.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(format!("{text:?} is no size: octets, or a number with KiB, MiB or GiB")),
    };
    let size = number.parse::<usize>().ok().and_then(|number| number.checked_mul(factor)).filter(|size| *size > 0);
    size.ok_or_else(|| format!("{text:?} is no size: octets, or a number with KiB, MiB or GiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netmasks_are_contiguous() {
        assert_eq!(netmask("255.255.255.192"), Ok(Ipv4Addr::new(255, 255, 255, 192)));
        assert_eq!(netmask("255.255.255.255"), Ok(Ipv4Addr::BROADCAST));
        for text in ["0.0.0.0", "255.0.255.0", "0.0.0.255", "24", "ffff:ff00::"] {
            assert!(netmask(text).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_have_scheme_and_host() {
        for text in ["http://127.0.0.1:27779", "https://h", "http://[::1]:80/x?y=z", "tftp://h/x"] {
            assert_eq!(url(text), Ok(text.into()));
        }
        for text in ["h:80", "http://", "http:///x", "http://:80", "://h", "ht tp://h", "\"http://h\"", "http://h/\"x"]
        {
            assert!(url(text).is_err(), "{text}");
        }
        assert!(http_url("tftp://h").is_err());
    }

    #[test]
    fn a_trailing_dot_adds_nothing_to_a_domain() {
        for text in ["one.example", "one.example."] {
            assert_eq!(domain(text), Ok(b"\x03one\x07example\x00".to_vec()));
        }
        for text in ["", ".", "a..b", &"x".repeat(64), &"abcdefg.".repeat(40)] {
            assert!(domain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn routes_are_masked_and_cut_to_their_prefix() {
        for (text, wire) in [
            ("10.1.2.3/12,172.16.0.254", &[12, 10, 0, 172, 16, 0, 254][..]),
            ("192.168.1.77/24,172.16.0.1", &[24, 192, 168, 1, 172, 16, 0, 1]),
            ("0.0.0.0/0,172.16.0.254", &[0, 172, 16, 0, 254]),
            ("10.9.8.7/32,10.0.0.1", &[32, 10, 9, 8, 7, 10, 0, 0, 1]),
        ] {
            assert_eq!(route(text), Ok(wire.to_vec()), "{text}");
        }
        for text in
            ["10.0.0.0/8", "10.0.0.0,10.0.0.1", "fd00::/8,10.0.0.1", "10.0.0.0/8,fd00::1", "10.0.0.0/33,10.0.0.1"]
        {
            assert!(route(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!((size("512"), size("64MiB"), size("1 GiB")), (Ok(512), Ok(64 << 20), Ok(1 << 30)));
        for text in ["", "0", "64MB", "MiB", "99999999999999999999", "18446744073709551615GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
