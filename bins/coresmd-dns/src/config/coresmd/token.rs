//! Who gives the token that SMD is shown: the block `token` of `coresmd`, or the original's words `auth_mode`,
//! `tokensmith_url` and `refresh_before` (facts, openchami-today §2).
//!
//! ```text
//! token {
//!     url URL                 TokenSmith, or the token endpoint of OAuth 2
//!     mode required           optional, disabled
//!     grant bootstrap         certificate, client_credentials
//!     bootstrap_file FILE     without it, $TOKENSMITH_BOOTSTRAP_TOKEN
//!     session_file FILE       keeps the refresh token over a restart
//!     client_id ID            these four: of client_credentials
//!     client_secret_file FILE
//!     client_auth basic       post
//!     scope "SCOPE …"
//!     refresh_before 2m
//!     ca_cert FILE            as that of SMD where it is missing
//! }
//! ```

use std::path::PathBuf;
use std::time::Duration;

use corefile::{Directive, Span, Word};
use serve::duration;
use serve::findings::nearest;
use smd_cache::token::{KeysError, TokenConfig, TokenKeys, TokenMode};

use crate::config::report::Report;

/// The words that say who gives the token, as far as they have been read.
#[derive(Default)]
pub(super) struct Words {
    keys: TokenKeys,
    /// The block, and the keys that it has.
    block: Option<Span>,
    seen: Vec<(&'static str, Span)>,
}

impl Words {
    /// One of the original's words.
    pub(super) fn line(&mut self, line: &Directive, report: &mut Report<'_>) {
        let key = match line.name.as_str() {
            "auth_mode" => "mode",
            "tokensmith_url" => "url",
            _ => "refresh_before",
        };
        self.set(key, line, report);
    }

    /// The block.
    pub(super) fn block(&mut self, line: &Directive, report: &mut Report<'_>) {
        self.block = Some(line.span.clone());
        if let Some(surplus) = line.args.first() {
            report.error(&surplus.span, "`token` takes a block and no value", "write `token { url https://… }`");
        }
        for inner in line.block.iter().flatten() {
            if let Some(key) = TokenKeys::NAMES.into_iter().find(|name| *name == inner.name) {
                self.set(key, inner, report);
                continue;
            }
            let help = match nearest(&inner.name, TokenKeys::NAMES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", TokenKeys::NAMES.join(", ")),
            };
            report.error(&inner.span, format!("unknown word `{}` in token", inner.name), help);
        }
    }

    /// What the words come to. Without a block, `auth_mode` must ask for a token.
    pub(super) fn resolve(mut self, certificate: bool, span: &Span, report: &mut Report<'_>) -> Option<TokenConfig> {
        if self.block.is_none() && self.keys.mode.is_none() {
            self.keys.mode = Some(TokenMode::Disabled);
        }
        let Self { keys, block, seen } = self;
        keys.resolve(certificate).unwrap_or_else(|KeysError { key, message }| {
            let at = seen.iter().find(|(name, _)| *name == key).map(|(_, span)| span);
            let (at, help) = (at.or(block.as_ref()).unwrap_or(span), "see `token` in the examples");
            let name = if block.is_none() && key == "url" { "tokensmith_url" } else { key };
            report.error(at, format!("`{name}` of the token {message}"), help);
            None
        })
    }

    fn set(&mut self, key: &'static str, line: &Directive, report: &mut Report<'_>) {
        if self.seen.iter().any(|(seen, _)| *seen == key) {
            return report.error(&line.span, format!("`{}` is given twice", line.name), "remove one of them");
        }
        self.seen.push((key, line.span.clone()));
        let Some(word) = report.single(&line.name, &line.span, &line.args, example(key)) else { return };
        if let Err(fault) = self.take(key, word) {
            report.error(
                &word.span,
                format!("`{}`: {fault}", line.name),
                format!("write `{} {}`", line.name, example(key)),
            );
        }
    }

    fn take(&mut self, key: &str, word: &Word) -> Result<(), String> {
        let text = word.text.as_str();
        let path = || if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(PathBuf::from(text)) };
        let keys = &mut self.keys;
        match key {
            "mode" => keys.mode = Some(text.parse()?),
            "grant" => keys.grant = Some(text.parse()?),
            "url" => keys.url = Some(http_url(text)?),
            "bootstrap_file" => keys.bootstrap_file = Some(path()?),
            "client_id" => keys.client_id = Some(text.to_owned()),
            "client_secret_file" => keys.client_secret_file = Some(path()?),
            "client_auth" => keys.client_auth = Some(text.parse()?),
            "scope" => keys.scope = Some(text.to_owned()),
            "refresh_before" => keys.refresh_before = Some(above_zero(text)?),
            "ca_cert" => keys.ca_cert = Some(path()?),
            _ => keys.session_file = Some(path()?),
        }
        Ok(())
    }
}

fn http_url(text: &str) -> Result<String, String> {
    let host = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', ':']) => Ok(text.to_owned()),
        Some(_) | None => Err(format!("{text:?} is not an http or https URL")),
    }
}

fn above_zero(text: &str) -> Result<Duration, String> {
    match duration::parse(text)? {
        Duration::ZERO => Err("it is 0".to_owned()),
        duration => Ok(duration),
    }
}

/// What the help shows for a key.
fn example(key: &str) -> &'static str {
    match key {
        "mode" => "required",
        "grant" => "bootstrap",
        "url" => "https://smd.example:8443/tokensmith",
        "client_id" => "ID",
        "client_auth" => "basic",
        "scope" => "smd.read",
        "refresh_before" => "2m",
        _ => "FILE",
    }
}
