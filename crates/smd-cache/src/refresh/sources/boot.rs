//! Where boot parameters come from: BSS or boot-service, told apart by what they answer, or a file. \[IO\]
//!
//! | service | asked for | facts |
//! |---|---|---|
//! | BSS | `/boot/v1/bootparameters`; its public dump where that wants a token | smd-bss §7.1 |
//! | boot-service | `/bootconfigurations`; `/bootparameters` where those are closed | openchami-today §4 |
//!
//! boot-service may serve BSS's path too (`enable_legacy_api`), where its configurations cannot be told from one another.

use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;

use super::file::{FileError, FileSource};
use super::{answer, compared};
use crate::client::{FetchError, Fetched, Service};
use crate::files::{Findings, read_boot_file, render_boot};
use crate::inventory::Part;
use crate::refresh::News;
use crate::state::PartFailure;
use crate::wire;

/// The source of boot parameters.
#[derive(Debug)]
pub(super) struct Boot {
    source: Source,
    /// Whether the body that was taken last names groups; `None`: not looked yet.
    names_groups: Option<bool>,
}

#[derive(Debug)]
enum Source {
    None,
    Service(Box<BootService>),
    /// Its body is what boot-service would list.
    File(FileSource<Bytes>),
}

/// BSS or boot-service.
#[derive(Debug)]
struct BootService {
    service: Service,
    /// Which it is, once it has answered; asked again when it is not there any more.
    known: Option<Dialect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Bss,
    BootService,
}

impl Boot {
    /// No source: nothing is known of booting.
    pub(super) fn none() -> Self {
        Self { source: Source::None, names_groups: None }
    }

    /// Reads the file for the first time.
    pub(super) fn file(path: &Path, limit: usize) -> Self {
        Self { source: Source::File(FileSource::open(path, limit, list)), names_groups: None }
    }

    /// BSS or boot-service.
    pub(super) fn service(service: Service) -> Self {
        Self { source: Source::Service(Box::new(BootService { service, known: None })), names_groups: None }
    }

    pub(super) fn as_file(&self) -> Option<&FileSource<Bytes>> {
        match &self.source {
            Source::File(file) => Some(file),
            Source::None | Source::Service(_) => None,
        }
    }

    pub(super) fn as_service(&mut self) -> Option<&mut Service> {
        match &mut self.source {
            Source::Service(boot) => Some(&mut boot.service),
            Source::None | Source::File(_) => None,
        }
    }

    pub(super) fn fault(&self) -> Option<&FileError> {
        self.as_file().and_then(|file| file.get().err())
    }

    pub(super) async fn fetch(&mut self, last: Option<&Bytes>) -> Result<News<Bytes>, PartFailure> {
        match &mut self.source {
            Source::None => Ok(News::Unchanged),
            Source::Service(boot) => answer(Part::Boot, boot.fetch(last).await),
            Source::File(file) => {
                file.refresh().await;
                match file.get() {
                    Ok(body) => Ok(compared(body, last)),
                    Err(error) => Err(error.failure(Part::Boot)),
                }
            }
        }
    }

    /// Whether some configuration is for the members of a group, so that groups must be known; `brought` is what this
    /// poll brought. The body is only searched for the key: to ask for groups in vain costs a request.
    pub(super) fn names_groups(&mut self, last: Option<&Bytes>, brought: &News<Bytes>) -> bool {
        if let News::New(body) = brought {
            self.names_groups = Some(has_groups(body));
        }
        *self.names_groups.get_or_insert_with(|| last.is_some_and(has_groups))
    }
}

impl BootService {
    async fn fetch(&mut self, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        let fetched = match self.known {
            Some(Dialect::Bss) => self.ask_bss(last).await,
            Some(Dialect::BootService) => self.service.get(CONFIGURATIONS, last).await,
            None => return self.find_out(last).await,
        };
        match fetched {
            Err(error) if is_absent(&error) => self.find_out(last).await,
            fetched => fetched,
        }
    }

    /// Asks as for each of the two in turn, BSS first. What cannot be reached is not asked for more; what answers, but
    /// only the second best, is asked anew in the next poll.
    async fn find_out(&mut self, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        self.known = None;
        let as_bss = self.ask_bss(last).await;
        match &as_bss {
            Ok(fetched) if !is_boot_services(fetched, last) => {
                self.known = Some(Dialect::Bss);
                return as_bss;
            }
            Err(error) if !is_absent(error) && !error.is_denied() => return as_bss,
            Ok(_) | Err(_) => {}
        }
        let configurations = self.service.get(CONFIGURATIONS, last).await;
        if configurations.is_ok() {
            self.known = Some(Dialect::BootService);
            return configurations;
        }
        if as_bss.is_ok() {
            return as_bss;
        }
        let parameters = self.service.get(PARAMETERS, last).await;
        if parameters.is_ok() {
            return parameters;
        }
        // of three refusals, the one that says most: a token is wanted, or else what BSS's path said
        let all = [as_bss, configurations, parameters];
        let denied = all.iter().position(|fetched| fetched.as_ref().is_err_and(FetchError::is_denied));
        let [as_bss, configurations, parameters] = all;
        match denied {
            Some(1) => configurations,
            Some(2) => parameters,
            _ => as_bss,
        }
    }

    /// BSS guards its boot parameters with a token but shows them to everybody in its dump.
    async fn ask_bss(&self, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        match self.service.get(BSS_PARAMETERS, last).await {
            Err(denied) if denied.is_denied() => self.service.get(BSS_DUMP, last).await.map_err(|_| denied),
            fetched => fetched,
        }
    }
}

/// A file's configurations as boot-service would list them.
fn list(file: &str, text: &str, _: Option<SystemTime>) -> Result<Bytes, Findings> {
    Ok(render_boot(&read_boot_file(file, text)?).into())
}

/// Whether a group is named: the key with a list that is not empty.
fn has_groups(body: &Bytes) -> bool {
    let keys = body.windows(GROUPS.len()).enumerate().filter(|(_, window)| *window == GROUPS);
    keys.map(|(at, _)| body[at + GROUPS.len()..].trim_ascii_start()).any(|rest| {
        let list = rest.strip_prefix(b":").and_then(|value| value.trim_ascii_start().strip_prefix(b"["));
        list.is_some_and(|entries| !entries.trim_ascii_start().starts_with(b"]"))
    })
}

/// Whether there is no such path.
fn is_absent(error: &FetchError) -> bool {
    matches!(error, FetchError::Status { status: 404 | 405, .. })
}

/// Whether what BSS's path answered is boot-service's: it alone wraps its items so.
fn is_boot_services(fetched: &Fetched, last: Option<&Bytes>) -> bool {
    let body = match fetched {
        Fetched::Unchanged => last,
        Fetched::Body(body) => Some(body),
    };
    let text = wire::text(body.map(AsRef::as_ref).unwrap_or_default());
    matches!(wire::keyed_rows(&text, Part::Boot.keys()), Ok((Some(key), _)) if key == "boot-parameters")
}

const BSS_PARAMETERS: &str = "/boot/v1/bootparameters";
const BSS_DUMP: &str = "/boot/v1/dumpstate";
const CONFIGURATIONS: &str = "/bootconfigurations";
const PARAMETERS: &str = "/bootparameters";
/// The key of the groups in a configuration.
const GROUPS: &[u8] = b"\"groups\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_seen_however_they_are_spaced() {
        for (body, expected) in [
            (r#"[{"spec":{"groups":["a"]}}]"#, true),
            ("[{\"spec\":{\"groups\" : [\n  \"a\"]}}]", true),
            (r#"[{"spec":{"groups":[]}},{"spec":{"groups":["a"]}}]"#, true),
            (r#"[{"spec":{"groups":[ ]}},{"spec":{"groups":null}}]"#, false),
            ("[]", false),
            ("\"groups\"", false),
        ] {
            assert_eq!(has_groups(&Bytes::from_static(body.as_bytes())), expected, "{body}");
        }
    }
}
