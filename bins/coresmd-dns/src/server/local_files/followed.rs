//! \[IO\] One directive's file and what it includes: what they looked like, and what came of reading them.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use serve::findings::{Finding, Severity};

use super::HostsState;
use crate::hosts::Hosts;
use crate::name::Name;
use crate::zone_file::{Zone, ZoneFile};

/// How long a file must have stayed the same before it is read.
const SETTLED: Duration = Duration::from_millis(200);

/// The largest file that is read, in octets.
const MAX_FILE: u64 = 1 << 28;

/// The directive that a file is for.
pub(super) enum Target {
    /// `hosts`; whether it names the file, which must then be there.
    Hosts { hosts: Arc<Hosts>, named: bool },
    /// `file`.
    Zones(Arc<ZoneFile>),
}

/// A file as others see it, whatever it is being waited for.
pub(super) struct File {
    path: PathBuf,
    target: Target,
    told: ArcSwap<Told>,
}

/// What came of reading a file.
#[derive(Debug, Default, Clone)]
struct Told {
    /// What is wrong with the file as it is now.
    problems: Vec<String>,
    /// When the hosts file in force was written.
    modified: f64,
}

/// A file that is followed.
pub(super) struct Followed {
    file: Arc<File>,
    /// It, and after a reading what it includes.
    paths: Vec<PathBuf>,
    /// What they looked like at the last look, and when they were read.
    seen: Vec<Stamp>,
    read: Vec<Stamp>,
    /// How often it is looked at; zero: never again.
    reload: Duration,
    /// When it is looked at next.
    due: Instant,
    /// Whether what is in force was read without a fault.
    good: bool,
}

/// What changes when a file changes; nothing but zeroes while there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl File {
    /// What is wrong with the file as it is now.
    pub(super) fn problems(&self) -> Vec<String> {
        self.told.load().problems.clone()
    }

    /// The hosts file for metrics.
    pub(super) fn hosts_state(&self) -> Option<HostsState> {
        let Target::Hosts { hosts, .. } = &self.target else { return None };
        let (file, modified) = (self.path.display().to_string(), self.told.load().modified);
        Some(HostsState { file, entries: hosts.entries(), modified })
    }

    /// The zone with this apex that was read from this file.
    pub(super) fn zone(&self, path: &Path, origin: &Name) -> Option<Arc<Zone>> {
        match &self.target {
            Target::Zones(zones) if self.path == path => zones.zone(origin.as_wire()),
            _ => None,
        }
    }
}

impl Followed {
    /// Reads a file for the first time. `reload`: how often it is looked at; zero: never again.
    pub(super) fn read(target: Target, path: PathBuf, reload: Duration, now: Instant) -> Self {
        let (paths, due) = (vec![path.clone()], now + reload);
        let file = Arc::new(File { path, target, told: ArcSwap::default() });
        let mut followed = Self { file, paths, seen: Vec::new(), read: Vec::new(), reload, due, good: false };
        followed.reread();
        followed
    }

    /// The file as others see it.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Whether changes are looked for.
    pub(super) fn is_followed(&self) -> bool {
        !self.reload.is_zero()
    }

    /// Reads the file again if it has changed and settled.
    pub(super) fn look(&mut self, now: Instant) {
        if !self.is_followed() || now < self.due {
            return;
        }
        let before = std::mem::replace(&mut self.seen, stamps(&self.paths));
        let (settled, changed) = (self.seen == before, self.seen != self.read);
        self.due = now + if changed && !settled { SETTLED } else { self.reload };
        if changed && settled {
            self.reread();
        }
    }

    fn reread(&mut self) {
        self.paths.truncate(1);
        self.read = stamps(&self.paths);
        let name = self.file.path.display().to_string();
        let findings = match (text(&self.file.path), &self.file.target) {
            (Err(error), Target::Hosts { named: false, .. }) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            (Err(error), _) => vec![Finding::whole(Severity::Error, name.as_str(), format!("cannot be read: {error}"))],
            (Ok(text), Target::Hosts { hosts, .. }) => {
                let (table, findings) = hosts.parse(&name, &text);
                // where nothing good has been seen, what can be read of a flawed file is better than nothing
                if findings.is_empty() || !self.good {
                    hosts.publish(table);
                    let modified = self.read[0].seconds();
                    self.file.told.rcu(|told| Told { modified, ..Told::clone(told) });
                }
                self.good |= findings.is_empty();
                findings
            }
            (Ok(text), Target::Zones(zones)) => {
                let mut paths = Vec::new();
                let findings = zones.origins().iter().flat_map(|origin| zone(zones, origin, &name, &text, &mut paths));
                let findings = findings.collect();
                paths.sort();
                paths.dedup();
                self.paths.extend(paths);
                findings
            }
        };
        self.read.extend(stamps(&self.paths[1..]));
        self.seen.clone_from(&self.read);
        tell(&name, &findings);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let problems: Vec<String> = errors.map(line).collect();
        self.file.told.rcu(|told| Told { problems: problems.clone(), ..Told::clone(told) });
    }
}

/// Reads one zone of a file and puts it in force if it is good. The paths of what it includes are added to `paths`.
fn zone(zones: &ZoneFile, origin: &Name, file: &str, text: &str, paths: &mut Vec<PathBuf>) -> Vec<Finding> {
    let mut include = |from: &str, path: &str| {
        let path = Path::new(from).parent().unwrap_or(Path::new("")).join(path);
        paths.push(path.clone());
        self::text(&path).map(|text| (path.display().to_string(), text)).map_err(|error| error.to_string())
    };
    let (zone, mut findings) = Zone::parse(file, text, origin, &mut include);
    if let Some(zone) = zone {
        let known = zones.zone(origin.as_wire());
        let same_serial = known.filter(|known| known.serial() == zone.serial());
        if same_serial.is_some_and(|known| !known.records().eq(zone.records())) {
            let message = format!("{origin} has changed, but not its serial: secondaries will not ask for it");
            findings.push(Finding::whole(Severity::Warning, file, message));
        }
        zones.publish(Arc::new(zone));
    }
    findings
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Self { device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), modified })
    }

    fn seconds(&self) -> f64 {
        self.modified.0 as f64 + self.modified.1 as f64 / 1e9
    }
}

fn stamps(paths: &[PathBuf]) -> Vec<Stamp> {
    paths.iter().map(|path| Stamp::of(path).unwrap_or_default()).collect()
}

/// The text of a file; octets that are no UTF-8 become U+FFFD, which does no harm in comments.
#[expect(clippy::disallowed_methods, reason = "this room reads the files")]
fn text(path: &Path) -> io::Result<String> {
    if path.metadata()?.len() > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 256 MiB"));
    }
    Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned())
}

/// A finding as one line: `FILE:LINE:COLUMN: MESSAGE`.
fn line(finding: &Finding) -> String {
    let Finding { file, line, column, message, .. } = finding;
    if *line == 0 { format!("{file}: {message}") } else { format!("{file}:{line}:{column}: {message}") }
}

fn tell(file: &str, findings: &[Finding]) {
    if findings.is_empty() {
        tracing::info!(%file, "read");
    }
    for finding in findings {
        if finding.severity == Severity::Error {
            tracing::error!("{}", line(finding));
        } else {
            tracing::warn!("{}", line(finding));
        }
    }
}
