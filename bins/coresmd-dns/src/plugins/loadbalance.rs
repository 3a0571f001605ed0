//! `loadbalance`: the addresses of a reply in another order each time, preferred networks first (facts,
//! coredhcp-coredns §B5). It works on the octets of a reply, whoever made it: the addresses of one owner change places,
//! everything else stays where compression pointers expect it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::query::HEADER;
use crate::wire::{CLASS_IN, Rtype};

/// `loadbalance [round_robin] { prefer CIDR… }`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadBalance {
    /// The networks whose addresses come first, in this order.
    pub prefer: Vec<IpNet>,
}

impl LoadBalance {
    /// Reorders the addresses in the answer section. `question_end` is where that section begins; `seed` decides about
    /// the order. A reply that cannot be read stays as it is.
    pub fn apply(&self, reply: &mut [u8], question_end: usize, seed: u32) {
        let mut places = addresses(reply, question_end).unwrap_or_default();
        while let Some(first) = places.first() {
            let key = reply[first.owner..first.data - FIXED].to_vec();
            let rtype = first.rtype;
            let same = |place: &mut Place| place.rtype == rtype && reply[place.owner..place.data - FIXED] == key;
            let group: Vec<Place> = places.extract_if(.., same).collect();
            self.reorder(reply, &group, seed);
        }
    }

    /// Gives the places of one owner and type to its addresses in a new order.
    fn reorder(&self, reply: &mut [u8], group: &[Place], seed: u32) {
        // the TTLs of a set are equal (RFC 2181 §5.2): only the data has to move
        let mut data: Vec<Vec<u8>> = group.iter().map(|place| reply[place.range()].to_vec()).collect();
        shuffle(&mut data, seed);
        data.sort_by_key(|octets| self.rank(octets));
        for (place, octets) in group.iter().zip(data) {
            reply[place.range()].copy_from_slice(&octets);
        }
    }

    /// The place of an address's network among the preferred ones.
    fn rank(&self, octets: &[u8]) -> usize {
        let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
        let address = v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from));
        let preferred = |address| self.prefer.iter().position(|net| net.contains(&address));
        address.ok().and_then(preferred).unwrap_or(self.prefer.len())
    }
}

/// An address in a message.
struct Place {
    owner: usize,
    rtype: u16,
    data: usize,
    length: usize,
}

impl Place {
    fn range(&self) -> std::ops::Range<usize> {
        self.data..self.data + self.length
    }
}

/// Octets between the owner of a record and its data.
const FIXED: usize = 10;

/// The addresses of the answer section.
fn addresses(reply: &[u8], question_end: usize) -> Option<Vec<Place>> {
    let count = u16::from_be_bytes(*reply.get(6..HEADER)?.first_chunk()?);
    let (mut at, mut places) = (question_end, Vec::new());
    for _ in 0..count {
        let fixed = skip_name(reply, at)?;
        let [t1, t0, c1, c0, _, _, _, _, l1, l0] = *reply.get(fixed..)?.first_chunk::<FIXED>()?;
        let (rtype, class) = (u16::from_be_bytes([t1, t0]), u16::from_be_bytes([c1, c0]));
        let place = Place { owner: at, rtype, data: fixed + FIXED, length: u16::from_be_bytes([l1, l0]).into() };
        at = place.range().end;
        let size = if rtype == Rtype::A.0 { 4 } else { 16 };
        let is_address = [Rtype::A.0, Rtype::AAAA.0].contains(&rtype) && class == CLASS_IN && place.length == size;
        if at > reply.len() {
            return None;
        }
        places.extend(is_address.then_some(place));
    }
    Some(places)
}

/// Where a name ends, compressed or not.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

/// Puts a list in one of its orders (Fisher and Yates), chosen by `seed` by way of xorshift.
fn shuffle<T>(list: &mut [T], seed: u32) {
    // xorshift needs anything but 0, and mixes neighbouring seeds slowly at first
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    for last in (1..list.len()).rev() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        list.swap(last, state as usize % (last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::query::tests::bytes;

    /// `z. A` with a CNAME first, then three addresses of its target.
    fn reply() -> Vec<u8> {
        let cname = "c00c000500010000003c0004017900c0".replace("0004017900c0", "0003017900");
        let address = |last: u8| format!("017900000100010000003c00040a0000{last:02x}");
        let records = [cname, address(1), address(2), address(3)].concat();
        bytes(&format!("00078580000100040000000001 7a00 00010001{records}").replace(' ', ""))
    }

    #[test]
    fn every_order_comes_and_nothing_else_moves() {
        let whole = reply();
        let (mut orders, mut firsts) = (BTreeSet::new(), BTreeSet::new());
        for seed in 0..200 {
            let mut reply = whole.clone();
            LoadBalance::default().apply(&mut reply, 19, seed);
            let places = addresses(&reply, 19).unwrap();
            let lasts: Vec<u8> = places.iter().map(|place| reply[place.range()][3]).collect();
            firsts.insert(lasts[0]);
            orders.insert(lasts);
            for place in places {
                let last = place.range().end - 1;
                reply[last] = whole[last];
            }
            assert_eq!(reply, whole);
        }
        assert_eq!((orders.len(), firsts.len()), (6, 3));
    }

    #[test]
    fn preferred_networks_come_first_in_their_order() {
        let prefer = ["10.0.0.3/32", "10.0.0.2/31"].map(|net| net.parse().unwrap()).to_vec();
        for seed in 0..50 {
            let mut reply = reply();
            LoadBalance { prefer: prefer.clone() }.apply(&mut reply, 19, seed);
            let places = addresses(&reply, 19).unwrap();
            assert_eq!(places.iter().map(|place| reply[place.range()][3]).collect::<Vec<_>>(), [3, 2, 1]);
        }
    }

    proptest! {
        #[test]
        fn a_reply_that_cannot_be_read_stays_as_it_is(cut in 12_usize..60, seed: u32) {
            let mut reply = reply();
            reply.truncate(cut);
            let before = reply.clone();
            LoadBalance::default().apply(&mut reply, 19, seed);
            prop_assert_eq!(reply, before);
        }
    }
}
