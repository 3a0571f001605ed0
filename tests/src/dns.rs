//! A DNS client: one question over UDP or TCP, the whole answer back (RFC 1035).

mod transfer;

pub use transfer::transfer;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

/// How often a question is sent over UDP before the client gives up.
const ATTEMPTS: usize = 5;

/// How a question travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One datagram each way.
    Udp,
    /// A connection for this question alone.
    Tcp,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The response code.
    pub rcode: ResponseCode,
    /// Whether the answer is authoritative (AA).
    pub authoritative: bool,
    /// The rdata of the answer section, as text, sorted.
    pub records: Vec<String>,
}

/// The addresses (A) of `name`.
pub fn addresses(server: SocketAddr, transport: Transport, name: &str) -> Result<Answer, String> {
    ask(server, transport, name, RecordType::A)
}

/// The names (PTR) of `address`.
pub fn names(server: SocketAddr, transport: Transport, address: IpAddr) -> Result<Answer, String> {
    ask(server, transport, &Name::from(address).to_string(), RecordType::PTR)
}

/// Asks `server` for the records of one type of `name`.
pub fn ask(server: SocketAddr, transport: Transport, name: &str, kind: RecordType) -> Result<Answer, String> {
    let name: Name = name.parse().map_err(|error| format!("{name}: {error}"))?;
    let mut question = Message::new(0x1d5, MessageType::Query, OpCode::Query);
    question.add_query(Query::query(name.clone(), kind));
    let bytes = question.to_vec().map_err(|error| error.to_string())?;
    let reply = match transport {
        Transport::Udp => over_udp(server, &bytes),
        Transport::Tcp => over_tcp(server, &bytes).map_err(|error| error.to_string()),
    };
    let reply = reply.map_err(|error| format!("{name} {kind} over {transport:?}: {error}"))?;
    let reply = Message::from_vec(&reply).map_err(|error| format!("{name} {kind}: not a DNS message: {error}"))?;
    let mut records: Vec<String> = reply.answers.iter().map(|record| text(&record.data)).collect();
    records.sort();
    Ok(Answer { rcode: reply.metadata.response_code, authoritative: reply.metadata.authoritative, records })
}

fn text(data: &RData) -> String {
    data.to_string()
}

fn over_udp(server: SocketAddr, question: &[u8]) -> Result<Vec<u8>, String> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    socket.set_read_timeout(Some(Duration::from_secs(1))).map_err(|error| error.to_string())?;
    let mut reply = vec![0; 4096];
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        match socket.send_to(question, server).and_then(|_| socket.recv(&mut reply)) {
            Ok(length) => {
                reply.truncate(length);
                return Ok(reply);
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// RFC 1035 §4.2.2: each message is preceded by its length.
fn over_tcp(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut framed = u16::try_from(question.len()).expect("a question is short").to_be_bytes().to_vec();
    framed.extend_from_slice(question);
    stream.write_all(&framed)?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}
