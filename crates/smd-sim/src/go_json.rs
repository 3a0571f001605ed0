//! Request bodies as Go's decoder reads them: keys in any case, unknown keys ignored, `null` is nothing.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

use crate::reply::Reply;

/// Reads a body. `T` has lower-case keys and defaults for all of them.
///
/// # Errors
/// If the body is no JSON, or a value has the wrong type.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match folded(serde_json::from_slice(body)?) {
        // serde would read the fields of a list by their order
        Value::Array(_) => Err(serde_json::Error::custom("this is a list, not an object")),
        value => serde_json::from_value(value),
    }
}

/// Reads a body, or answers as SMD does: 500, not 400 (facts §1).
pub(crate) fn read_or_500<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reply> {
    read(body).map_err(|error| Reply::internal_error(&format!("error decoding JSON {error}")))
}

/// A number, or the same in quotes.
pub(crate) fn quoted_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelling {
        Number(i64),
        Text(String),
    }
    match Spelling::deserialize(deserializer)? {
        Spelling::Number(number) => Ok(Some(number)),
        Spelling::Text(text) => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// All keys in lower case, and none that are `null`.
fn folded(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let pairs = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(pairs.map(|(key, value)| (key.to_lowercase(), folded(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(folded).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Body {
        id: String,
        #[serde(deserialize_with = "quoted_number")]
        nid: Option<i64>,
        list: Vec<Body>,
    }

    #[test]
    fn keys_fold_and_nulls_vanish() {
        let body: Body = read(br#"{"ID":"a","List":[{"iD":null,"Nid":"3","Other":1}]}"#).unwrap();
        let inner = Body { nid: Some(3), ..Body::default() };
        assert_eq!(body, Body { id: "a".into(), nid: None, list: vec![inner] });
    }

    #[test]
    fn wrong_types_are_errors() {
        for text in ["", "{", "[]", r#"{"id":1}"#, r#"{"nid":"x"}"#, r#"{"nid":1.5}"#] {
            assert!(read::<Body>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read::<Body>(br#"{"nid":-1}"#).is_ok());
    }
}
