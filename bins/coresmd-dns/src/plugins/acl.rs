//! `acl`: who may ask what (CoreDNS's directive of that name). Extended errors as RFC 8914 §4.16, §4.18.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Composed, Question};
use crate::name::{Name, suffixes};
use crate::wire::{Rcode, Rtype};

/// The access rules of a block, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    /// One for each directive.
    pub lists: Vec<AccessList>,
}

/// One `acl` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessList {
    /// The zones whose names it is about.
    pub zones: Vec<Name>,
    /// Its lines. The first that fits decides; without one the next directive does.
    pub policies: Vec<Policy>,
}

/// One line: an action and who it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What is done.
    pub action: Action,
    /// The types that it is about; none: every type.
    pub types: Vec<Rtype>,
    /// The clients that it is about; none: everybody.
    pub nets: Vec<IpNet>,
}

/// What is done with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It goes on.
    Allow,
    /// REFUSED.
    Block,
    /// NOERROR without records.
    Filter,
    /// Silence.
    Drop,
}

impl Acl {
    /// What is done with a question. What no line is about is allowed.
    pub fn decide(&self, question: &Question<'_>) -> Action {
        // an IPv4 client of an IPv6 socket is an IPv4 client
        let client = question.client.ip().to_canonical();
        let of_name = |list: &&AccessList| {
            suffixes(question.name).any(|suffix| list.zones.iter().any(|zone| zone.as_wire() == suffix))
        };
        let mut policies = self.lists.iter().filter(of_name).flat_map(|list| &list.policies);
        policies.find(|policy| policy.fits(client, question.query.qtype)).map_or(Action::Allow, |policy| policy.action)
    }
}

impl Policy {
    fn fits(&self, client: IpAddr, qtype: Rtype) -> bool {
        (self.types.is_empty() || self.types.contains(&qtype))
            && (self.nets.is_empty() || self.nets.iter().any(|net| net.contains(&client)))
    }
}

/// The reply to a question that is blocked.
pub fn blocked() -> Composed {
    Composed { rcode: Rcode::Refused.into(), options: vec![extended_error(15)], ..Composed::default() }
}

/// The reply to a question whose answer is filtered.
pub fn filtered() -> Composed {
    Composed { options: vec![extended_error(17)], ..Composed::default() }
}

/// The option of an extended error without a text (RFC 8914 §2).
fn extended_error(code: u16) -> (u16, Vec<u8>) {
    (15, code.to_be_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::tests::bytes;
    use crate::query::{Header, Query};
    use crate::response::Transport;

    fn list(zone: &str, policies: &[(Action, &[Rtype], &[&str])]) -> AccessList {
        let policy = |(action, types, nets): &(Action, &[Rtype], &[&str])| Policy {
            action: *action,
            types: types.to_vec(),
            nets: nets.iter().map(|net| net.parse().unwrap()).collect(),
        };
        AccessList { zones: vec![Name::parse(zone).unwrap()], policies: policies.iter().map(policy).collect() }
    }

    #[test]
    fn the_first_line_that_fits_decides() {
        let acl = Acl {
            lists: vec![
                list("other", &[(Action::Drop, &[], &[])]),
                list("b", &[(Action::Allow, &[], &["10.1.0.0/16"]), (Action::Block, &[Rtype::A], &["10.0.0.0/8"])]),
                list(".", &[(Action::Filter, &[Rtype::AAAA], &[]), (Action::Drop, &[], &["fd00::/8"])]),
            ],
        };
        for (qtype, client, action) in [
            (1, "10.1.2.3", Action::Allow),
            (1, "10.2.2.3", Action::Block),
            (1, "::ffff:10.2.2.3", Action::Block),
            (28, "10.2.2.3", Action::Filter),
            (16, "10.2.2.3", Action::Allow),
            (1, "fd00::1", Action::Drop),
            (1, "192.0.2.1", Action::Allow),
        ] {
            let message = bytes(&format!("0007010000010000000000000161016200{qtype:04x}0001"));
            let query = Query::decode(&Header::decode(&message).unwrap(), &message).unwrap();
            let name = query.lower_name();
            let client = (client.parse::<IpAddr>().unwrap(), 9).into();
            let question = Question { name: name.as_wire(), query: &query, client, transport: Transport::Udp };
            assert_eq!(acl.decide(&question), action, "type {qtype} from {client}");
        }
    }
}
