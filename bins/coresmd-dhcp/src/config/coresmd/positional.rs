//! The positional form of v0.4 and older, which most published configurations still use:
//! `SVC_URL IPXE_URL CA_PATH CACHE_VALID LEASE_TIME [SINGLE_PORT]`.
//!
//! v0.6.3 no longer reads it. Those versions called nodes `nid0001`; what else SMD lists is called by its ID here.

use naming::Rule;

use super::{Draft, keys};
use crate::config::report::{Fault, Report};
use crate::config::tree::Entry;
use crate::config::words::Word;

/// The keys that the words stand for, in their order; the last one may be missing.
const KEYS: [&str; 6] = ["svc_base_uri", "ipxe_base_uri", "ca_cert", "cache_valid", "lease_time", "single_port"];

/// Reads the words. Each fault is fatal: there is no sensible default behind a wrong position.
pub(super) fn read(entry: &Entry, words: &[Word], draft: &mut Draft, report: &mut Report<'_>) {
    if !(5..=KEYS.len()).contains(&words.len()) {
        let fault = Fault::new(entry.span.clone(), format!("`coresmd` takes 5 or 6 words here, not {}", words.len()));
        report.error(fault.help("SVC_URL IPXE_URL CA_PATH CACHE_VALID LEASE_TIME [SINGLE_PORT], or words `key=value`"));
    }
    for (key, word) in KEYS.iter().zip(words) {
        for fault in keys::set(draft, key, &word.text, word.span.clone()).err().unwrap_or_default() {
            report.error(fault);
        }
    }
    draft.rules.push(Rule::node_pattern("nid{04d}").expect("this pattern is well-formed"));
    draft.rules.push(Rule::hostname_default("{id}").expect("this pattern is well-formed"));
}
