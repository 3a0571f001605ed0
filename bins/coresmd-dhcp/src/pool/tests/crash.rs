//! A process that leases addresses is killed: whatever it acknowledged is there afterwards.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::super::store::{Sqlite, Store, StoreError};
use super::super::{ClientKey, ClientState, Link, Pool, Range, Request, Times, Verdict, Writer};
use super::{at, may_keep};

/// Names the lease file to the process that is to be killed.
const LEASE_FILE: &str = "CORESMD_TEST_LEASE_FILE";
/// How many leases are acknowledged before the kill.
const ENOUGH: usize = 2000;

fn large_pool() -> Pool {
    let range = Range::new(None, Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(10, 1, 255, 255)).unwrap();
    Pool::new(&[range], Times::new(86_400)).unwrap()
}

#[test]
fn an_acknowledged_lease_survives_kill_9() {
    if let Some(path) = std::env::var_os(LEASE_FILE) {
        return lease_until_killed(Path::new(&path));
    }
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("leases.db");
    let this_test = concat!(module_path!(), "::an_acknowledged_lease_survives_kill_9");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--nocapture", "--exact", this_test.split_once("::").unwrap().1])
        .env(LEASE_FILE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 && line.ends_with('\n') {
        if let Some((client, address)) = line.trim_end().split_once(" has ") {
            acknowledged.push((client.parse::<ClientKey>().unwrap(), address.parse::<Ipv4Addr>().unwrap()));
        }
        if acknowledged.len() == ENOUGH {
            child.kill().unwrap();
        }
        line.clear();
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= ENOUGH, "only {} leases", acknowledged.len());

    let (mut store, set_aside) = Sqlite::open(&path, at(0)).unwrap();
    assert_eq!(set_aside, None);
    let mut pool = large_pool();
    let restored = pool.restore(store.load().unwrap().records, at(0));
    assert!(restored.bound >= acknowledged.len());
    for (client, address) in &acknowledged {
        assert!(may_keep(&mut pool, client, *address, at(1)), "{client} has lost {address}");
    }
}

/// Leases addresses to ever new clients, and says so once each lease is durable.
fn lease_until_killed(path: &Path) {
    let (store, _) = Sqlite::open(path, at(0)).unwrap();
    let say = |_: Result<(), &StoreError>, leases: Vec<(ClientKey, Ipv4Addr)>| {
        let mut out = std::io::stdout().lock();
        for (client, address) in leases {
            writeln!(out, "{client} has {address}").unwrap();
        }
        out.flush().unwrap();
    };
    let writer = Writer::start(store, say).unwrap();
    let mut pool = large_pool();
    let link = Link::Direct(&[]);
    for number in 0_u32..131_072 {
        let client = ClientKey::new(&number.to_be_bytes()).unwrap();
        let Verdict::Offer(address) = pool.discover(&client, link, None, &|_| false, at(0)).verdict else { return };
        let request = Request { client: &client, link, state: ClientState::Selecting, address, hostname: None };
        let changes = pool.request(&request, at(0)).changes;
        writer.submit(changes, Some((client, address))).unwrap();
        while writer.backlog() > 100 {
            thread::yield_now();
        }
    }
}
