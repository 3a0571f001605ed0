//! Files that change while they are served.

use std::fs;
use std::path::Path;

use super::*;
use crate::hosts::Table;
use crate::name::Name;
use crate::wire::Rtype;

const ZONE: &str = "$TTL 5\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n";

#[expect(clippy::disallowed_methods, reason = "the test writes the files")]
fn write(path: &Path, text: &str) {
    // by renaming, as editors and configuration management do
    let other = path.with_extension("new");
    fs::write(&other, text).unwrap();
    fs::rename(&other, path).unwrap();
}

/// Looks at the files often enough, by a clock that is ahead, for a change to be seen, to settle and to be read.
fn pass(files: &LocalFiles, clock: &mut Instant) {
    for _ in 0..3 {
        *clock += Duration::from_secs(10);
        files.look(*clock);
    }
}

fn hosts_config(path: &Path) -> HostsConfig {
    HostsConfig {
        path: path.to_owned(),
        named: true,
        zones: vec![Name::root()],
        fallthrough: Vec::new(),
        ttl: 5,
        reverse: true,
        reload: Duration::from_secs(1),
        inline: Table::default(),
    }
}

fn file_config(path: &Path) -> FileConfig {
    let zones = vec![Name::parse("z").unwrap()];
    FileConfig { path: path.to_owned(), zones, fallthrough: Vec::new(), reload: Duration::from_secs(1) }
}

/// How many addresses a name of the zone has.
fn addresses(zones: &ZoneFile, name: &str) -> usize {
    let zone = zones.zone(Name::parse("z").unwrap().as_wire()).unwrap();
    zone.lookup(Name::parse(name).unwrap().as_wire(), Rtype::A, false).answers.len()
}

#[test]
fn a_hosts_file_that_goes_bad_leaves_the_last_good_one() {
    let (directory, mut clock) = (tempfile::tempdir().unwrap(), now());
    let path = directory.path().join("hosts");
    let files = LocalFiles::default();
    let hosts = files.hosts(&hosts_config(&path));
    assert!(files.problems()[0].contains("cannot be read"), "{:?}", files.problems());

    write(&path, "10.0.0.1 a\n");
    pass(&files, &mut clock);
    assert_eq!((hosts.entries(), files.problems()), (2, Vec::new()));
    let state = &files.hosts_states()[0];
    assert_eq!((state.entries, state.modified > 0.0), (2, true));

    write(&path, "10.0.0.1 a b\nbad c\n");
    pass(&files, &mut clock);
    assert_eq!(hosts.entries(), 2);
    assert_eq!(files.problems(), [format!("{}:2:1: `bad` is not an IP address", path.display())]);

    write(&path, "10.0.0.1 a b\n");
    pass(&files, &mut clock);
    assert_eq!((hosts.entries(), files.problems()), (4, Vec::new()));
}

#[test]
fn a_zone_file_that_goes_bad_leaves_the_last_good_zone() {
    let (directory, mut clock) = (tempfile::tempdir().unwrap(), now());
    let (path, included) = (directory.path().join("db"), directory.path().join("more"));
    write(&path, &format!("{ZONE}$INCLUDE more\n"));
    write(&included, "a A 10.0.0.1\n");
    let files = LocalFiles::default();
    let zones = files.zone_file(&file_config(&path), None);
    assert_eq!((addresses(&zones, "a.z"), files.problems()), (1, Vec::new()));

    // what is included is followed as well
    write(&included, "a A 10.0.0.1\na A 10.0.0.2\n");
    pass(&files, &mut clock);
    assert_eq!(addresses(&zones, "a.z"), 2);

    write(&included, "a A 10.0.0\n");
    pass(&files, &mut clock);
    assert_eq!(addresses(&zones, "a.z"), 2);
    assert_eq!(files.problems(), [format!("{}:1:5: `10.0.0` is not an IPv4 address", included.display())]);

    // another configuration takes the zone over, and has the same problem
    let next = LocalFiles::default();
    let taken = next.zone_file(&file_config(&path), Some(&files));
    assert_eq!((addresses(&taken, "a.z"), next.problems().len()), (2, 1));

    write(&included, "a A 10.0.0.3\n");
    pass(&files, &mut clock);
    assert_eq!((addresses(&zones, "a.z"), files.problems()), (1, Vec::new()));
}

#[test]
fn a_file_that_is_missing_at_the_start_is_served_when_it_comes() {
    let (directory, mut clock) = (tempfile::tempdir().unwrap(), now());
    let path = directory.path().join("db");
    let files = LocalFiles::default();
    let zones = files.zone_file(&file_config(&path), None);
    assert!(!zones.is_loaded() && !files.problems().is_empty());
    write(&path, ZONE);
    pass(&files, &mut clock);
    assert!(zones.is_loaded() && files.problems().is_empty());
}

#[test]
fn following_ends_with_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts");
    write(&path, "10.0.0.1 a\n");
    let files = Arc::new(LocalFiles::default());
    let hosts = files.hosts(&HostsConfig { reload: Duration::from_millis(1), ..hosts_config(&path) });
    files.follow().unwrap();
    write(&path, "10.0.0.1 a b\n");
    while hosts.entries() != 4 {
        thread::sleep(Duration::from_millis(10));
    }
    drop(files);
    while Arc::strong_count(&hosts) > 1 {
        thread::sleep(Duration::from_millis(10));
    }
}
