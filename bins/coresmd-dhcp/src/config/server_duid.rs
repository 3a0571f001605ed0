//! The words of `server_id` in `server6`: a DUID (RFC 8415 §11; facts: coredhcp-coredns §A5).
//!
//! The original knows `LL` and `LLT`, also as `duid-ll` and the like; `EN` and `UUID` are ours.

use dhcp_wire::v6::Duid;
use smd_cache::MacAddr;

use crate::hex;

/// Reads the kind of a DUID and its value. The error says what is wrong with them.
pub(super) fn server_duid(kind: &str, value: &str) -> Result<Duid, String> {
    let mac = || value.parse::<MacAddr>().map_err(|error| format!("{value:?} is no MAC address: {error}"));
    let name = kind.to_lowercase().replace('_', "-");
    match name.strip_prefix("duid-").unwrap_or(&name) {
        "ll" => mac().map(Duid::link_layer),
        // The time is zero, as the original has it: whatever it is, it must be the same after every start.
        "llt" => mac().map(|mac| Duid::link_layer_time(mac, 0)),
        "uuid" => uuid(value),
        "en" => enterprise(value),
        _ => Err(format!("{kind:?} is no kind of DUID: LL, LLT, EN or UUID")),
    }
}

/// `01234567-89ab-cdef-0123-456789abcdef`, with or without its hyphens.
fn uuid(text: &str) -> Result<Duid, String> {
    let octets = hex::decode(&text.replace('-', "")).filter(|octets| octets.len() == 16);
    let octets = octets.ok_or_else(|| format!("{text:?} is no UUID"))?;
    Ok(duid(&[&[0, 4][..], &octets].concat()))
}

/// `NUMBER:HEX`: the number of the enterprise and what it assigned.
fn enterprise(text: &str) -> Result<Duid, String> {
    let parsed = text.split_once(':').and_then(|(number, identifier)| {
        let number: u32 = number.parse().ok()?;
        Some((number, hex::decode(identifier).filter(|octets| (1..=124).contains(&octets.len()))?))
    });
    let (number, identifier) = parsed.ok_or_else(|| {
        format!("{text:?} is no enterprise number with an identifier of 1 to 124 octets: write it as 343:0badcafe")
    })?;
    Ok(duid(&[&[0, 2][..], &number.to_be_bytes(), &identifier].concat()))
}

fn duid(bytes: &[u8]) -> Duid {
    Duid::new(bytes).expect("both kinds have 3 to 130 octets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read() {
        for (kind, value, bytes) in [
            ("LL", "02:00:00:16:00:53", &[0, 3, 0, 1, 2, 0, 0, 0x16, 0, 0x53][..]),
            ("duid-ll", "02-00-00-16-00-53", &[0, 3, 0, 1, 2, 0, 0, 0x16, 0, 0x53]),
            ("DUID_LLT", "02:00:00:16:00:53", &[0, 1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0x16, 0, 0x53]),
            ("en", "343:0BAD", &[0, 2, 0, 0, 1, 0x57, 0x0b, 0xad]),
            (
                "UUID",
                "00010203-0405-0607-0809-0a0b0c0d0e0f",
                &[0, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
            ),
        ] {
            assert_eq!(server_duid(kind, value).unwrap().as_bytes(), bytes, "{kind} {value}");
        }
        for (kind, value, says) in [
            ("LL", "oops", "\"oops\" is no MAC address"),
            ("MAC", "02:00:00:16:00:53", "\"MAC\" is no kind of DUID"),
            ("UUID", "00010203-0405", "is no UUID"),
            ("EN", "0badcafe", "is no enterprise number"),
            ("EN", "343:abc", "is no enterprise number"),
            ("EN", "343:", "is no enterprise number"),
            ("EN", &format!("1:{}", "00".repeat(125)), "is no enterprise number"),
        ] {
            assert!(server_duid(kind, value).unwrap_err().contains(says), "{kind} {value}");
        }
    }
}
