//! \[IO\] The serials of zones, kept in a file beside the snapshot of their inventory, so that they grow across restarts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Named;
use crate::catalog::{Catalog, Serials};

/// What was kept of a block; nothing where there is nothing that can be read: then its zones begin anew.
pub(super) fn kept(named: &Named) -> Option<Serials> {
    let file = file(named)?;
    Some(Serials::read(&read(&file), &prefix(named)))
}

/// Keeps the serials of blocks; all blocks of an inventory are kept together.
pub(super) fn keep(built: &[(&Named, Arc<Catalog>)]) {
    let firsts = built.iter().filter(|(named, _)| named.ordinal == 0);
    for (first, file) in firsts.filter_map(|(first, _)| Some((first, file(first)?))) {
        let of_inventory = built.iter().filter(|(named, _)| Arc::ptr_eq(&named.inventory, &first.inventory));
        let lines: String = of_inventory.map(|(named, catalog)| catalog.serials().lines(&prefix(named))).collect();
        if lines != read(&file)
            && let Err(error) = replace(&file, &lines)
        {
            tracing::warn!(%error, file = %file.display(), "the serials of zones cannot be kept");
        }
    }
}

/// The file of an inventory: beside that of its snapshot.
fn file(named: &Named) -> Option<PathBuf> {
    let snapshot_file = named.inventory.source.snapshot_file.as_ref()?;
    Some(with_suffix(snapshot_file, ".serials"))
}

/// What the lines of a block begin with.
fn prefix(named: &Named) -> String {
    format!("{} ", named.ordinal)
}

#[expect(clippy::disallowed_methods, reason = "the serials of zones outlive the process")]
fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, file = %file.display(), "the serials of zones cannot be read");
        }
        String::new()
    })
}

/// Replaces the file by a complete one.
#[expect(clippy::disallowed_methods, reason = "the serials of zones outlive the process")]
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let new = with_suffix(file, ".new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, file)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
