//! Which interface row keeps a MAC or an address that several claim, and what every row is worth in the end.
//!
//! Design §5: the older row (`LastUpdate`) keeps it. A row that can be served goes before one that cannot: an orphan that
//! a deleted component left behind takes nothing from the node in its place.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use rustc_hash::FxHashMap;
use time::OffsetDateTime;

use crate::inventory::{Interface, Part};
use crate::mac::MacAddr;
use crate::rejected::{RejectReason, Rejected, row_name};

/// What a row is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Served, with the addresses that the row still holds.
    Host,
    /// Of a listed component, but it never had a usable address.
    NoAddress,
    /// Of a listed component, but older rows hold all its addresses.
    Conflict,
    /// Of no listed component.
    Orphan,
    /// Put aside whole: another row has its MAC.
    PutAside,
}

/// Judges every row. `components` says which listed component, if any, each row belongs to. Addresses that a row has to
/// leave to another are taken out of it. The order of the rows does not matter, for SMD's is not stable.
pub(super) fn judge(rows: &mut [Interface], components: &[Option<u32>], rejected: &mut Vec<Rejected>) -> Vec<Verdict> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&one, &other| {
        rank(&rows[one], components[one])
            .cmp(&rank(&rows[other], components[other]))
            .then_with(|| tie(&rows[one], &rows[other]))
    });
    let mut macs: FxHashMap<MacAddr, usize> = FxHashMap::default();
    macs.reserve(rows.len());
    let mut addresses: FxHashMap<IpAddr, MacAddr> = FxHashMap::default();
    addresses.reserve(rows.len());
    let mut verdicts = vec![Verdict::PutAside; rows.len()];
    for at in order {
        let mac = rows[at].mac;
        if let Some(&keeper) = macs.get(&mac) {
            let keeper = name(&rows[keeper]);
            rejected.push(Rejected { row: name(&rows[at]), reason: RejectReason::DuplicateMac { mac, keeper } });
            continue;
        }
        macs.insert(mac, at);
        verdicts[at] = match components[at] {
            None => {
                rejected.push(Rejected { row: name(&rows[at]), reason: orphan(&rows[at]) });
                Verdict::Orphan
            }
            Some(_) if rows[at].addresses.is_empty() => Verdict::NoAddress,
            Some(_) => claim_addresses(&mut rows[at], &mut addresses, rejected),
        };
    }
    verdicts
}

/// What makes a row go before another: it can be served, it has a component, it is older. The least goes first.
fn rank(row: &Interface, component: Option<u32>) -> (bool, bool, bool, Option<OffsetDateTime>) {
    (component.is_none() || row.addresses.is_empty(), component.is_none(), row.updated.is_none(), row.updated)
}

/// Rows of one rank go by content, so that the order in which SMD lists them does not show.
fn tie(one: &Interface, other: &Interface) -> Ordering {
    one.mac
        .cmp(&other.mac)
        .then_with(|| one.id.cmp(&other.id))
        .then_with(|| one.component.cmp(&other.component))
        .then_with(|| one.addresses.cmp(&other.addresses))
        .then_with(|| one.description.cmp(&other.description))
}

/// Claims a row's addresses and takes out of it those that belong to another.
fn claim_addresses(
    row: &mut Interface,
    claimed: &mut FxHashMap<IpAddr, MacAddr>,
    rejected: &mut Vec<Rejected>,
) -> Verdict {
    let name = name(row);
    let mac = row.mac;
    row.addresses.retain(|&address| match claimed.entry(address) {
        Entry::Vacant(slot) => {
            slot.insert(mac);
            true
        }
        Entry::Occupied(other) => {
            let reason = RejectReason::DuplicateAddress { address, keeper: *other.get() };
            rejected.push(Rejected { row: name.clone(), reason });
            false
        }
    });
    if row.addresses.is_empty() { Verdict::Conflict } else { Verdict::Host }
}

fn orphan(row: &Interface) -> RejectReason {
    match &row.component {
        None => RejectReason::NoComponent,
        Some(id) => RejectReason::UnlistedComponent(id.clone()),
    }
}

fn name(row: &Interface) -> String {
    row_name(Part::Interfaces.name(), row.row, &row.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row: the last octet of its MAC, its `LastUpdate`, its component, its addresses.
    type Claim = (u8, Option<i64>, Option<u32>, &'static [&'static str]);

    fn judged(claims: &[Claim]) -> (Vec<(Verdict, Vec<String>)>, Vec<String>) {
        let mut rows: Vec<Interface> = claims
            .iter()
            .enumerate()
            .map(|(row, (mac, updated, _, addresses))| Interface {
                row,
                id: format!("id{row}").into(),
                mac: MacAddr([2, 0, 0, 0, 0, *mac]),
                component: None,
                description: "".into(),
                updated: updated.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
                addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            })
            .collect();
        let components: Vec<Option<u32>> = claims.iter().map(|claim| claim.2).collect();
        let mut rejected = Vec::new();
        let verdicts = judge(&mut rows, &components, &mut rejected);
        let addresses = rows.iter().map(|row| row.addresses.iter().map(ToString::to_string).collect());
        (verdicts.into_iter().zip(addresses).collect(), rejected.iter().map(ToString::to_string).collect())
    }

    fn verdicts(claims: &[Claim]) -> Vec<Verdict> {
        judged(claims).0.into_iter().map(|(verdict, _)| verdict).collect()
    }

    const ONE: &[&str] = &["10.0.0.1"];

    #[test]
    fn the_older_row_keeps_an_address_and_the_other_loses_that_alone() {
        let (rows, rejected) = judged(&[
            (1, Some(20), Some(0), &["10.0.0.9", "10.0.0.1"]),
            (2, Some(10), Some(1), ONE),
            (3, None, Some(2), ONE),
            (4, Some(30), Some(3), &["10.0.0.9"]),
        ]);
        assert_eq!(
            rows,
            [
                (Verdict::Host, vec!["10.0.0.9".to_owned()]),
                (Verdict::Host, vec!["10.0.0.1".to_owned()]),
                (Verdict::Conflict, vec![]),
                (Verdict::Conflict, vec![]),
            ]
        );
        assert_eq!(rejected[0], "EthernetInterfaces[0] id0 address 10.0.0.1 belongs to 02:00:00:00:00:02");
        assert_eq!(rejected.len(), 3);
    }

    #[test]
    fn rows_of_one_age_are_ranked_by_mac_whatever_their_order() {
        assert_eq!(verdicts(&[(1, None, Some(0), ONE), (2, None, Some(1), ONE)]), [Verdict::Host, Verdict::Conflict]);
        assert_eq!(verdicts(&[(2, None, Some(1), ONE), (1, None, Some(0), ONE)]), [Verdict::Conflict, Verdict::Host]);
    }

    #[test]
    fn one_row_keeps_a_mac_that_is_there_twice() {
        let (rows, rejected) = judged(&[(1, Some(20), Some(0), ONE), (1, Some(10), Some(0), &["10.0.0.2"])]);
        assert_eq!(rows[0].0, Verdict::PutAside);
        assert_eq!(rows[1], (Verdict::Host, vec!["10.0.0.2".to_owned()]));
        assert_eq!(
            rejected,
            ["EthernetInterfaces[0] id0 MAC address 02:00:00:00:00:01 belongs to EthernetInterfaces[1] id1"]
        );
    }

    #[test]
    fn a_row_that_can_be_served_goes_before_an_older_one_that_cannot() {
        assert_eq!(verdicts(&[(1, Some(1), None, ONE), (2, Some(9), Some(0), ONE)]), [Verdict::Orphan, Verdict::Host]);
        assert_eq!(
            verdicts(&[(1, Some(1), None, ONE), (1, Some(9), Some(0), ONE)]),
            [Verdict::PutAside, Verdict::Host]
        );
        assert_eq!(
            verdicts(&[(1, Some(1), Some(0), &[]), (1, Some(9), Some(0), ONE)]),
            [Verdict::PutAside, Verdict::Host]
        );
        assert_eq!(verdicts(&[(1, None, Some(0), &[]), (2, None, None, &[])]), [Verdict::NoAddress, Verdict::Orphan]);
    }
}
