//! Fetches the bodies of one poll: all at the same time, each on its own account. \[IO\]
//!
//! The seam for other sources: whoever can bring an [`Offered`] can stand in this room's place.

use std::path::Path;

use bytes::Bytes;

use super::{News, Offered, Parts, SmdBodies, SourceConfig, StartError};
use crate::client::{ClientError, FetchError, Fetched, Service};
use crate::inventory::Part;
use crate::state::{FailureKind, PartFailure};
use crate::token::TokenHandle;
use crate::wire::BodyError;

/// SMD and, where there is one, BSS.
#[derive(Debug)]
pub(super) struct Sources {
    smd: Service,
    groups: bool,
    bss: Option<Service>,
}

impl Sources {
    /// Reads the files that the requests need.
    pub(super) fn new(config: &SourceConfig, tokens: Option<&TokenHandle>) -> Result<Self, StartError> {
        let service = |url: &str, ca: Option<&Path>, token_file: Option<&Path>| {
            Service::over(&config.transport, url, ca, token_file, config.timeouts, config.max_body)
                .map(|service| service.with_tokens(tokens.cloned()))
        };
        let smd = service(&config.smd_url, config.smd_ca.as_deref(), config.token_file.as_deref());
        let bss = config.bss.as_ref().map(|bss| service(&bss.url, bss.ca.as_deref(), bss.token_file.as_deref()));
        Ok(Self {
            smd: smd.map_err(StartError::Smd)?,
            groups: config.groups,
            bss: bss.transpose().map_err(StartError::Bss)?,
        })
    }

    /// Takes changed CA and token files; what could not be read is returned.
    pub(super) async fn reload(&mut self) -> Vec<ClientError> {
        let mut faults = self.smd.reload().await;
        if let Some(bss) = &mut self.bss {
            faults.extend(bss.reload().await);
        }
        faults
    }

    /// Fetches everything once. `last` holds the bodies that were taken last.
    pub(super) async fn fetch(&self, last: &Parts) -> (Offered, Vec<PartFailure>) {
        let (interfaces, components, groups, boot) = tokio::join!(
            self.smd.get(INTERFACES, last.smd.as_ref().map(|smd| &smd.interfaces)),
            self.smd.get(COMPONENTS, last.smd.as_ref().map(|smd| &smd.components)),
            self.fetch_groups(last.groups.as_ref()),
            self.fetch_boot(last.boot.as_ref()),
        );
        let mut failures = Vec::new();
        let mut news = |part, fetched| match fetched {
            Ok(Fetched::Unchanged) => News::Unchanged,
            Ok(Fetched::Body(body)) => News::New(body),
            Err(error) => {
                failures.push(failure(part, &error));
                News::Failed
            }
        };
        let smd = match (news(Part::Interfaces, interfaces), news(Part::Components, components)) {
            (News::Failed, _) | (_, News::Failed) => News::Failed,
            (News::Unchanged, News::Unchanged) => News::Unchanged,
            (interfaces, components) => {
                let kept = |body: fn(&SmdBodies) -> &Bytes| last.smd.as_ref().map(body).cloned().unwrap_or_default();
                News::New(SmdBodies {
                    interfaces: interfaces.or(|| kept(|smd| &smd.interfaces)),
                    components: components.or(|| kept(|smd| &smd.components)),
                })
            }
        };
        let groups = news(Part::Groups, groups);
        let boot = news(Part::Boot, boot);
        (Offered { smd, groups, boot }, failures)
    }

    async fn fetch_groups(&self, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        if self.groups { self.smd.get(GROUPS, last).await } else { Ok(Fetched::Unchanged) }
    }

    /// BSS guards its boot parameters with a token but shows them to everybody in its dump (facts: smd-bss §7.1).
    async fn fetch_boot(&self, last: Option<&Bytes>) -> Result<Fetched, FetchError> {
        let Some(bss) = &self.bss else { return Ok(Fetched::Unchanged) };
        match bss.get(BOOT_PARAMETERS, last).await {
            Err(denied) if denied.is_denied() => bss.get(DUMP_STATE, last).await.map_err(|_| denied),
            fetched => fetched,
        }
    }
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

fn failure(part: Part, error: &FetchError) -> PartFailure {
    PartFailure { part, kind: error.kind(), text: format!("{part}: {error}") }
}

const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";
const COMPONENTS: &str = "/hsm/v2/State/Components";
const GROUPS: &str = "/hsm/v2/groups";
const BOOT_PARAMETERS: &str = "/boot/v1/bootparameters";
const DUMP_STATE: &str = "/boot/v1/dumpstate";
