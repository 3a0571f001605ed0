//! What a service says about a token may repeat the token: it is taken out before anybody sees the text.

use super::Secret;

/// `text` without the secrets that were sent, and without anything else that looks like a JWT.
pub fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret, HIDDEN);
    }
    without_jwts(&text)
}

/// A JWT is base64url of `{"`, which begins with `eyJ`, and goes on with the same letters and dots (RFC 7519 §3).
fn without_jwts(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, from) = rest.split_at(at);
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '+' | '/');
        let end = from.find(|c| !is_token(c)).unwrap_or(from.len());
        kept.push_str(before);
        kept.push_str(if end < SHORTEST { &from[..end] } else { HIDDEN });
        rest = &from[end..];
    }
    kept + rest
}

/// What stands in a secret's place.
const HIDDEN: &str = "[secret]";

/// Shorter ones hide nothing, and would take words apart.
const SHORTEST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_and_what_looks_like_a_jwt_is_taken_out() {
        let sent = Secret::new("opaque-token-1");
        for (text, shown) in [
            ("token opaque-token-1 is unknown", "token [secret] is unknown"),
            ("opaque-token-1opaque-token-1", "[secret][secret]"),
            ("bad \"eyJhbGciOiJSUzI1NiJ9.eyJzdWIi.c2ln\"", "bad \"[secret]\""),
            ("x=eyJhbGciOi", "x=[secret]"),
            ("invalid_grant: eyJ is short", "invalid_grant: eyJ is short"),
            ("naïve eyJ", "naïve eyJ"),
            ("", ""),
        ] {
            assert_eq!(redact(text, std::slice::from_ref(&sent)), shown);
        }
        assert_eq!(redact("a b c", &[Secret::new("b"), Secret::new("")]), "a b c");
    }
}
