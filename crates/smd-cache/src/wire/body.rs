//! A whole body, split into its rows, or the reason why it is not the collection that was asked for.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::loose::Text;
use super::{kind_of, text};

/// Why a body is not the collection that was asked for. The peer, or something between, is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Nothing, or nothing but white space: SMD v2.19.3 answers unknown paths so, with status 200.
    #[error("the body is empty")]
    Empty,
    /// A page: a gateway speaks, not the service.
    #[error("the body is HTML, not JSON")]
    Html,
    /// `null` for the whole collection: BSS says so for "none" and for a database error alike.
    #[error("the body is null")]
    Null,
    /// An RFC 7807 problem, whatever its status was.
    #[error("the body is a problem report: {0}")]
    Problem(String),
    /// JSON, but neither an array nor an object that wraps it.
    #[error("expected an array or an object with {expected}, found {found}")]
    Shape {
        /// The wrapping keys that would do.
        expected: String,
        /// What the body holds.
        found: String,
    },
    /// The JSON stops in the middle.
    #[error("the body ends in the middle: {0}")]
    Truncated(String),
    /// Not JSON, or more of it than any inventory is.
    #[error("the body cannot be read: {0}")]
    Json(String),
    /// So much in it had to be put aside that it is no inventory.
    #[error("more than {MAX_REJECTED} values in it are bad")]
    Garbage,
}

/// More rows than this are no inventory: a hundred times those of 10,000 nodes, give or take.
const MAX_ROWS: usize = 1_000_000;
/// More keys than this are no wrapping of a collection.
const MAX_MEMBERS: usize = 1_000;
/// More bad values than this in one body are not listed one by one.
const MAX_REJECTED: usize = 100_000;

/// Refuses a body of which so many values have been put aside that it is no inventory.
pub(crate) fn check_rejected(count: usize) -> Result<(), BodyError> {
    if count > MAX_REJECTED { Err(BodyError::Garbage) } else { Ok(()) }
}

/// Splits a body into its rows: a bare array, or an object that holds it under one of `keys`.
pub(crate) fn rows<'a>(text: &'a str, keys: &[&str]) -> Result<Vec<&'a RawValue>, BodyError> {
    keyed_rows(text, keys).map(|(_, rows)| rows)
}

/// The same with the key that wraps them, where one does.
pub(crate) fn keyed_rows<'a>(text: &'a str, keys: &[&str]) -> Result<KeyedRows<'a>, BodyError> {
    match text.trim_start().as_bytes().first() {
        None => return Err(BodyError::Empty),
        Some(b'<') => return Err(BodyError::Html),
        Some(_) => {}
    }
    match parse(text)? {
        Body::Array(rows) => Ok((None, rows)),
        Body::Null => Err(BodyError::Null),
        Body::Other(found) => Err(shape(keys, found.to_owned())),
        Body::Object(members) => match members.iter().find(|(key, _)| keys.contains(&&**key)) {
            None => Err(problem(&members).unwrap_or_else(|| shape(keys, names(&members)))),
            Some((key, value)) => match parse(value.get())? {
                Body::Array(rows) => Ok((Some(key.clone()), rows)),
                Body::Null => Err(BodyError::Null),
                Body::Object(_) | Body::Other(_) => Err(shape(keys, format!("{key} as {}", kind_of(value)))),
            },
        },
    }
}

/// Rows, and the key that wraps them.
pub(crate) type KeyedRows<'a> = (Option<Cow<'a, str>>, Vec<&'a RawValue>);

/// Whether two bodies hold the same rows in any order: BSS lists its items in a new order each time, SMD after writes.
pub fn same_rows(one: &[u8], other: &[u8], keys: &[&str]) -> bool {
    let (one, other) = (text(one), text(other));
    let sorted = |text| {
        let mut rows: Vec<&str> = rows(text, keys).ok()?.into_iter().map(RawValue::get).collect();
        rows.sort_unstable();
        Some(rows)
    };
    sorted(&one).is_some_and(|rows| Some(rows) == sorted(&other))
}

/// A body's outermost level.
enum Body<'a> {
    Array(Vec<&'a RawValue>),
    Object(Vec<(Cow<'a, str>, &'a RawValue)>),
    Null,
    Other(&'static str),
}

fn parse(text: &str) -> Result<Body<'_>, BodyError> {
    serde_json::from_str(text).map_err(|error: serde_json::Error| {
        let message = error.to_string();
        if error.is_eof() { BodyError::Truncated(message) } else { BodyError::Json(message) }
    })
}

fn shape(keys: &[&str], found: String) -> BodyError {
    BodyError::Shape { expected: keys.join(" or "), found }
}

/// The problem report that an object is (RFC 7807: `title`, `detail`, `status`), if it is one.
fn problem(members: &[(Cow<'_, str>, &RawValue)]) -> Option<BodyError> {
    let member =
        |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value.get().trim_matches('"'));
    let title = member("title")?;
    let parts = [member("status"), Some(title), member("detail")];
    Some(BodyError::Problem(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")))
}

/// An object described by its keys, the first few.
fn names(members: &[(Cow<'_, str>, &RawValue)]) -> String {
    match members {
        [] => "an empty object".to_owned(),
        members => {
            let keys: Vec<&str> = members.iter().take(5).map(|(key, _)| &**key).collect();
            format!("an object with {}", keys.join(", "))
        }
    }
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            rows.push(row);
            if rows.len() > MAX_ROWS {
                return Err(A::Error::custom(format_args!("more than {MAX_ROWS} rows")));
            }
        }
        Ok(Body::Array(rows))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
            members.push((key, value));
            if members.len() > MAX_MEMBERS {
                return Err(A::Error::custom(format_args!("an object with more than {MAX_MEMBERS} keys")));
            }
        }
        Ok(Body::Object(members))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Body::Null)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Body::Other("a string"))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Body::Other("a boolean"))
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Body::Other("a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 1] = ["Components"];

    fn split(text: &str) -> Result<Vec<String>, BodyError> {
        rows(text, &KEYS).map(|rows| rows.into_iter().map(|raw| raw.get().to_owned()).collect())
    }

    #[test]
    fn both_wrappings_and_both_empties() {
        assert_eq!(split("[]"), Ok(vec![]));
        assert_eq!(split("{\"Components\":[]}\n"), Ok(vec![]));
        assert_eq!(split(" [1, {\"a\":2}] "), Ok(vec!["1".to_owned(), "{\"a\":2}".to_owned()]));
        assert_eq!(split("{\"x\":[{}],\"Components\":[ {\"a\":2} ]}"), Ok(vec!["{\"a\":2}".to_owned()]));
    }

    #[test]
    fn every_wrong_body_has_a_name() {
        let problem = r#"{"type":"about:blank","title":"Not Found","detail":"no such xname.","status":404}"#;
        assert_eq!(split(""), Err(BodyError::Empty));
        assert_eq!(split(" \r\n"), Err(BodyError::Empty));
        assert_eq!(split("<html><body><h1>503 Service Unavailable</h1>"), Err(BodyError::Html));
        assert_eq!(split("null"), Err(BodyError::Null));
        assert_eq!(split("{\"Components\":null}"), Err(BodyError::Null));
        assert_eq!(split(problem), Err(BodyError::Problem("404 Not Found no such xname.".to_owned())));
        for (text, found) in [
            ("{}", "an empty object"),
            (r#"{"code":0,"message":"HSM is healthy"}"#, "an object with code, message"),
            (r#"{"Components":{}}"#, "Components as an object"),
            (r#"{"components":[]}"#, "an object with components"),
            ("7", "a number"),
            ("\"\"", "a string"),
            ("true", "a boolean"),
        ] {
            let shape = BodyError::Shape { expected: "Components".to_owned(), found: found.to_owned() };
            assert_eq!(split(text), Err(shape), "{text}");
        }
        for text in ["[", "[{\"ID\":\"x1\"", "{\"Components\":[{}", "[{\"ID\":\"x1"] {
            assert!(matches!(split(text), Err(BodyError::Truncated(_))), "{text}");
        }
        for text in ["no token found", "[1,]", "[] []", "[{}{}]", "{\"Components\":[}]}", "\u{feff}[]"] {
            assert!(matches!(split(text), Err(BodyError::Json(_))), "{text}");
        }
    }

    #[test]
    fn deep_nesting_in_a_row_does_not_lose_the_body() {
        let deep = format!("[{}{},{{}}]", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(rows(&deep, &KEYS).map(|rows| rows.len()), Ok(2));
    }

    #[test]
    fn more_than_any_inventory_is_refused() {
        let zeros = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert_eq!(rows(&zeros(MAX_ROWS), &KEYS).map(|rows| rows.len()), Ok(MAX_ROWS));
        assert!(matches!(rows(&zeros(MAX_ROWS + 1), &KEYS), Err(BodyError::Json(_))));
        let object = format!("{{{}\"Components\":[]}}", "\"a\":0,".repeat(MAX_MEMBERS));
        assert!(matches!(split(&object), Err(BodyError::Json(_))));
    }

    #[test]
    fn the_same_rows_in_any_order_are_the_same() {
        assert!(same_rows(b"[{\"a\":1},{\"b\":2}]", b"[{\"b\":2} , {\"a\":1}]", &KEYS));
        assert!(!same_rows(b"[{\"a\":1},{\"b\":2}]", b"[{\"b\":2},{\"b\":2}]", &KEYS));
        assert!(!same_rows(b"null", b"null", &KEYS));
    }
}
