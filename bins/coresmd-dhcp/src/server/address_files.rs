//! \[IO\] The files of `file`: read at the start, and again when one with `autorefresh` has changed.
//!
//! A file is looked at every second by its name, so it may be written in place or replaced by renaming, be a link that is
//! turned elsewhere, or lie on a file system that tells of no changes. It is read when it has been the same for a second,
//! so that nobody is caught in the middle of writing. A bad or missing one leaves the old table in force.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serve::findings::{Finding, Findings, Severity, position};

use crate::address_file::{self, AddressFile, Family};

/// How often each file is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Reads a file for the first time. What is wrong with it is filed; the table is in force unless a finding is an error.
pub(crate) fn read<A: FromStr + Copy + Family>(file: &AddressFile<A>, findings: &mut Findings) {
    let name = file.path.display().to_string();
    let text = match text(&file.path) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("the file of `file` cannot be read: {error}");
            return findings.push(Finding::whole(Severity::Error, name, message));
        }
    };
    let (table, faults) = address_file::parse(&text);
    for fault in faults {
        let severity = if fault.fatal { Severity::Error } else { Severity::Warning };
        findings.push(Finding::at(severity, name.as_str(), &text, fault.span, fault.message));
    }
    findings.add_source(name, text);
    file.table.store(Arc::new(table));
}

/// Follows the files with `autorefresh`, in a thread of its own that ends with the process: a file system that hangs
/// holds up nothing else.
pub(super) fn follow<A>(files: impl Iterator<Item = AddressFile<A>>) -> io::Result<()>
where
    A: FromStr + Copy + Family + Eq + Send + Sync + 'static,
{
    let mut followed: Vec<Followed<A>> = files.filter(|file| file.autorefresh).map(Followed::new).collect();
    if followed.is_empty() {
        return Ok(());
    }
    let look = move || {
        loop {
            thread::sleep(PERIOD);
            for file in &mut followed {
                if let Some(outcome) = file.look() {
                    log(&file.file.path, &outcome);
                }
            }
        }
    };
    thread::Builder::new().name("address files".into()).spawn(look).map(drop)
}

/// A file that is followed.
struct Followed<A> {
    file: AddressFile<A>,
    /// What it looked like the last time.
    seen: Option<Stamp>,
    /// What it looked like when it was read.
    read: Option<Stamp>,
}

/// What changes when a file changes; nothing but zeroes while there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// What came of reading a file that has changed.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The new table, with so many addresses, is in force.
    Replaced(usize),
    /// The old table stays in force. The line and column of the first fault; 0 for the file as a whole.
    Kept(usize, usize, String),
}

impl<A: FromStr + Copy + Family + Eq> Followed<A> {
    fn new(file: AddressFile<A>) -> Self {
        Self { file, seen: None, read: None }
    }

    /// Reads the file if it differs from what was read, and has settled.
    fn look(&mut self) -> Option<Outcome> {
        let stamp = Some(Stamp::of(&self.file.path).unwrap_or_default());
        let settled = self.seen == stamp;
        self.seen = stamp;
        if !settled || self.read == stamp {
            return None;
        }
        self.read = stamp;
        let text = match text(&self.file.path) {
            Ok(text) => text,
            Err(error) => return Some(Outcome::Kept(0, 0, error.to_string())),
        };
        let (table, faults) = address_file::parse::<A>(&text);
        if let Some(fault) = faults.into_iter().find(|fault| fault.fatal) {
            let (line, column) = position(&text, fault.span.start);
            return Some(Outcome::Kept(line, column, fault.message));
        }
        if **self.file.table.load() == table {
            return None;
        }
        let addresses = table.len();
        self.file.table.store(Arc::new(table));
        Some(Outcome::Replaced(addresses))
    }
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Self { device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), modified })
    }
}

fn log(path: &Path, outcome: &Outcome) {
    let file = path.display();
    match outcome {
        Outcome::Replaced(addresses) => tracing::info!(%file, addresses, "the file of `file` was read anew"),
        Outcome::Kept(0, _, reason) => {
            tracing::error!(%file, reason, "the file of `file` cannot be read: its old table stays in force");
        }
        Outcome::Kept(line, column, reason) => {
            let place: &dyn fmt::Display = &format_args!("{file}:{line}:{column}");
            tracing::error!(%place, reason, "the file of `file` is bad: its old table stays in force");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this room reads the files")]
fn text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use smd_cache::MacAddr;

    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    #[expect(clippy::disallowed_methods, reason = "a test writes its file")]
    fn write(path: &Path, text: &str) {
        std::fs::write(path, text).unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "a test replaces its file")]
    fn replace(path: &Path, text: &str) {
        let new = path.with_extension("new");
        write(&new, text);
        std::fs::rename(new, path).unwrap();
    }

    #[expect(clippy::disallowed_methods, reason = "a test removes its file")]
    fn remove(path: &Path) {
        std::fs::remove_file(path).unwrap();
    }

    /// Two looks: the first sees a change, the second that it has settled.
    fn look(followed: &mut Followed<Ipv4Addr>) -> (Option<Outcome>, Option<String>) {
        assert_eq!(followed.look(), None);
        let outcome = followed.look();
        assert_eq!(followed.look(), None);
        (outcome, followed.file.get(MAC).map(|address| address.to_string()))
    }

    #[test]
    fn a_change_is_taken_over_however_it_is_made_and_a_bad_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hosts");
        write(&path, "02:00:00:00:00:01 10.0.0.1\n");
        let file = AddressFile::new(path.clone(), true);
        let mut findings = Findings::new();
        read(&file, &mut findings);
        assert!(findings.is_empty());
        assert_eq!(file.get(MAC), Some(Ipv4Addr::new(10, 0, 0, 1)));

        let mut followed = Followed::new(file);
        let address = |octet: u8| Some(format!("10.0.0.{octet}"));
        assert_eq!(look(&mut followed), (None, address(1)));
        write(&path, "02:00:00:00:00:01 10.0.0.22\n");
        assert_eq!(look(&mut followed), (Some(Outcome::Replaced(1)), address(22)));
        replace(&path, "02:00:00:00:00:01 10.0.0.33\n02:00:00:00:00:02 10.0.0.2\n");
        assert_eq!(look(&mut followed), (Some(Outcome::Replaced(2)), address(33)));
        replace(&path, "# new\n02:00:00:00:00:01 10.0.0.\n");
        let fault = Outcome::Kept(2, 1, "\"10.0.0.\" is no IPv4 address".into());
        assert_eq!(look(&mut followed), (Some(fault), address(33)));
        remove(&path);
        assert!(matches!(look(&mut followed), (Some(Outcome::Kept(0, 0, _)), kept) if kept == address(33)));
        write(&path, "02:00:00:00:00:01 10.0.0.4\n");
        assert_eq!(look(&mut followed), (Some(Outcome::Replaced(1)), address(4)));
    }

    #[test]
    fn a_file_that_is_bad_at_the_start_is_a_finding() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hosts");
        write(&path, "02:00:00:00:00:01 10.0.0.1\n02:00:00:00:00:01 10.0.0.2\n  oops\n");
        let mut findings = Findings::new();
        read(&AddressFile::<Ipv4Addr>::new(path, false), &mut findings);
        let found: Vec<_> = findings.sorted().iter().map(|f| (f.line, f.column, f.severity)).collect();
        assert_eq!(found, [(2, 1, Severity::Warning), (3, 3, Severity::Error)]);
        let mut findings = Findings::new();
        read(&AddressFile::<Ipv4Addr>::new(directory.path().join("none"), false), &mut findings);
        assert_eq!(findings.exit_code(), 64);
    }
}
