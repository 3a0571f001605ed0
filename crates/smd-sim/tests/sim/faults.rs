//! Every fault as a client meets it.

use std::io::ErrorKind;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use smd_sim::{Cluster, Fault, FaultKind, Sim};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Running;

const COMPONENTS: &str = "/hsm/v2/State/Components";
const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";

async fn running() -> Running {
    Running::start(Sim::new(Cluster::generate(40).unwrap())).await
}

async fn with(kind: FaultKind) -> Running {
    let running = running().await;
    running.sim.set_faults(vec![Fault::everywhere(kind)]).unwrap();
    running
}

/// Status, content type and body of a whole answer.
async fn answer(running: &Running, path: &str) -> (u16, String, String) {
    let response = running.get(path).await.unwrap();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), content_type, response.text().await.unwrap())
}

fn expected(status: u16, content_type: &str, body: &str) -> (u16, String, String) {
    (status, content_type.into(), body.into())
}

/// The bytes that the server sends before it closes the connection, or how it ended.
async fn raw(running: &Running, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(running.address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: smd\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn any_status_with_a_problem() {
    for code in [200, 404, 500, 502] {
        let running = with(FaultKind::Status { code, detail: "failed to query DB.".into() }).await;
        let (status, content_type, body) = answer(&running, COMPONENTS).await;
        assert_eq!((status, content_type.as_str()), (code, "application/problem+json"));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["status"], &body["detail"]), (&json!(code), &json!("failed to query DB.")));
        running.stop().await;
    }
}

#[tokio::test]
async fn answers_instead_of_the_services() {
    let running = running().await;
    for (kind, want) in [
        (FaultKind::Unauthorized, expected(401, "text/plain; charset=utf-8", "no token found\n")),
        (FaultKind::Empty, expected(200, "application/json", "")),
        (FaultKind::Null, expected(200, "application/json", "null\n")),
    ] {
        running.sim.set_faults(vec![Fault::everywhere(kind)]).unwrap();
        assert_eq!(answer(&running, COMPONENTS).await, want);
    }
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::Html503)]).unwrap();
    let (status, content_type, body) = answer(&running, "/boot/v1/dumpstate").await;
    assert_eq!((status, content_type.as_str()), (503, "text/html"));
    assert!(body.starts_with("<html>"), "{body}");
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::GarbageJson)]).unwrap();
    let (status, content_type, body) = answer(&running, INTERFACES).await;
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    assert!(serde_json::from_str::<Value>(&body).unwrap_err().is_eof());
    running.stop().await;
}

#[tokio::test]
async fn a_slow_header_comes_late_and_right() {
    let running = running().await;
    let good = answer(&running, COMPONENTS).await;
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::SlowHeader { milliseconds: 600_000 })]).unwrap();
    let request = running.client.get(running.url(COMPONENTS)).timeout(Duration::from_millis(300)).send();
    assert!(request.await.unwrap_err().is_timeout());
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::SlowHeader { milliseconds: 20 })]).unwrap();
    assert_eq!(answer(&running, COMPONENTS).await, good);
    running.stop().await;
}

#[tokio::test]
async fn a_slow_body_comes_in_drips_and_is_right_in_the_end() {
    let running = running().await;
    let good = answer(&running, COMPONENTS).await;
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::SlowBody { bytes: 100, milliseconds: 600_000 })]).unwrap();
    let mut response = running.get(COMPONENTS).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap().len(), 100, "the first drip is there");
    drop(response);
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::SlowBody { bytes: 1000, milliseconds: 1 })]).unwrap();
    assert_eq!(answer(&running, COMPONENTS).await, good);
    running.stop().await;
}

#[tokio::test]
async fn a_truncated_body_ends_without_the_last_chunk() {
    let running = with(FaultKind::Truncated { bytes: Some(100) }).await;
    let mut response = running.get(COMPONENTS).await.unwrap();
    assert_eq!((response.status().as_u16(), response.content_length()), (200, None));
    assert_eq!(response.chunk().await.unwrap().unwrap().len(), 100);
    assert!(response.chunk().await.is_err(), "the body must not look complete");
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::Truncated { bytes: None })]).unwrap();
    let text = String::from_utf8(raw(&running, COMPONENTS).await.unwrap()).unwrap();
    assert!(text.contains("transfer-encoding: chunked"), "{text}");
    assert!(!text.ends_with("0\r\n\r\n"), "{text}");
    running.stop().await;
}

#[tokio::test]
async fn a_reset_connection_has_no_answer() {
    let running = with(FaultKind::Reset).await;
    assert!(running.get(COMPONENTS).await.is_err());
    assert_eq!(raw(&running, COMPONENTS).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    running.sim.clear_faults();
    assert_eq!(running.get(COMPONENTS).await.unwrap().status(), 200);
    running.stop().await;
}

#[tokio::test]
async fn garbage_rows_stand_among_the_good_ones() {
    let running = running().await;
    let good = running.json(INTERFACES).await.as_array().unwrap().len();
    running.sim.set_faults(vec![Fault::on(INTERFACES, FaultKind::GarbageRows)]).unwrap();
    let rows = running.json(INTERFACES).await;
    let rows = rows.as_array().unwrap();
    assert!(rows.len() > good + 10);
    let has = |test: &dyn Fn(&Value) -> bool| rows.iter().any(test);
    let mac = |row: &Value| row["MACAddress"].as_str().unwrap().to_owned();
    assert!(has(&|row| mac(row) == "not a mac"));
    assert!(has(&|row| mac(row).is_empty()));
    assert!(has(&|row| mac(row).starts_with("02-01-")));
    assert!(has(&|row| row["IPAddresses"][0]["IPAddress"] == ""));
    assert!(has(&|row| row["IPAddresses"][0]["IPAddress"] == "999.1.2.3"));
    assert!(has(&|row| row["ComponentID"] == ""));
    assert!(has(&|row| row["ComponentID"] == "x9999c0s0b0n0"));
    let mut addresses: Vec<&Value> = rows.iter().flat_map(|row| row["IPAddresses"].as_array().unwrap()).collect();
    let count = addresses.len();
    addresses.sort_by_key(|entry| entry["IPAddress"].as_str());
    addresses.dedup_by_key(|entry| entry["IPAddress"].as_str());
    assert!(addresses.len() < count, "some addresses are there twice");
    assert_eq!(running.json(COMPONENTS).await["Components"].as_array().unwrap().len(), 50, "other paths are spared");
    running.stop().await;
}

#[tokio::test]
async fn a_mass_deletion_leaves_a_part_or_nothing() {
    let running = with(FaultKind::MassDeletion { keep: 0.5 }).await;
    assert_eq!(running.json(COMPONENTS).await["Components"].as_array().unwrap().len(), 25);
    assert_eq!(running.json(INTERFACES).await.as_array().unwrap().len(), 65);
    running.sim.set_faults(vec![Fault::everywhere(FaultKind::MassDeletion { keep: 0.0 })]).unwrap();
    assert_eq!(running.json(COMPONENTS).await, json!({"Components": []}));
    assert_eq!(running.json(INTERFACES).await, json!([]));
    assert_eq!(running.json("/boot/v1/bootparameters").await, Value::Null);
    running.sim.clear_faults();
    assert_eq!(running.json(INTERFACES).await.as_array().unwrap().len(), 130);
    running.stop().await;
}

#[tokio::test]
async fn refused_connections_meet_no_listener_until_the_fault_is_cleared() {
    let running = running().await;
    assert_eq!(running.get(COMPONENTS).await.unwrap().status(), 200);
    for _ in 0..3 {
        running.sim.set_faults(vec![Fault::everywhere(FaultKind::Refused)]).unwrap();
        running.sim.settled().await;
        assert!(running.get(COMPONENTS).await.unwrap_err().is_connect());
        assert_eq!(raw(&running, COMPONENTS).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        running.sim.clear_faults();
        running.sim.settled().await;
        assert_eq!(running.get(COMPONENTS).await.unwrap().status(), 200);
    }
    running.stop().await;
}

#[tokio::test]
async fn refused_connections_by_http_end_by_themselves() {
    let running = running().await;
    let fault = json!([{"kind": "refused", "seconds": 0.3}]).to_string();
    let (status, _) = running.send(Method::PUT, "/sim/faults", fault).await;
    assert_eq!(status, 200, "the request that closes the listener is still answered");
    assert!(running.get(COMPONENTS).await.unwrap_err().is_connect());
    let mut response = running.get(COMPONENTS).await;
    while response.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        response = running.get(COMPONENTS).await;
    }
    assert_eq!(response.unwrap().status(), 200);
    assert!(running.sim.faults().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_server_that_refuses_can_be_stopped() {
    let running = with(FaultKind::Refused).await;
    running.sim.settled().await;
    running.stop().await;
}

#[tokio::test]
async fn faults_by_http_are_strict_and_never_touch_sim() {
    let running = running().await;
    let faults = json!([
        {"path": "/hsm/v2", "kind": {"status": {"code": 500, "detail": "no"}}, "seconds": 600},
        {"path": INTERFACES, "kind": "null"},
        {"path": "/boot", "kind": {"truncated": {}}}
    ]);
    let (status, text) = running.send(Method::PUT, "/sim/faults", faults.to_string()).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(running.get(COMPONENTS).await.unwrap().status(), 500);
    assert_eq!(running.json(INTERFACES).await, Value::Null);
    let listed = running.json("/sim/faults").await;
    assert!((1.0..=600.0).contains(&listed[0]["seconds"].as_f64().unwrap()));
    let (status, text) = running.send(Method::PUT, "/sim/faults", listed.to_string()).await;
    assert_eq!(status, 200, "what is listed can be put: {text}");
    for (body, detail) in [
        ("{}", "invalid type: map"),
        (r#"[{"kind":"explode"}]"#, "unknown variant `explode`"),
        (r#"[{"kind":{"status":{"code":500,"text":"x"}}}]"#, "unknown field `text`"),
        (r#"[{"kind":"null","colour":"red"}]"#, "unknown field `colour`"),
        (r#"[{"kind":{"status":{"code":99}}}]"#, "status code 99"),
        (r#"[{"kind":"null"},{"kind":"empty"}]"#, "has two faults"),
        (r#"[{"kind":"refused"}]"#, "needs \\\"seconds\\\""),
        (r#"[{"kind":"null","path":"/sim"}]"#, "/sim is never spoilt"),
    ] {
        let (status, text) = running.send(Method::PUT, "/sim/faults", body).await;
        assert_eq!(status, 400, "{body}");
        assert!(text.contains(detail), "{body}: {text}");
        assert_eq!(running.sim.faults().len(), 3, "{body}: the faults before are still in force");
    }
    assert_eq!(running.send(Method::DELETE, "/sim/faults", "").await.0, 204);
    assert_eq!(running.get(COMPONENTS).await.unwrap().status(), 200);
    let everything = json!([{"kind": "html503"}]).to_string();
    assert_eq!(running.send(Method::PUT, "/sim/faults", everything).await.0, 200);
    assert_eq!(running.json("/sim/faults").await[0]["kind"], "html503", "/sim is spared");
    running.stop().await;
}
