//! Cache and upstreams together.

use std::time::Duration;

use prometheus_client::registry::Registry;
use tokio::time::sleep;

use super::*;
use crate::cache::tests::config as cache_config;
use crate::cache::{self, CacheConfig, Stale};
use crate::forward::tests::fake::Fake;
use crate::forward::tests::{answers, forward, later, outgoing, says, silent};
use crate::forward::{self, ForwardConfig, To};
use crate::name::Name;
use crate::query::{Header, Query};
use crate::relayed::tests::{A, edns_query, query, reply};

fn resolver(forwards: Vec<Forward>, change: impl FnOnce(&mut CacheConfig)) -> Resolver {
    let mut config = cache_config();
    change(&mut config);
    Resolver::new(Some(Cache::new(config, cache::Counters::default())), forwards)
}

fn key(message: &[u8]) -> Key {
    let header = Header::decode(message).unwrap();
    let query = Query::decode(&header, message).unwrap();
    Key::new(&header, &query, query.lower_name().as_wire())
}

async fn resolve(resolver: &Resolver, message: &[u8]) -> Result<Relayed, ForwardError> {
    resolver.resolve(&key(message), &outgoing(message), Transport::Udp).await
}

/// The response code and TTL of a hit.
fn hit(resolver: &Resolver, message: &[u8]) -> Option<(u16, Option<u32>)> {
    match resolver.lookup(&key(message), now()) {
        Lookup::Hit { relayed, .. } => Some((relayed.reply.rcode(), relayed.ttl)),
        Lookup::Miss => None,
    }
}

#[tokio::test]
async fn what_the_upstream_says_is_kept() {
    let fake = Fake::new(answers).await;
    let resolver = resolver(vec![forward([&fake], |_| ())], |config| config.success.longest = 30);
    let message = query("www.example", A);
    assert_eq!(hit(&resolver, &message), None);
    let relayed = resolve(&resolver, &message).await.unwrap();
    assert_eq!((relayed.ttl, relayed.cached), (Some(30), false));
    later(Duration::from_secs(10)).await;
    assert!(matches!(hit(&resolver, &query("WWW.Example", A)), Some((0, Some(19 | 20)))));
    assert_eq!(hit(&resolver, &edns_query("www.example", A, 1232, true)), None, "DO asks for more");
    assert_eq!(fake.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn equal_questions_share_one_query() {
    let fake = Fake::new(silent).await;
    let resolver = Arc::new(resolver(vec![forward([&fake], |config| config.max_fails = 0)], |_| ()));
    let ask = |name: &str| {
        let (resolver, message) = (Arc::clone(&resolver), query(name, A));
        tokio::spawn(async move { resolve(&resolver, &message).await })
    };
    let first = ask("www.example");
    sleep(Duration::from_millis(1)).await;
    let others: Vec<_> = (0..50).map(|_| ask("WWW.example")).collect();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(fake.asked(), 1);
    // the one who asked goes away: another takes over
    first.abort();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(fake.asked(), 2);
    fake.now(answers);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap().reply.rcode(), 0);
    }
    assert_eq!(fake.asked(), 3, "one that was lost, one that was not answered, one that was");
    assert!(resolver.flights.is_empty());
}

#[tokio::test(start_paused = true)]
async fn failures_are_kept_and_stale_answers_are_better() {
    let fake = Fake::new(answers).await;
    let stale = Stale { duration: Duration::from_hours(1), verify: true };
    let resolver = resolver(vec![forward([&fake], |_| ())], |config| config.stale = Some(stale));
    let (known, unknown) = (query("known.example", A), query("unknown.example", A));
    resolve(&resolver, &known).await.unwrap();
    sleep(Duration::from_secs(400)).await;
    for failing in [true, false] {
        if failing {
            fake.now(says(2));
        } else {
            fake.now(silent);
        }
        assert_eq!(hit(&resolver, &known), None, "verify: the upstream is asked first");
        let relayed = resolve(&resolver, &known).await.unwrap();
        assert_eq!((relayed.reply.rcode(), relayed.ttl, relayed.cached), (0, Some(0), true));
        assert_eq!(hit(&resolver, &known), None, "the failure does not stand in its way");
    }
    assert!(resolve(&resolver, &unknown).await.is_err());
    assert_eq!(hit(&resolver, &unknown), Some((2, Some(5))));
    fake.now(answers);
    sleep(Duration::from_secs(6)).await;
    assert_eq!(hit(&resolver, &unknown), None);
    assert_eq!(resolve(&resolver, &unknown).await.unwrap().ttl, Some(300));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_goes_on_behind_the_clients_back() {
    let fake = Fake::new(answers).await;
    let stale = Stale { duration: Duration::from_hours(1), verify: false };
    let resolver = Arc::new(resolver(vec![forward([&fake], |_| ())], |config| config.stale = Some(stale)));
    let message = query("www.example", A);
    resolve(&resolver, &message).await.unwrap();
    sleep(Duration::from_secs(400)).await;
    assert!(matches!(resolver.lookup(&key(&message), now()), Lookup::Hit { refresh: true, .. }));
    refresh(&resolver, key(&message), outgoing(&message), Transport::Udp);
    sleep(Duration::from_millis(10)).await;
    assert!(matches!(hit(&resolver, &message), Some((0, Some(299 | 300)))));
}

#[tokio::test]
async fn without_recursion_nothing_is_kept() {
    let fake = Fake::new(answers).await;
    let resolver = resolver(vec![forward([&fake], |_| ())], |_| ());
    let mut message = query("www.example", A);
    message[2] = 0;
    assert_eq!(resolve(&resolver, &message).await.unwrap().ttl, None);
    assert_eq!(hit(&resolver, &message), None);
}

#[tokio::test]
async fn the_longest_zone_is_asked_and_next_asks_on() {
    let (outer, inner) = (Fake::new(says(5)).await, Fake::new(says(3)).await);
    let zone = |name: &str| Name::parse(name).unwrap();
    let from = |name: &str, next: &[u16]| {
        let (from, next) = (zone(name), next.to_vec());
        move |config: &mut ForwardConfig| (config.from, config.next) = (from, next)
    };
    let forwards = vec![forward([&outer], from("example", &[])), forward([&inner], from("b.example", &[2]))];
    let plain = Resolver::new(None, forwards);
    let rcode =
        async |resolver: &Resolver, name: &str| resolve(resolver, &query(name, A)).await.map(|it| it.reply.rcode());
    assert_eq!(rcode(&plain, "www.b.example").await, Ok(3));
    assert_eq!(rcode(&plain, "www.example").await, Ok(5));
    assert_eq!(rcode(&plain, "www.org").await.map_err(|error| error.rcode()), Err(crate::wire::Rcode::Refused));
    assert!(plain.admits(zone("a.example").as_wire()) && !plain.admits(zone("org").as_wire()));
    assert_eq!(hit(&plain, &query("www.example", A)), None);

    let forwards = vec![forward([&inner], from("example", &[3])), forward([&outer], from("example", &[5]))];
    let next = Resolver::new(None, forwards);
    assert_eq!(rcode(&next, "www.example").await, Ok(5), "the last one's answer counts");
}

#[tokio::test]
async fn metrics_have_the_names_of_coredns() {
    let fake =
        Fake::new(|query, over_tcp| if over_tcp { answers(query, true) } else { vec![reply(query, 3, [&[]; 3])] })
            .await;
    let (cache_metrics, forward_metrics) = (cache::Metrics::default(), forward::Metrics::default());
    let cache = Cache::new(cache_config(), cache_metrics.counters("dns://:53", "."));
    let config = forward::tests::config([To::Plain(fake.address)]);
    let resolver = Resolver::new(Some(cache), vec![Forward::new(&config, &forward_metrics).unwrap()]);
    let message = query("www.example", A);
    assert_eq!(hit(&resolver, &message), None);
    resolve(&resolver, &message).await.unwrap();
    for _ in 0..2 {
        resolver.resolve(&key(&message), &outgoing(&message), Transport::Tcp).await.unwrap();
    }
    assert!(hit(&resolver, &message).is_some());

    let mut registry = Registry::default();
    cache_metrics.register(&mut registry);
    forward_metrics.register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let to = fake.address;
    let labels = r#"server="dns://:53",zones=".",view="""#;
    let typed = |kind: &str| format!(r#"server="dns://:53",type="{kind}",zones=".",view="""#);
    let proxy = format!(r#"proxy_name="forward",to="{to}""#);
    for line in [
        format!("coredns_cache_entries{{{}}} 1", typed("success")),
        format!("coredns_cache_entries{{{}}} 0", typed("denial")),
        format!("coredns_cache_hits_total{{{}}} 1", typed("success")),
        format!("coredns_cache_evictions_total{{{}}} 0", typed("denial")),
        format!("coredns_cache_requests_total{{{labels}}} 2"),
        format!("coredns_cache_misses_total{{{labels}}} 1"),
        format!("coredns_cache_prefetch_total{{{labels}}} 0"),
        format!("coredns_cache_drops_total{{{labels}}} 1"),
        format!("coredns_cache_served_stale_total{{{labels}}} 0"),
        "coredns_forward_healthcheck_broken_total 0".to_owned(),
        "coredns_forward_max_concurrent_rejects_total 0".to_owned(),
        format!(r#"coredns_proxy_request_duration_seconds_count{{{proxy},rcode="NXDOMAIN"}} 1"#),
        format!(r#"coredns_proxy_request_duration_seconds_count{{{proxy},rcode="NOERROR"}} 2"#),
        format!("coredns_proxy_healthcheck_failures_total{{{proxy}}} 0"),
        format!(r#"coredns_proxy_conn_cache_hits_total{{{proxy},proto="tcp"}} 1"#),
        format!(r#"coredns_proxy_conn_cache_misses_total{{{proxy},proto="udp"}} 1"#),
        format!(r#"coredns_proxy_conn_cache_misses_total{{{proxy},proto="tcp"}} 1"#),
    ] {
        assert!(text.lines().any(|had| had == line), "{line}\n{text}");
    }
}
