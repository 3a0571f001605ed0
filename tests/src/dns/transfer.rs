//! A whole zone over TCP (AXFR, RFC 5936).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, Record, RecordType};

/// The records of `zone`, its SOA first and last. The error says what `server` did instead.
pub fn transfer(server: SocketAddr, zone: &str) -> Result<Vec<Record>, String> {
    let name: Name = zone.parse().map_err(|error| format!("{zone}: {error}"))?;
    let mut question = Message::new(0x5936, MessageType::Query, OpCode::Query);
    question.add_query(Query::query(name, RecordType::AXFR));
    let question = question.to_vec().map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| format!("AXFR {zone}: {error}");
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(5)).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
    let length = u16::try_from(question.len()).expect("a question is short").to_be_bytes();
    stream.write_all(&[&length[..], &question].concat()).map_err(failed)?;
    let mut records: Vec<Record> = Vec::new();
    let is_whole = |records: &[Record]| {
        records.len() > 1 && records.last().is_some_and(|last| last.record_type() == RecordType::SOA)
    };
    while !is_whole(&records) {
        let mut length = [0; 2];
        stream.read_exact(&mut length).map_err(failed)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).map_err(failed)?;
        let message = Message::from_vec(&message).map_err(|error| format!("AXFR {zone}: not DNS: {error}"))?;
        if message.metadata.response_code != ResponseCode::NoError || message.answers.is_empty() {
            return Err(format!("AXFR {zone}: {}", message.metadata.response_code));
        }
        records.extend(message.answers);
    }
    Ok(records)
}
