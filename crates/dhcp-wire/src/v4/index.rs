//! Where each option of a message stands (RFC 2132 §2, overload: RFC 2132 §9.3, concatenation: RFC 3396).

use std::borrow::Cow;
use std::ops::Range;

use super::received::DecodeError;
use super::{FILE, OPTIONS, SNAME};

/// Option 0: nothing, without a length.
const PAD: u8 = 0;
/// Option 52: `file` and/or `sname` hold options too.
const OVERLOAD: u8 = 52;
/// Option 255: the end, without a length.
const END: u8 = 255;

/// The first place of each code, by code; the walk is repeated only for codes that occur more than once.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// Offset of the length byte in the datagram; 0 where there is no such option.
    first: [u16; 256],
    /// One bit for each code that occurs more than once.
    repeated: [u64; 4],
    /// The end of the options field, its option 255 excluded.
    end: usize,
    overload: Overload,
}

/// Which header fields hold options: bit 0 is `file`, bit 1 is `sname`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overload(u8);

impl Overload {
    /// `file` holds options.
    pub(super) fn file(self) -> bool {
        self.0 & 1 != 0
    }

    /// `sname` holds options.
    pub(super) fn sname(self) -> bool {
        self.0 & 2 != 0
    }
}

impl Index {
    /// Walks the options field and, where option 52 says so, `file` and then `sname`.
    pub(super) fn build(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut index = Self { first: [0; 256], repeated: [0; 4], end: bytes.len(), overload: Overload(0) };
        index.end = index.add(bytes, OPTIONS..bytes.len())?.ok_or(DecodeError::NoEnd)?;
        if let Some(&[fields]) = index.value(bytes, OVERLOAD).as_deref() {
            index.overload = Overload(fields & 3);
        }
        for area in index.overload.areas() {
            index.add(bytes, area)?;
        }
        Ok(index)
    }

    /// Which header fields hold options.
    pub(super) fn overload(&self) -> Overload {
        self.overload
    }

    /// An option's value; parts are joined in the order options field, `file`, `sname`.
    pub(super) fn value<'a>(&self, bytes: &'a [u8], code: u8) -> Option<Cow<'a, [u8]>> {
        let at = usize::from(self.first[usize::from(code)]);
        if at == 0 {
            return None;
        }
        if !self.is_repeated(code) {
            return Some(Cow::Borrowed(value_at(bytes, at)));
        }
        let areas = std::iter::once(OPTIONS..self.end).chain(self.overload.areas());
        let parts = areas.flat_map(|area| Walk { bytes, area }.map_while(Result::ok));
        Some(Cow::Owned(
            parts.filter(|(found, _)| *found == code).flat_map(|(_, at)| value_at(bytes, at)).copied().collect(),
        ))
    }

    /// Enters one area's options; returns where its option 255 stands.
    fn add(&mut self, bytes: &[u8], area: Range<usize>) -> Result<Option<usize>, DecodeError> {
        let mut walk = Walk { bytes, area };
        for option in walk.by_ref() {
            let (code, at) = option?;
            let first = &mut self.first[usize::from(code)];
            if *first == 0 {
                *first = u16::try_from(at).expect("decode refuses what is longer than a datagram");
            } else {
                self.repeated[usize::from(code) / 64] |= 1 << (code % 64);
            }
        }
        Ok((!walk.area.is_empty()).then_some(walk.area.start))
    }

    fn is_repeated(&self, code: u8) -> bool {
        self.repeated[usize::from(code) / 64] & (1 << (code % 64)) != 0
    }
}

impl Overload {
    fn areas(self) -> impl Iterator<Item = Range<usize>> {
        self.file().then_some(FILE).into_iter().chain(self.sname().then_some(SNAME))
    }
}

/// The options of one area: each code with the offset of its length byte. Stops before option 255, which stays the
/// first byte of `area`; an area that ran out without one is empty.
struct Walk<'a> {
    bytes: &'a [u8],
    area: Range<usize>,
}

impl Iterator for Walk<'_> {
    type Item = Result<(u8, usize), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.area.start < self.area.end && self.bytes[self.area.start] == PAD {
            self.area.start += 1;
        }
        let code = *self.bytes[self.area.clone()].first()?;
        if code == END {
            return None;
        }
        let at = self.area.start + 1;
        let next = match self.bytes[..self.area.end].get(at) {
            Some(&length) => at + 1 + usize::from(length),
            None => usize::MAX,
        };
        if next > self.area.end {
            return Some(Err(DecodeError::Overrun(code)));
        }
        self.area.start = next;
        Some(Ok((code, at)))
    }
}

/// The value behind the length byte at `at`, an offset that the walk has checked.
fn value_at(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[at + 1..at + 1 + usize::from(bytes[at])]
}
