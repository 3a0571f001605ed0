//! The pool by itself: tables, and any interleaving of clients and time against what must hold.

use std::collections::BTreeSet;

use proptest::prelude::*;
use smd_cache::MacAddr;

use super::*;

fn client(number: u8) -> Duid {
    Duid::link_layer(MacAddr([2, 0, 0, 0, 0, number]))
}

fn net(text: &str) -> Ipv6Net {
    text.parse().unwrap()
}

fn pool() -> PrefixPool {
    PrefixPool::new(net("2001:db8:100::/56"), 64).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

#[test]
fn pools_hold_at_least_one_prefix() {
    assert_eq!(PrefixPool::new(net("::/0"), 129).unwrap_err(), PoolError::Length(129));
    let fault = PrefixPool::new(net("2001:db8::1/64"), 56).unwrap_err();
    assert_eq!(fault.to_string(), "prefixes of 56 bits do not fit into 2001:db8::/64");
    for (pool, length, first, second) in [
        ("2001:db8::/64", 64, Some("2001:db8::/64"), None),
        ("2001:db8::/63", 64, Some("2001:db8::/64"), Some("2001:db8:0:1::/64")),
        ("::/0", 0, Some("::/0"), None),
        ("::/0", 128, Some("::/128"), Some("::1/128")),
        ("ffff:ffff::/32", 128, Some("ffff:ffff::/128"), Some("ffff:ffff::1/128")),
    ] {
        let mut leases = PrefixPool::new(net(pool), length).unwrap();
        assert_eq!(leases.bind(&client(1), 1, Hint::Any, at(0)), first.map(net), "{pool}");
        assert_eq!(leases.bind(&client(2), 1, Hint::Any, at(0)), second.map(net), "{pool}");
    }
}

#[test]
fn hints_are_honoured_where_they_can_be() {
    for (hint, given) in [
        (Hint::Any, "2001:db8:100::/64"),
        (Hint::Length(64), "2001:db8:100::/64"),
        (Hint::Length(60), "2001:db8:100::/64"), // shorter than the pool's
        (Hint::Length(80), "2001:db8:100::/80"),
        (Hint::Length(200), "2001:db8:100::/128"),
        (Hint::Exact(net("2001:db8:100:7::/64")), "2001:db8:100:7::/64"),
        (Hint::Exact(net("2001:db8:100:7::/60")), "2001:db8:100:7::/64"),
        (Hint::Exact(net("2001:db8:100:7::/0")), "2001:db8:100:7::/64"), // killed the original
        (Hint::Exact(net("2001:db8:100:7:8000::1/65")), "2001:db8:100:7:8000::/65"),
        (Hint::Exact(net("2001:db8:200::/64")), "2001:db8:100::/64"), // not of this pool
        (Hint::Exact(net("2001:db8:200::/72")), "2001:db8:100::/72"),
    ] {
        assert_eq!(pool().bind(&client(1), 1, hint, at(0)), Some(net(given)), "{hint:?}");
    }
    let mut leases = pool();
    leases.bind(&client(1), 1, Hint::Exact(net("2001:db8:100:7::/64")), at(0));
    let wish = Hint::Exact(net("2001:db8:100:7:8000::/65"));
    assert_eq!(leases.bind(&client(2), 1, wish, at(0)), Some(net("2001:db8:100::/65"))); // a part of another's
}

#[test]
fn options_are_read_as_hints() {
    let option =
        |prefix: &str, length| Some(IaPrefix { prefix: prefix.parse().unwrap(), length, preferred: 0, valid: 0 });
    assert_eq!(Hint::of(None), Hint::Any);
    assert_eq!(Hint::of(option("::", 0)), Hint::Any);
    assert_eq!(Hint::of(option("::", 56)), Hint::Length(56));
    assert_eq!(Hint::of(option("2001:db8::", 56)), Hint::Exact(net("2001:db8::/56")));
}

/// The original leaks a prefix with every SOLICIT that has no hint.
#[test]
fn a_client_finds_its_prefix_again_whatever_it_says() {
    let mut leases = pool();
    let first = leases.offer(&client(1), 1, Hint::Any, at(0));
    for hint in [Hint::Any, Hint::Length(80), Hint::Exact(net("2001:db8:100:9::/64"))] {
        assert_eq!(leases.offer(&client(1), 1, hint, at(1)), first);
        assert_eq!(leases.bind(&client(1), 1, hint, at(2)), first);
        assert_eq!(leases.extend(&client(1), 1, hint, at(3)), first);
    }
    assert_eq!(leases.len(), 1);
    assert_ne!(leases.offer(&client(1), 2, Hint::Any, at(4)), first);
}

#[test]
fn offers_and_leases_end() {
    let mut leases = PrefixPool::new(net("2001:db8::/64"), 64).unwrap();
    let only = Some(net("2001:db8::/64"));
    assert_eq!(leases.offer(&client(1), 1, Hint::Any, at(0)), only);
    assert_eq!(leases.offer(&client(2), 1, Hint::Any, at(119)), None);
    assert_eq!(leases.offer(&client(2), 1, Hint::Any, at(120)), only);
    assert_eq!(leases.bind(&client(2), 1, Hint::Any, at(121)), only);
    assert_eq!(leases.extend(&client(2), 1, Hint::Any, at(3000)), only);
    assert_eq!(leases.bind(&client(1), 1, Hint::Any, at(121 + 3600)), None);
    assert_eq!(leases.extend(&client(2), 1, Hint::Any, at(6600)), None); // too late, and it names nothing
    assert_eq!(leases.bind(&client(1), 1, Hint::Any, at(6600)), only);
    assert!(leases.release(&client(1), 1));
    assert!(!leases.release(&client(1), 1));
    assert!(leases.is_empty());
}

#[test]
fn one_client_cannot_take_a_whole_pool() {
    let mut leases = pool();
    let given = (0..100).filter_map(|iaid| leases.offer(&client(1), iaid, Hint::Any, at(0))).count();
    assert_eq!((given, leases.len()), (PER_CLIENT, PER_CLIENT));
    assert!(leases.offer(&client(2), 1, Hint::Any, at(0)).is_some());
}

#[test]
fn leases_outlive_a_restart_and_offers_do_not() {
    let mut leases = pool();
    leases.bind(&client(1), 1, Hint::Exact(net("2001:db8:100:7::/64")), at(0));
    leases.offer(&client(2), 1, Hint::Any, at(0));
    let kept: Vec<_> = leases.export().collect();
    assert_eq!(kept.len(), 1);
    let mut again = pool();
    for lease in kept.clone() {
        again.import(lease).unwrap();
    }
    assert_eq!(again.export().collect::<Vec<_>>(), kept);
    assert_eq!(again.extend(&client(1), 1, Hint::Any, at(10)), Some(net("2001:db8:100:7::/64")));

    let lease = |number, prefix| PrefixLease { client: client(number), iaid: 1, prefix: net(prefix), expires: at(50) };
    for (lease, fault) in [
        (lease(3, "2001:db8:100:7:1::/80"), ImportError::Taken(net("2001:db8:100:7:1::/80"))),
        (lease(3, "2001:db8:200::/64"), ImportError::Foreign(net("2001:db8:200::/64"))),
        (lease(3, "2001:db8:100::/60"), ImportError::Foreign(net("2001:db8:100::/60"))),
        (lease(1, "2001:db8:100:8::/64"), ImportError::Second(net("2001:db8:100:8::/64"))),
    ] {
        assert_eq!(again.import(lease), Err(fault));
    }
}

/// One thing that can happen to a pool of four.
#[derive(Debug, Clone)]
enum Event {
    Offer(u8, u32, Hint),
    Bind(u8, u32, Hint),
    Extend(u8, u32, Hint),
    Release(u8, u32),
    Wait(u64),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let hint = prop_oneof![
        Just(Hint::Any),
        (0_u8..=128).prop_map(Hint::Length),
        (0_u8..6, 0_u8..=128).prop_map(|(block, length)| {
            Hint::Exact(Ipv6Net::new(Ipv6Addr::new(0x2001, 0xdb8, 0, u16::from(block), 0, 0, 0, 0), length).unwrap())
        }),
    ];
    let event =
        (0_u8..7, 0_u8..6, 0_u32..2, hint, 0_u64..5000).prop_map(|(what, client, iaid, hint, wait)| match what {
            0 => Event::Offer(client, iaid, hint),
            1 | 2 => Event::Bind(client, iaid, hint),
            3 => Event::Extend(client, iaid, hint),
            4 => Event::Release(client, iaid),
            5 => Event::Wait(wait),
            _ => Event::Restart,
        });
    prop::collection::vec(event, 0..60)
}

proptest! {
    #[test]
    fn one_prefix_has_one_holder_and_nothing_leaks(events in events()) {
        let new = || PrefixPool::new(net("2001:db8::/62"), 64).unwrap();
        let (mut leases, mut now) = (new(), 0);
        for event in events {
            let revision = leases.revision();
            let before: Vec<_> = leases.export().collect();
            match event {
                Event::Offer(number, iaid, hint) => {
                    let given = leases.offer(&client(number), iaid, hint, at(now));
                    prop_assert_eq!(given, leases.offer(&client(number), iaid, Hint::Any, at(now)));
                    prop_assert!(given.is_some() || leases.len() == 4);
                }
                Event::Bind(number, iaid, hint) => {
                    let given = leases.bind(&client(number), iaid, hint, at(now));
                    prop_assert!(given.is_some() || leases.len() == 4);
                    prop_assert!(given.is_none() || leases.export().any(|lease| Some(lease.prefix) == given
                        && lease.expires == at(now) + LIFETIME && lease.client == client(number)));
                }
                Event::Extend(number, iaid, hint) => {
                    leases.extend(&client(number), iaid, hint, at(now));
                }
                Event::Release(number, iaid) => {
                    leases.release(&client(number), iaid);
                    prop_assert!(!leases.holders.contains_key(&(client(number), iaid)));
                }
                Event::Wait(seconds) => {
                    now += seconds;
                    leases.expire(at(now));
                    prop_assert!(leases.leases.values().all(|lease| lease.expires > at(now)));
                }
                Event::Restart => {
                    let kept: Vec<_> = leases.export().collect();
                    leases = new();
                    for lease in kept {
                        prop_assert_eq!(leases.import(lease), Ok(()));
                    }
                    continue;
                }
            }
            prop_assert!(leases.revision() != revision || leases.export().eq(before));
            let blocks: BTreeSet<_> = leases.leases.values().map(|lease| lease.prefix.addr().octets()[..8].to_vec()).collect();
            prop_assert_eq!(blocks.len(), leases.len());
            prop_assert_eq!((leases.holders.len(), leases.ends.len()), (leases.len(), leases.len()));
            prop_assert!(leases.leases.values().all(|lease| net("2001:db8::/62").contains(&lease.prefix)));
        }
        leases.expire(at(now) + LIFETIME);
        prop_assert!(leases.is_empty());
    }
}
