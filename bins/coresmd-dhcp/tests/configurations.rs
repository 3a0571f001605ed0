//! Configurations of `CoreDHCP` as sites have them, as they were recorded with the original, and as its documentation
//! allows them: each is taken, or refused for a reason that is stated.
//!
//! The first lines of a file say what becomes of it, in the order of its findings: `#= accepted`, or `#= warned: …` and
//! `#= refused: …` with the message.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

use std::path::{Path, PathBuf};

use coresmd_dhcp::config;
use serve::findings::Severity;

#[test]
fn every_configuration_is_taken_or_refused_as_it_says() {
    let files = files();
    assert!(files.len() > 80, "{} configurations", files.len());
    let wrong: Vec<String> = files.iter().filter_map(|file| judge(file).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares what a file says of itself with what becomes of it.
fn judge(file: &Path) -> Result<(), String> {
    let text = read(file);
    let said: Vec<_> = text.lines().map_while(|line| line.strip_prefix("#= ")).map(str::to_owned).collect();
    let (config, findings) = config::read("config.yaml", &text, None);
    let mut found: Vec<_> = findings
        .sorted()
        .into_iter()
        .filter_map(|finding| match finding.severity {
            Severity::Error => Some(format!("refused: {}", finding.message)),
            Severity::Warning => Some(format!("warned: {}", finding.message)),
            Severity::Note => None,
        })
        .collect();
    if found.is_empty() {
        found.push("accepted".into());
    }
    let name = file.file_name().unwrap().to_string_lossy();
    assert_eq!(config.is_some(), !findings.has_errors(), "{name}");
    if said == found { Ok(()) } else { Err(format!("{name} is\n#= {}", found.join("\n#= "))) }
}

#[expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations");
    let mut files: Vec<_> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
