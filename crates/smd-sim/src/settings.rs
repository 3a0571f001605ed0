//! What the simulated services were started with: BSS's own environment, the token, the seed of the row order.

use std::str::FromStr;

/// Settings of one simulator; they stay as they are while it runs.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// BSS's settings.
    pub bss: BssSettings,
    /// Bearer token that protected routes ask for; `None`: authentication is off, as in SMD without a JWKS URL.
    pub token: Option<String>,
    /// Seed of the row order: SMD sorts nothing, so rows come in an order that means nothing.
    pub seed: u64,
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
