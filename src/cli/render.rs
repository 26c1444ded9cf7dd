//! `hairnat render`: what a policy compiles to.

use super::args::{OutputFormat, PolicyFiles, RenderFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::compile::compile;

/// Prints the compiled policy in the form that was asked for.
///
/// # Errors
///
/// What is wrong with the policy, or what writing to standard output gives.
pub(super) fn run(
    files: &PolicyFiles,
    format: Option<RenderFormat>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let format = agreed(format, out.format())?;
    let ruleset = compile(&load::policy(files, out)?);
    match format {
        RenderFormat::Nft => ruleset.to_nft(&mut out.script())?,
        RenderFormat::Json => ruleset.to_json(out.data())?,
    }
    out.finish()?;
    Ok(Exit::Success)
}

/// The one form that `--format` and `--output` mean together.
fn agreed(format: Option<RenderFormat>, output: OutputFormat) -> Result<RenderFormat, Failure> {
    let implied = match output {
        OutputFormat::Text => None,
        OutputFormat::Json => Some(RenderFormat::Json),
        OutputFormat::Nft => Some(RenderFormat::Nft),
    };
    match (format, implied) {
        (Some(format), Some(implied)) if format != implied => Err(Failure::Usage {
            message: "`--format` and `--output` contradict each other".to_owned(),
            hint: "give one of them".to_owned(),
        }),
        (format, implied) => Ok(format.or(implied).unwrap_or_default()),
    }
}
