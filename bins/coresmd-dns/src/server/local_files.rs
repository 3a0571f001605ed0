//! \[IO\] The files of `hosts` and `file`: read when a configuration begins, and again when they change.
//!
//! A file is looked at by its name at the interval of its `reload`, so it may be written in place or replaced by
//! renaming, be a link that is turned elsewhere, or lie on a file system that tells of no changes. One that has changed
//! is read when it has then stayed the same for a moment, so that nobody is caught in the middle of writing. A bad or
//! missing one leaves what was good in force, and is told in the log, and by readiness until it is good again. One
//! thread follows them all: reading and parsing hold up no query.

mod followed;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{FileConfig, HostsConfig};
use crate::hosts::Hosts;
use crate::zone_file::ZoneFile;

use followed::{File, Followed, Target};

/// How often it is asked whether a file is to be looked at.
const TICK: Duration = Duration::from_millis(250);

/// The local files of a configuration.
#[derive(Default)]
pub struct LocalFiles {
    /// As others see them.
    files: Mutex<Vec<Arc<File>>>,
    /// As they are followed; locked for as long as a file system takes.
    followed: Mutex<Vec<Followed>>,
}

/// A hosts file, for metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct HostsState {
    /// Its path.
    pub file: String,
    /// How many entries it and the Corefile have (`coredns_hosts_entries`).
    pub entries: usize,
    /// When the file that is in force was written, in seconds since 1970 (`coredns_hosts_reload_timestamp_seconds`);
    /// 0 if there is none.
    pub modified: f64,
}

impl LocalFiles {
    /// Reads the file of a `hosts` directive.
    pub fn hosts(&self, config: &HostsConfig) -> Arc<Hosts> {
        let HostsConfig { zones, fallthrough, ttl, reverse, inline, .. } = config.clone();
        let hosts = Arc::new(Hosts::new(zones, fallthrough, ttl, reverse, inline));
        self.add(Target::Hosts { hosts: Arc::clone(&hosts), named: config.named }, &config.path, config.reload);
        hosts
    }

    /// Reads the file of a `file` directive. A zone that cannot be read, but could be by the configuration before, is
    /// taken over from there.
    pub fn zone_file(&self, config: &FileConfig, previous: Option<&Self>) -> Arc<ZoneFile> {
        let zones = Arc::new(ZoneFile::new(config.zones.clone(), config.fallthrough.clone()));
        self.add(Target::Zones(Arc::clone(&zones)), &config.path, config.reload);
        for origin in zones.origins().iter().filter(|origin| zones.zone(origin.as_wire()).is_none()) {
            let known = previous
                .and_then(|previous| lock(&previous.files).iter().find_map(|file| file.zone(&config.path, origin)));
            if let Some(zone) = known {
                zones.publish(zone);
            }
        }
        zones
    }

    /// What is wrong with the files as they are now, one line each, with file and line.
    pub fn problems(&self) -> Vec<String> {
        lock(&self.files).iter().flat_map(|file| file.problems()).collect()
    }

    /// The hosts files.
    pub fn hosts_states(&self) -> Vec<HostsState> {
        lock(&self.files).iter().filter_map(|file| file.hosts_state()).collect()
    }

    /// Follows the files in a thread of its own, which ends when nobody else has them any more, or with the process: a
    /// file system that hangs holds up nothing else.
    pub fn follow(self: &Arc<Self>) -> io::Result<()> {
        if !lock(&self.followed).iter().any(Followed::is_followed) {
            return Ok(());
        }
        let files = Arc::downgrade(self);
        let look = move || {
            while let Some(files) = files.upgrade() {
                files.look(now());
                drop(files);
                thread::sleep(TICK);
            }
        };
        thread::Builder::new().name("local files".into()).spawn(look).map(drop)
    }

    /// Looks at the files whose time has come.
    fn look(&self, now: Instant) {
        lock(&self.followed).iter_mut().for_each(|file| file.look(now));
    }

    fn add(&self, target: Target, path: &Path, reload: Duration) {
        let followed = Followed::read(target, path.to_owned(), reload, now());
        lock(&self.files).push(followed.file());
        lock(&self.followed).push(followed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "this room follows files by the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
