//! What machines are called, by rules that both servers share (facts: coresmd-plugins §3–4, openchami-today §2).
//!
//! ```text
//! rule text ─ Rule::parse ─▶ Rule { matches, action } ┐
//! domain, rule_log ───────────────────────────────────┴▶ RuleSet ─ evaluate(Subject) ─▶ Evaluation
//! `nid{04d}`  ─▶ Pattern ─ render(id, nid) ─▶ a name         (hostname, routers, netmask, or: ignore)
//! `x[1-4]n0`  ─▶ NodeSet
//! ```
//! Pure: no IO, no clock, no log. Errors carry byte ranges of the text they were found in, and say what would be right.

pub mod node_set;
pub mod pattern;
pub mod rule;
pub mod rule_set;

pub use node_set::{NodeSet, NodeSetError};
pub use pattern::{Pattern, PatternError, Unnameable};
pub use rule::{Action, DomainAppend, IdMatch, Match, Rule, RuleError, RuleErrorKind, RuleLog};
pub use rule_set::{Evaluation, NidSource, Outcome, RuleSet, Step, Subject};
