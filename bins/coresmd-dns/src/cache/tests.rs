//! What is kept, for how long, and what goes first.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::relayed::tests::{A, ADDRESS, Row, query, read_reply, reply, soa};

/// A cache as `cache` alone has it.
pub(crate) fn config() -> CacheConfig {
    let file = corefile::parse("Corefile".as_ref(), ". {\n cache\n}", &mut |_| Ok(Vec::new()), &|_| None).unwrap();
    CacheConfig {
        zones: Vec::new(),
        success: Share { capacity: 9984, longest: 3600, shortest: 5 },
        denial: Share { capacity: 9984, longest: 1800, shortest: 5 },
        failure: Duration::from_secs(5),
        prefetch: None,
        stale: None,
        uncached_success: Vec::new(),
        uncached_denial: Vec::new(),
        keep_ttl: false,
        span: file.blocks[0].directives[0].span.clone(),
    }
}

fn cache(change: impl FnOnce(&mut CacheConfig)) -> Cache {
    let mut config = config();
    change(&mut config);
    Cache::new(config, Counters::default())
}

fn key(name: &str) -> Key {
    Key::of(Name::parse(name).unwrap().as_wire(), A, 1, false, false)
}

/// An answer for a name.
fn answer(name: &str, ttl: u32) -> Reply {
    read(name, 0, [&[(A, ttl, ADDRESS)], &[], &[]])
}

fn denial(name: &str, ttl: u32, minimum: u32) -> Reply {
    read(name, 3, [&[], &[(6, ttl, &soa(minimum))], &[]])
}

fn read(name: &str, rcode: u8, sections: [&[Row<'_>]; 3]) -> Reply {
    let asked = query(name, A);
    read_reply(&asked, &reply(&asked, rcode, sections)).unwrap()
}

/// The response code and TTL of a hit.
fn hit(lookup: &Lookup) -> Option<(u16, u32)> {
    match lookup {
        Lookup::Hit { relayed, .. } => Some((relayed.reply.rcode(), relayed.ttl.unwrap())),
        Lookup::Miss => None,
    }
}

fn refreshes(lookup: &Lookup) -> bool {
    matches!(lookup, Lookup::Hit { refresh: true, .. })
}

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "there is no other way to have an instant")]
    Instant::now()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_answer_is_capped_counts_down_and_ends() {
    let (cache, start) = (cache(|config| config.success.longest = 30), start());
    assert_eq!(hit(&cache.get(&key("a"), start)), None);
    let relayed = cache.insert(&key("a"), answer("a", 300), start);
    assert_eq!((relayed.ttl, relayed.cached), (Some(30), false), "the first answer says how long it is kept");
    for (after, left) in [(0, 30), (1, 29), (1000, 29), (1001, 28), (29_000, 1), (29_999, 1)] {
        let now = start + Duration::from_millis(after);
        assert_eq!(hit(&cache.get(&key("a"), now)), Some((0, left)), "{after}");
    }
    assert_eq!(hit(&cache.get(&key("a"), start + seconds(30))), None);
    // a clock that is behind the one of the insertion
    cache.insert(&key("b"), answer("b", 300), start + seconds(5));
    assert_eq!(hit(&cache.get(&key("b"), start)), Some((0, 30)));
}

#[test]
fn the_shortest_and_the_longest_time() {
    let (cache, start) = (cache(|_| ()), start());
    for (ttl, kept) in [(0, 5), (3, 5), (5, 5), (3600, 3600), (86400, 3600)] {
        assert_eq!(cache.insert(&key("a"), answer("a", ttl), start).ttl, Some(kept), "{ttl}");
    }
    for (ttl, minimum, kept) in [(900, 300, 300), (60, 300, 60), (86400, 86400, 1800), (0, 0, 5)] {
        assert_eq!(cache.insert(&key("a"), denial("a", ttl, minimum), start).ttl, Some(kept), "{ttl} {minimum}");
    }
    assert_eq!(Share { capacity: 1, longest: 2, shortest: 5 }.lifetime(1), 2);
}

#[test]
fn questions_are_told_apart_by_all_that_changes_the_answer() {
    let (cache, start) = (cache(|_| ()), start());
    let name = Name::parse("a").unwrap();
    let key = |qtype, class, dnssec_ok, cd| Key::of(name.as_wire(), qtype, class, dnssec_ok, cd);
    cache.insert(&key(A, 1, false, false), answer("a", 60), start);
    for other in [key(28, 1, false, false), key(A, 3, false, false), key(A, 1, true, false), key(A, 1, false, true)] {
        assert_eq!(hit(&cache.get(&other, start)), None, "{other:?}");
    }
    assert_eq!(hit(&cache.get(&key(A, 1, false, false), start)), Some((0, 60)));
}

#[test]
fn the_newest_answer_is_the_one_that_counts() {
    let (cache, start) = (cache(|config| config.stale = Some(Stale { duration: seconds(60), verify: true })), start());
    cache.insert(&key("a"), denial("a", 60, 60), start);
    cache.insert(&key("a"), answer("a", 60), start);
    assert_eq!(hit(&cache.get(&key("a"), start)), Some((0, 60)));
    cache.insert(&key("a"), denial("a", 60, 60), start);
    assert_eq!(hit(&cache.get(&key("a"), start)), Some((3, 60)));
    assert!(cache.stale(&key("a"), start + seconds(70)).is_none(), "a name that is gone is not brought back");
}

#[test]
fn failures_are_remembered_for_a_moment() {
    let start = start();
    let cache_5 = cache(|_| ());
    cache_5.insert(&key("a"), read("a", 2, [&[]; 3]), start);
    cache_5.insert_failure(&key("b"), start);
    for name in ["a", "b"] {
        assert_eq!(hit(&cache_5.get(&key(name), start + seconds(4))), Some((2, 1)));
        assert_eq!(hit(&cache_5.get(&key(name), start + seconds(5))), None);
    }
    let off = cache(|config| config.failure = Duration::ZERO);
    off.insert_failure(&key("a"), start);
    assert_eq!(hit(&off.get(&key("a"), start)), None);
}

#[test]
fn what_must_not_be_kept_is_not() {
    let (cache, start) = (cache(|_| ()), start());
    let mut truncated = reply(&query("a", A), 0, [&[(A, 60, ADDRESS)], &[], &[]]);
    truncated[2] |= 0x02;
    let referral = read("a", 0, [&[], &[(2, 300, &[0])], &[]]);
    for reply in
        [read_reply(&query("a", A), &truncated).unwrap(), referral, read("a", 5, [&[]; 3]), read("a", 3, [&[]; 3])]
    {
        assert_eq!(cache.insert(&key("a"), reply, start).ttl, None);
        assert_eq!(hit(&cache.get(&key("a"), start)), None);
    }
    assert_eq!(cache.counters.drops.get(), 4);
}

#[test]
fn zones_and_disable_say_what_is_cached() {
    let start = start();
    let zone = |name| Name::parse(name).unwrap();
    let limited = cache(|config| config.zones = vec![zone("in.example")]);
    let partly = cache(|config| {
        config.uncached_success = vec![zone("in.example")];
        config.uncached_denial = vec![Name::root()];
    });
    for (cache, name, kept) in [
        (&limited, "a.in.example", true),
        (&limited, "a.example", false),
        (&partly, "a.in.example", false),
        (&partly, "a.example", true),
    ] {
        cache.insert(&key(name), answer(name, 60), start);
        assert_eq!(hit(&cache.get(&key(name), start)).is_some(), kept, "{name}");
    }
    partly.insert(&key("b.example"), denial("b.example", 60, 60), start);
    assert_eq!(hit(&partly.get(&key("b.example"), start)), None);
}

#[test]
fn keepttl_keeps_it() {
    let (cache, start) = (cache(|config| config.keep_ttl = true), start());
    cache.insert(&key("a"), answer("a", 60), start);
    assert_eq!(hit(&cache.get(&key("a"), start + seconds(59))), Some((0, 60)));
    assert_eq!(hit(&cache.get(&key("a"), start + seconds(60))), None);
}

#[test]
fn a_popular_answer_is_fetched_anew_by_one_before_it_ends() {
    let prefetch = Prefetch { amount: 2, gap: seconds(20), percentage: 10 };
    let (cache, start) = (cache(|config| config.prefetch = Some(prefetch)), start());
    cache.insert(&key("a"), answer("a", 100), start);
    assert!(!refreshes(&cache.get(&key("a"), start + seconds(60))), "too early, and once");
    assert!(!refreshes(&cache.get(&key("a"), start + seconds(85))), "the gap was too long");
    assert!(!refreshes(&cache.get(&key("a"), start + seconds(89))), "too early");
    assert!(refreshes(&cache.get(&key("a"), start + seconds(91))));
    assert!(!refreshes(&cache.get(&key("a"), start + seconds(91))), "somebody is at it");
    assert!(refreshes(&cache.get(&key("a"), start + seconds(97))), "whoever was at it has failed");
    assert_eq!(cache.counters.prefetches.get(), 2);
}

#[test]
fn stale_answers_are_given_at_once_or_when_the_upstream_fails() {
    let start = start();
    let with = |verify| cache(|config| config.stale = Some(Stale { duration: seconds(100), verify }));
    let (immediate, verify) = (with(false), with(true));
    for cache in [&immediate, &verify] {
        cache.insert(&key("a"), answer("a", 60), start);
        assert!(cache.stale(&key("a"), start + seconds(59)).is_none(), "not stale yet");
        assert_eq!(cache.stale(&key("a"), start + seconds(60)).unwrap().ttl, Some(0));
        assert!(cache.stale(&key("a"), start + seconds(160)).is_none(), "too old");
    }
    let first = immediate.get(&key("a"), start + seconds(60));
    assert_eq!((hit(&first), refreshes(&first)), (Some((0, 0)), true));
    assert!(!refreshes(&immediate.get(&key("a"), start + seconds(61))), "one is enough");
    assert_eq!(hit(&immediate.get(&key("a"), start + seconds(160))), None);
    assert_eq!(hit(&verify.get(&key("a"), start + seconds(60))), None);
}

#[test]
fn a_flood_of_random_names_takes_no_more_than_its_room() {
    let start = start();
    let cache = cache(|config| {
        config.success.capacity = 500;
        config.denial.capacity = 500;
    });
    for n in 0..100 {
        cache.insert(&key(&format!("known{n}")), answer("a", 60), start);
    }
    for n in 0..20_000 {
        let name = key(&format!("random{n}.example"));
        assert!(matches!(cache.get(&name, start), Lookup::Miss));
        cache.insert(&name, denial("a", 60, 60), start);
        // every answer is made use of now and then
        cache.get(&key(&format!("known{}", n % 100)), start);
    }
    // the room of each shard is rounded up
    assert!(cache.denial.len() <= 564, "{}", cache.denial.len());
    assert_eq!(cache.counters.evictions[1].get(), 20_000 - cache.denial.len() as u64);
    for n in 0..100 {
        assert!(hit(&cache.get(&key(&format!("known{n}")), start)).is_some(), "known{n}");
    }
    // names that all exist: what is asked for again stays
    for n in 0..20_000 {
        cache.insert(&key(&format!("random{n}.wildcard")), answer("a", 60), start);
        cache.get(&key(&format!("known{}", n % 100)), start);
    }
    assert!(cache.success.len() <= 564, "{}", cache.success.len());
    let kept = (0..100).filter(|n| hit(&cache.get(&key(&format!("known{n}")), start)).is_some()).count();
    assert!(kept >= 90, "{kept} of 100");
}

#[test]
fn large_answers_count_as_several() {
    let (cache, start) = (cache(|config| config.success.capacity = 1000), start());
    let large = vec![(16, 60, &[0; 200][..]); 100];
    for n in 0..1000 {
        let name = format!("a{n}");
        cache.insert(&key(&name), read(&name, 0, [&large, &[], &[]]), start);
    }
    // each weighs 20,000 octets and more, or 40 answers
    assert!((1..=25).contains(&cache.success.len()), "{}", cache.success.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A TTL that is handed out is never longer than what is left of the lifetime but for its last second, and never
    /// zero while it is true.
    #[test]
    fn ttls_only_count_down(ttl in any::<u32>(), longest in 1_u32..=604_800, shortest in 0_u32..=604_800, after in 0_u64..1_000_000_000) {
        let (cache, start) = (cache(|config| (config.success.longest, config.success.shortest) = (longest, shortest)), start());
        let kept = cache.insert(&key("a"), answer("a", ttl), start).ttl.unwrap();
        prop_assert!(kept <= longest && (kept >= shortest || kept == longest));
        let age = Duration::from_millis(after);
        let left = seconds(kept.into()).saturating_sub(age);
        match hit(&cache.get(&key("a"), start + age)) {
            Some((_, shown)) => {
                prop_assert!(shown == 1 || shown > 1 && seconds(shown.into()) <= left);
                prop_assert!(seconds(shown.into()) + seconds(1) > left);
            }
            None => prop_assert!(left.is_zero()),
        }
    }
}
