//! \[IO\] Small files of the server's own state: read at the start, replaced whole by renaming, set aside when damaged.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The text of a file; `None` where there is none. What is no UTF-8 is read as far as it goes: whoever parses it will say
/// that it is damaged.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    #[expect(clippy::disallowed_methods, reason = "this room reads the server's state")]
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the file anew, beside it first, and returns when both the text and its name are on the disk.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = with_suffix(path, ".new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    #[expect(clippy::disallowed_methods, reason = "this room writes the server's state")]
    fs::rename(&beside, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[expect(clippy::disallowed_methods, reason = "this room writes the server's state")]
    File::open(directory)?.sync_all()
}

/// Gives a damaged file a name at which nothing looks for it, the first that is free of `NAME.damaged`, `NAME.damaged.1`, ….
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let names = std::iter::once(".damaged".to_owned()).chain((1..).map(|number| format!(".damaged.{number}")));
    let free = names.map(|suffix| with_suffix(path, &suffix)).find(|name| !name.exists());
    let aside = free.expect("there are more numbers than files");
    #[expect(clippy::disallowed_methods, reason = "this room keeps the server's state")]
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_set_aside_without_loss() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        assert_eq!(read(&path).unwrap(), None);
        for text in ["one", "another"] {
            replace(&path, text).unwrap();
            assert_eq!(read(&path).unwrap().as_deref(), Some(text));
        }
        assert_eq!(set_aside(&path).unwrap(), directory.path().join("state.damaged"));
        assert_eq!(read(&path).unwrap(), None);
        replace(&path, "third").unwrap();
        assert_eq!(set_aside(&path).unwrap(), directory.path().join("state.damaged.1"));
        assert_eq!(read(&directory.path().join("state.damaged")).unwrap().as_deref(), Some("another"));
        assert!(replace(&directory.path().join("none/state"), "text").is_err());
    }
}
