//! The refresh token on disk, for the next run: a bootstrap token is good once, and is spent by then. \[IO\]

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Secret;

/// A refresh token and where it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    /// The URL that gave it, and that it may be shown to.
    pub(super) source: String,
    /// The token.
    pub(super) token: Secret,
    /// Until when it is good.
    pub(super) until: SystemTime,
}

/// Writes the file anew, readable for its owner alone: beside it first, then renamed over it.
pub(super) fn save(path: &Path, saved: &Saved) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let until = saved.until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let fields = json!({ "source": saved.source, "refresh_token": saved.token.expose(), "expires_at": until });
    let text = Zeroizing::new(fields.to_string());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    #[expect(clippy::disallowed_methods, reason = "an IO room: the finished file takes its place")]
    std::fs::rename(&beside, path)
}

/// Reads the file; `None` where there is none yet.
///
/// # Errors
/// In words, without the content: it cannot be read, or is no such file.
pub(super) fn load(path: &Path) -> Result<Option<Saved>, String> {
    #[expect(clippy::disallowed_methods, reason = "an IO room: this is where the file is read")]
    let content = match std::fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let fields: Value = serde_json::from_slice(&content)
        .map_err(|error| format!("no JSON at line {}, column {}", error.line(), error.column()))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let saved = || {
        let until = Duration::from_secs(fields.get("expires_at")?.as_u64()?);
        let until = SystemTime::UNIX_EPOCH.checked_add(until)?;
        Some(Saved { source: text("source")?.to_owned(), token: Secret::new(text("refresh_token")?), until })
    };
    saved().map(Some).ok_or_else(|| "it has not the fields source, refresh_token and expires_at".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_nobody_else_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session");
        assert_eq!(load(&path), Ok(None));
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_001);
        let saved = Saved { source: "https://t".into(), token: Secret::new("refresh"), until };
        for _ in 0..2 {
            save(&path, &saved).unwrap();
            assert_eq!(load(&path), Ok(Some(saved.clone())));
        }
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_told_without_its_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("session");
        for (content, reason) in [
            ("", "line 1, column 0"),
            ("{\"refresh_token\":\"hidden", "line 1"),
            ("[]", "fields"),
            (r#"{"source":"s","refresh_token":"hidden","expires_at":-1}"#, "fields"),
            (r#"{"source":"s","refresh_token":"hidden","expires_at":18446744073709551615}"#, "fields"),
            (r#"{"source":"s","refresh_token":"","expires_at":1}"#, "fields"),
        ] {
            #[expect(clippy::disallowed_methods, reason = "a test damages the file")]
            std::fs::write(&path, content).unwrap();
            let error = load(&path).unwrap_err();
            assert!(error.contains(reason) && !error.contains("hidden"), "{error}");
        }
    }
}
