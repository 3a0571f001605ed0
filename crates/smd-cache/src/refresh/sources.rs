//! Fetches the bodies of one poll: all at the same time, each on its own account. \[IO\]
//!
//! The seam for other sources: whoever can bring an [`Offered`] can stand in this room's place. Inventory and boot
//! parameters each come from a service or from a file, in any mixture.

mod boot;
mod file;
mod inventory;

pub use file::FileError;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::{News, Offered, Parts, SourceConfig, StartError};
use crate::client::{ClientError, FetchError, Fetched, Service};
use crate::inventory::Part;
use crate::state::{FailureKind, PartFailure};
use crate::token::TokenHandle;
use crate::wire::BodyError;
use boot::Boot;
use inventory::Inventory;

/// Where everything comes from.
#[derive(Debug)]
pub(super) struct Sources {
    inventory: Inventory,
    groups: bool,
    boot: Boot,
}

impl Sources {
    /// Reads the files that the requests need, and those that are sources themselves; a fault in the latter is
    /// [`Sources::file_fault`]'s to tell.
    pub(super) fn new(config: &SourceConfig, tokens: Option<&TokenHandle>) -> Result<Self, StartError> {
        let service = |url: &str, ca: Option<&Path>, token_file: Option<&Path>| {
            Service::over(&config.transport, url, ca, token_file, config.timeouts, config.max_body)
                .map(|service| service.with_tokens(tokens.cloned()))
        };
        let inventory = if let Some(file) = &config.inventory_file {
            Inventory::file(file, config.max_body)
        } else {
            let smd = service(&config.smd_url, config.smd_ca.as_deref(), config.token_file.as_deref());
            Inventory::Smd(Box::new(smd.map_err(StartError::Smd)?))
        };
        let boot = match (&config.boot_file, &config.bss) {
            (Some(file), _) => Boot::file(file, config.max_body),
            (None, Some(bss)) => {
                let bss = service(&bss.url, bss.ca.as_deref(), bss.token_file.as_deref());
                Boot::service(bss.map_err(StartError::Bss)?)
            }
            (None, None) => Boot::none(),
        };
        Ok(Self { inventory, groups: config.groups, boot })
    }

    /// What is wrong with a file that is a source, as it was last read.
    pub(super) fn file_fault(&self) -> Option<&FileError> {
        self.inventory.fault().or_else(|| self.boot.fault())
    }

    /// Takes changed CA and token files; what could not be read is returned.
    pub(super) async fn reload(&mut self) -> Vec<ClientError> {
        let mut faults = Vec::new();
        for service in [self.inventory.as_service(), self.boot.as_service()].into_iter().flatten() {
            faults.extend(service.reload().await);
        }
        faults
    }

    /// Fetches everything once. `last` holds the bodies that were taken last.
    pub(super) async fn fetch(&mut self, last: &Parts) -> (Offered, Vec<PartFailure>) {
        let mut failures = Vec::new();
        let (smd, boot) = tokio::join!(self.inventory.fetch(last.smd.as_ref()), self.boot.fetch(last.boot.as_ref()));
        let smd = smd.unwrap_or_else(|failed| {
            failures.extend(failed);
            News::Failed
        });
        let boot = news(boot, &mut failures);
        // Only now it is known whether somebody boots by group.
        let wanted = self.groups || self.boot.names_groups(last.boot.as_ref(), &boot);
        let (groups, partitions) = if wanted || self.inventory.is_file() {
            tokio::join!(
                self.inventory.fetch_groups(last.groups.as_ref()),
                self.inventory.fetch_partitions(last.partitions.as_ref()),
            )
        } else {
            (Ok(News::Unchanged), Ok(News::Unchanged))
        };
        let (groups, partitions) = (news(groups, &mut failures), news(partitions, &mut failures));
        (Offered { smd, groups, partitions, boot }, failures)
    }

    /// Completes when a file that is a source is not the one that was read last; never where none is.
    pub(super) async fn changed(&self) {
        let (inventory, boot) = (self.inventory.as_file(), self.boot.as_file());
        if inventory.is_none() && boot.is_none() {
            return std::future::pending().await;
        }
        loop {
            sleep(LOOK_AGAIN).await;
            if inventory.is_some_and(file::FileSource::has_changed) || boot.is_some_and(file::FileSource::has_changed) {
                return;
            }
        }
    }
}

/// What is wrong with the files that are sources: for those who check a configuration without using it.
pub fn file_faults(config: &SourceConfig) -> Vec<FileError> {
    let inventory = config.inventory_file.iter().map(|file| Inventory::file(file, config.max_body).fault().cloned());
    let boot = config.boot_file.iter().map(|file| Boot::file(file, config.max_body).fault().cloned());
    inventory.chain(boot).flatten().collect()
}

/// How often files are looked at between polls: one `stat` each.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What one source brought; a failure is noted.
fn news(brought: Result<News<Bytes>, PartFailure>, failures: &mut Vec<PartFailure>) -> News<Bytes> {
    brought.unwrap_or_else(|failure| {
        failures.push(failure);
        News::Failed
    })
}

/// What a service's answer is in the poll's terms.
fn answer(part: Part, fetched: Result<Fetched, FetchError>) -> Result<News<Bytes>, PartFailure> {
    match fetched {
        Ok(Fetched::Unchanged) => Ok(News::Unchanged),
        Ok(Fetched::Body(body)) => Ok(News::New(body)),
        Err(error) => Err(PartFailure { part, kind: error.kind(), text: format!("{part}: {error}") }),
    }
}

/// What a file says, next to what was taken last.
fn compared<T: PartialEq + Clone>(now: &T, last: Option<&T>) -> News<T> {
    if last == Some(now) { News::Unchanged } else { News::New(now.clone()) }
}

/// What sort of failure a body is that is not what its path promises.
pub(super) fn body_failure(error: &BodyError) -> FailureKind {
    match error {
        BodyError::Empty => FailureKind::Empty,
        BodyError::Truncated(_) => FailureKind::Truncated,
        BodyError::Html
        | BodyError::Null
        | BodyError::Problem(_)
        | BodyError::Shape { .. }
        | BodyError::Json(_)
        | BodyError::Garbage => FailureKind::Schema,
    }
}
