//! The pool as its clients and its machine see it.

mod crash;
mod lease_file;
mod model;
mod transitions;
mod upkeep;
mod writer;

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::store::Memory;
use super::{ClientKey, ClientState, Link, Pool, Range, Request, Times, Verdict};

/// When tests begin.
const START: u64 = 1_700_000_000;
/// Times that differ from each other.
const TIMES: Times = Times { lease_time: 300, offer_hold: 60, quarantine: 1000 };

/// A moment, in seconds after [`START`].
fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START + second)
}

/// The client `0a:00:27:00:00:NN`.
fn client(last: u8) -> ClientKey {
    ClientKey::new(&[0x0a, 0, 0x27, 0, 0, last]).unwrap()
}

/// 172.16.0.NN.
fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(172, 16, 0, last)
}

/// 172.16.0.`first` to 172.16.0.`last`, on any link.
fn pool(first: u8, last: u8) -> Pool {
    Pool::new(&[Range::new(None, ip(first), ip(last)).unwrap()], TIMES).unwrap()
}

/// A client that restarts asks for the address that it had; whether it may keep it.
fn may_keep(pool: &mut Pool, client: &ClientKey, address: Ipv4Addr, now: SystemTime) -> bool {
    let request = Request { client, link: Link::Direct(&[]), state: ClientState::InitReboot, address, hostname: None };
    pool.request(&request, now).verdict == Verdict::Ack(address)
}
