//! Older ways to write a rule (facts: openchami-today §2, coresmd-plugins §2).
//!
//! Each takes what stands behind `=`. Quotes around a value are stripped.

use smd_cache::ComponentType;

use super::error::{RuleError, RuleErrorKind};
use super::parse::{Parser, pattern};
use super::{Action, Match, Rule, items};

impl Rule {
    /// `node_pattern=PATTERN`: `type:Node,hostname:PATTERN`.
    pub fn node_pattern(text: &str) -> Result<Self, RuleError> {
        naming(&["Node"], text, 0)
    }

    /// `bmc_pattern=PATTERN`: `type:NodeBMC,hostname:PATTERN`.
    pub fn bmc_pattern(text: &str) -> Result<Self, RuleError> {
        naming(&["NodeBMC"], text, 0)
    }

    /// `hostname_by_type=TYPE:PATTERN` (v0.5.0–0.5.5): `type:TYPE,hostname:PATTERN`.
    pub fn hostname_by_type(text: &str) -> Result<Self, RuleError> {
        let no_type = || RuleError::new(RuleErrorKind::NoType(text.to_owned()), 0..text.len());
        let colon = text.find(':').ok_or_else(no_type)?;
        match text[..colon].trim() {
            "" => Err(no_type()),
            component_type => naming(&[component_type], text, colon + 1),
        }
    }

    /// `hostname_default=PATTERN` (v0.5.0–0.5.5): `hostname:PATTERN`, for everybody. Those versions tried it last,
    /// wherever it stood.
    pub fn hostname_default(text: &str) -> Result<Self, RuleError> {
        naming(&[], text, 0)
    }

    /// `hostname_rule=RULE` (v0.5.6 and 0.5.7): a rule with `pattern` for `hostname`.
    ///
    /// # Errors
    /// All faults, as [`Rule::parse_all`].
    pub fn hostname_rule(text: &str) -> Result<Self, Vec<RuleError>> {
        Parser::new(text, &[("pattern", "hostname")]).rule()
    }
}

/// A rule that names all components of some types by the pattern that stands in `text` from `start` on.
fn naming(types: &[&str], text: &str, start: usize) -> Result<Rule, RuleError> {
    let hostname = pattern(&items::value(text, start..text.len())?)?;
    let types = types.iter().map(|component_type| ComponentType::new(component_type)).collect();
    let matches = Match { types, ..Match::default() };
    Ok(Rule::unnamed(None, matches, Action { hostname: Some(hostname), ..Action::default() }))
}
