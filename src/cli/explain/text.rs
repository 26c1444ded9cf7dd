//! The walk for people: the way drawn from hook to hook, then what comes of it.

use std::io;

use super::conditions::{Setting, Verdict, forwarding_sysctl};
use crate::cli::output::Output;
use crate::ruleset::{Hook, TableFamily};
use crate::trace::{
    Conditions, Effect, End, Flow, Match, Obstacle, Origin, Route, Source, Step, Walk,
};

/// Writes the walk and the verdicts; `present` says that these are for the settings of this host.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn walk(
    walk: &Walk,
    verdicts: &[Verdict],
    present: bool,
    out: &mut Output,
) -> io::Result<()> {
    out.heading(&format!("{}, {}", walk.question.flow, origin(walk.question.origin)))?;
    for walked in &walk.steps {
        step(walked, out)?;
        if walked.is_before_routing() && walk.steps.last() != Some(walked) {
            out.line("  │")?;
            out.line(&format!("  ├ routing: {}", route(walk)))?;
        }
        out.line("  │")?;
    }
    out.line(&format!("  └ {}", end(walk)))?;
    out.line("")?;
    for line in seen(walk) {
        out.line(&line)?;
    }
    conclusion(walk, verdicts, present, out)
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Instance => "from an instance",
        Origin::Outside => "from outside",
        Origin::Host => "from this host itself",
    }
}

fn step(step: &Step, out: &mut Output) -> io::Result<()> {
    let place = match step.family {
        TableFamily::Bridge => "bridge ",
        TableFamily::Inet => "",
    };
    let hook = format!("{place}{}", step.hook.keyword());
    let Some(decision) = &step.decision else {
        let nothing = match step.hook {
            Hook::Postrouting => "no rule translates the source",
            Hook::Prerouting | Hook::Output => "no rule translates the destination",
            Hook::Input | Hook::Forward => "no rule refuses it",
        };
        return out.line(&format!("  ├ {hook}: {nothing}"));
    };
    out.line(&format!("  ├ {hook}: {}", effect(&decision.effect, step.before, step.after)))?;
    out.line(&format!("  │   {}", decision.rule))?;
    for Match { set, key, data, comment } in &decision.matches {
        let data = if data.is_empty() { String::new() } else { format!(" : {data}") };
        let name = comment.as_ref().map(|name| format!("   {name}")).unwrap_or_default();
        out.line(&format!("  │   @{set}   {key}{data}{name}"))?;
    }
    Ok(())
}

fn effect(effect: &Effect, before: Flow, after: Flow) -> String {
    let to = |flow: &Flow| match flow.transport {
        crate::trace::Transport::Port(_, port) => format!("{} port {port}", flow.destination),
        _ => flow.destination.to_string(),
    };
    match effect {
        Effect::Dnat if before.transport == after.transport => {
            format!("destination {} -> {}", before.destination, after.destination)
        }
        Effect::Dnat => format!("destination {} -> {}", to(&before), to(&after)),
        Effect::Snat => format!("source {} -> {}", before.source, after.source),
        Effect::Masquerade => {
            format!("source {} -> the address of the interface that it leaves by", before.source)
        }
        Effect::Rewrite if before.destination == after.destination => {
            format!("source {} -> {}, rewritten", before.source, after.source)
        }
        Effect::Rewrite => {
            format!("destination {} -> {}, rewritten", before.destination, after.destination)
        }
        Effect::Accept => "left as it is".to_owned(),
        Effect::Drop => "dropped".to_owned(),
        Effect::Reject => "rejected".to_owned(),
        Effect::Unknown => "a rule that hairnat did not write decides".to_owned(),
    }
}

fn route(walk: &Walk) -> String {
    let destination = walk.routed().destination;
    match &walk.route {
        Route::Host => format!("{destination}: the policy leaves it to this host"),
        Route::Bridge { network } => format!("{destination} is in {network}: to an instance"),
        Route::Elsewhere { interface: Some(interface) } => {
            format!(
                "{destination} is in no fixed network: by `{interface}`, if the host sends it there"
            )
        }
        Route::Elsewhere { interface: None } => {
            format!("{destination} is in no fixed network: wherever the host's routes lead")
        }
    }
}

fn end(walk: &Walk) -> String {
    let last = walk.steps.last().map_or(walk.question.flow, |step| step.after);
    let server = match last.transport {
        crate::trace::Transport::Port(protocol, port) => {
            format!("{}, {protocol} {port}", last.destination)
        }
        _ => last.destination.to_string(),
    };
    match walk.answer.end {
        End::Itself => format!("{server}: the instance itself"),
        End::Instance { .. } => format!("{server}: an instance"),
        End::Elsewhere if walk.translated_destination() => {
            format!("{server}: in no fixed network, so no instance")
        }
        End::Elsewhere if walk.question.origin == Origin::Instance => {
            format!("{server}: no float and no instance, so this host or beyond")
        }
        End::Elsewhere => format!("{server}: no float and no instance"),
        End::Host => format!("{server}: this host itself"),
        End::Dropped | End::Rejected => "nowhere".to_owned(),
        End::Unknown => "unknown".to_owned(),
    }
}

/// What each side sees of the other.
fn seen(walk: &Walk) -> Vec<String> {
    if matches!(walk.answer.end, End::Dropped | End::Rejected | End::Unknown) {
        return Vec::new();
    }
    let peer = match walk.answer.peer {
        Source::Address(address) => address.to_string(),
        Source::Host => "an address of this host".to_owned(),
    };
    let flow = walk.question.flow;
    let mut lines = vec![format!("the server sees {peer} as its peer")];
    if walk.answer.end == End::Elsewhere && walk.answer.peer != flow.source {
        // What is for the host itself passes no postrouting hook.
        lines.push(format!(
            "this host itself, if it has the address {}, sees {}",
            flow.destination, flow.source
        ));
    }
    lines.push(format!("the client sees the answers come from {}", walk.answer.answers));
    lines
}

/// Whether it arrives, with the settings that decide that.
fn conclusion(
    walk: &Walk,
    verdicts: &[Verdict],
    present: bool,
    out: &mut Output,
) -> io::Result<()> {
    let decisive = Setting::decisive(walk);
    match verdicts {
        _ if walk.answer.end == End::Unknown => Ok(()),
        [one, ..] if decisive.is_empty() => {
            out.line(&format!("on any host: {}", result(walk, *one)))
        }
        [one, rest @ ..] if present && rest.iter().all(|other| other.obstacle == one.obstacle) => {
            let here = Setting::decisive_with(walk, one.conditions);
            let words = here.into_iter().filter_map(|setting| word(setting, one.conditions));
            let settings = words.collect::<Vec<_>>().join(", ");
            out.line(&format!("on this host ({settings}): {}", result(walk, *one)))
        }
        _ => {
            out.line(if !present {
                "by host:"
            } else if walk.answer.end == End::Itself {
                "on this host, by the client's bridge port:"
            } else {
                "on this host, by the bridge ports of client and server:"
            })?;
            let mut rows = Vec::new();
            split(&decisive, verdicts.to_vec(), "", &mut rows);
            let width = rows.iter().map(|(settings, _)| settings.len()).max().unwrap_or(0);
            rows.iter().try_for_each(|(settings, verdict)| {
                out.line(&format!("{settings:width$}  {}", result(walk, *verdict)))
            })
        }
    }
}

/// Adds to `rows` the verdicts by what the settings are, as far as these make a difference, after
/// those that `row` has already.
fn split(
    settings: &[Setting],
    verdicts: Vec<Verdict>,
    row: &str,
    rows: &mut Vec<(String, Verdict)>,
) {
    let Some(&first) = verdicts.first() else { return };
    let agreed = verdicts.iter().all(|verdict| verdict.obstacle == first.obstacle);
    let Some((setting, rest)) = settings.split_first().filter(|_| !agreed) else {
        return rows.push((row.to_owned(), first));
    };
    let width = setting.words().map(str::len).into_iter().max().unwrap_or(0);
    let (like_first, others): (Vec<Verdict>, Vec<Verdict>) = verdicts
        .into_iter()
        .partition(|verdict| setting.value(verdict.conditions) == setting.value(first.conditions));
    for group in [like_first, others] {
        if let Some(Verdict { conditions, .. }) = group.first() {
            let word = word(*setting, *conditions).unwrap_or_default();
            let row = format!("{row}  {word:width$}");
            split(rest, group, &row, rows);
        }
    }
}

fn result(walk: &Walk, verdict: Verdict) -> String {
    verdict.obstacle.map_or("it arrives".to_owned(), |obstacle| {
        format!("it does not arrive: {}", because(walk, obstacle))
    })
}

/// What people call a setting as it is; nothing where it means nothing.
fn word(setting: Setting, conditions: Conditions) -> Option<&'static str> {
    let [on, off] = setting.words();
    setting.value(conditions).map(|is_on| if is_on { on } else { off })
}

fn because(walk: &Walk, obstacle: Obstacle) -> String {
    match obstacle {
        Obstacle::NoForwarding => {
            format!("`{}` is 0", forwarding_sysctl(walk.question.flow.family()))
        }
        Obstacle::PortHairpinOff => {
            "with br_netfilter, its bridge port must be in hairpin mode".to_owned()
        }
        Obstacle::PortsIsolated if walk.answer.end == End::Itself => {
            "with br_netfilter, its bridge port must not be isolated".to_owned()
        }
        Obstacle::PortsIsolated if walk.translated_destination() => {
            "with br_netfilter, the two bridge ports must not both be isolated".to_owned()
        }
        Obstacle::PortsIsolated => "the two bridge ports must not both be isolated".to_owned(),
        Obstacle::OwnAddress => {
            "its source is not translated, and nobody takes a packet from their own address"
                .to_owned()
        }
        Obstacle::DirectAnswer => {
            "its source is not translated, so the answer takes the short way over the bridge"
                .to_owned()
        }
        Obstacle::Dropped => "a rule drops it".to_owned(),
        Obstacle::Rejected => "a rule rejects it".to_owned(),
    }
}
