//! The YAML file as a tree in which every node knows its place.
//!
//! Two habits of the original are kept here (facts: coredhcp-coredns §A2): all keys are lower-cased, and a scalar is the
//! text that Go's YAML and `cast` make of it (`10.0` → `10`, `0777` → `511`, `yes` stays `yes`).

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) value: Value,
    /// Octets of the file that hold the value; empty for lists and maps, which only have a beginning.
    pub(super) span: Range<usize>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// In lower case.
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) node: Node,
}

/// Why a file is no YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Parses a file.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let raw: Spanned<Raw> = serde_saphyr::from_str(text).map_err(|error| syntax_error(&error))?;
    Ok(node(raw, text))
}

impl Node {
    /// The value under a key of a map; absent when the value is null.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key && entry.node.value != Value::Null)
    }
}

/// The parser's message without the place, which the report shows.
fn syntax_error(error: &serde_saphyr::Error) -> SyntaxError {
    let place = error.location().unwrap_or(Location::UNKNOWN);
    let (line, column) = (place.line() as usize, place.column() as usize);
    let text = error.without_snippet().to_string();
    let message = text.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    let message = message.strip_suffix(&format!(" at line {line}, column {column}")).unwrap_or(message);
    SyntaxError { message: message.to_owned(), line, column }
}

/// A value as YAML's core schema types it.
#[derive(Debug)]
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let span = unquoted(span(&raw.referenced), text);
    let source = text.get(self::span(&raw.defined)).unwrap_or_default();
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Scalar(go_bool(value, source)),
        Raw::Integer(value) => Value::Scalar(octal(source).unwrap_or_else(|| value.to_string())),
        Raw::Float(value) => Value::Scalar(octal(source).unwrap_or_else(|| value.to_string())),
        Raw::Text(value) => Value::Scalar(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| entry(&key, value, text)).collect()),
    };
    Node { value, span }
}

fn entry(key: &Spanned<String>, value: Spanned<Raw>, text: &str) -> Entry {
    Entry { span: span(&key.referenced), key: key.value.to_lowercase(), node: node(value, text) }
}

/// Go's YAML takes `true` for a truth value and leaves `yes` and `on` alone.
fn go_bool(value: bool, source: &str) -> String {
    if matches!(source, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") {
        value.to_string()
    } else {
        source.into()
    }
}

/// Go's YAML reads `0777` as an octal number, as YAML 1.1 did.
fn octal(source: &str) -> Option<String> {
    let digits = source.strip_prefix('0').filter(|digits| !digits.is_empty())?;
    u64::from_str_radix(digits, 8).ok().map(|value| value.to_string())
}

fn span(place: &Location) -> Range<usize> {
    let span = place.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    start..start + span.byte_len().unwrap_or(0) as usize
}

/// The place of a quoted scalar without its quotes: what parsers of its text count from.
fn unquoted(span: Range<usize>, text: &str) -> Range<usize> {
    match text.as_bytes().get(span.start) {
        Some(b'"' | b'\'') if span.len() > 2 => span.start + 1..span.end - 1,
        _ => span,
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_the_text_that_go_makes_of_them() {
        for (yaml, text) in [
            ("1500", "1500"),
            ("10.0", "10"),
            ("0777", "511"),
            ("0x10", "16"),
            ("yes", "yes"),
            ("True", "true"),
            ("1h30m", "1h30m"),
            ("172.16.0.1", "172.16.0.1"),
            ("\"%eth0\"", "%eth0"),
            ("'q=\"a b\"'", "q=\"a b\""),
        ] {
            let tree = parse(&format!("Key: {yaml}\n")).unwrap();
            let entry = tree.get("key").unwrap();
            assert_eq!(entry.node.value, Value::Scalar(text.into()), "{yaml}");
        }
        assert_eq!(parse("key: ~\n").unwrap().get("key"), None);
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        for (yaml, line, column, message) in [
            ("server4:\n  listen: %eth0\n", 2, 11, "unexpected character: `%'"),
            ("a: 1\na: 2\n", 2, 1, "duplicate mapping key: a"),
        ] {
            let error = parse(yaml).unwrap_err();
            assert_eq!((error.line, error.column, error.message.as_str()), (line, column, message));
        }
    }
}
