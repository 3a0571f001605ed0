//! What the simulated services were started with: which they are, BSS's own environment, tokens, the seed of the row
//! order.

use std::str::FromStr;

/// Settings of one simulator; they stay as they are while it runs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Which inventory is served under `/hsm/v2`.
    pub inventory: InventoryKind,
    /// Which service gives boot scripts.
    pub boot: BootKind,
    /// BSS's settings.
    pub bss: BssSettings,
    /// Bearer token that protected routes ask for; `None`: authentication is off, as in SMD without a JWKS URL, unless
    /// there is a TokenSmith.
    pub token: Option<String>,
    /// Whether there is a TokenSmith, whose tokens protected routes then ask for.
    pub tokensmith: Option<TokenSmithSettings>,
    /// Seed of the row order: SMD sorts nothing, so rows come in an order that means nothing.
    pub seed: u64,
}

/// The inventories that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InventoryKind {
    /// SMD.
    #[default]
    Smd,
    /// Its successor.
    InventoryService(InventoryServiceSettings),
}

/// In what inventory-service may differ from one release to the next (facts: openchami-today §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InventoryServiceSettings {
    /// Interfaces come as `{"EthernetInterfaces":[…]}` instead of a bare array.
    pub wrapped: bool,
    /// NIDs come in quotes.
    pub nids_as_text: bool,
}

/// The services that give boot scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BootKind {
    /// BSS, under `/boot/v1`.
    #[default]
    Bss,
    /// Its successor.
    BootService {
        /// `enable_legacy_api`: `/boot/v1` is there too.
        legacy_api: bool,
    },
}

/// What TokenSmith gives tokens for, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSmithSettings {
    /// Bootstrap tokens; each is good once.
    pub bootstrap_tokens: Vec<String>,
    /// Identifier and secret of a client that may have tokens by client credentials (RFC 6749 §4.4).
    pub client: Option<(String, String)>,
    /// Seconds that an access token lives.
    pub access_seconds: u64,
    /// Seconds that a refresh token lives.
    pub refresh_seconds: u64,
}

impl Default for TokenSmithSettings {
    /// An hour and a day; no bootstrap token and no client.
    fn default() -> Self {
        Self { bootstrap_tokens: Vec::new(), client: None, access_seconds: 3600, refresh_seconds: 86_400 }
    }
}

/// BSS's environment, as far as it shows in boot scripts.
#[derive(Debug, Clone)]
pub struct BssSettings {
    /// Storage mode, which decides how boot parameters are found.
    pub mode: BssMode,
    /// `BSS_IPXE_SERVER`: host (and port) of chain URLs.
    pub ipxe_server: String,
    /// `BSS_CHAIN_PROTO`: scheme of chain URLs.
    pub chain_proto: String,
    /// `BSS_GW_URI`: path prefix of chain URLs; may be empty.
    pub gw_uri: String,
    /// `BSS_ADVERTISE_ADDRESS`: where cloud-init is told to ask (`ds=nocloud-net;s=…/`).
    pub advertise: String,
    /// `BSS_RETRY_DELAY`: seconds that a script sleeps before it chains to itself.
    pub retry_delay: u32,
}

impl Default for BssSettings {
    /// BSS's own defaults; `advertise` as its container image presets it.
    fn default() -> Self {
        Self {
            mode: BssMode::Sql,
            ipxe_server: "api-gw-service-nmn.local".into(),
            chain_proto: "https".into(),
            gw_uri: "/apis/bss".into(),
            advertise: "localhost".into(),
            retry_delay: 30,
        }
    }
}

/// BSS's storage mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BssMode {
    /// Postgres: a requester is served by the very identifier in its URL, and by nothing else.
    Sql,
    /// etcd or memory: component → literal identifier → role → `Default`.
    Kv,
}

impl FromStr for BssMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sql" => Ok(Self::Sql),
            "kv" => Ok(Self::Kv),
            other => Err(format!("{other:?} is no storage mode of BSS: `sql` or `kv`")),
        }
    }
}
