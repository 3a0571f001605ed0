//! The configuration: `CoreDHCP`'s YAML and our own sections in the same file, read in one pass that finds every fault.
//!
//! ```text
//! text ──tree──▶ nodes with places ──server4 · listen · steps · coresmd──▶ Config
//!                                  ──layers · sections: smd bss policy admin log▶
//! ```
//! What the original skips with a log line is a warning here; what stops it, and any fault in a section of ours, is an
//! error. `check` shows both; the server starts in spite of warnings.

mod boot_program;
mod coresmd;
mod layers;
mod listen;
mod report;
mod sections;
mod server4;
mod steps;
#[cfg(test)]
mod tests;
mod tree;
mod values;
mod words;

use std::path::PathBuf;

use serve::findings::{Findings, did_you_mean};
use smd_cache::refresh::SourceConfig;
use smd_cache::token::KeysError;

pub use self::coresmd::Tftp;
pub use self::listen::Listen;
use self::report::{Fault, Report};
pub use self::sections::{Admin, Log};
use self::sections::{AdminSection, BssSection, LogSection, PolicySection, SmdSection};
pub use self::server4::STEPS;
use self::tree::{Entry, Node, Value};
use crate::admission::Limits;
use crate::policy::Policy;

/// A configuration that can be run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The sockets of DHCPv4.
    pub listen: Vec<Listen>,
    /// How requests are answered.
    pub policy: Policy,
    /// Who asks too often.
    pub limits: Limits,
    /// Where the inventory comes from; `None` without `coresmd`.
    pub source: Option<SourceConfig>,
    /// Where `coresmd` wants boot files to be served from; this version serves none.
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
    if let Some(server6) = root.get("server6") {
        report.error(Fault::new(server6.span.clone(), "`server6`: DHCPv6 is not supported yet by this version"));
    }
    if root.get("server4").is_none() && root.get("server6").is_none() && matches!(root.value, Value::Map(_)) {
        report.error_at(0, 0, "neither `server4` nor `server6`: there is nothing to serve".into(), None);
    }
    let server4 = root.get("server4").and_then(|section| server4::read(section, report));
    let admin: AdminSection = layers::section("admin", root, environment, report);
    let log: LogSection = layers::section("log", root, environment, report);
    let smd: SmdSection = layers::section("smd", root, environment, report);
    let bss: BssSection = layers::section("bss", root, environment, report);
    let limits: PolicySection = layers::section("policy", root, environment, report);
    let server4 = server4?;
    let source = server4.coresmd.as_ref().map(|coresmd| smd.resolve(bss, coresmd, environment)).transpose();
    let source = source.map_err(|error| report.error(smd_fault(&error, root))).ok()?;
    check_source(source.as_ref(), root, report);
    Some(Config {
        listen: server4.listen,
        policy: server4.policy,
        limits: limits.resolve(),
        source,
        tftp: server4.coresmd.map(|coresmd| coresmd.tftp),
        admin: admin.resolve(),
        log: log.resolve(),
    })
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
                    let fault =
                        Fault::new(entry.span.clone(), format!("`{section}` is not used: no step is `coresmd`"));
                    report.warn(fault);
                }
            }
        }
        Some(source) if source.snapshot_file.is_none() => {
            let place = root.get("server4").map_or(0..0, |section| section.span.clone());
            let note =
                Fault::new(place, "the last good snapshot is not kept on disk: a restart without SMD answers nobody");
            report.note(note.help("set `smd: {snapshot_file: …}`; under systemd, StateDirectory= is enough"));
        }
        Some(_) => {}
    }
}

/// The original ignores keys that it does not know, and so do we, aloud.
fn top_level_keys(entries: &[Entry], report: &mut Report<'_>) {
    const KNOWN: [&str; 7] = ["admin", "bss", "log", "policy", "server4", "server6", "smd"];
    const LATER: [&str; 4] = ["boot", "http", "pool", "tftp"];
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
