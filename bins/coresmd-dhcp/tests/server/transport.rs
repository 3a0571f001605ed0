//! What the environment says about the way to SMD and the token for it.

use std::io::{Read, Write};
use std::thread;

use super::harness::{Server, get, listener, smd};

#[test]
fn a_proxy_of_the_environment_is_used_unless_it_is_switched_off() {
    let proxy = smd();
    let elsewhere = "http://smd.invalid:27779";
    let proxied = Server::start_under(&[("HTTP_PROXY", &proxy), ("NO_PROXY", "")], elsewhere, "");
    proxied.wait_until_ready();
    let mut direct = Server::start_under(&[("HTTP_PROXY", &proxy)], elsewhere, "smd: {proxy: off}\n");
    direct.wait_for("smd.invalid");
    let mut excepted = Server::start_under(&[("HTTP_PROXY", &proxy), ("NO_PROXY", ".invalid")], elsewhere, "");
    excepted.wait_for("smd.invalid");
    for server in [direct, excepted] {
        assert!(get(server.admin, "/readyz").starts_with("HTTP/1.1 503"), "it asks SMD itself, which is nowhere");
    }
    let nowhere = [("HTTP_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "")];
    Server::start_under(&nowhere, &smd(), "").wait_until_ready();
}

#[test]
fn no_log_line_and_no_page_shows_a_secret() {
    const SECRET: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjE4MDAwMDAwMDB9.c2VjcmV0LW9mLW91cnM";
    let tokensmith = listener();
    let url = format!("http://{}", tokensmith.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in tokensmith.incoming().map_while(Result::ok) {
            let mut asked = Vec::new();
            while !asked.ends_with(b"bootstrap-token") {
                let mut chunk = [0; 1024];
                match stream.read(&mut chunk) {
                    Ok(length @ 1..) => asked.extend_from_slice(&chunk[..length]),
                    Ok(0) | Err(_) => return,
                }
            }
            assert!(String::from_utf8_lossy(&asked).contains(SECRET), "it is sent");
            let body = format!(r#"{{"error":"invalid_grant","error_description":"{SECRET} is spent"}}"#);
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    let environment = [("TOKENSMITH_BOOTSTRAP_TOKEN", SECRET), ("RUST_LOG", "trace")];
    let more = format!("smd: {{token: {{url: {url}}}}}\nlog: {{level: debug}}\n");
    let mut server = Server::start_under(&environment, &smd(), &more);
    let mut lines = Vec::new();
    while !lines.iter().any(|line: &String| line.contains("kind=no_token")) {
        lines.push(server.wait_for(""));
    }
    let (ready, metrics) = (get(server.admin, "/readyz?verbose"), get(server.admin, "/metrics"));
    assert!(ready.contains("needs_credentials") && ready.contains("[secret] is spent"), "{ready}");
    assert!(metrics.contains("coresmd_token_state{state=\"needs_credentials\"} 1\n"), "{metrics}");
    assert!(metrics.contains("coresmd_token_failures_total 1\n"), "{metrics}");
    assert!(metrics.contains("coresmd_poll_failures_total{kind=\"no_token\"}"), "{metrics}");
    lines.extend([ready, metrics]);
    let shown: Vec<&String> =
        lines.iter().filter(|line| line.contains("c2VjcmV0") || line.contains("eyJhbGci")).collect();
    assert!(shown.is_empty(), "{shown:?}");
}
