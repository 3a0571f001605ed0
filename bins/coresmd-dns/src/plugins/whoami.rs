//! `whoami`: tells every client its own address and port (facts, coredhcp-coredns §B5). It never passes on.

use hickory_proto::rr::rdata::SRV;
use hickory_proto::rr::{Name, RData, Record};

use super::{Composed, Found, Question};
use crate::response::Transport;

/// The answer: nothing, with the client's address and, as SRV, the port that it asks from beside it.
pub fn find(question: &Question<'_>) -> Found {
    let client = question.client;
    let mut composed = Composed { authoritative: true, ..Composed::default() };
    let Some(name) = owner(question.query.name()) else { return Found::Answer(composed) };
    let proto = match question.transport {
        Transport::Udp => "_udp",
        Transport::Tcp => "_tcp",
    };
    // a name that has no room for the label goes without SRV
    let service = Name::from_labels([proto.as_bytes()]).and_then(|label| label.append_name(&name));
    let port = RData::SRV(SRV::new(0, 0, client.port(), Name::root()));
    let address = RData::from(client.ip().to_canonical());
    composed.additionals.push(Record::from_rdata(name, 0, address));
    composed.additionals.extend(service.ok().map(|service| Record::from_rdata(service, 0, port)));
    Found::Answer(composed)
}

/// The name asked for, in the client's letters.
fn owner(wire: &[u8]) -> Option<Name> {
    use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
    Name::read(&mut BinDecoder::new(wire)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::tests::bytes;
    use crate::query::{Header, Query};

    fn shown(message: &str, client: &str, transport: Transport) -> Vec<String> {
        let message = bytes(message);
        let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
        let name = query.lower_name();
        let question = Question { name: name.as_wire(), query: &query, client: client.parse().unwrap(), transport };
        let Found::Answer(composed) = find(&question) else { panic!("it passes on") };
        assert!(composed.authoritative && composed.answers.is_empty());
        composed.additionals.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_client_is_told_where_it_is() {
        let query = "0c3701000001000000000000076578614d706c65036f72670000010001";
        assert_eq!(
            shown(query, "127.0.0.1:4242", Transport::Udp),
            ["exaMple.org. 0 IN A 127.0.0.1", "_udp.exaMple.org. 0 IN SRV 0 0 4242 ."]
        );
        assert_eq!(
            shown(query, "[fd00::1]:53", Transport::Tcp),
            ["exaMple.org. 0 IN AAAA fd00::1", "_tcp.exaMple.org. 0 IN SRV 0 0 53 ."]
        );
    }

    #[test]
    fn a_name_without_room_for_a_label_goes_without_its_port() {
        let label = "3f".to_owned() + &"61".repeat(63);
        let name = label.repeat(3) + "3d" + &"61".repeat(61) + "00";
        let query = format!("0c3701000001000000000000{name}00010001");
        assert_eq!(shown(&query, "127.0.0.1:1", Transport::Udp).len(), 1);
    }
}
