//! What is counted, as a scrape shows it.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::*;
use crate::wire::{Rcode, Rtype};

fn listener() -> Arc<ListenerLabels> {
    let key = |zone: &str, zones: &[&str]| KeyLabels {
        zone: zone.to_owned(),
        shown: true,
        plugins: vec!["prometheus", "coresmd"],
        zones: zones.iter().map(|zone| (*zone).to_owned()).collect(),
    };
    let hidden = KeyLabels { shown: false, ..key("hidden.", &["h"]) };
    let keys = vec![key(".", &["openchami.cluster", "openchami.cluster"]), hidden];
    Arc::new(ListenerLabels { server: "dns://:53".to_owned(), keys })
}

fn worker(listener: &Arc<ListenerLabels>, proto: &'static str) -> Worker {
    let tally = Tally::new(listener.keys.iter().map(|key| key.zones.len()));
    Worker { listener: Arc::clone(listener), proto, tally: Arc::new(tally) }
}

fn sample(qtype: Rtype, zone: Option<usize>, hit: bool) -> Sample {
    Sample {
        key: Some(0),
        ipv6: false,
        qtype: Some(qtype),
        rcode: if hit { Rcode::NoError } else { Rcode::NxDomain }.into(),
        dnssec_ok: false,
        request_size: 44,
        response_size: 60,
        duration: Duration::from_micros(3),
        coresmd: Some((zone, hit)),
    }
}

fn scrape(workers: Vec<Worker>) -> Vec<String> {
    let listeners = vec![Arc::clone(&workers[0].listener)];
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collector { listeners, workers, endpoints: Vec::new() }));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn workers_are_added_up_under_the_original_names() {
    let listener = listener();
    let (one, two, tcp) = (worker(&listener, "udp"), worker(&listener, "udp"), worker(&listener, "tcp"));
    one.tally.record(&sample(Rtype::A, Some(0), true));
    two.tally.record(&sample(Rtype::A, Some(0), true));
    two.tally.record(&sample(Rtype::A, None, false));
    // a reverse name in no zone of ours counts as the first zone's
    two.tally.record(&sample(Rtype::PTR, Some(1), true));
    tcp.tally.record(&Sample { ipv6: true, dnssec_ok: true, ..sample(Rtype(65280), Some(0), false) });
    let lines = scrape(vec![one, two, tcp]);
    let core = r#"server="dns://:53",zone=".",view="""#;
    for want in [
        format!(r#"coredns_dns_requests_total{{{core},proto="udp",family="1",type="A"}} 3"#),
        format!(r#"coredns_dns_requests_total{{{core},proto="udp",family="1",type="PTR"}} 1"#),
        format!(r#"coredns_dns_requests_total{{{core},proto="tcp",family="2",type="other"}} 1"#),
        format!("coredns_dns_do_requests_total{{{core}}} 1"),
        format!(r#"coredns_dns_responses_total{{{core},rcode="NOERROR",plugin="coresmd"}} 3"#),
        format!(r#"coredns_dns_responses_total{{{core},rcode="NXDOMAIN",plugin="coresmd"}} 2"#),
        format!("coredns_dns_request_duration_seconds_count{{{core}}} 5"),
        format!(r#"coredns_dns_request_duration_seconds_bucket{{le="0.00025",{core}}} 5"#),
        format!(r#"coredns_dns_response_size_bytes_bucket{{le="100.0",{core},proto="udp"}} 4"#),
        format!(r#"coredns_dns_response_size_bytes_bucket{{le="+Inf",{core},proto="tcp"}} 1"#),
        format!(r#"coredns_dns_request_size_bytes_sum{{{core},proto="tcp"}} 44.0"#),
        format!(r#"coredns_plugin_enabled{{{core},name="coresmd"}} 1"#),
        r#"coredns_coresmd_requests_total{server="default",zone="openchami.cluster",type="A"} 2"#.to_owned(),
        r#"coredns_coresmd_requests_total{server="default",zone="unknown",type="A"} 1"#.to_owned(),
        r#"coredns_coresmd_requests_total{server="default",zone="openchami.cluster",type="other"} 1"#.to_owned(),
        r#"coredns_coresmd_cache_hits_total{server="default",zone="openchami.cluster",record_type="PTR"} 1"#.to_owned(),
        r#"coredns_coresmd_cache_misses_total{server="default",zone="unknown",record_type="A"} 1"#.to_owned(),
        r#"coredns_coresmd_request_duration_seconds_count{server="default",zone="openchami.cluster"} 4"#.to_owned(),
        "coredns_panics_total 0".to_owned(),
    ] {
        assert!(lines.contains(&want), "{want}\n{}", lines.join("\n"));
    }
}

#[test]
fn a_block_without_prometheus_is_not_shown_and_what_belongs_to_none_is_dropped() {
    let worker = worker(&listener(), "udp");
    worker.tally.record(&Sample { key: Some(1), ..sample(Rtype::A, Some(0), true) });
    let stray =
        Sample { key: None, qtype: None, rcode: Rcode::FormErr.into(), coresmd: None, ..sample(Rtype::A, None, false) };
    worker.tally.record(&stray);
    let text = scrape(vec![worker]).join("\n");
    assert!(!text.contains("hidden.") && !text.contains(r#"zone="h""#), "{text}");
    let dropped = r#"{server="dns://:53",zone="dropped",view="",rcode="FORMERR",plugin=""} 1"#;
    assert!(text.contains(dropped), "{text}");
}

#[test]
fn values_beyond_the_last_bound_count_as_well() {
    let worker = worker(&listener(), "udp");
    worker.tally.record(&Sample { duration: Duration::from_mins(1), ..sample(Rtype::A, Some(0), true) });
    let text = scrape(vec![worker]).join("\n");
    assert!(
        text.contains(
            r#"coredns_dns_request_duration_seconds_bucket{le="8.192",server="dns://:53",zone=".",view=""} 0"#
        )
    );
    assert!(
        text.contains(
            r#"coredns_dns_request_duration_seconds_bucket{le="+Inf",server="dns://:53",zone=".",view=""} 1"#
        )
    );
    assert!(text.contains(r#"coredns_dns_request_duration_seconds_sum{server="dns://:53",zone=".",view=""} 60.0"#));
}
