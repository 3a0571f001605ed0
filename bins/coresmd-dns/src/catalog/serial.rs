//! Serials of zones (RFC 1035 §3.3.13, RFC 1982): the same on every replica with the same inventory, and growing.
//!
//! A zone's serial moves when its content does, and then to the time of the newest row of the inventory (`LastUpdate`, in
//! seconds since 1970), which every replica sees alike; where that is not newer than the serial before (a row was
//! deleted, a NID changed, the configuration changed), to the serial before plus one. So
//! - replicas that have seen the same changes agree;
//! - one that has missed such a change, or has forgotten what was before (no `snapshot_file`), may be behind the others
//!   until the next row is written, which brings all to the same serial again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The serials of a block's zones, with what they stand for; kept from one snapshot to the next, and across restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Serials(BTreeMap<String, Signed>);

/// A zone's content and its serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signed {
    digest: u64,
    serial: u32,
}

/// What a zone without history and without dated rows has.
const FIRST: u32 = 1;

impl Serials {
    /// The serial of a zone with this content. `newest`: when the newest row was written, in seconds since 1970.
    pub(super) fn next(&self, apex: &str, digest: u64, newest: Option<u32>) -> u32 {
        match self.0.get(apex) {
            None => newest.unwrap_or(FIRST),
            Some(before) if before.digest == digest => before.serial,
            Some(before) => match newest {
                Some(newest) if is_newer(newest, before.serial) => newest,
                _ => before.serial.wrapping_add(1),
            },
        }
    }

    /// Remembers what a zone has now.
    pub(super) fn keep(&mut self, apex: &str, digest: u64, serial: u32) {
        self.0.insert(apex.to_owned(), Signed { digest, serial });
    }

    /// Lines `APEX DIGEST SERIAL`, each behind `prefix`.
    pub fn lines(&self, prefix: &str) -> String {
        let mut text = String::new();
        for (apex, Signed { digest, serial }) in &self.0 {
            writeln!(text, "{prefix}{apex} {digest:016x} {serial}").expect("a String takes any text");
        }
        text
    }

    /// Reads what [`Serials::lines`] wrote: the lines behind `prefix`. Others are left aside, and broken ones too: a zone
    /// without history begins anew.
    pub fn read(text: &str, prefix: &str) -> Self {
        let line = |line: &str| {
            let mut words = line.strip_prefix(prefix)?.split(' ');
            let (apex, digest, serial) = (words.next()?, words.next()?, words.next()?);
            let signed = Signed { digest: u64::from_str_radix(digest, 16).ok()?, serial: serial.parse().ok()? };
            Some((apex.to_owned(), signed))
        };
        Self(text.lines().filter_map(line).collect())
    }
}

/// Whether a serial is newer than another, in the arithmetic of RFC 1982 §3.2.
pub(crate) fn is_newer(serial: u32, than: u32) -> bool {
    (1..1 << 31).contains(&serial.wrapping_sub(than))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_moves_when_the_content_does_and_only_forward() {
        let mut serials = Serials::default();
        for (digest, newest, want) in [
            (1, Some(1000), 1000),
            (1, Some(2000), 1000),
            (2, Some(3000), 3000),
            // a row was deleted: the newest of those that are left is older
            (3, Some(1000), 3001),
            (4, Some(3001), 3002),
            (4, None, 3002),
            (5, None, 3003),
            (6, Some(4000), 4000),
            // a clock that was wrong by more than RFC 1982 can tell
            (7, Some(4000 + (1 << 31)), 4001),
            (8, Some(u32::MAX), 4002),
        ] {
            let serial = serials.next("z.", digest, newest);
            assert_eq!(serial, want, "{digest} {newest:?}");
            serials.keep("z.", digest, serial);
        }
    }

    #[test]
    fn a_serial_wraps() {
        let mut serials = Serials::default();
        serials.keep("z.", 1, u32::MAX);
        assert_eq!(serials.next("z.", 2, None), 0);
        assert!(is_newer(0, u32::MAX) && !is_newer(u32::MAX, 0) && !is_newer(5, 5));
    }

    #[test]
    fn what_was_written_reads_back() {
        let mut serials = Serials::default();
        serials.keep("cluster.local.", u64::MAX - 1, 1_790_000_000);
        serials.keep("10.in-addr.arpa.", 7, 1);
        let text = serials.lines("0 ") + "1 cluster.local. 00 5\nrubbish\n0 x y z\n";
        assert_eq!(Serials::read(&text, "0 "), serials);
        assert_eq!(Serials::read("", "0 "), Serials::default());
    }
}
