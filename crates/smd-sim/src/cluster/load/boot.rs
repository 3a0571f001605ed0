//! Boot parameters from what `ochami bss boot params` and `ochami boot config` take.

use smd_cache::files::{BootEntry, Findings, read_boot_file};

use crate::cluster::rows::BootParameters;

/// The boot parameters that a YAML (or JSON) text lists; `file` names it in findings.
///
/// # Errors
/// With everything that is wrong in it.
pub fn boot_parameters(file: &str, text: &str) -> Result<Vec<BootParameters>, Findings> {
    Ok(read_boot_file(file, text)?.into_iter().map(row).collect())
}

fn row(entry: BootEntry) -> BootParameters {
    let BootEntry { name, hosts, macs, nids, groups, profile, params, kernel, initrd, priority } = entry;
    let referral_token = String::new();
    BootParameters { hosts, macs, nids, params, kernel, initrd, name, groups, profile, priority, referral_token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_parameters_are_a_list() {
        let text =
            "- {macs: ['52:54:00:be:ef:01'], kernel: http://10.0.0.1/vmlinuz, params: quiet}\n- {hosts: [Default]}\n";
        let rows = boot_parameters("boot.yaml", text).unwrap();
        assert_eq!((rows.len(), rows[0].params.as_str(), &rows[1].hosts[0][..]), (2, "quiet", "Default"));
    }
}
