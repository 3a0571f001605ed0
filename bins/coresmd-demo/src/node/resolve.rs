//! \[IO\] A node's look-ups: A of names, PTR of its address (RFC 1035), over UDP and TCP, and whether the answers are
//! right.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};

use super::exchange::exchange;
use super::{Failure, Timed, clock};
use crate::plan::NodePlan;

/// How long a resolver waits for an answer over UDP before it asks again.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// How long it waits for one over TCP, connection included, before it tries another connection.
const TCP_PATIENCE: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Between a connection that was refused or cut and the next.
const TCP_PAUSE: Duration = Duration::from_millis(200);

/// A question and its only right answer.
#[derive(Debug)]
pub(super) struct Question {
    query: Query,
    right: BTreeSet<String>,
}

impl Question {
    /// A of the node's name: all its addresses.
    pub(super) fn addresses(node: &NodePlan) -> Self {
        let name = Name::from_ascii(format!("{}.", node.hostname)).expect("nidNNNN.openchami.cluster is a DNS name");
        let right = node.addresses.iter().map(Ipv4Addr::to_string).collect();
        Self { query: Query::query(name, RecordType::A), right }
    }

    /// PTR of the node's address: its ID in the domain.
    pub(super) fn reverse(node: &NodePlan) -> Self {
        let right = BTreeSet::from([format!("{}.", node.reverse)]);
        Self { query: Query::query(Name::from(node.address), RecordType::PTR), right }
    }

    fn message(&self, id: u16) -> Result<Vec<u8>, Failure> {
        let mut message = Message::query();
        message.metadata.id = id;
        message.metadata.recursion_desired = true;
        message.add_query(self.query.clone());
        message.to_vec().map_err(|error| Failure::Dns(error.to_string()))
    }

    /// `None`: an answer to something else.
    fn verify(&self, id: u16, datagram: &[u8]) -> Option<Result<(), Failure>> {
        let answer = match Message::from_vec(datagram) {
            Ok(answer) => answer,
            Err(error) => return Some(Err(Failure::Dns(error.to_string()))),
        };
        if answer.metadata.id != id || answer.queries != [self.query.clone()] {
            return None;
        }
        let wrong = self.deviations(&answer);
        Some(if wrong.is_empty() { Ok(()) } else { Err(Failure::Wrong(wrong)) })
    }

    fn deviations(&self, answer: &Message) -> Vec<String> {
        let name = format!("{} {}", self.query.name(), self.query.query_type());
        let mut wrong = Vec::new();
        if answer.metadata.response_code != ResponseCode::NoError {
            wrong.push(format!("{name}: {}", answer.metadata.response_code));
        }
        if !answer.metadata.authoritative {
            wrong.push(format!("{name}: the answer is not authoritative"));
        }
        let found: BTreeSet<_> = answer.answers.iter().map(|record| text(&record.data)).collect();
        if found != self.right || answer.answers.len() != self.right.len() {
            wrong.push(format!("{name} is {found:?}, should be {:?}", self.right));
        }
        wrong
    }
}

/// Asks until an answer comes.
pub(super) async fn over_udp(socket: &UdpSocket, question: &Question) -> Result<Timed<()>, Failure> {
    let id = rand::random();
    let message = question.message(id)?;
    exchange(socket, &PAUSES, |_| message.clone(), |datagram| question.verify(id, datagram)).await
}

/// Asks until an answer comes, each time on a connection of its own.
pub(super) async fn over_tcp(server: SocketAddr, question: &Question) -> Result<Timed<()>, Failure> {
    let start = clock();
    let id = rand::random();
    let message = question.message(id)?;
    let mut retries = 0;
    let mut last = None;
    for patience in TCP_PATIENCE {
        match timeout(patience, ask_over_tcp(server, &message)).await {
            Ok(Ok(answer)) => {
                let took = start.elapsed();
                let verdict = question.verify(id, &answer);
                let verdict = verdict.unwrap_or_else(|| Err(Failure::Dns("it answers another question".to_owned())));
                return verdict.map(|()| Timed { value: (), took, retries });
            }
            Ok(Err(error)) => {
                last = Some(error);
                sleep(TCP_PAUSE).await;
            }
            Err(_) => {}
        }
        retries += 1;
    }
    Err(last.map_or(Failure::Silence { sent: retries, waited: start.elapsed() }, Failure::Io))
}

/// One message each way, two bytes of length before each (RFC 1035 §4.2.2).
async fn ask_over_tcp(server: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(message.len()).expect("a query is one name and some 16 bytes");
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// As [`Question::right`] has it: an address, or a name in lower case.
fn text(data: &RData) -> String {
    data.to_string().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::OpCode;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::A;

    use super::*;

    fn question() -> Question {
        let name = Name::from_ascii("nid0001.openchami.cluster.").unwrap();
        Question { query: Query::query(name, RecordType::A), right: ["10.1.0.1", "10.2.0.1"].map(str::to_owned).into() }
    }

    /// What `question` is told, by an answer with these addresses.
    fn told(question: &Question, addresses: &[[u8; 4]], change: impl FnOnce(&mut Message)) -> Option<String> {
        let mut answer = Message::response(7, OpCode::Query);
        answer.metadata.authoritative = true;
        answer.add_query(question.query.clone());
        for address in addresses {
            let data = RData::A(A(Ipv4Addr::from(*address)));
            answer.add_answer(Record::from_rdata(question.query.name().clone(), 60, data));
        }
        change(&mut answer);
        let verdict = question.verify(7, &answer.to_vec().unwrap())?;
        Some(verdict.err().map_or_else(String::new, |failure| failure.to_string()))
    }

    #[test]
    fn all_addresses_in_any_order_are_right() {
        assert_eq!(told(&question(), &[[10, 2, 0, 1], [10, 1, 0, 1]], |_| ()).as_deref(), Some(""));
    }

    #[test]
    fn every_deviation_is_named() {
        let missing = told(&question(), &[[10, 2, 0, 1]], |_| ()).unwrap();
        assert!(missing.ends_with(r#"should be {"10.1.0.1", "10.2.0.1"}"#), "{missing}");
        let denied = told(&question(), &[], |answer| {
            answer.metadata.authoritative = false;
            answer.metadata.response_code = ResponseCode::NXDomain;
        });
        let denied = denied.unwrap();
        assert!(denied.contains("Non-Existent Domain") && denied.contains("not authoritative"), "{denied}");
    }

    #[test]
    fn an_answer_to_another_query_is_left() {
        assert_eq!(told(&question(), &[], |answer| answer.metadata.id = 8), None);
    }

    #[test]
    fn garbage_is_malformed() {
        assert!(matches!(question().verify(7, b"garbage"), Some(Err(Failure::Dns(_)))));
    }
}
