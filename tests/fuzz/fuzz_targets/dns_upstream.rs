//! A reply from an upstream, into the cache and out again to a client: no bytes upset it; what is handed on is a
//! response to the client's question as well formed as what came, fits, and its TTLs are no longer than it is kept.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use coresmd_dns::cache::{Cache, CacheConfig, Counters, Key, Lookup, Share, Stale};
use coresmd_dns::query::{HEADER, Header, Query};
use coresmd_dns::relayed::{Relayed, Reply};
use libfuzzer_sys::fuzz_target;

/// `WwW.example. A`, with EDNS, DO and CD.
const QUERY: &[u8] =
    b"\xab\xcd\x01\x10\0\x01\0\0\0\0\0\x01\x03WwW\x07example\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\x80\0\0\0";
const QUESTION: &[u8] = b"\x03www\x07example\0\0\x01\0\x01";

static CONFIG: LazyLock<CacheConfig> = LazyLock::new(|| {
    let share = Share { capacity: 16, longest: 3600, shortest: 0 };
    let file = corefile::parse("Corefile".as_ref(), ". {\n cache\n}", &mut |_| Ok(Vec::new()), &|_| None);
    CacheConfig {
        zones: Vec::new(),
        success: share,
        denial: share,
        failure: Duration::from_secs(5),
        prefetch: None,
        stale: Some(Stale { duration: Duration::from_secs(60), verify: false }),
        uncached_success: Vec::new(),
        uncached_denial: Vec::new(),
        keep_ttl: false,
        span: file.expect("a Corefile").blocks[0].directives[0].span.clone(),
    }
});

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|octets: &[u8]| {
    // the fuzzer need not find the question first
    let mut message = octets.get(..HEADER).unwrap_or_default().to_vec();
    message.extend_from_slice(QUESTION);
    message.extend_from_slice(octets.get(HEADER..).unwrap_or_default());
    for message in [octets, &message] {
        let Ok(reply) = Reply::read(QUESTION, message) else { continue };
        let header = Header::decode(QUERY).expect("a query");
        let query = Query::decode(&header, QUERY).expect("a query");
        let check = |relayed: &Relayed| {
            for limit in [512, 1232, 65_535] {
                let mut out = Vec::new();
                relayed.write(&header, &query, limit, &mut out);
                assert!(out.len() <= limit, "{} octets", out.len());
                assert_eq!(out[..2], QUERY[..2], "the id of the client");
                assert_eq!(out[HEADER..HEADER + QUESTION.len()], QUERY[HEADER..HEADER + QUESTION.len()]);
                Reply::read(QUESTION, &out).expect("what is handed on can be read");
            }
        };
        let cache = Cache::new(CONFIG.clone(), Counters::default());
        let key = Key::new(&header, &query, query.lower_name().as_wire());
        let relayed = cache.insert(&key, reply, *START);
        check(&relayed);
        for seconds in [0, 1, 1000, 3599, 3600, 10_000] {
            if let Lookup::Hit { relayed: cached, .. } = cache.get(&key, *START + Duration::from_secs(seconds)) {
                assert!(cached.ttl <= relayed.ttl.or(Some(5)) && cached.cached);
                check(&cached);
            }
        }
    }
});
