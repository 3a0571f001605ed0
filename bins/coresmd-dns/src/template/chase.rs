//! The ends of aliases that a template makes: where it answers with a CNAME and the question was for something else,
//! the other directives are asked for the name behind it (facts, coredhcp-coredns §B5).

use hickory_proto::rr::RData;

use crate::plugins::{Composed, Found, Question};
use crate::record;
use crate::wire::{CLASS_IN, Rtype};

/// How many aliases in a row are followed.
const MAX_CHAIN: usize = 8;

/// Follows the CNAME that ends `composed`, if the question was not for it. `ask` says what the server itself has about
/// a name, in wire form and lower case, and the type of the question; as CoreDNS's, the answer to a question for an
/// address alone is followed.
pub fn chase(question: &Question<'_>, composed: &mut Composed, mut ask: impl FnMut(&[u8], Rtype) -> Found) {
    let qtype = question.query.qtype;
    if ![Rtype::A, Rtype::AAAA].contains(&qtype) || question.query.class != CLASS_IN {
        return;
    }
    let mut seen = Vec::new();
    while let Some(RData::CNAME(target)) = composed.answers.last().map(|record| &record.data) {
        let target = record::lower_wire(target);
        if seen.contains(&target) || seen.len() == MAX_CHAIN {
            return;
        }
        let Found::Answer(found) = ask(&target, qtype) else { return };
        if found.answers.is_empty() {
            return;
        }
        composed.answers.extend(found.answers);
        seen.push(target);
    }
}
