//! The configuration: `CoreDHCP`'s YAML and our own sections in the same file, read in one pass that finds every fault.
//!
//! ```text
//! text ──tree──▶ nodes with places ──server4 · listen · steps · coresmd──▶ Config
//!                                  ──server6 · listen6 · steps6 · coresmd▶
//!                                  ──layers · sections: smd bss policy pool admin log▶
//! ```
//! What the original skips with a log line is a warning here; what stops it, and any fault in a section of ours, is an
//! error. `check` shows both; the server starts in spite of warnings.

mod boot_program;
mod coresmd;
mod layers;
mod listen;
mod listen6;
mod pools;
mod report;
mod sections;
mod server4;
mod server6;
mod server_duid;
mod steps;
mod steps6;
#[cfg(test)]
mod tests;
mod tree;
mod values;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serve::findings::{Findings, did_you_mean};
use smd_cache::refresh::SourceConfig;
use smd_cache::token::KeysError;

use self::coresmd::Settings;
pub use self::coresmd::Tftp;
pub use self::listen::Listen;
pub use self::listen6::{ALL_RELAYS_AND_SERVERS, ALL_SERVERS, Listen6};
use self::report::{Fault, Report};
pub use self::sections::{Admin, Log};
use self::sections::{AdminSection, BssSection, LogSection, PolicySection, PoolSection, SmdSection};
pub use self::server4::STEPS;
use self::server4::Server4;
pub use self::server6::Server6;
use self::tree::{Entry, Node, Value};
use crate::admission::Limits;
use crate::policy::Policy;

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The sockets of DHCPv4; none without `server4`.
    pub listen: Vec<Listen>,
    /// How requests are answered.
    pub policy: Policy,
    /// DHCPv6; `None` without `server6`.
    pub server6: Option<Server6>,
    /// Where the server keeps what must outlive a restart; `None` without `$STATE_DIRECTORY`.
    pub state_directory: Option<PathBuf>,
    /// Who asks too often.
    pub limits: Limits,
    /// Where the inventory comes from; `None` without `coresmd`.
    pub source: Option<SourceConfig>,
    /// Where `coresmd` wants boot files to be served from (TFTP).
    pub tftp: Option<Tftp>,
    /// Health, readiness, metrics.
    pub admin: Admin,
    /// Logging.
    pub log: Log,
}

/// What the configuration takes from the process's environment.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// systemd's `$STATE_DIRECTORY`, where the last good snapshot is kept unless the file says otherwise.
    pub state_directory: Option<PathBuf>,
    /// Every variable. `CORESMD_SMD__TOKEN_FILE` and the like set keys of our own sections.
    pub variables: Vec<(String, String)>,
}

/// The names of the steps that a configuration may have, of both families.
pub fn step_names() -> BTreeSet<&'static str> {
    STEPS.into_iter().chain(server6::STEPS).collect()
}

/// Reads the contents of `file`. The configuration is there exactly when the findings have no error.
pub fn read(file: &str, text: &str, environment: Option<&Environment>) -> (Option<Config>, Findings) {
    let nothing = Environment::default();
    let environment = environment.unwrap_or(&nothing);
    let mut report = Report::new(file, text);
    let config = match tree::parse(text) {
        Ok(root) => resolve(&root, environment, &mut report),
        Err(error) => {
            let help = "in YAML a value that begins with `%` or `[` must be quoted: \"%eth0\"";
            let help = error.message.contains("unexpected character").then_some(help);
            report.error_at(error.line, error.column, error.message, help);
            None
        }
    };
    let findings = report.into_findings();
    (config.filter(|_| !findings.has_errors()), findings)
}

fn resolve(root: &Node, environment: &Environment, report: &mut Report<'_>) -> Option<Config> {
    match &root.value {
        Value::Map(entries) => top_level_keys(entries, report),
        _ => report.error_at(0, 0, "this is no configuration: a map with `server4` is wanted".into(), None),
    }
    if root.get("server4").is_none() && root.get("server6").is_none() && matches!(root.value, Value::Map(_)) {
        report.error_at(0, 0, "neither `server4` nor `server6`: there is nothing to serve".into(), None);
    }
    let admin: AdminSection = layers::section("admin", root, environment, report);
    let log: LogSection = layers::section("log", root, environment, report);
    let smd: SmdSection = layers::section("smd", root, environment, report);
    report.inventory_named = smd.names_inventory();
    let bss: BssSection = layers::section("bss", root, environment, report);
    let limits: PolicySection = layers::section("policy", root, environment, report);
    let pool: PoolSection = layers::section("pool", root, environment, report);
    let server4 = root.get("server4").map_or_else(|| Some(Server4::default()), |entry| server4::read(entry, report));
    let server6 = root.get("server6").map(|section| server6::read(section, report));
    let mut server4 = server4?;
    match (&mut server4.policy.pool, root.get("pool")) {
        (Some(settings), _) => pool.apply(&mut settings.times),
        (None, Some(entry)) if !server4.pooled => report.warn(unused(entry, "`range` or `bootloop`")),
        (None, _) => {}
    }
    let (server6, coresmd6) = match server6 {
        Some(read) => read.map(|(server6, coresmd)| (Some(server6), coresmd))?,
        None => (None, None),
    };
    check_agreement(server4.coresmd.as_ref(), coresmd6.as_ref(), root, report);
    check_state(server6.as_ref(), root, environment, report);
    let coresmd = server4.coresmd.or(coresmd6);
    one_source_each(root, report);
    let source = coresmd.as_ref().and_then(|coresmd| smd.resolve(bss, coresmd, environment)).transpose();
    let source = source.map_err(|error| report.error(smd_fault(&error, root))).ok()?;
    if source.is_some() || coresmd.is_none() {
        check_source(source.as_ref(), root, report);
    }
    Some(Config {
        listen: server4.listen,
        policy: server4.policy,
        server6,
        state_directory: environment.state_directory.clone(),
        limits: limits.resolve(),
        source,
        tftp: coresmd.map(|coresmd| coresmd.tftp),
        admin: admin.resolve(),
        log: log.resolve(),
    })
}

/// There is one inventory and one TFTP server: what the second `coresmd` says about them otherwise is not used.
fn check_agreement(server4: Option<&Settings>, server6: Option<&Settings>, root: &Node, report: &mut Report<'_>) {
    let (Some(ours), Some(other), Some(place)) = (server4, server6, root.get("server6")) else { return };
    let source = |settings: &Settings| (settings.smd_url.clone(), settings.ca_cert.clone(), settings.cache_valid);
    for (what, agrees) in [("SMD", source(ours) == source(other)), ("TFTP", ours.tftp == other.tftp)] {
        if !agrees {
            let message = format!("what `coresmd` says here about {what} is not used: `server4` says otherwise");
            report.warn(Fault::new(place.span.clone(), message).help("let both `coresmd` say the same"));
        }
    }
}

/// Prefixes that a restart forgets.
fn check_state(server6: Option<&Server6>, root: &Node, environment: &Environment, report: &mut Report<'_>) {
    let delegates = server6.is_some_and(|server6| !server6.pools.is_empty());
    if let (true, None, Some(place)) = (delegates, &environment.state_directory, root.get("server6")) {
        let note = Fault::new(place.span.clone(), "delegated prefixes are not kept on disk: a restart forgets them");
        report
            .note(note.help("set the environment variable STATE_DIRECTORY; under systemd, StateDirectory= is enough"));
    }
}

/// Inventory and boot parameters come from one source each, as far as the file says. A flag or a variable that names a
/// file wins.
fn one_source_each(root: &Node, report: &mut Report<'_>) {
    let Some(smd) = root.get("smd") else { return };
    if let (Some(_), Some(inventory)) = (smd.node.get("url"), smd.node.get("inventory")) {
        let message = "`smd.url` and `smd.inventory`: the inventory comes from SMD or from a file, not from both";
        report.error(Fault::new(inventory.span.clone(), message));
    }
    if let (Some(_), Some(boot)) = (root.get("bss"), smd.node.get("boot")) {
        let message = "`bss` and `smd.boot`: boot parameters come from BSS or from a file, not from both";
        report.error(Fault::new(boot.span.clone(), message));
    }
}

/// Keys of `smd` that do not go together, at the key where it is written, else where it would be.
fn smd_fault(error: &KeysError, root: &Node) -> Fault {
    let smd = root.get("smd");
    let token = smd.and_then(|smd| smd.node.get("token"));
    if token.is_none() && error.key == "url" {
        let place = root.get("server4").map_or(0..0, |section| section.span.clone());
        let fault = Fault::new(place, "`auth_mode` asks for a token: `coresmd` needs `tokensmith_url`");
        return fault.help("the URL of TokenSmith: `tokensmith_url=https://smd.example:8443/tokensmith`");
    }
    let within = |section: Option<&Entry>| section.and_then(|entry| Some(entry.node.get(error.key)?.span.clone()));
    let (name, place) = match (within(token), within(smd)) {
        (Some(place), _) => ("smd.token", place),
        (None, Some(place)) => ("smd", place),
        (None, None) => ("smd.token", token.or(smd).map_or(0..0, |entry| entry.span.clone())),
    };
    Fault::new(place, format!("`{name}.{}` {}", error.key, error.message))
}

/// An inventory that nothing needs, or that a restart loses.
fn check_source(source: Option<&SourceConfig>, root: &Node, report: &mut Report<'_>) {
    match source {
        None => {
            for section in ["smd", "bss"] {
                if let Some(entry) = root.get(section) {
                    report.warn(unused(entry, "`coresmd`"));
                }
            }
        }
        Some(source) if source.snapshot_file.is_none() && source.inventory_file.is_none() => {
            let section = root.get("server4").or_else(|| root.get("server6"));
            let place = section.map_or(0..0, |section| section.span.clone());
            let note =
                Fault::new(place, "the last good snapshot is not kept on disk: a restart without SMD answers nobody");
            report.note(note.help("set `smd: {snapshot_file: …}`; under systemd, StateDirectory= is enough"));
        }
        Some(_) => {}
    }
}

/// A section for a step that is not there.
fn unused(section: &Entry, step: &str) -> Fault {
    Fault::new(section.span.clone(), format!("`{}` is not used: no step is {step}", section.key))
}

/// The original ignores keys that it does not know, and so do we, aloud.
fn top_level_keys(entries: &[Entry], report: &mut Report<'_>) {
    const KNOWN: [&str; 8] = ["admin", "bss", "log", "policy", "pool", "server4", "server6", "smd"];
    const LATER: [&str; 3] = ["boot", "http", "tftp"];
    for (at, entry) in entries.iter().enumerate() {
        let key = entry.key.as_str();
        if entries[..at].iter().any(|earlier| earlier.key == key) {
            report
                .error(Fault::new(entry.span.clone(), format!("`{key}` is there twice (keys are read in lower case)")));
        } else if LATER.contains(&key) {
            report.error(Fault::new(entry.span.clone(), format!("`{key}` is not supported yet by this version")));
        } else if !KNOWN.contains(&key) {
            let fault = Fault::new(entry.span.clone(), format!("there is no section `{key}`: it is ignored"));
            report.warn(fault.help(did_you_mean(key, &KNOWN)));
        }
    }
}
