//! Requests over real connections.

#![expect(clippy::disallowed_methods, reason = "these tests bind loopback listeners of their own")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::drain::Stop;

/// Serves `router` while `client` talks to it, then stops.
async fn serving(router: Router, client: impl AsyncFnOnce(SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new().unwrap();
    let server = tokio::spawn(run(listener, router, stop.wait()));
    client(address).await;
    stop.set();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
}

/// Status, header and body of one request on a connection of its own.
async fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (header, body) = answer.split_once("\r\n\r\n").unwrap();
    (header[9..12].parse().unwrap(), header.to_ascii_lowercase(), body.to_owned())
}

fn metrics() -> Metrics {
    Metrics::new(Arc::new(RwLock::new(Registry::default())))
}

#[tokio::test]
async fn readiness_follows_the_reasons() {
    let ready = Arc::new(AtomicBool::new(false));
    let (switch, reasons) = (Arc::clone(&ready), ["no snapshot", "no listener"].map(str::to_owned));
    let check = move || if switch.load(Ordering::SeqCst) { Vec::new() } else { reasons.to_vec() };
    let router = router(Ready::new(check).details(|| vec!["hosts: 0".to_owned()]), metrics());
    serving(router, async |address| {
        let answer = async |path| {
            let (status, _, body) = ask(address, "GET", path).await;
            (status, body)
        };
        assert_eq!(answer("/healthz").await, (200, "ok".to_owned()));
        assert_eq!(answer("/readyz").await, (503, "no snapshot\nno listener".to_owned()));
        ready.store(true, Ordering::SeqCst);
        assert_eq!(answer("/readyz").await, (200, "ok".to_owned()));
        assert_eq!(answer("/readyz?verbose").await, (200, "ok\n\nhosts: 0".to_owned()));
        assert_eq!(ask(address, "HEAD", "/readyz").await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn warnings_are_told_without_being_asked_for() {
    let ready = Ready::new(Vec::new).warnings(|| vec!["leases are lost".to_owned()]);
    let router = router(ready.details(|| vec!["hosts: 0".to_owned()]), metrics());
    serving(router, async |address| {
        let (status, _, body) = ask(address, "GET", "/readyz").await;
        assert_eq!((status, body.as_str()), (200, "ok\n\nleases are lost"));
        let (_, _, body) = ask(address, "GET", "/readyz?verbose").await;
        assert_eq!(body, "ok\n\nleases are lost\n\nhosts: 0");
    })
    .await;
}

#[tokio::test]
async fn routes_can_be_put_elsewhere_and_speak_otherwise() {
    let reasons = || vec!["coresmd".to_owned(), "kubernetes".to_owned()];
    let router = health("/health", "OK").merge(Ready::new(reasons).words("OK", ",").route("/ready"));
    serving(router, async |address| {
        let (status, _, body) = ask(address, "GET", "/health").await;
        assert_eq!((status, body.as_str()), (200, "OK"));
        let (status, _, body) = ask(address, "GET", "/ready").await;
        assert_eq!((status, body.as_str()), (503, "coresmd,kubernetes"));
    })
    .await;
}

#[tokio::test]
async fn metrics_are_openmetrics_and_fresh_at_each_scrape() {
    let registry = Arc::new(RwLock::new(Registry::default()));
    let (requests, age) = (Counter::<u64>::default(), Gauge::<i64, AtomicI64>::default());
    registry.write().unwrap().register("requests", "Requests", requests.clone());
    let (scrapes, gauge) = (AtomicI64::new(0), age.clone());
    let update = move || {
        gauge.set(scrapes.fetch_add(1, Ordering::SeqCst) + 1);
    };
    let route = Metrics::new(Arc::clone(&registry)).before_scrape(update).route("/metrics");
    registry.write().unwrap().register("age", "Age", age);
    requests.inc_by(7);
    serving(route, async |address| {
        let (status, header, body) = ask(address, "GET", "/metrics").await;
        assert_eq!(status, 200);
        assert!(header.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
        assert!(body.contains("\nrequests_total 7\n") && body.contains("\nage 1\n"), "{body}");
        assert!(body.ends_with("# EOF\n"));
        let (_, _, body) = ask(address, "GET", "/metrics").await;
        assert!(body.contains("\nage 2\n"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    serving(router(Ready::new(Vec::new), metrics()), async |address| {
        let (status, header, body) = ask(address, "GET", "/nothing?x").await;
        assert_eq!(status, 404);
        assert!(header.contains("content-type: application/problem+json"));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let expected = serde_json::json!(
            { "type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is nothing at /nothing" }
        );
        assert_eq!(body, expected);

        let (status, header, body) = ask(address, "POST", "/metrics").await;
        assert_eq!(status, 405);
        assert!(header.contains("allow: get,head"), "{header}");
        assert!(body.contains("/metrics cannot be asked by POST"), "{body}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn clients_that_say_nothing_make_room_for_others() {
    serving(health("/healthz", "ok"), async |address| {
        let mut silent = Vec::new();
        for _ in 0..150 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        silent[0].write_all(b"GET /healthz HTT").await.unwrap();
        assert_eq!(ask(address, "GET", "/healthz").await.2, "ok");
        // The server has ended the first connections, more than it takes at one time, before it answered.
        let mut answer = Vec::new();
        let ended = silent[0].read_to_end(&mut answer).await;
        assert!(ended.is_err() || !answer.starts_with(b"HTTP/1.1 200"));
    })
    .await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_after_the_stop() {
    let stop = Stop::new().unwrap();
    let (switch, listener) = (stop.clone(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    let slow = get(move || {
        switch.set();
        async {
            tokio::task::yield_now().await;
            "done"
        }
    });
    let server = tokio::spawn(run(listener, Router::new().route("/slow", slow), stop.wait()));
    let (status, _, body) = ask(address, "GET", "/slow").await;
    assert_eq!((status, body.as_str()), (200, "done"));
    server.await.unwrap().unwrap();
}
