//! Each transition of the state machine: what is done at which second, and the verdict.

use std::net::Ipv4Addr;

use super::super::{ClientState, Link, Pool, Range, Request, Silence, Verdict};
use super::{TIMES, at, client, ip, pool};
use Act::{Decline, Discover, Forget, Release, Request as Ask, Want};
use ClientState::{InitReboot, Rebinding, Renewing, Selecting};
use Verdict::{Ack, Nak, Offer, Silence as Silent};

/// What a client does.
enum Act {
    Discover,
    /// DISCOVER with option 50.
    Want(Ipv4Addr),
    Request(ClientState, Ipv4Addr),
    Release(Ipv4Addr),
    Decline(Ipv4Addr),
    /// The inventory knows it now.
    Forget,
}

/// Second, client, act, verdict.
type Step = (u64, u8, Act, Verdict);

fn play(pool: &mut Pool, link: Link<'_>, steps: impl IntoIterator<Item = Step>) {
    for (number, (second, who, act, expected)) in steps.into_iter().enumerate() {
        let (key, now) = (&client(who), at(second));
        let verdict = match act {
            Discover => pool.discover(key, link, None, &|_| false, now).verdict,
            Want(address) => pool.discover(key, link, Some(address), &|_| false, now).verdict,
            Ask(state, address) => {
                pool.request(&Request { client: key, link, state, address, hostname: None }, now).verdict
            }
            Release(address) => pool.release(key, address, now).verdict,
            Decline(address) => pool.decline(key, address, now).verdict,
            Forget => {
                let _changes = pool.forget(key);
                expected
            }
        };
        assert_eq!(verdict, expected, "step {number}: client {who} at second {second}");
    }
}

fn direct(pool: &mut Pool, steps: impl IntoIterator<Item = Step>) {
    play(pool, Link::Direct(&[]), steps);
}

const NO_RECORD: Verdict = Silent(Silence::NoRecord);
const EXHAUSTED: Verdict = Silent(Silence::Exhausted);
const NOT_HELD: Verdict = Silent(Silence::NotHeld);
const RELEASED: Verdict = Silent(Silence::Released);
const DECLINED: Verdict = Silent(Silence::Declined);

#[test]
fn an_offer_is_repeated_taken_and_renewed() {
    direct(
        &mut pool(156, 200),
        [
            (0, 1, Discover, Offer(ip(156))),
            (1, 1, Discover, Offer(ip(156))), // through the other relay, or once more
            (1, 2, Discover, Offer(ip(157))),
            (2, 1, Ask(Selecting, ip(156)), Ack(ip(156))),
            (2, 1, Ask(Selecting, ip(156)), Ack(ip(156))), // through the other relay
            (3, 1, Want(ip(190)), Offer(ip(156))),         // it has one
            (150, 1, Ask(Renewing, ip(156)), Ack(ip(156))),
            (400, 1, Ask(Rebinding, ip(156)), Ack(ip(156))),
            (500, 1, Ask(InitReboot, ip(156)), Ack(ip(156))),
            (800, 2, Discover, Offer(ip(157))), // the lease of 1 is renewed until second 800, included
            (801, 3, Want(ip(156)), Offer(ip(156))),
        ],
    );
}

#[test]
fn an_offer_not_taken_is_free_when_its_hold_is_over() {
    direct(
        &mut pool(156, 156),
        [
            (0, 1, Discover, Offer(ip(156))),
            (60, 2, Discover, EXHAUSTED),
            (61, 2, Discover, Offer(ip(156))),
            (62, 1, Ask(Selecting, ip(156)), Nak),           // too late
            (122, 1, Ask(Selecting, ip(156)), Ack(ip(156))), // late, but nobody has it
        ],
    );
}

#[test]
fn a_discover_of_a_bound_client_keeps_its_lease_until_it_has_answered() {
    direct(
        &mut pool(156, 156),
        [
            (0, 1, Ask(Selecting, ip(156)), Ack(ip(156))),
            (299, 1, Discover, Offer(ip(156))),
            (359, 2, Discover, EXHAUSTED),
            (360, 2, Discover, Offer(ip(156))),
        ],
    );
}

#[test]
fn an_expired_client_gets_its_address_back_while_it_is_free() {
    direct(
        &mut pool(150, 152),
        [
            (0, 1, Discover, Offer(ip(150))),
            (0, 2, Discover, Offer(ip(151))),
            (0, 2, Ask(Selecting, ip(151)), Ack(ip(151))),
            (301, 2, Discover, Offer(ip(151))),               // although 150 is free
            (400, 2, Ask(InitReboot, ip(151)), Ack(ip(151))), // the offer has run out, but nobody has the address
            (701, 3, Want(ip(151)), Offer(ip(151))),          // it is free for others too
            (702, 2, Discover, Offer(ip(150))),
            (702, 2, Ask(InitReboot, ip(151)), Nak),
        ],
    );
}

#[test]
fn option_50_is_a_wish() {
    direct(
        &mut pool(150, 152),
        [
            (0, 1, Want(ip(152)), Offer(ip(152))),
            (0, 2, Want(ip(152)), Offer(ip(150))), // another client's
            (0, 3, Want(ip(9)), Offer(ip(151))),   // not of the pool
            (0, 4, Discover, EXHAUSTED),
        ],
    );
}

#[test]
fn selecting_another_address_than_the_offered_one_is_refused() {
    direct(
        &mut pool(150, 152),
        [
            (0, 1, Discover, Offer(ip(150))),
            (0, 1, Ask(Selecting, ip(151)), Nak),
            (0, 1, Ask(Selecting, ip(9)), Nak),
            (0, 2, Ask(Selecting, ip(150)), Nak), // another client's
            (0, 1, Ask(Selecting, ip(150)), Ack(ip(150))),
        ],
    );
}

#[test]
fn clients_without_a_record() {
    direct(
        &mut pool(150, 152),
        [
            (0, 1, Ask(InitReboot, ip(150)), NO_RECORD), // RFC 2131 §4.3.2: MUST remain silent
            (0, 1, Ask(Rebinding, ip(9)), NO_RECORD),    // another server's
            (0, 1, Ask(Renewing, ip(9)), Nak),           // it thinks that it is ours
            (0, 1, Ask(Renewing, ip(150)), Ack(ip(150))), // the lease file was lost: its address is free
            (0, 2, Ask(Rebinding, ip(151)), Ack(ip(151))),
            (0, 3, Ask(Rebinding, ip(151)), Nak),
            (0, 3, Ask(Renewing, ip(151)), Nak),
            (0, 2, Ask(Rebinding, ip(9)), Nak), // ours, but not with this address
        ],
    );
}

#[test]
fn what_is_released_is_free_and_remembered() {
    direct(
        &mut pool(150, 151),
        [
            (0, 1, Ask(Selecting, ip(150)), Ack(ip(150))),
            (1, 2, Release(ip(150)), NOT_HELD),
            (1, 1, Release(ip(151)), NOT_HELD),
            (1, 1, Release(ip(9)), NOT_HELD),
            (1, 1, Release(ip(150)), RELEASED),
            (1, 1, Release(ip(150)), NOT_HELD),
            (2, 1, Want(ip(151)), Offer(ip(150))),
            (3, 1, Release(ip(150)), RELEASED), // an offer too
            (4, 2, Discover, Offer(ip(150))),
        ],
    );
}

#[test]
fn what_is_declined_rests() {
    direct(
        &mut pool(150, 151),
        [
            (0, 1, Ask(Selecting, ip(150)), Ack(ip(150))),
            (1, 2, Decline(ip(150)), NOT_HELD),
            (1, 1, Decline(ip(150)), DECLINED),
            (1, 1, Decline(ip(150)), NOT_HELD),
            (1, 1, Ask(InitReboot, ip(150)), NO_RECORD),
            (1, 1, Ask(Selecting, ip(150)), Nak),
            (1, 1, Want(ip(150)), Offer(ip(151))),
            (1, 1, Release(ip(151)), RELEASED),
            (1001, 2, Discover, Offer(ip(151))),
            (1002, 3, Discover, Offer(ip(150))),
        ],
    );
}

#[test]
fn nobody_empties_the_pool_by_declining_it() {
    direct(
        &mut pool(150, 151),
        [
            (0, 1, Discover, Offer(ip(150))),
            (0, 1, Decline(ip(150)), DECLINED),
            (1, 1, Discover, Offer(ip(151))),
            (1, 1, Decline(ip(151)), DECLINED),
            (2, 1, Discover, Offer(ip(150))), // the one that has rested longest
            (2, 2, Discover, Offer(ip(151))),
            (2, 3, Discover, EXHAUSTED),
        ],
    );
}

#[test]
fn a_client_that_became_known_leaves() {
    direct(
        &mut pool(150, 151),
        [
            (0, 1, Ask(Selecting, ip(150)), Ack(ip(150))),
            (1, 1, Forget, Nak),
            (1, 2, Discover, Offer(ip(150))),
            (2, 1, Ask(InitReboot, ip(150)), NO_RECORD),
        ],
    );
}

#[test]
fn links_have_their_pools() {
    let range = |network: &str, first: &str, last: &str| {
        Range::new(Some(network.parse().unwrap()), first.parse().unwrap(), last.parse().unwrap()).unwrap()
    };
    let near = |address: &str| Link::Near(address.parse().unwrap());
    let [one, three, inner]: [Ipv4Addr; 3] = ["10.41.1.200", "10.41.3.200", "10.41.3.6"].map(|a| a.parse().unwrap());
    let ranges = [
        range("10.41.1.0/24", "10.41.1.200", "10.41.1.210"),
        range("10.41.3.0/24", "10.41.3.200", "10.41.3.210"),
        range("10.41.3.0/28", "10.41.3.6", "10.41.3.7"),
    ];
    let mut pool = Pool::new(&ranges, TIMES).unwrap();
    let no_pool = Silent(Silence::NoPool);
    play(&mut pool, near("10.41.1.1"), [(0, 1, Discover, Offer(one)), (0, 1, Ask(Selecting, one), Ack(one))]);
    play(&mut pool, near("10.41.3.1"), [(0, 1, Discover, Offer(inner))]); // the longest prefix
    play(&mut pool, near("10.41.3.77"), [(0, 1, Discover, Offer(three))]);
    play(&mut pool, near("10.99.0.1"), [(0, 1, Discover, no_pool), (0, 1, Ask(InitReboot, one), no_pool)]);
    direct(&mut pool, [(0, 2, Discover, no_pool)]);
    let ours = ["172.16.0.253/24", "10.41.1.9/16"].map(|network| network.parse().unwrap());
    play(&mut pool, Link::Direct(&ours), [(0, 1, Discover, Offer(one))]);
    // It was carried to another link: the address is of the wrong network there.
    let moved =
        [(0, 1, Ask(InitReboot, one), Nak), (0, 1, Ask(Rebinding, one), Nak), (0, 1, Ask(Renewing, one), Ack(one))];
    play(&mut pool, near("10.41.3.77"), moved);
    // A single pool serves those that no relay places.
    let mut single = Pool::new(&ranges[..1], TIMES).unwrap();
    direct(&mut single, [(0, 1, Discover, Offer(one))]);
    play(&mut single, near("10.99.0.1"), [(0, 1, Discover, no_pool)]);
}
