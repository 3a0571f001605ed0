//! Forwarding to upstreams on loopback that answer, lie, break off or say nothing. Where it is waited for silence, the
//! clock of the runtime stands still, and jumps to the next timer when nothing else is to be done.

pub(crate) mod fake;

use super::*;
use crate::cache::tests::config as cache_config;
use crate::query::Header;
use crate::query::Query;
use crate::relayed::tests::{A, ADDRESS, query, reply};
use fake::Fake;

/// A `forward .` to these upstreams, as the directive alone has it.
pub(crate) fn config(to: impl IntoIterator<Item = To>) -> ForwardConfig {
    ForwardConfig {
        from: Name::root(),
        to: to.into_iter().collect(),
        except: Vec::new(),
        max_fails: 2,
        max_connect_attempts: 0,
        health_check: HealthCheck { interval: Duration::from_millis(500), recursion: true, domain: Name::root() },
        protocol: Protocol::Clients,
        tls: TlsFiles::default(),
        tls_servername: None,
        expire: Duration::from_secs(10),
        max_idle_conns: 0,
        policy: Policy::Sequential,
        max_concurrent: None,
        next: Vec::new(),
        failover: Vec::new(),
        failfast: false,
        span: cache_config().span,
    }
}

/// A `forward` to these upstreams with some things changed.
pub(crate) fn forward<const N: usize>(upstreams: [&Fake; N], change: impl FnOnce(&mut ForwardConfig)) -> Forward {
    let mut config = config(upstreams.map(|fake| To::Plain(fake.address)));
    change(&mut config);
    Forward::new(&config, &Metrics::default()).unwrap()
}

/// The query for a client's message.
pub(crate) fn outgoing(message: &[u8]) -> Outgoing {
    let header = Header::decode(message).unwrap();
    let query = Query::decode(&header, message).unwrap();
    Outgoing::new(message, &query, query.lower_name().as_wire())
}

/// Answers with one address.
pub(crate) fn answers(query: &[u8], _: bool) -> Vec<Vec<u8>> {
    vec![reply(query, 0, [&[(A, 300, ADDRESS)], &[], &[]])]
}

/// Answers with a response code.
pub(crate) fn says(rcode: u8) -> impl Fn(&[u8], bool) -> Vec<Vec<u8>> {
    move |query, _| vec![reply(query, rcode, [&[]; 3])]
}

/// Does not answer, and ends connections.
pub(crate) fn silent(_: &[u8], _: bool) -> Vec<Vec<u8>> {
    Vec::new()
}

/// Lets time go by at once.
pub(crate) async fn later(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn ask(forward: &Forward) -> Result<u16, ForwardError> {
    ask_over(forward, Transport::Udp).await.map(|reply| reply.rcode())
}

async fn ask_over(forward: &Forward, transport: Transport) -> Result<Reply, ForwardError> {
    forward.forward(&outgoing(&query("www.example", A)), transport).await
}

#[tokio::test]
async fn each_query_has_a_port_and_an_id_of_its_own() {
    let fake = Fake::new(answers).await;
    let forward = forward([&fake], |_| ());
    for _ in 0..20 {
        assert_eq!(ask(&forward).await, Ok(0));
    }
    assert!(fake.ports() >= 19, "{}", fake.ports());
}

#[tokio::test(start_paused = true)]
async fn wrong_answers_are_passed_over_until_the_right_one_comes() {
    let lies = |query: &[u8], _: bool| {
        let right = reply(query, 0, [&[(A, 300, ADDRESS)], &[], &[]]);
        let (mut other_id, mut other_question, mut no_response) = (right.clone(), right.clone(), right.clone());
        other_id[0] ^= 1;
        other_question[13] = b'x';
        no_response[2] = 1;
        vec![Vec::new(), other_id, other_question, no_response, right[..20].to_vec(), vec![0; 600], right]
    };
    let fake = Fake::new(lies).await;
    let forward = forward([&fake], |_| ());
    assert_eq!(ask(&forward).await, Ok(0));
    assert_eq!(fake.asked(), 1);
    fake.now(move |query, over_tcp| lies(query, over_tcp)[..6].to_vec());
    let timeout = Err(ForwardError::Timeout { upstream: fake.address });
    assert_eq!(ask(&forward).await, timeout);
    assert_eq!(ask_over(&forward, Transport::Tcp).await.map_err(|error| error.rcode()), Err(Rcode::ServFail));
}

#[tokio::test]
async fn the_clients_protocol_is_used_unless_told_otherwise() {
    let only_tcp = |query: &[u8], over_tcp: bool| {
        let mut message = answers(query, over_tcp).remove(0);
        message[2] |= if over_tcp { 0 } else { 0x02 };
        vec![message]
    };
    let fake = Fake::new(only_tcp).await;
    for (protocol, transport, truncated, connections) in [
        (Protocol::Clients, Transport::Udp, true, 0),
        (Protocol::Clients, Transport::Tcp, false, 1),
        (Protocol::UdpFirst, Transport::Udp, false, 2),
        (Protocol::UdpFirst, Transport::Tcp, false, 3),
        (Protocol::Tcp, Transport::Udp, false, 4),
    ] {
        let forward = forward([&fake], |config| config.protocol = protocol);
        let reply = ask_over(&forward, transport).await.unwrap();
        assert_eq!((reply.is_truncated(), fake.connections()), (truncated, connections), "{protocol:?} {transport:?}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_until_it_is_too_old_or_closed() {
    let fake = Fake::new(answers).await;
    let forward = forward([&fake], |config| config.protocol = Protocol::Tcp);
    for _ in 0..5 {
        assert_eq!(ask(&forward).await, Ok(0));
    }
    assert_eq!(fake.connections(), 1);
    later(Duration::from_secs(11)).await;
    assert_eq!(ask(&forward).await, Ok(0));
    assert_eq!(fake.connections(), 2);
    // closed by the upstream after its second reply: the query goes over a new one
    fake.now(silent);
    assert!(ask(&forward).await.is_err());
    fake.now(answers);
    assert_eq!(ask(&forward).await, Ok(0));
}

#[tokio::test]
async fn idle_connections_are_closed_by_one_task() {
    let fake = Fake::new(answers).await;
    let forward = forward([&fake], |config| config.protocol = Protocol::Tcp);
    assert_eq!(ask(&forward).await, Ok(0));
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..20 {
        assert_eq!(ask(&forward).await, Ok(0));
    }
    assert_eq!(tasks(), before);
    // the task and the connection at the other end
    while tasks() > before - 2 {
        later(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_upstream_is_asked_when_one_fails() {
    let (mute, good) = (Fake::new(silent).await, Fake::new(answers).await);
    let dead = To::Plain("127.0.0.1:1".parse().unwrap());
    for first in [dead, To::Plain(mute.address)] {
        let config = config([first, To::Plain(good.address)]);
        let forward = Forward::new(&config, &Metrics::default()).unwrap();
        assert_eq!(ask(&forward).await, Ok(0));
    }
    let alone = forward([&mute], |_| ());
    let before = mute.asked();
    assert_eq!(ask(&alone).await, Err(ForwardError::Timeout { upstream: mute.address }));
    // three attempts, and a health check beside each failure at most
    assert!(mute.asked() - before >= 3);
}

#[tokio::test]
async fn failover_asks_on_and_is_content_with_the_last() {
    let (failing, refusing, good) = (Fake::new(says(2)).await, Fake::new(says(5)).await, Fake::new(answers).await);
    let change = |config: &mut ForwardConfig| config.failover = vec![2, 5];
    assert_eq!(ask(&forward([&failing, &refusing, &good], change)).await, Ok(0));
    assert_eq!(ask(&forward([&failing, &refusing], change)).await, Ok(5));
    assert_eq!(ask(&forward([&failing, &good], |_| ())).await, Ok(2), "an answer is an answer");
    assert_eq!(ask(&forward([&Fake::new(says(3)).await, &good], change)).await, Ok(3));
    let once = |config: &mut ForwardConfig| {
        change(config);
        config.max_connect_attempts = 1;
    };
    assert_eq!(ask(&forward([&failing, &good], once)).await, Ok(2), "max_connect_attempts ends it");
}

#[tokio::test(start_paused = true)]
async fn a_dead_upstream_is_checked_passed_over_and_taken_back() {
    let (ill, good) = (Fake::new(silent).await, Fake::new(answers).await);
    let forward = forward([&ill, &good], |_| ());
    assert_eq!(ask(&forward).await, Ok(0));
    sleep(Duration::from_secs(10)).await;
    assert!(forward.upstreams[0].is_down() && !forward.upstreams[1].is_down());
    let checks = ill.asked();
    assert!(checks >= 4, "a query and at least three checks: {checks}");
    assert_eq!(ask(&forward).await, Ok(0));
    ill.now(says(5));
    sleep(Duration::from_secs(10)).await;
    assert!(!forward.upstreams[0].is_down(), "whatever it answers, it is there");
    let (before, others) = (ill.asked(), good.asked());
    sleep(Duration::from_mins(1)).await;
    assert_eq!(ill.asked(), before, "no more checks");
    assert_eq!(ask(&forward).await, Ok(5));
    assert_eq!(good.asked(), others);
}

#[tokio::test(start_paused = true)]
async fn checks_end_with_the_configuration_and_max_fails_0_has_none() {
    let mute = Fake::new(silent).await;
    let unchecked = forward([&mute], |config| config.max_fails = 0);
    assert!(ask(&unchecked).await.is_err());
    let asked = mute.asked();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(mute.asked(), asked);
    assert!(!unchecked.upstreams[0].is_down());

    let checked = forward([&mute], |_| ());
    assert!(ask(&checked).await.is_err());
    drop(checked);
    sleep(Duration::from_secs(5)).await;
    let asked = mute.asked();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(mute.asked(), asked);
}

#[tokio::test(start_paused = true)]
async fn when_all_are_down_one_is_tried_or_none() {
    let mute = Fake::new(silent).await;
    for failfast in [false, true] {
        let forward = forward([&mute, &mute], |config| config.failfast = failfast);
        assert!(ask(&forward).await.is_err());
        sleep(Duration::from_secs(20)).await;
        mute.now(answers);
        let expected = if failfast { Err(ForwardError::AllDown) } else { Ok(0) };
        // before a check finds out that it is well again
        assert_eq!(ask(&forward).await, expected);
        assert_eq!(forward.metrics.broken.get(), 1);
        mute.now(silent);
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_at_a_time_are_refused() {
    let mute = Fake::new(silent).await;
    let forward = forward([&mute], |config| config.max_concurrent = Some(2));
    let (first, second, third) = tokio::join!(ask(&forward), ask(&forward), ask(&forward));
    assert_eq!((first.map_err(|error| error.rcode()), second.is_err()), (Err(Rcode::ServFail), true));
    assert_eq!(third, Err(ForwardError::Busy));
    assert_eq!(forward.metrics.rejects.get(), 1);
    assert_eq!(ForwardError::Busy.rcode(), Rcode::Refused);
}

#[tokio::test]
async fn over_tls_the_certificate_must_be_from_the_ca_and_for_the_name() {
    let fake = Fake::tls(answers).await;
    let file = |name: &str| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name);
    for (ca, own_name, server_name, works) in [
        ("ca.pem", Some("localhost"), None, true),
        ("ca.pem", None, Some("localhost"), true),
        ("ca.pem", Some("elsewhere.example"), Some("localhost"), false),
        ("other-ca.pem", Some("localhost"), None, false),
    ] {
        let mut config = config([To::Tls { address: fake.address, name: own_name.map(str::to_owned) }]);
        config.tls.ca = Some(file(ca));
        config.tls_servername = server_name.map(str::to_owned);
        let forward = Forward::new(&config, &Metrics::default()).unwrap();
        let before = fake.connections();
        let (first, second) = (ask(&forward).await, ask(&forward).await);
        assert_eq!((first.is_ok(), second.is_ok()), (works, works), "{first:?}");
        if works {
            assert_eq!(fake.connections(), before + 1, "used again");
        } else {
            assert!(first.unwrap_err().to_string().contains("certificate"));
        }
    }
}

#[test]
fn files_that_are_no_good_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a test writes its files")]
        std::fs::write(&path, text).unwrap();
        path
    };
    let resolv = file("resolv.conf", "# ours\nsearch example\nnameserver 10.0.0.53\nnameserver fd00::53 \n");
    let forward = Forward::new(&config([To::ResolvConf(resolv)]), &Metrics::default()).unwrap();
    assert!(format!("{forward:?}").contains("[10.0.0.53:53, [fd00::53]:53]"), "{forward:?}");

    let many = "nameserver 10.0.0.53\n".repeat(16);
    for (path, reason) in [
        (file("empty", "search example\n"), "empty: it names no nameserver"),
        (file("bad", "\nnameserver ns.example\n"), "bad: line 2: `ns.example` is not an IP address"),
        (file("many", &many), "16 upstreams; at most 15"),
        (directory.path().join("absent"), "absent: No such file"),
    ] {
        let error = Forward::new(&config([To::ResolvConf(path)]), &Metrics::default()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let ca = Some(file("ca.pem", "no certificate"));
    let upstream = To::Tls { address: "127.0.0.1:853".parse().unwrap(), name: None };
    let mut config = config([upstream]);
    config.tls = TlsFiles { identity: None, ca };
    let error = Forward::new(&config, &Metrics::default()).unwrap_err().to_string();
    assert!(error.contains("ca.pem: it holds no certificate"), "{error}");
}

#[test]
fn names_are_taken_by_zone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let inside = runtime.enter();
    let mut config = config([To::Plain("127.0.0.1:53".parse().unwrap())]);
    config.from = Name::parse("example").unwrap();
    config.except = ["kept.example", "example"].map(|zone| Name::parse(zone).unwrap()).into();
    let forward = Forward::new(&config, &Metrics::default()).unwrap();
    drop(inside);
    let admits = |name: &str| forward.admits(Name::parse(name).unwrap().as_wire());
    assert_eq!(["example", "a.kept.example", "org", "notexample"].map(admits), [true, false, false, false]);
}

#[tokio::test]
async fn zones_are_not_transferred_through_us() {
    let fake = Fake::new(answers).await;
    let forward = forward([&fake], |_| ());
    for qtype in [251, 252] {
        let answer = forward.forward(&outgoing(&query("example", qtype)), Transport::Tcp).await;
        assert_eq!(answer, Err(ForwardError::Transfer));
    }
    assert_eq!(fake.asked(), 0);
}
