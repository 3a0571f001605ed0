//! The lease file: the original's, a new one, a broken one.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::store::{Sqlite, Store, StoreError};
use super::super::{Change, Pool, Record, Restored};
use super::{START, at, client, ip, may_keep, pool};

const ORIGINAL: &str = "create table leases4 (mac string not null, ip string not null, expiry int, \
                        hostname string not null, primary key (mac, ip));";

fn lease_file() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("leases.db");
    (directory, path)
}

fn sql(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

fn rows(path: &Path) -> Vec<(String, String, i64, String)> {
    let connection = Connection::open(path).unwrap();
    let text = "select cast(mac as text), ip, expiry, cast(hostname as text) from leases4 order by 1, 2";
    let mut statement = connection.prepare(text).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn record(last: u8, address: u8, expiry: u64, hostname: &str) -> Record {
    Record { client: client(last), address: ip(address), expiry: START + expiry, hostname: hostname.into() }
}

/// Opens a file that is not corrupt and takes its leases in.
fn restore(path: &Path, pool: &mut Pool, second: u64) -> (Sqlite, Restored) {
    let (mut store, set_aside) = Sqlite::open(path, at(0)).unwrap();
    assert_eq!(set_aside, None);
    let restored = pool.restore(store.load().unwrap().records, at(second));
    (store, restored)
}

#[test]
fn a_new_file_is_as_the_original_makes_it() {
    let (_directory, path) = lease_file();
    let (mut store, set_aside) = Sqlite::open(&path, at(0)).unwrap();
    assert_eq!(set_aside, None);
    store.commit(&[Change::Put(record(1, 150, 300, "node"))]).unwrap();
    store.close().unwrap();
    let table = Connection::open(&path).unwrap();
    let text: String =
        table.query_row("select sql from sqlite_master where type = 'table'", [], |row| row.get(0)).unwrap();
    assert_eq!(format!("{text};").to_lowercase(), ORIGINAL);
}

#[test]
fn the_original_reads_and_writes_the_file_afterwards() {
    let (_directory, path) = lease_file();
    sql(&path, ORIGINAL);
    sql(&path, &format!("insert into leases4 values ('0a:00:27:00:00:01', '172.16.0.150', {}, 'node')", START + 10));
    let (mut store, _) = restore(&path, &mut pool(150, 152), 0);
    let changes = [
        Change::Delete { client: client(1), address: ip(150) },
        Change::Put(record(2, 151, 300, "")),
        Change::Put(record(2, 151, 310, "")),
    ];
    store.commit(&changes).unwrap();
    let expiry = |seconds: u64| i64::try_from(START + seconds).unwrap();
    let second = ("0a:00:27:00:00:02".to_owned(), "172.16.0.151".to_owned(), expiry(310), String::new());
    assert_eq!(rows(&path), std::slice::from_ref(&second), "readable while it is open");
    store.close().unwrap();
    assert!(!path.with_extension("db-wal").exists());
    let insert =
        format!("insert or replace into leases4 values ('0a:00:27:00:00:03', '172.16.0.152', {}, '')", expiry(5));
    sql(&path, &insert);
    let third = ("0a:00:27:00:00:03".to_owned(), "172.16.0.152".to_owned(), expiry(5), String::new());
    assert_eq!(rows(&path), [second, third]);
}

#[test]
fn columns_of_numeric_affinity_are_read_whatever_they_hold() {
    let (_directory, path) = lease_file();
    sql(&path, ORIGINAL);
    for (last, hostname) in [(1, "1234"), (2, "1e5"), (3, "007"), (4, "nid0001"), (5, "1.5")] {
        sql(
            &path,
            &format!(
                "insert into leases4 values ('0a:00:27:00:00:0{last}', '172.16.0.15{last}', {START}, '{hostname}')"
            ),
        );
    }
    sql(
        &path,
        &format!(
            "insert into leases4 values ('05', '172.16.0.156', {START}, ''), ('0A:0B', '172.16.0.157', {START}, '')"
        ),
    );
    let (mut store, _) = Sqlite::open(&path, at(0)).unwrap();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.unreadable, []);
    let mut read: Vec<_> =
        loaded.records.iter().map(|record| (record.client.to_string(), record.address, &*record.hostname)).collect();
    read.sort();
    let name = |last: u8, hostname| (client(last).to_string(), ip(150 + last), hostname);
    let short = [("05".to_owned(), ip(156), ""), ("0a:0b".to_owned(), ip(157), "")];
    let long = [name(1, "1234"), name(2, "100000"), name(3, "7"), name(4, "nid0001"), name(5, "1.5")];
    let [five, two] = short;
    let mut expected = vec![five, two];
    expected.extend(long);
    expected.sort();
    assert_eq!(read, expected);
    // And each can be deleted by what was read.
    let deletes: Vec<_> = loaded.records.iter().cloned().map(Record::into_delete).collect();
    store.commit(&deletes).unwrap();
    assert_eq!(rows(&path), []);
}

#[test]
fn rows_that_say_no_lease_are_reported_and_stay() {
    let (_directory, path) = lease_file();
    sql(&path, ORIGINAL);
    sql(
        &path,
        "insert into leases4 values ('bogus', '172.16.0.150', 1, ''), ('0a:00', 'fd00::1', 1, ''), ('0a:00', '10.0.0.1', null, '')",
    );
    let (mut store, _) = Sqlite::open(&path, at(0)).unwrap();
    let loaded = store.load().unwrap();
    let reports: Vec<String> = loaded.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(loaded.records, []);
    assert_eq!(
        reports,
        [
            r#"the lease of "bogus" for "172.16.0.150" cannot be read: the MAC address: "bogus" is not an octet in two hexadecimal digits"#,
            r#"the lease of "0a:00" for "fd00::1" cannot be read: the IP address: invalid IPv4 address syntax"#,
            r#"the lease of "0a:00" for "10.0.0.1" cannot be read: the expiry is no number"#,
        ]
    );
}

#[test]
fn the_newest_of_several_rows_counts() {
    let (_directory, path) = lease_file();
    let (mut store, _) = Sqlite::open(&path, at(0)).unwrap();
    let puts = [
        record(1, 150, 100, ""),
        record(1, 151, 200, ""), // the newer one of this client
        record(2, 151, 150, ""), // the older one of this address
        record(3, 152, 300, ""),
        record(4, 9, 300, ""),  // of no range
        record(5, 153, 40, ""), // over at second 41
        record(6, 154, 50, ""), // in its last second at second 50
    ];
    store.commit(&puts.map(Change::Put)).unwrap();
    store.close().unwrap();
    let mut pool = pool(150, 155);
    let (mut store, restored) = restore(&path, &mut pool, 50);
    assert_eq!((restored.bound, restored.expired, restored.superseded), (3, 1, 2));
    assert_eq!(restored.outside, [record(4, 9, 300, "")]);
    for (last, address, kept) in
        [(1, 151, true), (1, 150, false), (2, 151, false), (3, 152, true), (5, 153, true), (6, 154, true)]
    {
        assert_eq!(may_keep(&mut pool.clone(), &client(last), ip(address), at(50)), kept, "{last} at {address}");
    }
    store.commit(&restored.changes).unwrap();
    let left: Vec<_> = rows(&path).into_iter().map(|(mac, ip, ..)| (mac, ip)).collect();
    let expected = [(1, 151), (3, 152), (4, 9), (6, 154)]
        .map(|(last, address)| (client(last).to_string(), ip(address).to_string()));
    assert_eq!(left, expected);
}

#[test]
fn a_corrupt_file_is_set_aside_and_said_to_be() {
    let (_directory, path) = lease_file();
    let (mut store, _) = Sqlite::open(&path, at(0)).unwrap();
    let changes: Vec<_> =
        (0..=255).map(|last| Change::Put(record(last, last, 300, "a-name-that-fills-pages"))).collect();
    store.commit(&changes).unwrap();
    store.close().unwrap();
    let whole = read(&path);
    let mut damaged = whole.clone();
    damaged[8192..12288].fill(0xa5);
    for (number, content) in
        [b"not a database, but long enough to be read as one".to_vec(), damaged, whole[..9000].to_vec()]
            .into_iter()
            .enumerate()
    {
        write(&path, &content);
        let (mut store, set_aside) = Sqlite::open(&path, at(0)).unwrap();
        let set_aside = set_aside.expect("it is corrupt");
        let aside = path.with_file_name(format!("leases.db.corrupt-{}", START + number as u64));
        assert_eq!(set_aside.aside, aside);
        assert_eq!(read(&aside), content);
        assert!(set_aside.to_string().contains("is corrupt (") && !set_aside.reason.is_empty(), "{set_aside}");
        assert_eq!(store.load().unwrap().records, []);
        store.commit(&[Change::Put(record(1, 150, 300, ""))]).unwrap();
        store.close().unwrap();
    }
}

#[test]
fn a_second_server_is_noticed() {
    let (_directory, path) = lease_file();
    let (store, _) = Sqlite::open(&path, at(0)).unwrap();
    let error = Sqlite::open(&path, at(0)).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("another server uses it"), "{error}");
    store.close().unwrap();
    drop(Sqlite::open(&path, at(0)).unwrap());
}

#[test]
fn what_cannot_be_opened_is_named() {
    let (directory, path) = lease_file();
    let missing = directory.path().join("missing").join("leases.db");
    // /proc takes no new file, from nobody.
    for path in [&missing, directory.path(), Path::new("/proc/leases.db")] {
        let error = Sqlite::open(path, at(0)).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. } | StoreError::Lock { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("cannot open the lease file {}: ", path.display())), "{error}");
    }
    sql(&path, "create table leases4 (client text)");
    let error = Sqlite::open(&path, at(0)).unwrap_err().to_string();
    assert!(error.contains("no such column: mac"), "{error}");
}

#[expect(clippy::disallowed_methods, reason = "this test damages a file")]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "this test damages a file")]
fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
}
