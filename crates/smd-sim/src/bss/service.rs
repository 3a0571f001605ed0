//! `/boot/v1/service/…`: BSS says how it is, as JSON that is sent as plain text.

use serde::Serialize;

use crate::dispatch::Call;
use crate::reply::{Reply, TEXT};
use crate::settings::BssMode;
use crate::view::View;

#[derive(Default, Serialize)]
struct Health {
    #[serde(rename = "bss-status", skip_serializing_if = "Option::is_none")]
    own: Option<&'static str>,
    #[serde(rename = "bss-status-hsm", skip_serializing_if = "Option::is_none")]
    hsm: Option<&'static str>,
    #[serde(rename = "bss-storage-backend", skip_serializing_if = "Option::is_none")]
    storage: Option<Backend>,
}

#[derive(Serialize)]
struct Backend {
    name: &'static str,
    status: &'static str,
}

/// `GET …/status`.
pub(crate) fn status(_: &Call<'_>, _: &View) -> Reply {
    Reply::json_as(TEXT, &Health { own: Some("running"), ..Health::default() })
}

/// `GET …/hsm`: whether SMD can be reached; here it always can, being in the same process.
pub(crate) fn hsm(_: &Call<'_>, _: &View) -> Reply {
    Reply::json_as(TEXT, &Health { hsm: Some("connected"), ..Health::default() })
}

/// `GET …/storage/status`.
pub(crate) fn storage(call: &Call<'_>, _: &View) -> Reply {
    Reply::json_as(TEXT, &Health { storage: Some(backend(call)), ..Health::default() })
}

/// `GET …/status/all`.
pub(crate) fn all(call: &Call<'_>, _: &View) -> Reply {
    let health = Health { own: Some("running"), hsm: Some("connected"), storage: Some(backend(call)) };
    Reply::json_as(TEXT, &health)
}

fn backend(call: &Call<'_>) -> Backend {
    let name = match call.settings.bss.mode {
        BssMode::Sql => "postgres",
        BssMode::Kv => "etcd",
    };
    Backend { name, status: "connected" }
}
