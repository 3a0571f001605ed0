//! The pool: what a lease costs in memory, on the disk with its ACK waiting for it, and to get back after a restart.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coresmd_dhcp::pool::store::{Sqlite, Store, StoreError};
use coresmd_dhcp::pool::{Change, ClientKey, ClientState, Link, Pool, Range, Record, Request, Times, Verdict, Writer};
use divan::counter::ItemsCount;
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Leases in the pool, or in the file.
const MANY: u32 = 100_000;
/// New clients of one measurement.
const NEW: u32 = 20_000;
/// A moment, in seconds after 1970.
const NOW: u64 = 1_700_000_000;
const LINK: Link<'_> = Link::Direct(&[]);

fn main() {
    divan::main();
}

/// DISCOVER and REQUEST of a new client beside 100,000 leases: the pool alone.
#[divan::bench]
fn lease_in_memory(bencher: divan::Bencher<'_, '_>) {
    let mut pool = empty();
    for number in 0..MANY {
        lease(&mut pool, number);
    }
    let mut number = MANY;
    bencher.bench_local(|| {
        number += 1;
        black_box(lease(&mut pool, number))
    });
}

/// 20,000 new clients: DISCOVER, REQUEST, and the lease is durable. So many threads share the pool.
#[divan::bench(args = [1, 4], sample_count = 10, sample_size = 1)]
fn leases_durable(bencher: divan::Bencher<'_, '_>, threads: u32) {
    bencher.counter(ItemsCount::new(NEW)).with_inputs(|| TempDir::new().expect("a directory")).bench_values(
        |directory| {
            let store = open(&directory.path().join("leases.db"));
            let (sender, done) = mpsc::channel();
            let complete = move |written: Result<(), &StoreError>, waiting: Vec<u32>| {
                written.expect("the disk takes it");
                sender.send(waiting.len()).expect("the bench waits");
            };
            let writer = Writer::start(store, complete).expect("a thread");
            let pool = Mutex::new(empty());
            thread::scope(|scope| {
                let (pool, writer) = (&pool, &writer);
                for thread in 0..threads {
                    scope.spawn(move || {
                        for number in (thread..NEW).step_by(threads as usize) {
                            let mut pool = pool.lock().expect("no thread panics");
                            let changes = lease(&mut pool, number);
                            writer.submit(changes, Some(number)).expect("the writer runs");
                        }
                    });
                }
            });
            writer.close().expect("the file closes");
            assert_eq!(done.iter().sum::<usize>(), NEW as usize);
            directory
        },
    );
}

/// One client after the other, each waiting for its ACK: one fsync a lease.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn leases_durable_one_by_one(bencher: divan::Bencher<'_, '_>) {
    let clients = 1000_u32;
    bencher.counter(ItemsCount::new(clients)).with_inputs(|| TempDir::new().expect("a directory")).bench_values(
        |directory| {
            let (sender, done) = mpsc::channel();
            let complete =
                move |_: Result<(), &StoreError>, waiting: Vec<u32>| sender.send(waiting).expect("the bench waits");
            let writer = Writer::start(open(&directory.path().join("leases.db")), complete).expect("a thread");
            let mut pool = empty();
            for number in 0..clients {
                writer.submit(lease(&mut pool, number), Some(number)).expect("the writer runs");
                assert_eq!(done.recv().expect("it is handed back"), [number]);
            }
            writer.close().expect("the file closes");
            directory
        },
    );
}

/// Opens a file of 100,000 leases, checks it, reads it, and rebuilds the pool.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn rebuild(bencher: divan::Bencher<'_, '_>) {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("leases.db");
    let mut store = open(&path);
    let changes: Vec<_> = (0..MANY)
        .map(|number| {
            let (client, address) = (client(number), Ipv4Addr::from(0x0a00_0000 + number));
            Change::Put(Record { client, address, expiry: NOW + 300, hostname: "nid000001".into() })
        })
        .collect();
    store.commit(&changes).expect("the disk takes it");
    store.close().expect("the file closes");
    bencher.bench_local(|| {
        let mut store = open(&path);
        let mut pool = empty();
        let restored = pool.restore(store.load().expect("it can be read").records, now());
        assert_eq!(restored.bound, MANY as usize);
        (pool, store)
    });
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn empty() -> Pool {
    let range =
        Range::new(None, Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(10, 255, 255, 255)).expect("it runs forward");
    Pool::new(&[range], Times::new(300)).expect("one range overlaps nothing")
}

fn open(path: &Path) -> Sqlite {
    let (store, set_aside) = Sqlite::open(path, now()).expect("the file opens");
    assert!(set_aside.is_none());
    store
}

fn client(number: u32) -> ClientKey {
    let [a, b, c, d] = number.to_be_bytes();
    ClientKey::new(&[0x52, 0x54, a, b, c, d]).expect("six octets")
}

/// One client's way to its lease.
fn lease(pool: &mut Pool, number: u32) -> Vec<Change> {
    let client = client(number);
    let Verdict::Offer(address) = pool.discover(&client, LINK, None, &|_| false, now()).verdict else {
        unreachable!("the pool is large enough")
    };
    let request = Request { client: &client, link: LINK, state: ClientState::Selecting, address, hostname: None };
    pool.request(&request, now()).changes
}
