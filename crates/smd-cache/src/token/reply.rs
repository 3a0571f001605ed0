//! What a token service answers (RFC 6749 §5.1 and §5.2; `TokenSmith`'s fields: openchami-today §3).
//!
//! Nothing of an answer is repeated in an error but names of fields and, of a refusal, the code and its description:
//! the answer holds tokens.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use thiserror::Error;

use super::{Secret, expiry};

/// New tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What the services are shown.
    pub access_token: Secret,
    /// How long it is good, from now.
    pub lifetime: Duration,
    /// What the next one is asked for with, if there is such a thing.
    pub refresh: Option<Refresh>,
}

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The token.
    pub token: Secret,
    /// How long it is good, from now.
    pub lifetime: Duration,
}

/// Why there are no new tokens: the service says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// `error`: `invalid_grant` and the like; empty where the answer has none.
    pub code: String,
    /// `error_description`; empty where the answer has none. It may repeat what was sent.
    pub description: String,
}

/// Whose answer it is, which decides what must be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// `TokenSmith`: all four fields.
    TokenSmith,
    /// Any other: `access_token` alone is required. Its life is told by `expires_in`, else by the token itself.
    OAuth2,
}

/// An answer with status 200 that holds no tokens: the service is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// Nothing.
    #[error("the answer is empty")]
    Empty,
    /// A page of a gateway, or of a login.
    #[error("the answer is HTML, not JSON: is the URL right?")]
    Html,
    /// Not JSON.
    #[error("the answer is no JSON: line {line}, column {column}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON, but no object.
    #[error("the answer is {0}, not an object")]
    NoObject(&'static str),
    /// A field that is not there.
    #[error("the answer has no `{0}`")]
    Missing(&'static str),
    /// A field that is something else.
    #[error("`{field}` of the answer is {found}, not {wanted}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What it is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// A token that no header can hold (RFC 6750 §2.1).
    #[error("`{field}` of the answer holds a character that no token has, at byte {at}")]
    Character {
        /// The field's name.
        field: &'static str,
        /// From 0.
        at: usize,
    },
}

/// Reads an answer with status 200. `now` is compared with the date in a token whose life is not told otherwise.
///
/// # Errors
/// [`ReplyError`] names the place.
pub fn read_grant(body: &[u8], sender: Sender, now: SystemTime) -> Result<Grant, ReplyError> {
    let fields = object(body)?;
    if let Some(kind) = fields.get("token_type")
        && !kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"))
    {
        return Err(ReplyError::Field { field: "token_type", found: "something else", wanted: "\"Bearer\"" });
    }
    let access_token = token(&fields, "access_token")?.ok_or(ReplyError::Missing("access_token"))?;
    let told = seconds(&fields, "expires_in")?;
    if sender == Sender::OAuth2 {
        let by_itself = || expiry(access_token.expose())?.duration_since(now).ok();
        let lifetime = told.or_else(by_itself).unwrap_or(UNTOLD).clamp(Duration::from_secs(1), LONGEST);
        return Ok(Grant { access_token, lifetime, refresh: None });
    }
    let lifetime = told.ok_or(ReplyError::Missing("expires_in"))?;
    let refresh_token = token(&fields, "refresh_token")?.ok_or(ReplyError::Missing("refresh_token"))?;
    let refresh_lifetime = seconds(&fields, "refresh_expires_in")?.ok_or(ReplyError::Missing("refresh_expires_in"))?;
    let refresh = Some(Refresh { token: refresh_token, lifetime: refresh_lifetime });
    Ok(Grant { access_token, lifetime, refresh })
}

/// Reads an answer with another status; whatever it is, it is a refusal.
pub fn read_refusal(body: &[u8]) -> Refusal {
    let Ok(fields) = object(body) else { return Refusal::default() };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(readable).unwrap_or_default();
    Refusal { code: text("error"), description: text("error_description") }
}

/// The answer's fields. serde's own words may repeat values, so that they are not used.
fn object(body: &[u8]) -> Result<Map<String, Value>, ReplyError> {
    match body.trim_ascii_start().first() {
        None => return Err(ReplyError::Empty),
        Some(b'<') => return Err(ReplyError::Html),
        Some(_) => {}
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(ReplyError::NoObject(sort(&other))),
        Err(error) => Err(ReplyError::Json { line: error.line(), column: error.column() }),
    }
}

/// A token, if the field is there.
fn token(fields: &Map<String, Value>, field: &'static str) -> Result<Option<Secret>, ReplyError> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => {
            Err(ReplyError::Field { field, found: "empty", wanted: "a token" })
        }
        Some(Value::String(text)) => match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            Some(at) => Err(ReplyError::Character { field, at }),
            None => Ok(Some(Secret::new(text))),
        },
        Some(other) => Err(ReplyError::Field { field, found: sort(other), wanted: "a token" }),
    }
}

/// A number of seconds, at least one, if the field is there. Some services put it in quotes.
fn seconds(fields: &Map<String, Value>, field: &'static str) -> Result<Option<Duration>, ReplyError> {
    let number = match fields.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_f64(),
        Some(other) => return Err(ReplyError::Field { field, found: sort(other), wanted: WANTED_SECONDS }),
    };
    match number.filter(|number| *number >= 1.0) {
        Some(number) => Ok(Some(Duration::try_from_secs_f64(number).unwrap_or(LONGEST).min(LONGEST))),
        None => Err(ReplyError::Field { field, found: "another value", wanted: WANTED_SECONDS }),
    }
}

fn sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One line of a bearable length.
fn readable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}

const WANTED_SECONDS: &str = "a number of seconds from 1";

/// The life of a token that nobody tells: long enough not to be a burden, short enough to be renewed in time mostly.
const UNTOLD: Duration = Duration::from_mins(5);

/// Ten years: beyond that, clocks end before tokens do.
const LONGEST: Duration = Duration::from_hours(24 * 3652);

/// Characters of a refusal that are kept.
const SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn full(field: &str, value: &str) -> String {
        let fields = [
            ("access_token", "\"access-secret\""),
            ("token_type", "\"Bearer\""),
            ("expires_in", "3600"),
            ("refresh_token", "\"refresh-secret\""),
            ("refresh_expires_in", "86400"),
        ];
        let fields = fields.map(|(name, own)| format!("\"{name}\":{}", if name == field { value } else { own }));
        format!("{{{}}}", fields.join(","))
    }

    #[test]
    fn a_good_answer_is_read() {
        let grant = read_grant(full("", "").as_bytes(), Sender::TokenSmith, NOW).unwrap();
        let refresh = Refresh { token: Secret::new("refresh-secret"), lifetime: Duration::from_hours(24) };
        let (access_token, lifetime) = (Secret::new("access-secret"), Duration::from_hours(1));
        assert_eq!(grant, Grant { access_token, lifetime, refresh: Some(refresh) });
        for (value, seconds) in [("\"60\"", 60), ("1e300", LONGEST.as_secs()), ("1", 1), ("60.0", 60)] {
            let grant = read_grant(full("expires_in", value).as_bytes(), Sender::TokenSmith, NOW).unwrap();
            assert_eq!(grant.lifetime.as_secs(), seconds, "{value}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_a_secret() {
        for (field, value, shown) in [
            ("access_token", "null", "the answer has no `access_token`"),
            ("access_token", "7", "`access_token` of the answer is a number, not a token"),
            ("access_token", "\"\"", "`access_token` of the answer is empty, not a token"),
            ("access_token", "\"ab c\"", "at byte 2"),
            ("access_token", "\"ab\\r\\nX: y\"", "at byte 2"),
            ("access_token", "\"é\"", "at byte 0"),
            ("token_type", "\"mac\"", "`token_type` of the answer is something else, not \"Bearer\""),
            ("token_type", "[]", "token_type"),
            ("expires_in", "0", "`expires_in` of the answer is another value, not a number of seconds from 1"),
            ("expires_in", "-3600", "expires_in"),
            ("expires_in", "\"soon\"", "expires_in"),
            ("expires_in", "\"NaN\"", "expires_in"),
            ("expires_in", "{}", "`expires_in` of the answer is an object"),
            ("expires_in", "null", "the answer has no `expires_in`"),
            ("refresh_token", "null", "the answer has no `refresh_token`"),
            ("refresh_expires_in", "null", "the answer has no `refresh_expires_in`"),
            ("refresh_expires_in", "0", "refresh_expires_in"),
            ("refresh_expires_in", "oops", "the answer is no JSON: line 1, column 12"),
        ] {
            let error = read_grant(full(field, value).as_bytes(), Sender::TokenSmith, NOW).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(shown), "{field} {value}: {text}");
            assert!(!text.contains("secret") && !text.contains("soon"), "{text}");
        }
        for (body, error) in [
            ("", ReplyError::Empty),
            (" \n", ReplyError::Empty),
            ("<html>", ReplyError::Html),
            ("[]", ReplyError::NoObject("an array")),
            ("\"secret\"", ReplyError::NoObject("a string")),
            ("{\n\"a\": tru", ReplyError::Json { line: 2, column: 8 }),
        ] {
            assert_eq!(read_grant(body.as_bytes(), Sender::OAuth2, NOW), Err(error), "{body}");
        }
    }

    #[test]
    fn others_than_tokensmith_need_not_tell_the_life() {
        let life = |body: &str| read_grant(body.as_bytes(), Sender::OAuth2, NOW).map(|grant| grant.lifetime.as_secs());
        assert_eq!(life(r#"{"access_token":"t","expires_in":7}"#), Ok(7));
        assert_eq!(life(r#"{"access_token":"a.eyJleHAiOjd9.c"}"#), Ok(7), "exp of the token");
        assert_eq!(life(r#"{"access_token":"t"}"#), Ok(UNTOLD.as_secs()));
        assert_eq!(life("{}"), Err(ReplyError::Missing("access_token")));
    }

    #[test]
    fn a_refusal_is_read_as_far_as_it_says_something() {
        let refusal = |code: &str, text: &str| Refusal { code: code.into(), description: text.into() };
        for (body, expected) in [
            (r#"{"error":"invalid_grant","error_description":"spent"}"#, refusal("invalid_grant", "spent")),
            (r#"{"error":"invalid_grant\n","error_description":7}"#, refusal("invalid_grant ", "")),
            (r#"{"message":"no"}"#, Refusal::default()),
            ("Unauthorized\n", Refusal::default()),
            ("", Refusal::default()),
        ] {
            assert_eq!(read_refusal(body.as_bytes()), expected, "{body}");
        }
        let long = format!(r#"{{"error":"{}"}}"#, "é".repeat(9_000));
        assert_eq!(read_refusal(long.as_bytes()).code.chars().count(), SHOWN);
    }

    proptest! {
        /// Whatever comes is a grant whose tokens a header can hold, or an error that shows nothing of it.
        #[test]
        fn any_answer_is_read_or_named(field in 0..5_usize, value in any_value(), oauth in any::<bool>()) {
            let names = ["access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"];
            let sender = if oauth { Sender::OAuth2 } else { Sender::TokenSmith };
            match read_grant(full(names[field], &value).as_bytes(), sender, NOW) {
                Ok(grant) => {
                    prop_assert!(grant.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                    prop_assert!(grant.lifetime >= Duration::from_secs(1));
                }
                Err(error) => prop_assert!(!error.to_string().contains("access-secret")),
            }
        }

        #[test]
        fn any_bytes_are_read_or_named(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read_grant(&body, Sender::OAuth2, NOW);
            let _ = read_refusal(&body);
        }
    }

    fn any_value() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<f64>().prop_map(|number| number.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| Value::from(text).to_string()),
            "[\\[\\]{}:,0-9a-z\"\\\\]{0,12}",
        ]
    }
}
