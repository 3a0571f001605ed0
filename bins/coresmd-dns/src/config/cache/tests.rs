//! `cache` directives and what is made of them.

use super::*;
use crate::config::arguments::tests::read;

fn config(text: &str) -> CacheConfig {
    let (config, found) = read(text, understand);
    config.unwrap_or_else(|| panic!("{text}: {found:?}"))
}

fn found(text: &str) -> Vec<String> {
    read(text, understand).1
}

#[test]
fn what_is_not_said_is_as_coredns_has_it() {
    let config = config("cache");
    assert_eq!(config.success, Share { capacity: 9984, longest: 3600, shortest: 5 });
    assert_eq!(config.denial, Share { capacity: 9984, longest: 1800, shortest: 5 });
    assert_eq!((config.failure, config.prefetch, config.stale), (Duration::from_secs(5), None, None));
    assert!(config.zones.is_empty() && !config.keep_ttl);
}

#[test]
fn everything_said() {
    let config = config(
        "cache 30 Example.org 10.1.0.0/15 {
    success 5000 300 10
    denial 1000 20
    prefetch 10 1m 20%
    serve_stale 2h verify
    servfail 30s
    disable success dyn.example.org
    disable denial
    keepttl
}",
    );
    let names = |zones: &[Name]| zones.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&config.zones), ["example.org.", "0.10.in-addr.arpa.", "1.10.in-addr.arpa."]);
    assert_eq!(config.success, Share { capacity: 5000, longest: 300, shortest: 10 });
    assert_eq!(config.denial, Share { capacity: 1000, longest: 20, shortest: 5 });
    assert_eq!(config.prefetch, Some(Prefetch { amount: 10, gap: Duration::from_mins(1), percentage: 20 }));
    assert_eq!(config.stale, Some(Stale { duration: Duration::from_hours(2), verify: true }));
    assert_eq!(config.failure, Duration::from_secs(30));
    assert_eq!(names(&config.uncached_success), ["dyn.example.org."]);
    assert_eq!(names(&config.uncached_denial), ["."]);
    assert!(config.keep_ttl);
}

#[test]
fn a_zone_need_not_come_behind_a_ttl() {
    let config = config("cache example.org {\n serve_stale\n prefetch 0\n servfail 0\n}");
    assert_eq!((config.zones.len(), config.success.longest), (1, 3600));
    assert_eq!(config.stale, Some(Stale { duration: Duration::from_hours(1), verify: false }));
    assert_eq!((config.prefetch, config.failure), (None, Duration::ZERO), "switched off");
}

#[test]
fn faults_are_reported_where_they_are() {
    for (text, expected) in [
        ("cache -1", "2:7 `-1` is no TTL in seconds"),
        ("cache 0", "2:7 `0` is no TTL in seconds"),
        ("cache 30 a..b", "2:10 `a..b` is no zone: "),
        ("cache 30 tls://example.org", "2:10 `tls://example.org` is more than a zone"),
        ("cache {\n frob 1\n}", "3:2 unknown option `frob` of cache"),
        ("cache {\n success\n}", "3:2 `success` without a value"),
        ("cache {\n success 0\n}", "3:10 `0` is no number of answers"),
        ("cache {\n success many\n}", "3:10 `many` is no number of answers"),
        ("cache {\n success 10 5 6\n}", "3:15 a MINTTL of 6 is more than the TTL, 5"),
        ("cache {\n denial 10 5 4 3\n}", "3:16 `3` is one word too many for `denial`"),
        ("cache {\n success 1\n success 2\n}", "4:2 `success` is given twice"),
        ("cache {\n prefetch 10 soon\n}", "3:14 `soon` is not a duration, for prefetch"),
        ("cache {\n prefetch 10 1m 5%\n}", "3:17 `5%` is no percentage from 10% to 90%"),
        ("cache {\n serve_stale 1h never\n}", "3:17 `never` is no way of serving stale answers"),
        ("cache {\n servfail 6m\n}", "3:11 `servfail 6m` is not of whole seconds up to 5m"),
        ("cache {\n disable both\n}", "3:10 `both` is no kind of answers"),
        ("cache {\n keepttl yes\n}", "3:10 `yes` is one word too many for `keepttl`"),
    ] {
        let found = found(text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}
