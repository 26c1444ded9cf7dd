//! The question about a frame in a bridge.

use serde_json::json;

use super::question::one_interface;
use crate::address::InterfaceName;
use crate::cli::args::Explain;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::host::Warning;
use crate::ruleset::{Hook, Ruleset};
use crate::trace::{Fate, Frame, FrameWalk, walk_frame};

/// Explains what the guard does with the frame.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn explain(
    asked: &Explain,
    ruleset: &Ruleset,
    warnings: &[Warning],
    out: &mut Output,
) -> Result<(), Failure> {
    let (Some(from), Some(to), Some(destination)) =
        (&asked.from_port, &asked.to_port, asked.ether_dst)
    else {
        return Err(Failure::Usage {
            message: "a frame has two ports and a destination".to_owned(),
            hint: "name them with `--from-port`, `--to-port` and `--ether-dst`".to_owned(),
        });
    };
    let from_port = InterfaceName::new(one_interface(from, "vnet0")?);
    let to_port = InterfaceName::new(one_interface(to, "vnet0")?);
    let frame = Frame { from_port, to_port, destination };
    let walk = walk_frame(ruleset, &frame);
    if out.is_json() {
        let steps =
            walk.steps.iter().map(|step| json!({ "hook": step.hook.keyword(), "nft": step.rule }));
        let fate = match walk.fate {
            Fate::Forwarded => "forwarded",
            Fate::Guarded => "guarded",
            Fate::Reflected => "reflected",
            Fate::Unknown => "unknown",
        };
        let object = json!({
            "format": 1,
            "steps": steps.collect::<Vec<_>>(),
            "fate": fate,
            "warnings": warnings.iter().map(Warning::to_json).collect::<Vec<_>>(),
        });
        out.json(&object)?;
        return Ok(());
    }
    text(&frame, &walk, out)
}

fn text(frame: &Frame, walk: &FrameWalk, out: &mut Output) -> Result<(), Failure> {
    let Frame { from_port, to_port, destination } = frame;
    let address: Vec<String> = destination.iter().map(|byte| format!("{byte:02x}")).collect();
    out.heading(&format!("a frame to {}, from `{from_port}` to `{to_port}`", address.join(":")))?;
    for step in &walk.steps {
        let (matched, nothing) = match step.hook {
            Hook::Prerouting => ("its port is learned", "its port is not learned by it"),
            _ => ("what is about to leave by the port that it came from", "no rule is about it"),
        };
        let words = if step.rule.is_some() { matched } else { nothing };
        out.line(&format!("  ├ {}: {words}", step.hook.keyword()))?;
        if let Some(rule) = &step.rule {
            out.line(&format!("  │   {rule}"))?;
        }
        out.line("  │")?;
    }
    out.line(match walk.fate {
        Fate::Forwarded => "  └ it leaves by the other port",
        Fate::Guarded => "  └ dropped: its sender would hear itself",
        Fate::Reflected => {
            "  └ it goes back to its sender if the port is in hairpin mode, else nowhere"
        }
        Fate::Unknown => "  └ unknown: a rule decides that hairnat did not write",
    })?;
    Ok(())
}
