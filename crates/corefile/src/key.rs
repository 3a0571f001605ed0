//! The keys of a server block: `[SCHEME://]ZONE[:PORT]` (facts: coredhcp-coredns §B2 "Keys").
//!
//! A network in place of the zone stands for its reverse zones: RFC 1035 §3.5 (in-addr.arpa, one label for 8 bits) and
//! RFC 3596 §2.5 (ip6.arpa, one for 4 bits). One whose length lies between two labels is served as the several zones
//! of the next longer length.

use std::fmt;

use ipnet::IpNet;

use crate::error::ErrorKind;
use crate::span::Span;

/// What a server block serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// How it is served.
    pub scheme: Scheme,
    /// The zone in lower case, without the dot at the end: `example.org`; `.` is the root. For a network its reverse
    /// zone, `10.in-addr.arpa`.
    pub zone: String,
    /// The port, where the key names one.
    pub port: Option<u16>,
    /// Where the key stands.
    pub span: Span,
}

/// A transport of DNS messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// DNS over UDP and TCP (RFC 1035).
    Dns,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over QUIC (RFC 9250).
    Quic,
    /// `CoreDNS`'s DNS over gRPC.
    Grpc,
    /// DNS over HTTPS (RFC 8484).
    Https,
    /// DNS over HTTPS by HTTP/3.
    Https3,
}

impl Scheme {
    const ALL: [Self; 6] = [Self::Dns, Self::Tls, Self::Quic, Self::Grpc, Self::Https, Self::Https3];

    /// As it is written before `://`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Grpc => "grpc",
            Self::Https => "https",
            Self::Https3 => "https3",
        }
    }

    /// The port of a key that names none. That of `dns` can be set on the command line.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Dns => 53,
            Self::Tls | Self::Quic => 853,
            Self::Grpc | Self::Https | Self::Https3 => 443,
        }
    }
}

impl Key {
    /// The port that is served: the key's, or the scheme's, which for `dns` is `dns_port`.
    pub fn effective_port(&self, dns_port: u16) -> u16 {
        let default = if self.scheme == Scheme::Dns { dns_port } else { self.scheme.default_port() };
        self.port.unwrap_or(default)
    }
}

/// As `CoreDNS` prints it: `dns://example.org.`, with the port where one is named.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.zone == "." { "" } else { "." };
        write!(f, "{}://{}{dot}", self.scheme.name(), self.zone)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Reads one key; a network off a label boundary gives several. Directives that take zones read them so too.
///
/// # Errors
/// What the text has instead of a key.
pub fn parse(text: &str, span: &Span) -> Result<Vec<Key>, ErrorKind> {
    let (scheme, rest) = scheme(text)?;
    let (host, port) = port(rest)?;
    let zones = if host.contains('/') { networks(host)? } else { vec![zone(host)?] };
    Ok(zones.into_iter().map(|zone| Key { scheme, zone, port, span: span.clone() }).collect())
}

fn scheme(text: &str) -> Result<(Scheme, &str), ErrorKind> {
    let Some((name, rest)) = text.split_once("://") else { return Ok((Scheme::Dns, text)) };
    let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name));
    scheme.map(|scheme| (scheme, rest)).ok_or_else(|| ErrorKind::Scheme(name.to_owned()))
}

/// Cuts the port off: what follows the last colon, unless that is a part of an IPv6 network.
fn port(text: &str) -> Result<(&str, Option<u16>), ErrorKind> {
    let Some((host, port)) = text.rsplit_once(':') else { return Ok((text, None)) };
    if port.contains('/') {
        return Ok((text, None));
    }
    if host.contains(':') && !host.contains('/') {
        return Err(ErrorKind::Network(text.to_owned()));
    }
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok((host, Some(number))),
        _ => Err(ErrorKind::Port(port.to_owned())),
    }
}

/// A zone in lower case without its last dot; nothing (`:1053`) is the root.
fn zone(text: &str) -> Result<String, ErrorKind> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let why = if name.is_empty() {
        return Ok(".".to_owned());
    } else if name.len() > 253 {
        "it is longer than 253 characters"
    } else if name.contains(['{', '}']) {
        "a brace must stand apart from the other words"
    } else if !name.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"():,".contains(&byte)) {
        "it holds a character that no zone name has"
    } else if name.split('.').any(str::is_empty) {
        "a label is empty"
    } else if name.split('.').any(|label| label.len() > 63) {
        "a label is longer than 63 characters"
    } else {
        return Ok(name.to_ascii_lowercase());
    };
    Err(ErrorKind::Zone { zone: text.to_owned(), why })
}

/// The reverse zones of a network.
fn networks(text: &str) -> Result<Vec<String>, ErrorKind> {
    let network: IpNet = text.parse().map_err(|_| ErrorKind::Network(text.to_owned()))?;
    let bits_per_label = if matches!(network, IpNet::V4(_)) { 8 } else { 4 };
    let length = network.prefix_len().next_multiple_of(bits_per_label);
    let networks = network.trunc().subnets(length).map_err(|_| ErrorKind::Network(text.to_owned()))?;
    Ok(networks.map(reverse_zone).collect())
}

/// The reverse zone of a network whose length is on a label boundary.
fn reverse_zone(network: IpNet) -> String {
    let (labels, suffix): (Vec<String>, _) = match network {
        IpNet::V4(v4) => {
            let octets = v4.addr().octets();
            (octets[..usize::from(v4.prefix_len() / 8)].iter().map(u8::to_string).collect(), "in-addr.arpa")
        }
        IpNet::V6(v6) => {
            let nibbles = v6.addr().octets().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
            (nibbles.take(usize::from(v6.prefix_len() / 4)).map(|nibble| format!("{nibble:x}")).collect(), "ip6.arpa")
        }
    };
    labels.into_iter().rev().chain([suffix.to_owned()]).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;

    fn span() -> Span {
        Span { file: Arc::from(Path::new("Corefile")), line: 1, column: 1, range: 0..0 }
    }

    #[test]
    fn a_key_is_scheme_zone_and_port() {
        for (text, scheme, zone, port) in [
            (".", Scheme::Dns, ".", None),
            (".:1053", Scheme::Dns, ".", Some(1053)),
            (":1053", Scheme::Dns, ".", Some(1053)),
            ("Example.ORG.", Scheme::Dns, "example.org", None),
            ("example.org.:5353", Scheme::Dns, "example.org", Some(5353)),
            ("dns://scheme.example:53", Scheme::Dns, "scheme.example", Some(53)),
            ("TLS://.", Scheme::Tls, ".", None),
            ("https3://a", Scheme::Https3, "a", None),
            ("10.50.0.0/16", Scheme::Dns, "50.10.in-addr.arpa", None),
            ("10.50.1.2/16:1053", Scheme::Dns, "50.10.in-addr.arpa", Some(1053)),
            ("0.0.0.0/0", Scheme::Dns, "in-addr.arpa", None),
            ("fd00:50::/32", Scheme::Dns, "0.5.0.0.0.0.d.f.ip6.arpa", None),
            ("fd00:50::/32:1053", Scheme::Dns, "0.5.0.0.0.0.d.f.ip6.arpa", Some(1053)),
        ] {
            let keys = parse(text, &span());
            assert_eq!(keys, Ok(vec![Key { scheme, zone: zone.to_owned(), port, span: span() }]), "{text}");
        }
    }

    #[test]
    fn a_network_off_a_label_boundary_is_several_zones() {
        let zones = |text| parse(text, &span()).map(|keys| keys.into_iter().map(|key| key.zone).collect::<Vec<_>>());
        assert_eq!(zones("10.50.0.0/15"), Ok(vec!["50.10.in-addr.arpa".into(), "51.10.in-addr.arpa".into()]));
        assert_eq!(zones("fd00::/7").map(|zones| zones.len()), Ok(2));
        assert_eq!(zones("10.0.0.0/25").map(|zones| zones.len()), Ok(128));
        assert_eq!(zones("fd00::/125").map(|zones| zones[7].clone()).unwrap().split_once('.').unwrap().0, "7");
    }

    #[test]
    fn what_is_no_key_says_why() {
        for (text, want) in [
            ("a.example:99999", "`:99999` is not a port"),
            ("a.example:0", "`:0` is not a port"),
            ("a.example:", "`:` is not a port"),
            ("a.example:+5", "`:+5` is not a port"),
            ("a..b", "`a..b` is not a zone name: a label is empty"),
            (".{", "`.{` is not a zone name: a brace must stand apart from the other words"),
            ("ä.example", "`ä.example` is not a zone name: it holds a character that no zone name has"),
            ("ftp://a", "`ftp` is no scheme that DNS is served by"),
            ("10.0.0.0/33", "`10.0.0.0/33` is not a network"),
            ("fd00::1", "`fd00::1` is not a network"),
        ] {
            assert_eq!(parse(text, &span()).unwrap_err().to_string(), want, "{text}");
        }
    }

    #[test]
    fn a_key_is_shown_as_coredns_prints_it() {
        let shown = |text| parse(text, &span()).unwrap()[0].to_string();
        assert_eq!(shown("."), "dns://.");
        assert_eq!(shown("A.example:53"), "dns://a.example.:53");
    }
}
