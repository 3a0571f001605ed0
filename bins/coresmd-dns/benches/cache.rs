//! What a hit and a miss in the cache cost the thread that reads queries: the lookup, and the lookup with the reply
//! written. 10,000 names, asked for in turn by one thread and by two.

use std::hint::black_box;
use std::time::{Duration, Instant};

use coresmd_dns::cache::{Cache, CacheConfig, Counters, Key, Lookup, Share};
use coresmd_dns::name::Name;
use coresmd_dns::query::{HEADER, Header, Query};
use coresmd_dns::relayed::Reply;
use divan::Bencher;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NAMES: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench(args = ["known", "unknown"], threads = [1, 2], sample_size = 1000)]
fn lookup(bencher: Bencher<'_, '_>, kind: &str) {
    let cache = filled();
    let messages: Vec<Vec<u8>> = (0..NAMES).map(|n| query(kind, n * 7919 % NAMES)).collect();
    let now = now();
    let turn = std::sync::atomic::AtomicUsize::new(0);
    bencher.bench(|| {
        let message = &messages[turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % NAMES];
        let mut reply = [0_u8; 0].to_vec();
        black_box(answer(&cache, black_box(message), now, &mut reply))
    });
}

/// As the corridor does it: the query is read, the cache asked, the reply written.
fn answer(cache: &Cache, message: &[u8], now: Instant, reply: &mut Vec<u8>) -> bool {
    let Ok(header) = Header::decode(message) else { return false };
    let Ok(query) = Query::decode(&header, message) else { return false };
    let name = query.lower_name();
    match cache.get(&Key::new(&header, &query, name.as_wire()), now) {
        Lookup::Hit { relayed, .. } => {
            relayed.write(&header, &query, 1232, reply);
            true
        }
        Lookup::Miss => false,
    }
}

fn filled() -> Cache {
    let share = Share { capacity: 2 * NAMES, longest: 3600, shortest: 5 };
    let file = corefile::parse("Corefile".as_ref(), ". {\n cache\n}", &mut |_| Ok(Vec::new()), &|_| None);
    let span = file.expect("a Corefile").blocks[0].directives[0].span.clone();
    let config = CacheConfig {
        zones: Vec::new(),
        success: share,
        denial: share,
        failure: Duration::from_secs(5),
        prefetch: None,
        stale: None,
        uncached_success: Vec::new(),
        uncached_denial: Vec::new(),
        keep_ttl: false,
        span,
    };
    let cache = Cache::new(config, Counters::default());
    for n in 0..NAMES {
        let message = query("known", n);
        let mut reply = message.clone();
        reply[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
        reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1]);
        let header = Header::decode(&message).expect("a query");
        let decoded = Query::decode(&header, &message).expect("a query");
        let name = decoded.lower_name();
        let read = Reply::read(&message[HEADER..], &reply).expect("a reply");
        cache.insert(&Key::new(&header, &decoded, name.as_wire()), read, now());
    }
    cache
}

fn query(kind: &str, n: usize) -> Vec<u8> {
    let mut message = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend_from_slice(Name::parse(&format!("{kind}{n:05}.example.com")).expect("a name").as_wire());
    message.extend_from_slice(&[0, 1, 0, 1]);
    message
}

#[expect(clippy::disallowed_methods, reason = "there is no other way to have an instant")]
fn now() -> Instant {
    Instant::now()
}
