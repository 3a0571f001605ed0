#![expect(clippy::disallowed_methods, reason = "a test makes its files")]

use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A directory with boot files, and a secret beside it.
fn site() -> (TempDir, Library) {
    let site = tempfile::tempdir().unwrap();
    let root = site.path().join("tftp");
    fs::create_dir_all(root.join("sub/dir")).unwrap();
    fs::write(site.path().join("secret"), "secret").unwrap();
    fs::write(root.join("ipxe.efi"), "firmware").unwrap();
    fs::write(root.join("sub/dir/grub.cfg"), "menu").unwrap();
    symlink("ipxe.efi", root.join("alias")).unwrap();
    symlink("../../ipxe.efi", root.join("sub/dir/up")).unwrap();
    symlink("../secret", root.join("leak")).unwrap();
    symlink(site.path().join("secret"), root.join("absolute-leak")).unwrap();
    symlink("..", root.join("out")).unwrap();
    let library = Library::new(root, [("default".to_owned(), b"script".to_vec())]);
    (site, library)
}

fn read(library: &Library, name: &str) -> Result<String, String> {
    let contents = library.open(name).map_err(|error| error.to_string())?;
    let mut octets = vec![0; contents.size() as usize];
    contents.read_at(0, &mut octets).unwrap();
    Ok(String::from_utf8(octets).unwrap())
}

#[test]
fn names_lead_anywhere_inside() {
    let (_site, library) = site();
    for (name, text) in [
        ("ipxe.efi", "firmware"),
        ("/ipxe.efi", "firmware"),
        ("//sub//dir/grub.cfg", "menu"),
        ("sub/./dir/../dir/grub.cfg", "menu"),
        ("alias", "firmware"),
        ("sub/dir/up", "firmware"),
        ("default", "script"),
        ("/default", "script"),
        ("52:54:00:12:34:56/ipxe.efi", "firmware"),
        ("52-54-00-12-34-56/sub/dir/grub.cfg", "menu"),
    ] {
        assert_eq!(read(&library, name).as_deref(), Ok(text), "{name}");
    }
}

#[test]
fn names_lead_nowhere_outside() {
    let (_site, library) = site();
    for (name, error) in [
        ("../secret", "access denied"),
        ("/../secret", "access denied"),
        ("sub/../../secret", "access denied"),
        ("leak", "access denied"),
        ("absolute-leak", "access denied"),
        ("out/secret", "access denied"),
        ("..", "access denied"),
        ("52:54:00:12:34:56/../../secret", "access denied"),
        ("/proc/self/environ", "no such file"),
        ("..\\secret", "no such file"),
        ("....//secret", "no such file"),
        ("%2e%2e/secret", "no such file"),
        ("", "no such file"),
        ("/", "no such file"),
        ("sub", "not a regular file"),
        (".", "not a regular file"),
        ("nothing", "no such file"),
        ("ipxe.efi/x", "no such file"),
    ] {
        assert_eq!(read(&library, name), Err(error.to_owned()), "{name}");
    }
    assert!(library.open(&"x".repeat(5000)).is_err());
    assert!(library.open(&"x/".repeat(5000)).is_err());
    assert!(library.open("ipxe.efi\0.txt").is_err());
}

#[test]
fn a_pipe_is_not_waited_for() {
    let (site, library) = site();
    let pipe = site.path().join("tftp/pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
    assert_eq!(read(&library, "pipe"), Err("not a regular file".into()));
}

#[test]
fn one_file_is_opened_once_and_a_new_one_is_seen() {
    let (site, library) = site();
    let (first, second) = (library.open("ipxe.efi").unwrap(), library.open("alias").unwrap());
    assert!(Arc::ptr_eq(&first, &second));
    fs::write(site.path().join("tftp/new"), "another").unwrap();
    fs::rename(site.path().join("tftp/new"), site.path().join("tftp/ipxe.efi")).unwrap();
    assert_eq!(read(&library, "ipxe.efi").as_deref(), Ok("another"));
    assert_eq!(first.size(), 8);
}

#[test]
fn a_file_that_was_cut_short_is_an_error() {
    let (site, library) = site();
    let contents = library.open("ipxe.efi").unwrap();
    fs::write(site.path().join("tftp/ipxe.efi"), "f").unwrap();
    assert!(contents.read_at(0, &mut [0; 8]).is_err());
    let made_up = library.open("default").unwrap();
    assert!(made_up.read_at(4, &mut [0; 8]).is_err());
    assert!(made_up.read_at(u64::MAX, &mut [0; 1]).is_err());
}

#[test]
fn without_the_directory_there_are_only_made_up_names() {
    let library = Library::new("/nonexistent/tftpboot".into(), [("default".to_owned(), b"script".to_vec())]);
    assert_eq!(read(&library, "default").as_deref(), Ok("script"));
    assert_eq!(read(&library, "ipxe.efi"), Err("no such file".into()));
}

proptest! {
    #[test]
    fn no_name_shows_the_secret(name in "[./a-z\\\\]{0,24}|(\\.\\./|/|out/|leak|sub/|secret|\\./){1,8}") {
        let (_site, library) = site();
        prop_assert_ne!(read(&library, &name), Ok("secret".into()));
    }
}
