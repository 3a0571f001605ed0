//! The JSON that SMD and BSS send, and their successors in the same shapes: bodies split into rows, rows mirrored
//! field by field.
//!
//! Facts: smd-bss §2–§4, §7.2, openchami-today §4–5. A body is taken whole or refused with a [`BodyError`]; its rows are
//! decoded one by one, so that a bad row is put aside without losing the others.

mod body;
mod bss;
mod loose;
mod smd;

pub use body::{BodyError, same_rows};
pub(crate) use body::{check_rejected, keyed_rows, rows};
pub(crate) use bss::{BootConfiguration, BootParameters, Envelope};
pub(crate) use loose::Loose;
pub(crate) use smd::{Component, EthernetInterface, Group, MacOnly};

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A body as text. Bytes that are no UTF-8 become U+FFFD, so that they cost their row at most.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    // Checking first is much the faster way for the bodies that are good.
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}

/// Decodes one row, which must be a JSON object.
pub(crate) fn row<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, String> {
    if !raw.get().starts_with('{') {
        return Err(format!("expected an object, found {}", kind_of(raw)));
    }
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

/// What a JSON value is, with its article, by its first character.
fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
