//! A lease file of any bytes: it is read, or refused by an error, or set aside; then leases can be kept in it.
#![no_main]

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use coresmd_dhcp::pool::store::{Sqlite, Store};
use coresmd_dhcp::pool::{Change, ClientKey, Pool, Range, Record, Times};
use libfuzzer_sys::fuzz_target;

/// A directory of this process's own.
static DIRECTORY: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("coresmd-fuzz-lease-file-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    let _ = fs::remove_dir_all(&*DIRECTORY);
    fs::create_dir_all(&*DIRECTORY).expect("a directory for temporary files");
    let path = DIRECTORY.join("leases.db");
    fs::write(&path, bytes).expect("a writable file");
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let Ok((mut store, set_aside)) = Sqlite::open(&path, now) else { return };
    if let Some(set_aside) = &set_aside {
        assert_eq!(fs::read(&set_aside.aside).expect("it is there"), bytes, "nothing of it is lost");
    }
    let Ok(loaded) = store.load() else { return };
    let range = Range::new(None, Ipv4Addr::new(172, 16, 0, 150), Ipv4Addr::new(172, 16, 0, 160)).expect("it runs forward");
    let mut pool = Pool::new(&[range], Times::new(300)).expect("one range overlaps nothing");
    let restored = pool.restore(loaded.records, now);
    let held = pool.usage().map(|usage| usage.bound).sum::<usize>();
    assert_eq!(held, restored.bound);
    let client = ClientKey::new(&[1, 2, 3, 4, 5, 6]).expect("six octets");
    let put = Record { client, address: Ipv4Addr::new(172, 16, 0, 150), expiry: 1_700_000_300, hostname: "".into() };
    let _ = store.commit(&[restored.changes, vec![Change::Put(put)]].concat());
});
