//! Where the inventory comes from: SMD or inventory-service, or a `nodes.yaml`. \[IO\]
//!
//! inventory-service speaks as SMD does (facts: openchami-today §5); what it says otherwise is understood row by row.

use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;

use super::file::{FileError, FileSource};
use super::{answer, compared};
use crate::client::{FetchError, Fetched, Service};
use crate::files::{Findings, Listing, Site, render_site};
use crate::inventory::Part;
use crate::refresh::{News, SmdBodies};
use crate::state::PartFailure;

/// The source of the inventory.
#[derive(Debug)]
pub(super) enum Inventory {
    /// SMD or inventory-service.
    Smd(Box<Service>),
    /// A `nodes.yaml`.
    File(FileSource<Listed>),
}

/// What a `nodes.yaml` lists, as SMD would.
#[derive(Debug)]
pub(super) struct Listed {
    smd: SmdBodies,
    groups: Bytes,
}

impl Inventory {
    /// Reads the file for the first time.
    pub(super) fn file(path: &Path, limit: usize) -> Self {
        Self::File(FileSource::open(path, limit, list))
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    pub(super) fn as_file(&self) -> Option<&FileSource<Listed>> {
        match self {
            Self::Smd(_) => None,
            Self::File(file) => Some(file),
        }
    }

    pub(super) fn as_service(&mut self) -> Option<&mut Service> {
        match self {
            Self::Smd(service) => Some(service),
            Self::File(_) => None,
        }
    }

    pub(super) fn fault(&self) -> Option<&FileError> {
        self.as_file().and_then(|file| file.get().err())
    }

    /// The two collections, one of which is worth nothing without the other.
    pub(super) async fn fetch(&mut self, last: Option<&SmdBodies>) -> Result<News<SmdBodies>, Vec<PartFailure>> {
        match self {
            Self::Smd(smd) => fetch(smd, last).await,
            Self::File(file) => {
                file.refresh().await;
                match file.get() {
                    Ok(listed) => Ok(compared(&listed.smd, last)),
                    Err(error) => Err(vec![error.failure(Part::Interfaces)]),
                }
            }
        }
    }

    /// The groups. A file has been read with the collections: what is wrong with it has been told.
    pub(super) async fn fetch_groups(&self, last: Option<&Bytes>) -> Result<News<Bytes>, PartFailure> {
        match self {
            Self::Smd(smd) => answer(Part::Groups, smd.get(GROUPS, last).await),
            Self::File(file) => Ok(file.get().map_or(News::Failed, |listed| compared(&listed.groups, last))),
        }
    }

    /// The partitions, which inventory-service does not have.
    pub(super) async fn fetch_partitions(&self, last: Option<&Bytes>) -> Result<News<Bytes>, PartFailure> {
        match self {
            Self::Smd(smd) => match smd.get(PARTITIONS, last).await {
                Err(FetchError::Status { status: 404, .. }) => {
                    Ok(last.map_or(News::Unchanged, |last| compared(&NONE, Some(last))))
                }
                fetched => answer(Part::Partitions, fetched),
            },
            Self::File(_) => Ok(News::Unchanged),
        }
    }
}

async fn fetch(smd: &Service, last: Option<&SmdBodies>) -> Result<News<SmdBodies>, Vec<PartFailure>> {
    let interfaces = smd.get(INTERFACES, last.map(|smd| &smd.interfaces)).await;
    if matches!(interfaces, Err(FetchError::Timeout { .. })) {
        // it would only take as long again
        return answer(Part::Interfaces, interfaces)
            .map(|_: News<Bytes>| News::Failed)
            .map_err(|failure| vec![failure]);
    }
    let components = smd.get(COMPONENTS, last.map(|smd| &smd.components)).await;
    if matches!((&interfaces, &components), (Ok(Fetched::Unchanged), Ok(Fetched::Unchanged))) {
        return Ok(News::Unchanged);
    }
    match (answer(Part::Interfaces, interfaces), answer(Part::Components, components)) {
        (Ok(interfaces), Ok(components)) => {
            let kept = |body: fn(&SmdBodies) -> &Bytes| last.map(body).cloned().unwrap_or_default();
            Ok(News::New(SmdBodies {
                interfaces: interfaces.or(|| kept(|smd| &smd.interfaces)),
                components: components.or(|| kept(|smd| &smd.components)),
            }))
        }
        (interfaces, components) => Err(interfaces.err().into_iter().chain(components.err()).collect()),
    }
}

/// A `nodes.yaml` as SMD would list it.
fn list(file: &str, text: &str, modified: Option<SystemTime>) -> Result<Listed, Findings> {
    let Listing { interfaces, components, groups } = render_site(&Site::parse(file, text)?, modified);
    let smd = SmdBodies { interfaces: interfaces.into(), components: components.into() };
    Ok(Listed { smd, groups: groups.into() })
}

const INTERFACES: &str = "/hsm/v2/Inventory/EthernetInterfaces";
const COMPONENTS: &str = "/hsm/v2/State/Components";
const GROUPS: &str = "/hsm/v2/groups";
const PARTITIONS: &str = "/hsm/v2/partitions";
/// An empty collection.
const NONE: Bytes = Bytes::from_static(b"[]");
