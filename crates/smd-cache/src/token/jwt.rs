//! When a JWT expires by its own account (RFC 7519 §4.1.4). Nothing is verified: that is the services' part, and a token
//! that is no JWT is as good as any.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// `exp` of a token, where it is a JWT and has a date that a clock can show.
pub fn expiry(token: &str) -> Option<SystemTime> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64URL.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let seconds = claims.get("exp")?.as_f64().filter(|seconds| *seconds >= 0.0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// RFC 7515 §2 has no padding; some have it nevertheless.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", BASE64URL.encode(claims).trim_end_matches('='))
    }

    #[test]
    fn the_date_is_read_where_there_is_one() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds));
        for (claims, expected) in [
            (r#"{"sub":"dhcp","exp":1800000000}"#, at(1_800_000_000.0)),
            (r#"{"exp":1800000000.5}"#, at(1_800_000_000.5)),
            (r#"{"exp":0}"#, at(0.0)),
            (r#"{"exp":-1}"#, None),
            (r#"{"exp":"1800000000"}"#, None),
            (r#"{"exp":1e300}"#, None),
            (r#"{"exp":1e18}"#, at(1e18)),
            (r#"{"exp":null}"#, None),
            (r#"{"sub":"dhcp"}"#, None),
            ("[]", None),
            ("no JSON", None),
        ] {
            assert_eq!(expiry(&jwt(claims)), expected, "{claims}");
        }
        assert_eq!(expiry(&jwt(r#"{"exp":77}"#).replace(".c2ln", "==.c2ln")), at(77.0), "padded");
    }

    #[test]
    fn what_is_no_jwt_has_none() {
        for token in ["", ".", "..", "opaque", "a.b", "a.!!.c", "a.eyJleHAiOjd9", "é.é.é"] {
            assert_eq!(expiry(token), None, "{token}");
        }
    }
}
