//! Answers that end in an alias whose name others know: another directive, another block, an upstream. Clients that do
//! not look for names themselves, as the C libraries of nodes, need the whole chain (RFC 1034 §5.3.1, §4.3.1).
//!
//! A `file` and a `template` are always followed, as in CoreDNS (facts, coredhcp-coredns §B5); `coresmd`, which answers
//! secondaries and resolvers too, in blocks with a `forward`. Without an end, the alias alone is the answer.

use hickory_proto::op::Message;
use hickory_proto::rr::Record;

use super::decide::{Decision, find};
use super::{Exchange, Unfinished};
use crate::forward::Outgoing;
use crate::plugins::{Composed, Found, Question};
use crate::query::{Header, Query};
use crate::relayed::Relayed;
use crate::response::{Manner, Transport, encode};
use crate::template::chase;
use crate::view::View;

/// Adds what its alias leads to to an answer that ends in one.
pub(super) fn follow<'v>(
    view: &'v View,
    exchange: &Exchange<'_>,
    question: &Question<'_>,
    decision: Decision<'v>,
) -> Decision<'v> {
    let (mut composed, coresmd) = match decision {
        Decision::Composed(composed, miss) => (composed, miss),
        Decision::Catalog(answer) if answer.leads_away && resolves(view, question) => {
            let mut reply = Vec::new();
            let Ok(header) = Header::decode(exchange.message) else { return Decision::Catalog(answer) };
            encode(&header, question.query, &answer, &Manner::plain(Transport::Tcp), &mut reply);
            let composed = Composed {
                rcode: answer.rcode.into(),
                authoritative: answer.authoritative,
                answers: answers(&reply),
                ..Composed::default()
            };
            (composed, Some((answer.zone, answer.is_hit())))
        }
        other => return other,
    };
    let mut asks = None;
    chase(question, &mut composed, |target, _| {
        let message = Outgoing::new(exchange.message, question.query, target).message(0);
        ask(view, exchange, question, target, &message).unwrap_or_else(|key| {
            asks = Some((key, message));
            Found::Next
        })
    });
    match asks {
        Some((key, message)) => Decision::AskForEnd(key, Unfinished { composed, coresmd, message }),
        None => Decision::Composed(composed, coresmd),
    }
}

/// The whole answer, of what was known and of what an upstream has said about the end of the alias.
pub(super) fn finish(unfinished: &Unfinished, relayed: Option<&Relayed>) -> Composed {
    let mut composed = unfinished.composed.clone();
    composed.answers.extend(relayed.map(|relayed| of_relayed(relayed, &unfinished.message)).into_iter().flatten());
    composed
}

/// Whether the block of a question asks others.
fn resolves(view: &View, question: &Question<'_>) -> bool {
    let key = view.route(question.name, question.query.qtype);
    key.is_some_and(|key| view.block(key).chain.resolver.is_some())
}

/// What there is about a name without asking an upstream; the error is the key of the block that would have to.
fn ask(
    view: &View,
    exchange: &Exchange<'_>,
    question: &Question<'_>,
    target: &[u8],
    message: &[u8],
) -> Result<Found, usize> {
    let Ok(header) = Header::decode(message) else { return Ok(Found::Next) };
    let Ok(query) = Query::decode(&header, message) else { return Ok(Found::Next) };
    let Some(key) = view.route(target, query.qtype) else { return Ok(Found::Next) };
    let question = Question { name: target, query: &query, ..*question };
    let answers = match find(view.block(key), &header, &question, exchange.now) {
        Decision::Catalog(answer) => {
            let mut reply = Vec::new();
            encode(&header, &query, &answer, &Manner::plain(Transport::Tcp), &mut reply);
            answers(&reply)
        }
        Decision::Composed(composed, _) => composed.answers,
        Decision::Cached(relayed, ..) => of_relayed(&relayed, message),
        Decision::Ask => return Err(key),
        Decision::AskForEnd(..) | Decision::Fail(..) | Decision::Drop(_) => Vec::new(),
    };
    Ok(Found::Answer(Composed { answers, ..Composed::default() }))
}

/// The answers of an upstream's reply to a message.
fn of_relayed(relayed: &Relayed, message: &[u8]) -> Vec<Record> {
    let Ok(header) = Header::decode(message) else { return Vec::new() };
    let Ok(query) = Query::decode(&header, message) else { return Vec::new() };
    let mut reply = Vec::new();
    relayed.write(&header, &query, u16::MAX.into(), &mut reply);
    answers(&reply)
}

/// The answers of a reply; none of one that cannot be read.
fn answers(reply: &[u8]) -> Vec<Record> {
    Message::from_vec(reply).map(|message| message.answers).unwrap_or_default()
}
