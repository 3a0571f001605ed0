//! `forward` directives and what is made of them.

use super::*;
use crate::config::arguments::tests::read;
use crate::forward::To;

fn config(text: &str) -> ForwardConfig {
    let (config, found) = read(text, understand);
    config.unwrap_or_else(|| panic!("{text}: {found:?}"))
}

#[test]
fn what_is_not_said_is_as_coredns_has_it() {
    let config = config("forward . 10.0.0.53");
    assert!(config.from.is_root());
    assert_eq!(config.to, [To::Plain("10.0.0.53:53".parse().unwrap())]);
    assert_eq!((config.max_fails, config.max_connect_attempts, config.max_concurrent), (2, 0, None));
    assert_eq!(config.health_check.interval, Duration::from_millis(500));
    assert!(config.health_check.recursion && config.health_check.domain.is_root() && !config.failfast);
    assert_eq!((config.protocol, config.policy), (Protocol::Clients, Policy::Random));
    assert_eq!((config.expire, config.max_idle_conns), (Duration::from_secs(10), 0));
}

#[test]
fn every_way_to_name_an_upstream() {
    let config = config(
        "forward . 10.0.0.53:5353 fd00::53 [fd00::54] [fd00::55]:5353 dns://10.0.0.54 tls://9.9.9.9%dns.quad9.net \
         tls://[2620:fe::fe]:8853 /etc/resolv.conf resolv.conf",
    );
    let tls =
        |address: &str, name: Option<&str>| To::Tls { address: address.parse().unwrap(), name: name.map(Into::into) };
    let plain = |address: &str| To::Plain(address.parse().unwrap());
    assert_eq!(
        config.to,
        [
            plain("10.0.0.53:5353"),
            plain("[fd00::53]:53"),
            plain("[fd00::54]:53"),
            plain("[fd00::55]:5353"),
            plain("10.0.0.54:53"),
            tls("9.9.9.9:853", Some("dns.quad9.net")),
            tls("[2620:fe::fe]:8853", None),
            To::ResolvConf("/etc/resolv.conf".into()),
            To::ResolvConf("resolv.conf".into()),
        ]
    );
}

#[test]
fn everything_said() {
    let config = config(
        "forward Example.org 10.0.0.53 {
    except a.example.org 10.0.0.0/8
    except b.example.org
    max_fails 0
    max_connect_attempts 3
    health_check 2s no_rec domain example.org
    force_tcp
    tls cert.pem key.pem ca.pem
    tls_servername dns.example
    expire 30s
    max_idle_conns 5
    policy round_robin
    max_concurrent 100
    next NXDOMAIN
    failover servfail REFUSED
    failfast_all_unhealthy_upstreams
}",
    );
    let names: Vec<String> = config.except.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a.example.org.", "10.in-addr.arpa.", "b.example.org."]);
    assert_eq!(
        (config.from.to_string().as_str(), config.max_fails, config.max_connect_attempts),
        ("example.org.", 0, 3)
    );
    let domain = Name::parse("example.org").unwrap();
    assert_eq!(config.health_check, HealthCheck { interval: Duration::from_secs(2), recursion: false, domain });
    assert_eq!((config.protocol, config.policy), (Protocol::Tcp, Policy::RoundRobin));
    assert_eq!(
        config.tls,
        TlsFiles { identity: Some(("cert.pem".into(), "key.pem".into())), ca: Some("ca.pem".into()) }
    );
    assert_eq!(config.tls_servername.as_deref(), Some("dns.example"));
    assert_eq!((config.expire, config.max_idle_conns, config.max_concurrent), (Duration::from_secs(30), 5, Some(100)));
    assert_eq!((config.next, config.failover, config.failfast), (vec![3], vec![2, 5], true));
}

#[test]
fn faults_are_reported_where_they_are() {
    let block = |line: &str| format!("forward . 10.0.0.53 {{\n {line}\n}}");
    for (text, expected) in [
        ("forward".to_owned(), "2:1 `forward` without zone and upstream"),
        ("forward .".to_owned(), "2:1 `forward .` without an upstream"),
        ("forward . nonsense".to_owned(), "2:11 `nonsense` is neither an IP address nor a file"),
        ("forward . 10.0.0.53:0".to_owned(), "2:11 `10.0.0.53:0` is neither an IP address nor a file"),
        ("forward . https://10.0.0.53".to_owned(), "2:11 `https://` upstreams are not supported"),
        ("forward . tls://dns.example".to_owned(), "2:11 `tls://dns.example` is neither an IP address nor a file"),
        ("forward . tls://10.0.0.53%a..b".to_owned(), "2:11 `a..b` is no name that a certificate can be for"),
        ("forward a..b 10.0.0.53".to_owned(), "2:9 `a..b` is no zone: "),
        ("forward 10.0.0.0/15 10.0.0.53".to_owned(), "2:9 `10.0.0.0/15` is several reverse zones"),
        (format!("forward .{}", " 10.0.0.53".repeat(16)), "2:161 16 upstreams are more than 15"),
        (block("frob 1"), "3:2 unknown option `frob` of forward"),
        (block("policy best"), "3:9 `best` is no policy"),
        (block("max_fails -1"), "3:12 `-1` is no value of max_fails"),
        (block("max_fails"), "3:2 `max_fails` without a value"),
        (block("max_concurrent 1 2"), "3:19 `2` is one word too many for `max_concurrent`"),
        (block("except"), "3:2 `except` without a zone"),
        (block("health_check"), "3:2 `health_check` without an interval"),
        (block("health_check 1ms"), "3:15 `1ms` is too short for health_check"),
        (block("health_check 1s domain"), "3:18 `domain` without a name"),
        (block("health_check 1s rec"), "3:18 unknown option `rec` of health_check"),
        (block("force_tcp\n prefer_udp"), "2:1 `force_tcp` and `prefer_udp` exclude each other"),
        (block("force_tcp yes"), "3:12 `yes` is one word too many for `force_tcp`"),
        (block("tls a b c d"), "3:12 `d` is one word too many for `tls`"),
        (block("expire 10ms"), "3:9 `10ms` is too short for expire"),
        (block("failover NOERROR"), "3:2 `failover NOERROR` would never accept an answer"),
        (block("next MAYBE"), "3:7 `MAYBE` is no response code"),
        (block("next"), "3:2 `next` without a response code"),
    ] {
        let (_, found) = read(&text, understand);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}
