//! The JSON Schema of the policy language.

/// The JSON Schema (draft 2020-12) of a policy file, for editors and pipelines.
///
/// What depends on several values at once, such as a fixed address outside `fixed`, is left to
/// [`super::parse`].
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("schema.json")
}
