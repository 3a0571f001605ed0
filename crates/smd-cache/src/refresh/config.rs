//! Where the inventory comes from and how it is polled.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::boot::Precedence;
use crate::client::{ClientError, Timeouts, Transport};
use crate::refresh::FileError;
use crate::token::TokenConfig;

/// What to poll, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConfig {
    /// Base URL of SMD or inventory-service; `/hsm/v2/…` is appended to its path.
    pub smd_url: String,
    /// A `nodes.yaml` to be read in SMD's place, which is asked for nothing then.
    pub inventory_file: Option<PathBuf>,
    /// PEM file of the CAs that vouch for SMD; `None` for the system's.
    pub smd_ca: Option<PathBuf>,
    /// File with a bearer token for SMD.
    pub token_file: Option<PathBuf>,
    /// How SMD and BSS are reached.
    pub transport: Transport,
    /// Where a token for those that have no token file comes from.
    pub token: Option<TokenConfig>,
    /// BSS or boot-service, where boot parameters are wanted.
    pub bss: Option<BssSource>,
    /// A file with boot configurations to be read in BSS's place, which is asked for nothing then.
    pub boot_file: Option<PathBuf>,
    /// Whether to fetch SMD's groups and partitions. Groups are fetched without it where boot configurations name any.
    pub groups: bool,
    /// From the start of one poll to the start of the next, at most.
    pub interval: Duration,
    /// Limits for each request.
    pub timeouts: Timeouts,
    /// The largest body that is taken, in bytes.
    pub max_body: usize,
    /// Where the last good bodies are kept.
    pub snapshot_file: Option<PathBuf>,
    /// What becomes of an inventory that lost more than half of its hosts.
    pub shrink: ShrinkPolicy,
}

/// BSS or boot-service, whichever it turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BssSource {
    /// Base URL; `/boot/v1/…` or `/bootconfigurations` is appended to its path.
    pub url: String,
    /// PEM file of the CAs that vouch for BSS; `None` for the system's.
    pub ca: Option<PathBuf>,
    /// File with a bearer token for BSS. Without one, where BSS wants one, its public `dumpstate` is read.
    pub token_file: Option<PathBuf>,
    /// How this BSS resolves; boot-service has its own way.
    pub precedence: Precedence,
}

/// What becomes of an inventory that lost more than half of its hosts in one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShrinkPolicy {
    /// It is held back until three polls in a row have seen it, or somebody accepts it.
    #[default]
    Hold,
    /// It is taken.
    Accept,
}

/// Why polling cannot begin; the configuration is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StartError {
    /// SMD's settings.
    #[error("smd: {0}")]
    Smd(#[source] ClientError),
    /// BSS's settings.
    #[error("bss: {0}")]
    Bss(#[source] ClientError),
    /// A file that is a source.
    #[error(transparent)]
    File(FileError),
    /// The settings of the token.
    #[error("token: {0}")]
    Token(#[source] ClientError),
}

impl SourceConfig {
    /// SMD alone, every 30 seconds, without a snapshot file.
    pub fn new(smd_url: impl Into<String>) -> Self {
        Self {
            smd_url: smd_url.into(),
            inventory_file: None,
            smd_ca: None,
            token_file: None,
            transport: Transport::default(),
            token: None,
            bss: None,
            boot_file: None,
            groups: false,
            interval: Duration::from_secs(30),
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                header: Duration::from_secs(10),
                body: Duration::from_secs(30),
            },
            max_body: 64 << 20,
            snapshot_file: None,
            shrink: ShrinkPolicy::Hold,
        }
    }
}
