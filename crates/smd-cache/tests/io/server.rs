//! An HTTP server that answers each path as it is told, faults included, byte by byte.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a path answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Status, Content-Type (`""` for none) and body.
    Whole(u16, &'static str, String),
    /// A chunked body that breaks off in the middle of a chunk.
    Truncated(String),
    /// Less than the announced Content-Length.
    Short(String),
    /// A chunked body without end.
    Endless,
    /// The connection closes without a reply.
    Closed,
    /// No reply, and the connection stays open.
    SlowHeader,
    /// A header, and then nothing.
    SlowBody,
}

/// A request as it came: its path, its Authorization header, and its connection's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) connection: usize,
}

/// The running server; its threads end with the test process.
pub(crate) struct Server {
    address: SocketAddr,
    script: Arc<Script>,
}

#[derive(Default)]
struct Script {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<Request>>,
}

pub(crate) fn json(body: impl Into<String>) -> Reply {
    Reply::Whole(200, "application/json", body.into())
}

/// A loopback listener on a free port.
pub(crate) fn listen() -> TcpListener {
    #[expect(clippy::disallowed_methods, reason = "a test's server binds its own port")]
    TcpListener::bind("127.0.0.1:0").unwrap()
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = listen();
        let server = Self { address: listener.local_addr().unwrap(), script: Arc::default() };
        let script = Arc::clone(&server.script);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let script = Arc::clone(&script);
                thread::spawn(move || script.serve(number, stream));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, path: &str, reply: Reply) {
        self.script.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.script.requests.lock().unwrap().clone()
    }
}

impl Script {
    /// Answers one connection's requests until it ends.
    fn serve(&self, connection: usize, mut stream: TcpStream) {
        while let Some((path, authorization)) = read_request(&mut stream) {
            self.requests.lock().unwrap().push(Request { path: path.clone(), authorization, connection });
            let missing = Reply::Whole(404, "text/plain; charset=utf-8", "404 page not found\n".to_owned());
            let reply = self.replies.lock().unwrap().get(&path).cloned().unwrap_or(missing);
            if !write_reply(&mut stream, &reply) {
                return;
            }
        }
    }
}

/// The next request's path and Authorization header; its body is read and left.
pub(crate) fn read_request(stream: &mut impl Read) -> Option<(String, Option<String>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some((path, header("authorization")))
}

/// Writes the reply; whether the connection may serve another request.
fn write_reply(stream: &mut TcpStream, reply: &Reply) -> bool {
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let written = match reply {
        Reply::Whole(status, content_type, body) => {
            let content_type = match *content_type {
                "" => String::new(),
                content_type => format!("Content-Type: {content_type}\r\n"),
            };
            let length = body.len();
            write!(stream, "HTTP/1.1 {status} Status\r\n{content_type}Content-Length: {length}\r\n\r\n{body}")
        }
        Reply::Truncated(body) => write!(stream, "{chunked}{:x}\r\n{body}", body.len() + 1),
        Reply::Short(body) => {
            let length = body.len() + 1;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
            write!(stream, "{head}{body}")
        }
        Reply::Endless => {
            let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
            let mut written = write!(stream, "{chunked}");
            while written.is_ok() {
                written = stream.write_all(chunk.as_bytes());
            }
            written
        }
        Reply::Closed => Ok(()),
        Reply::SlowHeader => {
            wait_for_close(stream);
            Ok(())
        }
        Reply::SlowBody => {
            let written = write!(stream, "{chunked}1\r\n[\r\n");
            wait_for_close(stream);
            written
        }
    };
    written.is_ok() && matches!(reply, Reply::Whole(..))
}

/// Holds the connection until the peer gives up.
fn wait_for_close(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_mins(1)));
    let _ = stream.read(&mut [0]);
}
