//! `expired-allowance`: found where allowances meet findings (`config`), not in the graph; this is its place in the registry.

use super::Rule;

/// The rule.
pub const RULE: Rule =
    Rule { id: "expired-allowance", page: include_str!("../../rules/expired-allowance.md"), check: |_| Vec::new() };
