//! The upstreams of a `forward`: `IP`, `IP:PORT`, `tls://IP[:PORT][%NAME]`, or a file that names some.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use corefile::Word;
use rustls::pki_types::ServerName;

use crate::config::report::Report;
use crate::forward::To;

/// The ports of plain DNS and of DNS over TLS (RFC 7858 §3.1).
const DNS: u16 = 53;
const DNS_OVER_TLS: u16 = 853;

/// Reads one upstream.
pub(super) fn understand(word: &Word, report: &mut Report<'_>) -> Option<To> {
    let text = word.text.as_str();
    match text.split_once("://") {
        Some(("tls", rest)) => {
            let (rest, name) = match rest.split_once('%') {
                Some((rest, name)) => (rest, Some(certificate_name(word, name, report)?)),
                None => (rest, None),
            };
            Some(To::Tls { address: address(rest, DNS_OVER_TLS).or_else(|| not_address(word, report))?, name })
        }
        Some(("dns", rest)) => Some(To::Plain(address(rest, DNS).or_else(|| not_address(word, report))?)),
        Some((scheme, _)) => {
            let help = "write an IP address for plain DNS, or `tls://IP%NAME`";
            report.error(&word.span, format!("`{scheme}://` upstreams are not supported"), help);
            None
        }
        None => match address(text, DNS) {
            Some(address) => Some(To::Plain(address)),
            None if is_path(text) => Some(To::ResolvConf(PathBuf::from(text))),
            None => not_address(word, report),
        },
    }
}

/// A name that a certificate can be for.
pub(super) fn certificate_name(word: &Word, name: &str, report: &mut Report<'_>) -> Option<String> {
    if ServerName::try_from(name).is_err() {
        let message = format!("`{name}` is no name that a certificate can be for");
        report.error(&word.span, message, "write it as `dns.example`");
        return None;
    }
    Some(name.to_owned())
}

fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().filter(|address: &SocketAddr| address.port() > 0);
    bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, port)).or_else(with_port)
}

/// Whether it is meant to be a file; a bare word is more likely a host's name, which cannot be resolved here.
fn is_path(text: &str) -> bool {
    text.contains('/') || Path::new(text).extension().is_some_and(|extension| extension == "conf")
}

fn not_address<T>(word: &Word, report: &mut Report<'_>) -> Option<T> {
    let message = format!("`{}` is neither an IP address nor a file", word.text);
    report.error(
        &word.span,
        message,
        "write `10.0.0.53`, `[fd00::53]:5353`, `tls://10.0.0.53%dns.example` or `/etc/resolv.conf`",
    );
    None
}
