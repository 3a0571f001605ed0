//! The numbers of the protocol: record types, response codes, and how they are called.
//!
//! RFC 1035 §3.2, RFC 6895 (registries), RFC 6891 (BADVERS).

use std::fmt;

/// A record or question type; any of the 65,536.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rtype(pub u16);

impl Rtype {
    /// An IPv4 address.
    pub const A: Self = Self(1);
    /// A name server of the zone.
    pub const NS: Self = Self(2);
    /// Another name for the name.
    pub const CNAME: Self = Self(5);
    /// The start of a zone of authority.
    pub const SOA: Self = Self(6);
    /// The name of an address.
    pub const PTR: Self = Self(12);
    /// Host information; what ANY is answered with (RFC 8482).
    pub const HINFO: Self = Self(13);
    /// A mail exchanger.
    pub const MX: Self = Self(15);
    /// An IPv6 address.
    pub const AAAA: Self = Self(28);
    /// EDNS: no data but a part of the message (RFC 6891).
    pub const OPT: Self = Self(41);
    /// The digest of a child's key: the one type that lives at the parent's side of a zone cut.
    pub const DS: Self = Self(43);
    /// Transaction keys (RFC 2930).
    pub const TKEY: Self = Self(249);
    /// Transaction signatures (RFC 8945).
    pub const TSIG: Self = Self(250);
    /// An incremental zone transfer.
    pub const IXFR: Self = Self(251);
    /// A whole zone transfer.
    pub const AXFR: Self = Self(252);
    /// Every type.
    pub const ANY: Self = Self(255);
}

impl Rtype {
    /// Reads a type by its name, in any case, or as `TYPE65280` (RFC 3597 §5).
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let named = TYPE_NAMES.iter().find(|(_, name)| *name == upper).map(|(number, _)| *number);
        named.or_else(|| upper.strip_prefix("TYPE")?.parse().ok()).map(Self)
    }
}

impl fmt::Display for Rtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TYPE_NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// The class of everything that we hold.
pub const CLASS_IN: u16 = 1;

/// A response code (RFC 6895 §2.3); those above 15 need an OPT record to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rcode {
    /// Answered, or the name exists without the type asked for.
    NoError = 0,
    /// The message cannot be read.
    FormErr = 1,
    /// We should know, but do not at present.
    ServFail = 2,
    /// The name does not exist.
    NxDomain = 3,
    /// An opcode that we do not do.
    NotImp = 4,
    /// Not ours to answer.
    Refused = 5,
    /// Not a zone of ours (RFC 5936 §2.2.1).
    NotAuth = 9,
    /// An EDNS version that we do not speak.
    BadVers = 16,
}

impl Rcode {
    /// As CoreDNS writes it in logs and labels.
    pub fn name(self) -> &'static str {
        RCODE_NAMES.iter().find(|(number, _)| *number == self as u16).map_or("", |(_, name)| *name)
    }
}

impl From<Rcode> for u16 {
    fn from(rcode: Rcode) -> Self {
        rcode as Self
    }
}

/// How a response code is written in logs and labels: any of the 4,096 that an upstream may give.
pub struct RcodeName(pub u16);

impl fmt::Display for RcodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match RCODE_NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "RCODE{}", self.0),
        }
    }
}

/// The response codes that have a name (RFC 6895 §2.3).
pub const RCODE_NAMES: [(u16, &str); 19] = [
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSET"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (16, "BADVERS"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (19, "BADMODE"),
    (20, "BADNAME"),
    (21, "BADALG"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
];

/// How a class is written in logs.
pub struct Class(pub u16);

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("IN"),
            3 => f.write_str("CH"),
            4 => f.write_str("HS"),
            254 => f.write_str("NONE"),
            255 => f.write_str("ANY"),
            other => write!(f, "CLASS{other}"),
        }
    }
}

/// The types that have a name in our logs and metrics.
const TYPE_NAMES: [(u16, &str); 30] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (29, "LOC"),
    (33, "SRV"),
    (35, "NAPTR"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (44, "SSHFP"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (50, "NSEC3"),
    (52, "TLSA"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
    (257, "CAA"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_called_by_name_or_number() {
        assert_eq!(Rtype::AAAA.to_string(), "AAAA");
        assert_eq!(Rtype(65280).to_string(), "TYPE65280");
        assert_eq!(
            ["aaaa", "TYPE65280", "NOTYPE", "TYPE"].map(Rtype::parse),
            [Some(Rtype::AAAA), Some(Rtype(65280)), None, None]
        );
    }

    #[test]
    fn response_codes_are_called_by_name_or_number() {
        assert_eq!(RcodeName(Rcode::BadVers.into()).to_string(), "BADVERS");
        assert_eq!(RcodeName(11).to_string(), "RCODE11");
    }
}
