//! What a token service answers, and what a token says of itself: any bytes make tokens that a header can hold, or an
//! error; and what people are shown of a text has no JWT in it.
#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use smd_cache::token::{Secret, Sender, expiry, read_grant, read_refusal, redact};

fuzz_target!(|input: (u8, &[u8])| {
    let (which, body) = input;
    let sender = if which % 2 == 0 { Sender::TokenSmith } else { Sender::OAuth2 };
    if let Ok(grant) = read_grant(body, sender, SystemTime::UNIX_EPOCH) {
        assert!(grant.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()), "a header can hold it");
        assert!(grant.lifetime >= Duration::from_secs(1), "it lives");
        let shown = redact(&String::from_utf8_lossy(body), std::slice::from_ref(&grant.access_token));
        let token = grant.access_token.expose();
        // what is shown in a token's place may be a token, or the end of one
        let odd = token.len() < 6 || token == "secret" || token.contains(['[', ']']);
        assert!(odd || !shown.contains(token), "it is not shown");
    }
    let _ = read_refusal(body);
    let text = String::from_utf8_lossy(body);
    let _ = expiry(&text);
    let _ = redact(&text, &[Secret::new("secret-of-ours")]);
});
