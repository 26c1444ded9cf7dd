//! The policy language: text in, one checked [`Policy`] or every reason why not.
//!
//! Reading goes in steps, each a module: `yaml` (text → tape of values with places), `document`
//! (tape → draft, one value at a time; floats by all cores at once), `checks` (what holds between values), `build` (draft →
//! [`Policy`]). A step reports what it finds and goes on; only broken YAML ends the reading of a
//! file.

mod build;
mod checks;
mod declared;
mod diagnostic;
mod document;
mod draft;
mod findings;
mod schema;
mod source;
mod suggest;
mod types;
mod values;
mod yaml;

pub use declared::Declared;
pub use diagnostic::{Diagnostic, Diagnostics, Excerpt, MOST_DIAGNOSTICS, Note};
pub use schema::json_schema;
pub use source::Source;
pub use types::{
    Bridge, DefaultSource, Egress, Float, FloatService, HairpinMode, LONGEST_NAME, Name, OwnFloat,
    Policy, PrefixFloat, Redirect, Reflection, Service, ServiceTarget, Translation,
};
pub use yaml::{DEEPEST_NESTING, LARGEST_FILE};

use document::FloatReader;
use draft::Draft;
use findings::Findings;

/// Reads `sources` as one policy, in time and memory linear in their size.
///
/// The order of sources, keys and list items never changes the result.
///
/// # Errors
///
/// Everything that is wrong with the policy, sorted by place. No sources at all are an error too:
/// an empty policy would take every float away.
pub fn parse(sources: &[Source]) -> Result<Policy, Diagnostics> {
    Ok(build::policy(checked(sources)?))
}

/// As [`parse`], with each float's place, as a reader of `sources` meets them.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_with_places(sources: &[Source]) -> Result<(Policy, Vec<Declared>), Diagnostics> {
    let draft = checked(sources)?;
    let floats = declared::declared(&draft, sources);
    Ok((build::policy(draft), floats))
}

fn checked(sources: &[Source]) -> Result<Draft, Diagnostics> {
    if sources.is_empty() {
        return Err(Diagnostics::without_place("no policy file is given".to_owned()));
    }
    if sources.len() > source::MOST_FILES {
        let message = format!("more than {} policy files are given", source::MOST_FILES);
        return Err(Diagnostics::without_place(message));
    }
    let mut findings = Findings::default();
    let mut draft = Draft::default();
    for (index, source) in sources.iter().enumerate() {
        match yaml::read::<FloatReader>(source, index, document::FLOATS) {
            Ok((tape, readers)) => {
                document::read(tape.root(), &mut draft, &mut findings);
                FloatReader::join(readers, &mut draft, &mut findings);
            }
            Err(refusal) => {
                draft.note_unreadable_file();
                findings.report(*refusal);
            }
        }
    }
    checks::run(&mut draft, &mut findings);
    if findings.is_empty() { Ok(draft) } else { Err(findings.resolve(sources)) }
}
