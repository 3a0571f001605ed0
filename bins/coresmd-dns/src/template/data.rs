//! What a template can know of a question: the fields that CoreDNS gives it.

use std::net::IpAddr;

use regex::{Captures, Regex};

use crate::name::Name;
use crate::plugins::Question;
use crate::wire::{Class, Rtype};

/// A question whose name an expression has matched.
pub(super) struct Data<'q> {
    /// `.Name`: in lower case, with its last dot.
    pub(super) name: &'q str,
    /// `.Zone`
    pub(super) zone: String,
    /// `.Class` and `.Question.Qclass`
    pub(super) class: u16,
    /// `.Type` and `.Question.Qtype`
    pub(super) qtype: Rtype,
    /// `.Question.Name`: in the letters of the client.
    pub(super) asked: String,
    /// `.Remote`
    pub(super) remote: IpAddr,
    /// `.Regex`
    pub(super) expression: &'q str,
    /// `.Match` and `.Group`
    pub(super) captures: Option<Captures<'q>>,
}

impl<'q> Data<'q> {
    /// The question by the first of the expressions that matches; none of them is as good as one that always does.
    pub(super) fn matching(
        expressions: &'q [Regex],
        name: &'q str,
        zone: &Name,
        question: &Question<'_>,
    ) -> Option<Self> {
        let matched = expressions.iter().find_map(|regex| Some((regex.as_str(), Some(regex.captures(name)?))));
        let (expression, captures) = if expressions.is_empty() { (".*", None) } else { matched? };
        Some(Self {
            name,
            zone: zone.to_string(),
            class: question.query.class,
            qtype: question.query.qtype,
            asked: shown(question.query.name()),
            remote: question.client.ip().to_canonical(),
            expression,
            captures,
        })
    }

    /// `.Class`
    pub(super) fn class_name(&self) -> String {
        Class(self.class).to_string()
    }

    /// A part of the match by number; 0 is all of it. Empty where the group took no part.
    pub(super) fn part(&self, number: usize) -> Option<&str> {
        match &self.captures {
            None => (number == 0).then_some(self.name),
            Some(captures) if number < captures.len() => Some(captures.get(number).map_or("", |part| part.as_str())),
            Some(_) => None,
        }
    }

    /// A part of the match by the name of its group, or by its number in digits; empty if there is none.
    pub(super) fn group(&self, name: &str) -> &str {
        let named = self.captures.as_ref().and_then(|captures| captures.name(name)).map(|part| part.as_str());
        named.or_else(|| self.part(name.parse().ok()?)).unwrap_or_default()
    }

    /// How many parts the match has.
    pub(super) fn parts(&self) -> usize {
        self.captures.as_ref().map_or(1, Captures::len)
    }
}

/// A decimal digit.
fn digit(value: u8) -> char {
    char::from(b'0' + value)
}

/// A name in wire form as CoreDNS shows it to expressions and templates: what could be mistaken in a master file has a
/// backslash in front, so that no client writes records by the name that it asks for.
pub(super) fn shown(wire: &[u8]) -> String {
    let mut text = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((&length, behind)) = rest.split_first() {
        let (label, behind) = behind.split_at(usize::from(length).min(behind.len()));
        for &octet in label {
            match octet {
                b'.' | b' ' | b'\'' | b'@' | b';' | b'(' | b')' | b'"' | b'\\' => {
                    text.extend(['\\', char::from(octet)]);
                }
                0x21..=0x7e => text.push(char::from(octet)),
                _ => text.extend(['\\', digit(octet / 100), digit(octet / 10 % 10), digit(octet % 10)]),
            }
        }
        if length > 0 || text.is_empty() {
            text.push('.');
        }
        rest = behind;
    }
    text
}
