//! `coresmd-dhcp`'s configuration: any text makes a configuration or findings that say why not.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (config, findings) = coresmd_dhcp::config::read("config.yaml", text, None);
    assert_eq!(config.is_none(), findings.has_errors(), "a refusal has a reason, and an error refuses");
    assert_eq!(findings.report(false).is_empty(), findings.is_empty(), "every finding is told");
});
