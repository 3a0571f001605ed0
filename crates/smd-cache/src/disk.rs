//! The snapshot file: the last good bodies on disk, so that a restart during an outage still knows every node. \[IO\]
//!
//! ```text
//! coresmd-snapshot 1 <SHA-256 in hex of all that follows this line>\n
//! {"fetched_at":1785891723,"parts":[{"part":"EthernetInterfaces","length":6750000}, …]}\n
//! <the bodies, one after the other, as they came>
//! ```
//! It is replaced by renaming a complete file into place, and refused when it is corrupt or of a later version.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::inventory::Part;
use crate::refresh::{Parts, SmdBodies};

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// When the bodies were fetched, to the second.
    pub fetched_at: SystemTime,
    /// The bodies.
    pub parts: Parts,
}

/// Why the file cannot be used. It is named in every case.
#[derive(Debug, Error)]
pub enum DiskError {
    /// The file system says no.
    #[error("snapshot file {}: cannot {what}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What came of it.
        error: io::Error,
    },
    /// Something else, or cut off before its checksum.
    #[error("snapshot file {}: not a snapshot of coresmd", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version.
    #[error("snapshot file {}: format {found} is newer than {VERSION}, the latest this version reads", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Damaged.
    #[error("snapshot file {}: damaged: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
}

/// Writes the file anew: beside it first, then renamed over it. Its directory must exist.
pub fn save(path: &Path, saved: &Saved) -> Result<(), DiskError> {
    let fault = |what| move |error| DiskError::Io { path: path.to_owned(), what, error };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);

    let bodies = bodies(&saved.parts);
    let header = header(saved.fetched_at, &bodies);
    let mut digest = Sha256::new_with_prefix(&header);
    for (_, body) in &bodies {
        digest.update(body);
    }

    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside).map_err(fault("write beside it"))?;
    let mut write = || {
        writeln!(file, "{MAGIC} {VERSION} {}", hex(&digest.finalize_reset()))?;
        file.write_all(&header)?;
        bodies.iter().try_for_each(|(_, body)| file.write_all(body))?;
        file.sync_all()
    };
    write().map_err(fault("write beside it"))?;
    #[expect(clippy::disallowed_methods, reason = "an IO room: the finished file takes its place")]
    fs::rename(&beside, path).map_err(fault("be replaced"))
}

/// Reads the file; `None` where there is none yet.
pub fn load(path: &Path) -> Result<Option<Saved>, DiskError> {
    #[expect(clippy::disallowed_methods, reason = "an IO room: this is where the file is read")]
    match fs::read(path) {
        Ok(content) => parse(path, &Bytes::from(content)).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::Io { path: path.to_owned(), what: "be read", error }),
    }
}

/// Reads the file's content; `path` is for the errors.
fn parse(path: &Path, content: &Bytes) -> Result<Saved, DiskError> {
    let foreign = || DiskError::Foreign { path: path.to_owned() };
    let corrupt = |reason: String| DiskError::Corrupt { path: path.to_owned(), reason };

    let (title, rest) = line(content).ok_or_else(foreign)?;
    let title = std::str::from_utf8(&title).map_err(|_| foreign())?;
    let [MAGIC, version, checksum] = title.split(' ').collect::<Vec<_>>()[..] else { return Err(foreign()) };
    match version.parse::<u32>() {
        Ok(VERSION) => {}
        Ok(found) if found > VERSION => return Err(DiskError::Newer { path: path.to_owned(), found }),
        Ok(_) | Err(_) => return Err(foreign()),
    }
    if hex(&Sha256::digest(&rest)) != checksum {
        return Err(corrupt("its checksum does not match".to_owned()));
    }
    let (header, bodies) = line(&rest).ok_or_else(|| corrupt("it has no header".to_owned()))?;
    let header: Header = serde_json::from_slice(&header).map_err(|error| corrupt(format!("header: {error}")))?;
    let parts = split(&header, &bodies).ok_or_else(|| corrupt("its bodies do not fit its header".to_owned()))?;
    let fetched_at = UNIX_EPOCH.checked_add(Duration::from_secs(header.fetched_at));
    let fetched_at = fetched_at.ok_or_else(|| corrupt("its time is beyond all calendars".to_owned()))?;
    Ok(Saved { fetched_at, parts })
}

/// The second line: which bodies follow.
#[derive(Serialize, Deserialize)]
struct Header {
    fetched_at: u64,
    parts: Vec<Length>,
}

#[derive(Serialize, Deserialize)]
struct Length {
    part: String,
    length: usize,
}

fn bodies(parts: &Parts) -> Vec<(Part, &Bytes)> {
    let smd =
        parts.smd.iter().flat_map(|smd| [(Part::Interfaces, &smd.interfaces), (Part::Components, &smd.components)]);
    let groups = parts.groups.iter().map(|body| (Part::Groups, body));
    let partitions = parts.partitions.iter().map(|body| (Part::Partitions, body));
    smd.chain(groups).chain(partitions).chain(parts.boot.iter().map(|body| (Part::Boot, body))).collect()
}

fn header(fetched_at: SystemTime, bodies: &[(Part, &Bytes)]) -> Vec<u8> {
    let parts = bodies.iter().map(|(part, body)| Length { part: part.name().to_owned(), length: body.len() });
    let fetched_at = fetched_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = Header { fetched_at, parts: parts.collect() };
    let mut line = serde_json::to_vec(&header).expect("numbers and names are JSON");
    line.push(b'\n');
    line
}

/// Cuts the bodies apart, without copying them; `None` where the header does not fit them.
fn split(header: &Header, bodies: &Bytes) -> Option<Parts> {
    let mut rest = bodies.clone();
    let mut found: Vec<(&str, Bytes)> = Vec::with_capacity(header.parts.len());
    for part in &header.parts {
        if part.length > rest.len() {
            return None;
        }
        found.push((&part.part, rest.split_to(part.length)));
    }
    let body = |part: Part| found.iter().find(|(name, _)| *name == part.name()).map(|(_, body)| body.clone());
    let smd = body(Part::Interfaces).zip(body(Part::Components));
    rest.is_empty().then(|| Parts {
        smd: smd.map(|(interfaces, components)| SmdBodies { interfaces, components }),
        groups: body(Part::Groups),
        partitions: body(Part::Partitions),
        boot: body(Part::Boot),
    })
}

/// The first line, without its end, and what follows it.
fn line(content: &Bytes) -> Option<(Bytes, Bytes)> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    Some((content.slice(..end), content.slice(end + 1..)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).expect("below 16")));
        text
    })
}

const MAGIC: &str = "coresmd-snapshot";
const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        let smd = SmdBodies { interfaces: Bytes::from_static(b"[1]\n"), components: Bytes::from_static(b"{\n}") };
        let parts = Parts { smd: Some(smd), boot: Some(Bytes::from_static(b"null")), ..Parts::default() };
        Saved { fetched_at: UNIX_EPOCH + Duration::from_secs(1_785_891_723), parts }
    }

    /// A saved file's content.
    fn content(saved: &Saved) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("snapshot");
        save(&file, saved).unwrap();
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["snapshot"], "nothing is left beside it");
        read(&file)
    }

    fn parsed(content: &[u8]) -> Result<Saved, DiskError> {
        let parsed = parse(Path::new("/var/lib/snapshot"), &Bytes::copy_from_slice(content));
        if let Err(error) = &parsed {
            assert!(error.to_string().contains("/var/lib/snapshot"), "{error}");
        }
        parsed
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks at the file")]
    fn read(file: &Path) -> Vec<u8> {
        fs::read(file).unwrap()
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let groups = Some(Bytes::from_static(b"[]"));
        let partitions = Some(Bytes::from_static(b"[ ]"));
        let with_groups = Parts { groups, partitions, ..saved().parts };
        for parts in [saved().parts, Parts::default(), with_groups] {
            let saved = Saved { parts, ..saved() };
            assert_eq!(parsed(&content(&saved)).unwrap(), saved);
        }
        assert_eq!(load(Path::new("/nonexistent/snapshot")).unwrap(), None);
        assert!(matches!(load(Path::new("/")), Err(DiskError::Io { .. })));
        assert!(matches!(save(Path::new("/nonexistent/snapshot"), &saved()), Err(DiskError::Io { .. })));
    }

    #[test]
    fn an_older_file_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("snapshot");
        save(&file, &Saved { parts: Parts::default(), ..saved() }).unwrap();
        save(&file, &saved()).unwrap();
        assert_eq!(load(&file).unwrap(), Some(saved()));
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let good = content(&saved());
        for length in 0..good.len() {
            assert!(parsed(&good[..length]).is_err(), "cut to {length}");
        }
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(parsed(&bad).is_err(), "byte {at} bit {bit}");
            }
        }
        assert!(matches!(parsed(&[&good[..], b"x"].concat()), Err(DiskError::Corrupt { .. })));
    }

    #[test]
    fn what_a_good_checksum_vouches_for_is_checked_all_the_same() {
        for rest in [
            "no header",
            "{}\n",
            "{\"fetched_at\":18446744073709551615,\"parts\":[]}\n",
            "{\"fetched_at\":0,\"parts\":[]}\nmore",
            "{\"fetched_at\":0,\"parts\":[{\"part\":\"groups\",\"length\":18446744073709551615}]}\n[]",
        ] {
            let file = format!("{MAGIC} {VERSION} {}\n{rest}", hex(&Sha256::digest(rest)));
            assert!(matches!(parsed(file.as_bytes()), Err(DiskError::Corrupt { .. })), "{rest}");
        }
    }

    #[test]
    fn a_newer_version_and_a_foreign_file_are_named_so() {
        let good = String::from_utf8(content(&saved())).unwrap();
        let newer = good.replacen(" 1 ", " 2 ", 1);
        assert!(matches!(parsed(newer.as_bytes()), Err(DiskError::Newer { found: 2, .. })));
        for foreign in ["", "\n", "[]\n", "coresmd-snapshot\n", "coresmd-snapshot one 00\n{}\n", "\u{fffd}\n"] {
            assert!(matches!(parsed(foreign.as_bytes()), Err(DiskError::Foreign { .. })), "{foreign:?}");
        }
    }
}
