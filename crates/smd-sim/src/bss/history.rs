//! `/boot/v1/endpoint-history`: who fetched its boot script, and when (facts §7.4).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use crate::dispatch::Call;
use crate::reply::{JSON_UTF8, Reply};
use crate::settings::BssMode;
use crate::view::View;

/// The times at which each component fetched its script, in seconds since 1970.
#[derive(Default)]
pub(crate) struct History(Mutex<BTreeMap<String, Vec<u64>>>);

impl History {
    /// Remembers that this component has fetched its script: every time in SQL mode, the last time in KV mode.
    pub(crate) fn record(&self, component_id: &str, mode: BssMode, now: SystemTime) {
        let mut epochs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let epochs = epochs.entry(component_id.into()).or_default();
        if mode == BssMode::Kv {
            epochs.clear();
        }
        epochs.push(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs());
    }
}

/// `GET /boot/v1/endpoint-history[?name=&endpoint=]`. In KV mode there is no looking for an endpoint without a name.
pub(crate) fn get(call: &Call<'_>, _: &View) -> Reply {
    let (name, endpoint) = (call.query.joined("name", ""), call.query.joined("endpoint", ""));
    if call.settings.bss.mode == BssMode::Kv && name.is_empty() && !endpoint.is_empty() {
        return Reply::internal_error(&format!(
            "Failed to search for name=\"\", endpoint={endpoint:?}: invalid search combination of name () and endpoint \
             ({endpoint})"
        ));
    }
    let history = call.history.0.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = history.iter().filter(|(id, _)| name.is_empty() || **id == name);
    let wanted = wanted.filter(|_| endpoint.is_empty() || endpoint == BOOTSCRIPT);
    let accesses = wanted.flat_map(|(name, epochs)| {
        epochs.iter().map(move |last_epoch| Access { name, endpoint: BOOTSCRIPT, last_epoch: *last_epoch })
    });
    Reply::json_as(JSON_UTF8, &accesses.collect::<Vec<_>>())
}

#[derive(Serialize)]
struct Access<'a> {
    name: &'a str,
    endpoint: &'static str,
    last_epoch: u64,
}

/// The only endpoint that is simulated.
const BOOTSCRIPT: &str = "bootscript";
