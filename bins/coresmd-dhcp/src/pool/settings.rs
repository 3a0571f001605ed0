//! What a pool is configured with.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use thiserror::Error;

/// Seconds that an offer is held: longer than firmware waits between a DISCOVER and its last REQUEST (4 + 8 + 16 + 32 s).
const OFFER_HOLD: u64 = 60;
/// Seconds that a declined address rests.
const QUARANTINE: u64 = 3600;

/// Addresses to give out, all of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    network: Option<Ipv4Net>,
    first: Ipv4Addr,
    last: Ipv4Addr,
}

/// How long things last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// A lease: option 51.
    pub lease_time: u64,
    /// An offer that the client has not taken yet.
    pub offer_hold: u64,
    /// The rest of a declined address.
    pub quarantine: u64,
}

/// The configuration's faults.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The range ends before it starts.
    #[error("the range {first}-{last} ends before it starts")]
    Reversed {
        /// Its start.
        first: Ipv4Addr,
        /// Its end.
        last: Ipv4Addr,
    },
    /// The range leaves its network.
    #[error("{address} is not in {network}")]
    Outside {
        /// Start or end of the range.
        address: Ipv4Addr,
        /// The network that it is said to be in.
        network: Ipv4Net,
    },
    /// Two ranges would give out the same address.
    #[error("the ranges {0} and {1} overlap")]
    Overlap(Range, Range),
}

impl Range {
    /// The addresses `first` to `last`, both included, within `network`. Without a network the range serves every link,
    /// and must be the only one of its pool.
    pub fn new(network: Option<Ipv4Net>, first: Ipv4Addr, last: Ipv4Addr) -> Result<Self, SettingsError> {
        if first > last {
            return Err(SettingsError::Reversed { first, last });
        }
        let outside = |network: Ipv4Net| {
            let address = [first, last].into_iter().find(|address| !network.contains(address))?;
            Some(SettingsError::Outside { address, network })
        };
        network.and_then(outside).map_or(Ok(Self { network, first, last }), Err)
    }

    /// The network, if the configuration says it.
    pub fn network(self) -> Option<Ipv4Net> {
        self.network
    }

    /// The first address.
    pub fn first(self) -> Ipv4Addr {
        self.first
    }

    /// The last address.
    pub fn last(self) -> Ipv4Addr {
        self.last
    }

    /// Whether the pool gives out this address.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// How many addresses there are.
    pub fn size(self) -> u64 {
        u64::from(u32::from(self.last) - u32::from(self.first)) + 1
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Times {
    /// A lease time with the usual hold and quarantine.
    pub fn new(lease_time: u64) -> Self {
        Self { lease_time, offer_hold: OFFER_HOLD, quarantine: QUARANTINE }
    }
}

/// No address may be in two ranges.
pub(super) fn check_disjoint(ranges: &[Range]) -> Result<(), SettingsError> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.first);
    match sorted.windows(2).find(|pair| pair[0].last >= pair[1].first) {
        Some(pair) => Err(SettingsError::Overlap(pair[0], pair[1])),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ip(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 41, 1, last)
    }

    #[test]
    fn a_range_stays_in_its_network_and_runs_forward() {
        let network: Ipv4Net = "10.41.1.0/25".parse().unwrap();
        assert_eq!(Range::new(Some(network), ip(9), ip(9)).map(Range::size), Ok(1));
        assert_eq!(Range::new(None, ip(0), ip(255)).map(Range::size), Ok(256));
        assert_eq!(Range::new(None, ip(9), ip(8)), Err(SettingsError::Reversed { first: ip(9), last: ip(8) }));
        let outside = SettingsError::Outside { address: ip(128), network };
        assert_eq!(Range::new(Some(network), ip(9), ip(128)), Err(outside));
        let whole = Range::new(None, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
        assert_eq!(whole.map(Range::size), Ok(1 << 32));
    }

    #[test]
    fn ranges_that_overlap_are_refused() {
        let range = |first, last| Range::new(None, ip(first), ip(last)).unwrap();
        assert_eq!(check_disjoint(&[range(20, 29), range(10, 19)]), Ok(()));
        let error = check_disjoint(&[range(20, 29), range(10, 20)]).unwrap_err();
        assert_eq!(error.to_string(), "the ranges 10.41.1.10-10.41.1.20 and 10.41.1.20-10.41.1.29 overlap");
    }
}
