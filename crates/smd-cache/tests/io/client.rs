//! One service: what each fault is called, and what is reused and re-read.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use smd_cache::client::{FetchError, Fetched, Service, Timeouts};
use smd_cache::state::FailureKind;

use super::server::{Reply, Server, json, listen};

const PATH: &str = "/hsm/v2/State/Components";
const LIMIT: usize = 1 << 16;

fn service(url: &str, token: Option<&Path>) -> Service {
    let timeouts = Timeouts {
        connect: Duration::from_millis(100),
        header: Duration::from_millis(300),
        body: Duration::from_millis(300),
    };
    Service::new(url, None, token, timeouts, LIMIT).unwrap()
}

/// What a path with this reply comes to.
async fn get(reply: Reply) -> Result<Fetched, FetchError> {
    let server = Server::start();
    server.set(PATH, reply);
    service(&server.url(), None).get(PATH, None).await
}

#[tokio::test]
async fn a_body_comes_whole() {
    let body = format!("[{}]", " ".repeat(LIMIT - 2));
    for reply in [
        json(body.clone()),
        Reply::Whole(200, "application/json; charset=UTF-8", body.clone()),
        Reply::Whole(200, "", body.clone()),
    ] {
        assert_eq!(get(reply).await, Ok(Fetched::Body(Bytes::from(body.clone()))));
    }
    assert_eq!(get(json("")).await, Ok(Fetched::Body(Bytes::new())), "an empty 200 is for the reader to refuse");
}

#[tokio::test]
async fn every_fault_has_its_kind_and_says_what_was_asked_for() {
    let problem = r#"{"type":"about:blank","title":"Not Found","detail":"no such xname.","status":404}"#;
    let html = "<html><body><h1>503 Service Unavailable</h1></body></html>";
    let kind = FailureKind::Status;
    for (reply, kind, shown) in [
        (Reply::Whole(404, "application/problem+json", problem.into()), kind, "status 404: no such xname."),
        (Reply::Whole(500, "application/problem+json", problem.into()), kind, "status 500: no such xname."),
        (Reply::Whole(200, "application/problem+json", problem.into()), FailureKind::ContentType, "problem+json"),
        (Reply::Whole(503, "text/html", html.into()), kind, "status 503: an HTML page, \"503 Service Unavailable\""),
        (Reply::Whole(200, "text/html", html.into()), FailureKind::ContentType, "text/html"),
        (
            Reply::Whole(401, "text/plain", "no token found\n".into()),
            FailureKind::Unauthorized,
            "status 401: no token found; it wants a token: configure one",
        ),
        (
            Reply::Whole(403, "application/json", r#"{"schema_version":"authz.deny.v1"}"#.into()),
            FailureKind::Forbidden,
            r#"status 403: {"schema_version":"authz.deny.v1"}; it does not let us read this"#,
        ),
        (Reply::Whole(500, "", String::new()), kind, "status 500"),
        (Reply::Whole(204, "", String::new()), kind, "status 204"),
        (Reply::Whole(304, "", String::new()), kind, "status 304"),
        (json(" ".repeat(LIMIT + 1)), FailureKind::TooLarge, "65536"),
        (Reply::Endless, FailureKind::TooLarge, "65536"),
        (Reply::Truncated("[{\"ID\":".into()), FailureKind::Truncated, "ended early"),
        (Reply::Short("[]".into()), FailureKind::Truncated, "ended early"),
        (Reply::Closed, FailureKind::Connect, "closed"),
        (Reply::SlowHeader, FailureKind::Timeout, "the header"),
        (Reply::SlowBody, FailureKind::Timeout, "the body"),
    ] {
        let error = get(reply).await.unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(text.contains(shown) && text.contains(PATH), "{text}");
        assert_eq!(error.is_denied(), text.contains("status 40") && !text.contains("404"), "{text}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_a_failure_like_any_other() {
    let url = {
        let listener = listen();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = service(&url, None).get(PATH, None).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Connect);
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

#[tokio::test]
async fn an_unchanged_body_is_seen_while_it_comes() {
    let server = Server::start();
    server.set(PATH, json("[1,2]"));
    let service = service(&server.url(), None);
    let last = Bytes::from_static(b"[1,2]");
    assert_eq!(service.get(PATH, Some(&last)).await, Ok(Fetched::Unchanged));
    server.set(PATH, json("[1,3]"));
    assert_eq!(service.get(PATH, Some(&last)).await, Ok(Fetched::Body(Bytes::from_static(b"[1,3]"))));
}

#[tokio::test]
async fn a_connection_is_kept_open_for_the_next_poll() {
    let server = Server::start();
    server.set(PATH, json("[]"));
    let service = service(&server.url(), None);
    for _ in 0..3 {
        service.get(PATH, None).await.unwrap();
    }
    let connections: Vec<usize> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0]);
}

#[tokio::test]
async fn a_token_is_sent_and_read_again_when_it_changes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let write = |text: &str| {
        #[expect(clippy::disallowed_methods, reason = "a test replaces the token")]
        std::fs::write(&file, text).unwrap();
    };
    write("first\n");
    let server = Server::start();
    server.set(PATH, json("[]"));
    let mut service = service(&server.url(), Some(&file));
    service.get(PATH, None).await.unwrap();
    write("second");
    assert_eq!(service.reload().await, []);
    service.get(PATH, None).await.unwrap();

    for bad in ["", " \n", "with\nbreak"] {
        write(bad);
        let faults = service.reload().await;
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().contains(&file.display().to_string()), "{}", faults[0]);
    }
    service.get(PATH, None).await.unwrap();

    let sent: Vec<String> = server.requests().into_iter().filter_map(|request| request.authorization).collect();
    assert_eq!(sent, ["Bearer first", "Bearer second", "Bearer second"], "a bad token leaves the old one in use");
}

#[test]
fn a_token_that_cannot_be_read_is_a_start_error_with_its_name() {
    let timeouts = Timeouts { connect: Duration::ZERO, header: Duration::ZERO, body: Duration::ZERO };
    let missing = Path::new("/nonexistent/token");
    let error = Service::new("http://smd", None, Some(missing), timeouts, LIMIT).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/token"), "{error}");
}
