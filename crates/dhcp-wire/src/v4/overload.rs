//! Options that do not fit: into `file` and `sname` with option 52 (RFC 2132 §9.3), or left out.

use dhcproto::v4::OptionCode;

use super::options::Options;

/// Option 52.
const OVERLOAD: u8 = 52;
/// What a client cannot do without, in this order: type, server, its own identifier, lease, mask, router.
const FIRST: [u8; 6] = [53, 54, 61, 51, 1, 3];
/// Option 82 must be last in the options field and may never be left out (RFC 3046 §2.2).
const LAST: u8 = 82;

/// Options laid out over three fields.
pub(super) struct Fitted {
    /// The options field without its option 255.
    pub(super) options: Vec<u8>,
    /// The `file` field, its option 255 included; empty if unused.
    pub(super) file: Vec<u8>,
    /// The `sname` field, its option 255 included; empty if unused.
    pub(super) sname: Vec<u8>,
    /// The codes of the options that found no room.
    pub(super) omitted: Vec<u8>,
}

/// Lays options out over `room` bytes of the options field and the two header fields.
pub(super) fn fit(options: &Options, room: usize, file_room: usize, sname_room: usize) -> Fitted {
    let mut fitted = Fitted { options: Vec::new(), file: Vec::new(), sname: Vec::new(), omitted: Vec::new() };
    let last = options.get(OptionCode::RelayAgentInformation);
    let room = room.saturating_sub(last.map_or(0, written) + 1 + 3); // 82, 255, 52
    for (code, value) in by_importance(options) {
        let length = written(value);
        if fitted.options.len() + length <= room {
            write(&mut fitted.options, code, value);
        } else if fitted.file.len() + length < file_room {
            write(&mut fitted.file, code, value);
        } else if fitted.sname.len() + length < sname_room {
            write(&mut fitted.sname, code, value);
        } else {
            fitted.omitted.push(code);
        }
    }
    let mut fields = 0;
    for (bit, field) in [(1, &mut fitted.file), (2, &mut fitted.sname)] {
        if !field.is_empty() {
            field.push(255);
            fields |= bit;
        }
    }
    if fields != 0 {
        write(&mut fitted.options, OVERLOAD, &[fields]);
    }
    if let Some(value) = last {
        write(&mut fitted.options, LAST, value);
    }
    fitted
}

/// Appends one option, in parts if it is longer than 255 bytes (RFC 3396).
pub(super) fn write(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    let parts = value.chunks(255);
    if parts.len() == 0 {
        out.extend_from_slice(&[code, 0]);
    }
    for part in parts {
        out.extend_from_slice(&[code, part.len() as u8]);
        out.extend_from_slice(part);
    }
}

/// Bytes that [`write()`] takes.
pub(super) fn written(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

/// The options without 82: the indispensable ones, then the others as they stand.
fn by_importance(options: &Options) -> impl Iterator<Item = (u8, &[u8])> {
    let first = FIRST.iter().filter_map(|code| options.get(OptionCode::from(*code)).map(|value| (*code, value)));
    first.chain(options.iter().filter(|(code, _)| *code != LAST && !FIRST.contains(code)))
}
