//! A Corefile: any text makes server blocks or errors, each with a place inside a file; imports come from memory and
//! import each other.
#![no_main]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // every import finds the text itself, so that loops and expansion are tried, as deep as directories go
    let mut load = |path: &Path| match path.as_os_str().len() {
        0..=512 => Ok(vec![(PathBuf::from(path), text.to_owned())]),
        _ => Err(ErrorKind::InvalidFilename.into()),
    };
    let variable = |name: &str| (name.len() % 2 == 0).then(|| format!("{{${name}}} x"));
    match corefile::parse(Path::new("Corefile"), text, &mut load, &variable) {
        Ok(corefile) => drop(corefile.conflicts(53)),
        Err(errors) => {
            assert!(!errors.is_empty(), "a refusal has a reason");
            for error in errors {
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
