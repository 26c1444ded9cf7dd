//! `hairnat check`: is the policy valid?

use serde_json::{Value, json};

use super::args::PolicyFiles;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::nat_order::foreign_nat_first;
use super::output::Output;
use crate::compile::compile;
use crate::host::{
    Facts, Guard, Host, HostError, LiveHost, Warning, hairpin_loop, plan_ports, warnings,
};
use crate::policy::{Declared, Policy, Source};

/// Validates the policy, and with `host` compares it with this host's settings.
///
/// # Errors
///
/// What is wrong with the policy, or what keeps the host from being asked.
pub(super) fn run(files: &PolicyFiles, host: bool, out: &mut Output) -> Result<Exit, Failure> {
    let (policy, places) = if out.is_verbose() {
        let (policy, floats, sources) = load::policy_with_places(files, out)?;
        (policy, Some((floats, sources)))
    } else {
        (load::policy(files, out)?, None)
    };
    let warnings = if host { contradictions(&policy)? } else { Vec::new() };
    let floats = policy.float_count();
    if out.is_json() {
        let warnings: Vec<Value> = warnings.iter().map(Warning::to_json).collect();
        let mut result =
            json!({ "format": 1, "valid": true, "floats": floats, "warnings": warnings });
        if let Some((floats, sources)) = &places {
            result["places"] = floats.iter().map(|float| place_json(float, sources)).collect();
        }
        out.json(&result)?;
    } else if !out.is_quiet() {
        if let Some((floats, sources)) = &places {
            floats.iter().try_for_each(|float| out.line(&place_line(float, sources)))?;
        }
        let plural = if floats == 1 { "" } else { "s" };
        out.line(&format!("valid: {floats} float{plural}"))?;
    }
    out.finish()?;
    out.warn(&warnings);
    Ok(Exit::Success)
}

/// Where this host contradicts the policy, whatever is live now.
fn contradictions(policy: &Policy) -> Result<Vec<Warning>, HostError> {
    let mut host = LiveHost::open()?;
    let facts = Facts { routes: host.routes(policy)?, ..host.facts()? };
    let guard = compile(&Policy { bridge: policy.bridge.clone(), ..Policy::default() });
    let ports = plan_ports(&policy.bridge, &facts, &Guard::default(), &Guard::of(&guard));
    let mut found = warnings(policy, &facts);
    found.extend(foreign_nat_first(policy));
    found.extend(hairpin_loop(&policy.bridge, &facts));
    found.extend(ports.warnings);
    Ok(found)
}

/// As compilers tell a place.
fn place_line(float: &Declared, sources: &[Source]) -> String {
    let Declared { float: address, name, line, column, .. } = float;
    let name = name.as_ref().map(|name| format!("   {}", name.as_str())).unwrap_or_default();
    format!("{}:{line}:{column}: {address}{name}", file(float, sources))
}

fn place_json(float: &Declared, sources: &[Source]) -> Value {
    let Declared { float: address, name, line, column, .. } = float;
    let mut place = json!({
        "float": address, "file": file(float, sources), "line": line, "column": column,
    });
    if let Some(name) = name {
        place["name"] = name.as_str().into();
    }
    place
}

fn file<'a>(float: &Declared, sources: &'a [Source]) -> &'a str {
    sources.get(float.source).map_or("", |source| source.name.as_str())
}
