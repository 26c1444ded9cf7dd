//! `hairnat render`: what a policy compiles to.

use super::args::{OutputFormat, PolicyFiles, RenderFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::compile::{HostAddresses, compile, compile_on};
use crate::host::{Host, LiveHost, host_addresses};
use crate::policy::{Policy, Redirect};

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
    let policy = load::policy(files, out)?;
    let ruleset = match policy.bridge.redirect {
        Redirect::Off => compile(&policy),
        Redirect::On => compile_on(&policy, addresses(&policy)?),
    };
    match format {
        RenderFormat::Nft => ruleset.to_nft(&mut out.script())?,
        RenderFormat::Json => ruleset.to_json(out.data())?,
    }
    out.finish()?;
    Ok(Exit::Success)
}

/// The address of this host's bridge, which the rules name.
///
/// # Errors
///
/// What keeps the interfaces from being read, or that there is no such bridge: a script without that rule
/// would be another one than `apply` makes.
fn addresses(policy: &Policy) -> Result<HostAddresses, Failure> {
    let addresses = host_addresses(&policy.bridge, &LiveHost::open()?.facts()?);
    if addresses.bridge.is_none() {
        return Err(Failure::Usage {
            message:
                "`redirect: on` names the address of a bridge, and no bridge, or more than one, \
                      has a port of `bridge.ports` here"
                    .to_owned(),
            hint: "render the policy on the host that it is for, while an instance runs".to_owned(),
        });
    }
    Ok(addresses)
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
