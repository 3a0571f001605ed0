//! DUIDs (RFC 8415 §11): compared as bytes; looked into only for the MAC address that some of them carry.

use std::fmt;

use smd_cache::MacAddr;
use thiserror::Error;

use crate::hardware;

/// The enterprise number that clients of Mellanox put before the GUID of an InfiniBand port.
const MELLANOX: u32 = 0x02c9;
/// Two octets of type and 1 to 128 of identifier (RFC 8415 §11.1).
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=130;

/// A DHCP unique identifier.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duid(Box<[u8]>);

/// What a DUID is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuidKind<'a> {
    /// Type 1: link-layer address and the time of making, in seconds since 2000.
    LinkLayerTime {
        /// IANA's hardware type.
        hardware_type: u16,
        /// When it was made.
        time: u32,
        /// The link-layer address.
        address: &'a [u8],
    },
    /// Type 2: assigned by a vendor.
    Enterprise {
        /// IANA's enterprise number.
        number: u32,
        /// The vendor's own.
        identifier: &'a [u8],
    },
    /// Type 3: link-layer address.
    LinkLayer {
        /// IANA's hardware type.
        hardware_type: u16,
        /// The link-layer address.
        address: &'a [u8],
    },
    /// Type 4: UUID (RFC 6355).
    Uuid(&'a [u8; 16]),
    /// Another type, or one whose parts are not there.
    Other,
}

/// Why bytes are no DUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a DUID has 3 to 130 octets, this has {0}")]
pub struct DuidError(pub usize);

impl Duid {
    /// A DUID as it stands on the wire.
    pub fn new(bytes: &[u8]) -> Result<Self, DuidError> {
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes.into())) } else { Err(DuidError(bytes.len())) }
    }

    /// DUID-LL of an Ethernet interface.
    pub fn link_layer(mac: MacAddr) -> Self {
        Self([&[0, 3, 0, 1][..], &mac.octets()].concat().into())
    }

    /// DUID-LLT of an Ethernet interface; `time` in seconds since 2000.
    pub fn link_layer_time(mac: MacAddr, time: u32) -> Self {
        Self([&[0, 1, 0, 1][..], &time.to_be_bytes(), &mac.octets()].concat().into())
    }

    /// The bytes on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What it is made of.
    pub fn kind(&self) -> DuidKind<'_> {
        let number = |bytes: &[u8; 2]| u16::from_be_bytes(*bytes);
        match &*self.0 {
            [0, 1, h1, h2, t1, t2, t3, t4, address @ ..] => DuidKind::LinkLayerTime {
                hardware_type: number(&[*h1, *h2]),
                time: u32::from_be_bytes([*t1, *t2, *t3, *t4]),
                address,
            },
            [0, 2, e1, e2, e3, e4, identifier @ ..] => {
                DuidKind::Enterprise { number: u32::from_be_bytes([*e1, *e2, *e3, *e4]), identifier }
            }
            [0, 3, h1, h2, address @ ..] => DuidKind::LinkLayer { hardware_type: number(&[*h1, *h2]), address },
            [0, 4, uuid @ ..] => uuid.try_into().map_or(DuidKind::Other, DuidKind::Uuid),
            _ => DuidKind::Other,
        }
    }

    /// The MAC address that it was made from, if it was made from one, or that of the InfiniBand port whose GUID it holds.
    pub fn mac(&self) -> Option<MacAddr> {
        match self.kind() {
            DuidKind::LinkLayer { hardware_type, address } | DuidKind::LinkLayerTime { hardware_type, address, .. } => {
                hardware::mac(hardware_type, address)
            }
            DuidKind::Enterprise { number: MELLANOX, identifier } => hardware::guid(identifier),
            DuidKind::Enterprise { .. } | DuidKind::Uuid(_) | DuidKind::Other => None,
        }
    }
}

impl fmt::Display for Duid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8]| {
            f.write_str(name)?;
            bytes.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
        };
        match self.kind() {
            DuidKind::LinkLayerTime { address, .. } => named(f, "LLT", address),
            DuidKind::LinkLayer { address, .. } => named(f, "LL", address),
            DuidKind::Uuid(uuid) => named(f, "UUID", uuid),
            DuidKind::Enterprise { number, identifier } => {
                write!(f, "EN:{number}")?;
                named(f, "", identifier)
            }
            DuidKind::Other => named(f, "DUID", &self.0),
        }
    }
}

impl fmt::Debug for Duid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0xbe, 0xef, 1]);
    /// Of the GUID 00:02:c9:03:00:10:b4:a1.
    const PORT: MacAddr = MacAddr([0, 2, 0xc9, 0x10, 0xb4, 0xa1]);

    #[test]
    fn kinds_are_told_apart_and_only_ports_have_a_mac() {
        for (bytes, shown, mac) in [
            (Duid::link_layer(MAC).as_bytes(), "LL:52:54:00:be:ef:01", Some(MAC)),
            (Duid::link_layer_time(MAC, 7).as_bytes(), "LLT:52:54:00:be:ef:01", Some(MAC)),
            (&[0, 3, 0, 32, 1, 2, 3, 4, 5, 6], "LL:01:02:03:04:05:06", None),
            (
                &[0, 3, 0, 32, 0, 0, 0, 72, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0xc9, 3, 0, 0x10, 0xb4, 0xa1],
                "LL:00:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:10:b4:a1",
                Some(PORT),
            ),
            (&[0, 2, 0, 0, 2, 0xc9, 0, 2, 0xc9, 3, 0, 0x10, 0xb4, 0xa1], "EN:713:00:02:c9:03:00:10:b4:a1", Some(PORT)),
            (&[0, 3, 0, 1, 1, 2, 3, 4, 5], "LL:01:02:03:04:05", None),
            (&[0, 1, 0, 1, 0, 0, 0], "DUID:00:01:00:01:00:00:00", None),
            (&[0, 2, 0, 0, 1, 0x57, 9], "EN:343:09", None),
            (
                &[0, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
                "UUID:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
                None,
            ),
            (&[0, 4, 1], "DUID:00:04:01", None),
            (&[0, 9, 1], "DUID:00:09:01", None),
        ] {
            let duid = Duid::new(bytes).unwrap();
            assert_eq!((duid.to_string().as_str(), duid.mac()), (shown, mac));
        }
        assert_eq!(
            Duid::link_layer_time(MAC, 7).kind(),
            DuidKind::LinkLayerTime { hardware_type: 1, time: 7, address: &MAC.octets() }
        );
    }

    #[test]
    fn lengths_are_bounded() {
        for length in [0, 2, 131] {
            assert_eq!(Duid::new(&vec![0; length]), Err(DuidError(length)));
        }
        assert!(Duid::new(&[0; 130]).is_ok());
    }
}
