//! The delegated prefixes as text, to outlive a restart.
//!
//! ```text
//! coresmd-prefixes 1 <SHA-256 in hex of all that follows this line>
//! <DUID in hex> <IAID> <prefix> <end of the lease, in seconds since 1970>
//! ```

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dhcp_wire::v6::Duid;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::prefix::PrefixLease;
use crate::hex;

/// The first words of the file.
const TITLE: &str = "coresmd-prefixes 1";

/// Why a text is no such file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrefixFileError {
    /// Something else, or written by a later version.
    #[error("it does not begin with {TITLE:?}")]
    Foreign,
    /// Damaged, cut off or edited.
    #[error("its checksum is wrong")]
    Checksum,
    /// The checksum is right, and the line is no lease.
    #[error("line {0} is no lease")]
    Line(usize),
}

/// Writes leases.
pub fn encode(leases: impl Iterator<Item = PrefixLease>) -> String {
    let mut body = String::new();
    for PrefixLease { client, iaid, prefix, expires } in leases {
        let seconds = expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let line = writeln!(body, "{} {iaid} {prefix} {seconds}", hex::encode(client.as_bytes()));
        line.expect("a string takes any text");
    }
    format!("{TITLE} {}\n{body}", checksum(&body))
}

/// Reads leases.
pub fn parse(text: &str) -> Result<Vec<PrefixLease>, PrefixFileError> {
    let (title, body) = text.split_once('\n').ok_or(PrefixFileError::Foreign)?;
    let sum = title.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix(' ')).ok_or(PrefixFileError::Foreign)?;
    if sum != checksum(body) {
        return Err(PrefixFileError::Checksum);
    }
    body.lines().enumerate().map(|(at, line)| lease(line).ok_or(PrefixFileError::Line(at + 2))).collect()
}

fn lease(line: &str) -> Option<PrefixLease> {
    let [client, iaid, prefix, expires] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    Some(PrefixLease {
        client: Duid::new(&hex::decode(client)?).ok()?,
        iaid: iaid.parse().ok()?,
        prefix: prefix.parse().ok()?,
        expires: SystemTime::checked_add(&UNIX_EPOCH, Duration::from_secs(expires.parse().ok()?))?,
    })
}

fn checksum(body: &str) -> String {
    hex::encode(&Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leases() -> impl Strategy<Value = Vec<PrefixLease>> {
        let lease =
            (prop::collection::vec(any::<u8>(), 3..=130), any::<u32>(), any::<u128>(), 0..=128_u8, any::<u32>());
        let lease = lease.prop_map(|(client, iaid, address, length, seconds)| PrefixLease {
            client: Duid::new(&client).unwrap(),
            iaid,
            prefix: ipnet::Ipv6Net::new(address.into(), length).unwrap(),
            expires: UNIX_EPOCH + Duration::from_secs(seconds.into()),
        });
        prop::collection::vec(lease, 0..20)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(leases in leases()) {
            prop_assert_eq!(parse(&encode(leases.iter().cloned())), Ok(leases));
        }

        #[test]
        fn whatever_is_cut_off_or_changed_is_noticed(leases in leases(), at in any::<prop::sample::Index>()) {
            let text = encode(leases.into_iter());
            let at = at.index(text.len());
            prop_assert!(parse(&text[..at]).is_err());
            let mut changed = text.into_bytes();
            changed[at] ^= 1;
            prop_assert!(parse(std::str::from_utf8(&changed).unwrap()).is_err());
        }
    }

    #[test]
    fn each_fault_is_told() {
        assert_eq!(parse(""), Err(PrefixFileError::Foreign));
        assert_eq!(parse("coresmd-prefixes 2 00\n"), Err(PrefixFileError::Foreign));
        assert_eq!(parse("coresmd-prefixes 1 00\n"), Err(PrefixFileError::Checksum));
        let body = "000300010200000000aa 1 2001:db8::/64 5\n000300010200000000aa 1 2001:db8::/64\n";
        assert_eq!(parse(&format!("{TITLE} {}\n{body}", checksum(body))), Err(PrefixFileError::Line(3)));
    }
}
