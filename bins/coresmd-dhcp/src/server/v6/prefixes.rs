//! \[IO\] The pools of delegated prefixes, and their file in the state directory: what is promised is on the disk first.

use std::path::{Path, PathBuf};

use super::super::state_file;
use crate::server::ServerError;
use crate::server::troubles::Troubles;
use crate::v6::prefix::PrefixPool;
use crate::v6::prefix_file;

/// The file in the state directory.
const FILE: &str = "prefixes";

/// The pools as they are now, and which state of them is on the disk.
#[derive(Debug)]
pub(super) struct Prefixes {
    pub(super) pools: Vec<PrefixPool>,
    /// `None` if nothing is kept.
    path: Option<PathBuf>,
    /// What [`Prefixes::revision`] was when the file was written.
    kept: u64,
    troubles: Troubles,
}

impl Prefixes {
    /// Fills empty pools from the file. A damaged one is set aside, which is a trouble; leases of no pool are left out.
    pub(super) fn open(
        pools: Vec<PrefixPool>,
        state_directory: Option<&Path>,
        troubles: Troubles,
    ) -> Result<Self, ServerError> {
        let path = state_directory.filter(|_| !pools.is_empty()).map(|directory| directory.join(FILE));
        let mut prefixes = Self { pools, path, kept: 0, troubles };
        let Some(path) = prefixes.path.clone() else { return Ok(prefixes) };
        let state = |source| ServerError::State { path: path.clone(), source };
        let text = state_file::read(&path).map_err(state)?;
        match text.as_deref().map(prefix_file::parse) {
            None => {}
            Some(Ok(leases)) => prefixes.import(leases),
            Some(Err(reason)) => {
                let aside = state_file::set_aside(&path).map_err(state)?;
                let (path, aside) = (path.display(), aside.display());
                let what =
                    format!("{path} was damaged and is now {aside}: the delegated prefixes are forgotten ({reason})");
                tracing::error!("{what}");
                prefixes.troubles.raise("damaged prefixes", what);
            }
        }
        prefixes.write(&path).map_err(state)?;
        Ok(prefixes)
    }

    /// Writes the pools down if anything has changed that must outlive a restart; says whether all is on the disk.
    pub(super) fn keep(&mut self) -> bool {
        let Some(path) = self.path.clone().filter(|_| self.revision() != self.kept) else { return true };
        match self.write(&path) {
            Ok(()) => {
                self.troubles.clear(FILE);
                true
            }
            Err(error) => {
                tracing::error!(%error, path = %path.display(), "delegated prefixes cannot be kept: nobody gets any");
                self.troubles.raise(FILE, format!("delegated prefixes cannot be kept in {}: {error}", path.display()));
                false
            }
        }
    }

    /// How many prefixes are leased or offered.
    pub(super) fn len(&self) -> usize {
        self.pools.iter().map(PrefixPool::len).sum()
    }

    fn write(&mut self, path: &Path) -> std::io::Result<()> {
        state_file::replace(path, &prefix_file::encode(self.pools.iter().flat_map(PrefixPool::export)))?;
        self.kept = self.revision();
        Ok(())
    }

    fn import(&mut self, leases: Vec<crate::v6::prefix::PrefixLease>) {
        for lease in leases {
            let taken = self.pools.iter_mut().any(|pool| pool.import(lease.clone()).is_ok());
            if !taken {
                tracing::warn!(client = %lease.client, prefix = %lease.prefix, "a kept prefix is of no pool any more");
            }
        }
    }

    /// Grows with every change that must outlive a restart.
    fn revision(&self) -> u64 {
        self.pools.iter().map(PrefixPool::revision).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use dhcp_wire::v6::Duid;
    use smd_cache::MacAddr;

    use super::*;
    use crate::v6::prefix::Hint;

    fn pool(text: &str) -> PrefixPool {
        PrefixPool::new(text.parse().unwrap(), 64).unwrap()
    }

    fn client(number: u8) -> Duid {
        Duid::link_layer(MacAddr([2, 0, 0, 0, 0, number]))
    }

    fn open(pools: &[&str], directory: &Path, troubles: &Troubles) -> Prefixes {
        Prefixes::open(pools.iter().map(|text| pool(text)).collect(), Some(directory), troubles.clone()).unwrap()
    }

    #[test]
    fn a_lease_is_there_after_a_restart_and_an_offer_is_not() {
        let (directory, troubles) = (tempfile::tempdir().unwrap(), Troubles::default());
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        let mut first = open(&["2001:db8::/60", "2001:db8:1::/60"], directory.path(), &troubles);
        let leased = first.pools[1].bind(&client(1), 7, Hint::Any, now).unwrap();
        first.pools[1].offer(&client(2), 7, Hint::Any, now).unwrap();
        assert!(first.keep() && first.keep());
        drop(first);
        let mut second = open(&["2001:db8::/60", "2001:db8:1::/60"], directory.path(), &troubles);
        assert_eq!(second.len(), 1);
        assert_eq!(second.pools[1].extend(&client(1), 7, Hint::Any, now), Some(leased));
        assert!(second.pools[1].release(&client(1), 7) && second.keep());
        drop(second);
        assert_eq!(open(&["2001:db8:1::/60"], directory.path(), &troubles).len(), 0);
        assert_eq!(troubles.list(), [""; 0]);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_told() {
        let (directory, troubles) = (tempfile::tempdir().unwrap(), Troubles::default());
        let path = directory.path().join(FILE);
        state_file::replace(&path, "coresmd-prefixes 1 oops\n").unwrap();
        assert_eq!(open(&["2001:db8::/60"], directory.path(), &troubles).len(), 0);
        assert!(troubles.list()[0].contains("prefixes.damaged"), "{:?}", troubles.list());
        assert!(directory.path().join("prefixes.damaged").exists());
        let calm = Troubles::default();
        open(&["2001:db8::/60"], directory.path(), &calm);
        assert_eq!(calm.list(), [""; 0], "the next start is a fresh one");
    }

    #[test]
    fn what_cannot_be_kept_is_a_trouble_until_it_can() {
        let (directory, troubles) = (tempfile::tempdir().unwrap(), Troubles::default());
        let state = directory.path().join("state");
        assert!(Prefixes::open(vec![pool("2001:db8::/60")], Some(&state), troubles.clone()).is_err());
        std::fs::DirBuilder::new().create(&state).unwrap();
        let mut prefixes = open(&["2001:db8::/60"], &state, &troubles);
        let away = directory.path().join("away");
        rename(&state, &away);
        prefixes.pools[0].bind(&client(1), 1, Hint::Any, SystemTime::UNIX_EPOCH).unwrap();
        assert!(!prefixes.keep() && !prefixes.keep());
        assert!(troubles.list()[0].contains("cannot be kept"), "{:?}", troubles.list());
        rename(&away, &state);
        assert!(prefixes.keep());
        assert_eq!(troubles.list(), [""; 0]);
    }

    #[expect(clippy::disallowed_methods, reason = "a test moves a directory")]
    fn rename(from: &Path, to: &Path) {
        std::fs::rename(from, to).unwrap();
    }
}
