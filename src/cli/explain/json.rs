//! The walk as one object.

use serde_json::{Map, Value, json};

use super::conditions::{Setting, Verdict};
use crate::host::Warning;
use crate::trace::{Effect, End, Flow, Obstacle, Origin, Route, Source, Step, Transport, Walk};

/// The object of a packet's walk.
pub(super) fn walk(walk: &Walk, verdicts: &[Verdict], warnings: &[Warning]) -> Value {
    json!({
        "format": 1,
        "question": {
            "origin": match walk.question.origin {
                Origin::Instance => "instance",
                Origin::Outside => "outside",
                Origin::Host => "host",
            },
            "flow": flow(walk.question.flow),
        },
        "steps": walk.steps.iter().map(step).collect::<Vec<_>>(),
        "route": match &walk.route {
            Route::Host => json!({ "to": "host" }),
            Route::Bridge { network } => json!({ "to": "instance", "network": network }),
            Route::Elsewhere { interface } => json!({ "to": "elsewhere", "interface": interface }),
        },
        "answer": {
            "end": match walk.answer.end {
                End::Itself => "itself",
                End::Instance { .. } => "instance",
                End::Elsewhere => "elsewhere",
                End::Host => "host",
                End::Dropped => "dropped",
                End::Rejected => "rejected",
                End::Unknown => "unknown",
            },
            "peer": source(walk.answer.peer),
            "answers": walk.answer.answers,
        },
        "depends_on": Setting::decisive(walk).into_iter().map(Setting::field).collect::<Vec<_>>(),
        "verdicts": verdicts.iter().copied().map(verdict).collect::<Vec<_>>(),
        "warnings": warnings.iter().map(Warning::to_json).collect::<Vec<_>>(),
    })
}

fn flow(flow: Flow) -> Value {
    let mut object = json!({ "source": source(flow.source), "destination": flow.destination });
    match flow.transport {
        Transport::Port(protocol, port) => {
            object["protocol"] = protocol.name().into();
            object["port"] = port.get().into();
        }
        Transport::Icmp => object["protocol"] = "icmp".into(),
        Transport::Any => {}
    }
    object
}

/// An address, or `host` for one of this host's.
fn source(source: Source) -> Value {
    match source {
        Source::Address(address) => json!(address),
        Source::Host => "host".into(),
    }
}

fn step(step: &Step) -> Value {
    let mut object = json!({
        "family": step.family.keyword(), "hook": step.hook.keyword(), "before": flow(step.before), "after": flow(step.after),
    });
    if let Some(decision) = &step.decision {
        object["chain"] = decision.chain.as_str().into();
        object["nft"] = decision.rule.as_str().into();
        object["effect"] = effect(&decision.effect).into();
        let elements = decision.matches.iter().map(|found| {
            let mut element = json!({ "name": found.set, "key": found.key });
            if !found.data.is_empty() {
                element["value"] = found.data.as_str().into();
            }
            if let Some(comment) = &found.comment {
                element["comment"] = comment.as_str().into();
            }
            element
        });
        object["elements"] = elements.collect();
    }
    object
}

const fn effect(effect: &Effect) -> &'static str {
    match effect {
        Effect::Dnat => "dnat",
        Effect::Snat => "snat",
        Effect::Masquerade => "masquerade",
        Effect::Accept => "accept",
        Effect::Rewrite => "rewrite",
        Effect::Drop => "drop",
        Effect::Reject => "reject",
        Effect::Unknown => "unknown",
    }
}

fn verdict(verdict: Verdict) -> Value {
    let obstacle = verdict.obstacle.map(|obstacle| match obstacle {
        Obstacle::NoForwarding => "forwarding-off",
        Obstacle::PortHairpinOff => "port-hairpin-off",
        Obstacle::PortsIsolated => "ports-isolated",
        Obstacle::OwnAddress => "own-address",
        Obstacle::DirectAnswer => "direct-answer",
        Obstacle::Dropped => "dropped",
        Obstacle::Rejected => "rejected",
    });
    let settings = Setting::ALL.into_iter().filter_map(|setting| {
        let value = setting.value(verdict.conditions)?;
        Some((setting.field().to_owned(), value.into()))
    });
    let mut object: Map<String, Value> = settings.collect();
    object.insert("arrives".to_owned(), verdict.obstacle.is_none().into());
    object.insert("obstacle".to_owned(), obstacle.into());
    Value::Object(object)
}
