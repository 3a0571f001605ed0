//! The least HTTP client that asks an admin port: one GET or POST, one answer, connection closed (RFC 9112).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// GET `path`: the status and the body, or why there is none.
pub fn get(server: SocketAddr, path: &str) -> Result<(u16, String), String> {
    exchange(server, "GET", path, "")
}

/// POST `body` (JSON) to `path`: the status and the body, or why there is none.
pub fn post(server: SocketAddr, path: &str, body: &str) -> Result<(u16, String), String> {
    exchange(server, "POST", path, body)
}

fn exchange(server: SocketAddr, method: &str, path: &str, body: &str) -> Result<(u16, String), String> {
    let attempt = || {
        let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {server}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = attempt().map_err(|error: std::io::Error| format!("{method} {server}{path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no HTTP answer: {answer:?}"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| format!("no HTTP status: {head:?}"))?, body.to_owned()))
}
