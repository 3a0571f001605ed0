//! \[IO\] Reading the Corefile and what it imports.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha512};

/// A Corefile with everything that it imports, read and parsed.
#[derive(Debug)]
pub struct Corefile {
    /// Its name, as messages show it.
    pub name: String,
    /// The texts of it and of the files that it imports, by name.
    pub(super) texts: BTreeMap<String, String>,
    /// The server blocks; `None` if the text cannot be parsed.
    pub(super) parsed: Option<corefile::Corefile>,
    /// What the parser found: faults, or warnings beside the blocks.
    pub(super) errors: Vec<corefile::Error>,
}

/// Reads a Corefile from its path; `stdin` is standard input. `variable` looks up the environment. The error is about
/// the file itself; faults of its text and of what it imports are in the result.
pub fn read(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> io::Result<Corefile> {
    let text = if path == Path::new("stdin") { io::read_to_string(io::stdin())? } else { text_of(path)? };
    Ok(Corefile::parse(path, text, &mut load, variable))
}

impl Corefile {
    /// Parses a text; `load` fetches what it imports.
    pub fn parse(
        path: &Path,
        text: String,
        load: &mut corefile::Loader<'_>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let name = path.display().to_string();
        let mut texts = BTreeMap::new();
        let mut keep = |pattern: &Path| {
            let files = load(pattern)?;
            texts.extend(files.iter().map(|(path, text)| (path.display().to_string(), text.clone())));
            Ok(files)
        };
        let (parsed, errors) = match corefile::parse(path, &text, &mut keep, variable) {
            Ok(parsed) => {
                let warnings = parsed.warnings.clone();
                (Some(parsed), warnings)
            }
            Err(errors) => (None, errors),
        };
        texts.insert(name.clone(), text);
        Self { name, texts, parsed, errors }
    }

    /// The SHA-512 of its text and of the texts that it imports, in hex: another one means that something has changed.
    pub fn digest(&self) -> String {
        let mut hash = Sha512::new();
        for (name, text) in &self.texts {
            for part in [name, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
    }

    /// The text of a file by its name.
    pub(super) fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(String::as_str)
    }
}

/// The files that an import names: one, or those of a directory that match the pattern of the last component.
fn load(pattern: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let wild = pattern.to_string_lossy().contains(['*', '?']);
    let paths = if wild { matches(pattern)? } else { Vec::from_iter(pattern.is_file().then(|| pattern.to_owned())) };
    paths.into_iter().map(|path| text_of(&path).map(|text| (path, text))).collect()
}

/// The files that a pattern matches, sorted. The wildcard may stand in any one component.
fn matches(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let part = component.as_os_str().to_string_lossy();
        found = if part.contains(['*', '?']) {
            found.iter().map(|directory| entries(directory, &part)).collect::<io::Result<Vec<_>>>()?.concat()
        } else {
            found.into_iter().map(|path| path.join(component)).collect()
        };
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

/// What a directory holds that matches; nothing if it is not there.
fn entries(directory: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let listing = match here.read_dir() {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = listing.map(|entry| entry.map(|entry| entry.file_name()));
    let fits = |name: &std::ffi::OsString| corefile::wildcard_matches(pattern, &name.to_string_lossy());
    names.filter(|name| name.as_ref().map_or(true, fits)).map(|name| name.map(|name| directory.join(name))).collect()
}

#[expect(clippy::disallowed_methods, reason = "this room reads the Corefile")]
fn text_of(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}
