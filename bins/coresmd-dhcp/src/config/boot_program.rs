//! The URL of `nbp` as DHCPv4 carries it (facts: coredhcp-coredns §A5).

use super::values;
use crate::policy::Nbp;

/// Reads the URL of a network boot program. HTTP and FTP clients get the whole of it as option 67; all others get the
/// server (with its port, if it has one) as option 66 and the path as option 67. A bare path names no server.
pub(super) fn boot_program(text: &str) -> Result<Nbp, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(Nbp { server: None, file: path(text, text)? });
    };
    values::url(text)?;
    if ["http", "https", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Ok(Nbp { server: None, file: text.to_owned() });
    }
    let (server, file) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    Ok(Nbp { server: Some(server.to_owned()), file: path(file, text)? })
}

/// A path without a query, which TFTP does not know.
fn path(path: &str, url: &str) -> Result<String, String> {
    match path.split(['?', '#']).next() {
        Some(file) if !file.trim_matches('/').is_empty() => Ok(file.to_owned()),
        _ => Err(format!("{url:?} names no file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_options_66_and_67() {
        for (text, server, file) in [
            ("http://h:8080/ipxe/x86.efi?a=b", None, "http://h:8080/ipxe/x86.efi?a=b"),
            ("https://h/x", None, "https://h/x"),
            ("FTP://h/x", None, "FTP://h/x"),
            ("tftp://172.16.0.253/pxelinux.0", Some("172.16.0.253"), "/pxelinux.0"),
            ("tftp://h:6969/a/b?params=x", Some("h:6969"), "/a/b"),
            ("undionly.kpxe", None, "undionly.kpxe"),
            ("/srv/undionly.kpxe", None, "/srv/undionly.kpxe"),
        ] {
            let nbp = Nbp { server: server.map(str::to_owned), file: file.to_owned() };
            assert_eq!(boot_program(text), Ok(nbp), "{text}");
        }
        for (text, says) in
            [("tftp://h", "names no file"), ("tftp://h/", "names no file"), ("tftp:///x", "has no host")]
        {
            assert!(boot_program(text).unwrap_err().contains(says), "{text}: {:?}", boot_program(text));
        }
    }
}
