//! What the pool tells its machine: the changes of the store, how full it is; and how it forgets.

use std::net::Ipv4Addr;

use super::super::{Change, ClientKey, ClientState, Link, Pool, Range, Record, Request, Verdict};
use super::{START, TIMES, at, client, ip, pool};

const LINK: Link<'_> = Link::Direct(&[]);

#[test]
fn the_store_follows() {
    let mut pool = pool(150, 151);
    let key = client(1);
    let request =
        |hostname| Request { client: &key, link: LINK, state: ClientState::Selecting, address: ip(150), hostname };
    let record = |expiry, hostname: &str| Record {
        client: client(1),
        address: ip(150),
        expiry: START + expiry,
        hostname: hostname.into(),
    };
    let delete = || vec![Change::Delete { client: client(1), address: ip(150) }];
    assert_eq!(pool.discover(&key, LINK, None, &|_| false, at(0)).changes, []);
    assert_eq!(pool.request(&request(Some("node")), at(1)).changes, [Change::Put(record(301, "node"))]);
    assert_eq!(pool.request(&request(None), at(2)).changes, [Change::Put(record(302, "node"))]);
    assert_eq!(pool.request(&request(Some("other")), at(3)).changes, [Change::Put(record(303, "other"))]);
    assert_eq!(pool.expire(at(303)), []);
    assert_eq!(pool.clone().expire(at(304)), delete());
    assert_eq!(pool.clone().discover(&client(2), LINK, None, &|_| false, at(304)).changes, delete());
    assert_eq!(pool.clone().release(&key, ip(150), at(4)).changes, delete());
    assert_eq!(pool.clone().decline(&key, ip(150), at(4)).changes, delete());
    assert_eq!(pool.clone().forget(&key), delete());
    assert_eq!(pool.forget(&client(2)), []);
}

#[test]
fn usage_counts_each_state() {
    let mut pool = pool(150, 159);
    let mut discover = |last| pool.discover(&client(last), LINK, None, &|_| false, at(0)).verdict;
    assert_eq!([1, 2, 3, 4].map(&mut discover), [150, 151, 152, 153].map(|last| Verdict::Offer(ip(last))));
    for last in [2, 3] {
        let (key, address) = (client(last), ip(149 + last));
        let request = Request { client: &key, link: LINK, state: ClientState::Selecting, address, hostname: None };
        assert_eq!(pool.request(&request, at(0)).verdict, Verdict::Ack(address));
    }
    assert_eq!(pool.decline(&client(4), ip(153), at(0)).changes, []);
    let usage = pool.usage().next().unwrap();
    assert_eq!((usage.range.size(), usage.offered, usage.bound, usage.declined), (10, 1, 2, 1));
}

#[test]
fn clients_that_come_and_go_are_forgotten_in_the_end() {
    let range = Range::new(None, Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(10, 255, 255, 255)).unwrap();
    let mut pool = Pool::new(&[range], TIMES).unwrap();
    let mut come_and_go = |number: u32| {
        let (key, address) = (ClientKey::new(&number.to_be_bytes()).unwrap(), Ipv4Addr::from(0x0a80_0000 + number));
        let offer = pool.discover(&key, LINK, Some(address), &|_| false, at(0)).verdict;
        pool.release(&key, address, at(1)).changes.len() + usize::from(offer == Verdict::Offer(address))
    };
    let all = 65_536 + 10;
    assert_eq!((0..all).map(&mut come_and_go).sum::<usize>(), all as usize);
    let mut first_choice = |number: u32| {
        let key = ClientKey::new(&number.to_be_bytes()).unwrap();
        pool.discover(&key, LINK, None, &|_| false, at(2)).verdict
    };
    assert_eq!(first_choice(9), Verdict::Offer(Ipv4Addr::new(10, 0, 0, 0)));
    assert_eq!(first_choice(10), Verdict::Offer(Ipv4Addr::new(10, 128, 0, 10)));
}
