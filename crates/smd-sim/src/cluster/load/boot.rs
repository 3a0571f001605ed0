//! Boot parameters as a list of what `ochami bss boot params` takes, or the specs of boot-service's configurations.

use serde::Deserialize;
use serde_saphyr::Spanned;
use smd_cache::MacAddr;

use super::LoadError;
use super::finding::{finding, parse};
use crate::cluster::rows::BootParameters;

/// The boot parameters that a YAML (or JSON) list describes; `file` names it in findings.
///
/// # Errors
/// With everything that is wrong in it.
pub fn boot_parameters(file: &str, text: &str) -> Result<Vec<BootParameters>, LoadError> {
    let entries: Vec<BootEntry> = parse(file, text)?;
    let mut findings = Vec::new();
    for mac in entries.iter().flat_map(|entry| &entry.macs) {
        if let Err(error) = mac.value.parse::<MacAddr>() {
            findings.push(finding(file, mac.referenced, format!("{:?}: {error}", mac.value)));
        }
    }
    if !findings.is_empty() {
        return Err(LoadError::Findings(findings));
    }
    Ok(entries.into_iter().map(BootEntry::into_row).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BootEntry {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    macs: Vec<Spanned<String>>,
    #[serde(default)]
    nids: Vec<i32>,
    #[serde(default)]
    params: String,
    #[serde(default)]
    kernel: String,
    #[serde(default)]
    initrd: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    priority: u8,
}

impl BootEntry {
    fn into_row(self) -> BootParameters {
        let Self { hosts, macs, nids, params, kernel, initrd, name, groups, profile, priority } = self;
        let macs = macs.into_iter().map(|mac| mac.value).collect();
        let referral_token = String::new();
        BootParameters { hosts, macs, nids, params, kernel, initrd, name, groups, profile, priority, referral_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(macs:|- |[ -~\n]){0,12}") {
            let _ = boot_parameters("boot.yaml", &text);
        }
    }

    #[test]
    fn boot_parameters_are_a_list() {
        let text =
            "- {macs: ['52:54:00:be:ef:01'], kernel: http://10.0.0.1/vmlinuz, params: quiet}\n- {hosts: [Default]}\n";
        let rows = boot_parameters("boot.yaml", text).unwrap();
        assert_eq!((rows.len(), rows[0].params.as_str(), &rows[1].hosts[0][..]), (2, "quiet", "Default"));
        let error = boot_parameters("boot.yaml", "- macs: [zz]\n").unwrap_err().to_string();
        assert_eq!(error, "boot.yaml:1:10: \"zz\": 'z' is not a hexadecimal digit");
    }
}
