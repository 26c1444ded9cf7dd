//! The result of apply, diff and remove: what was or would be changed.

mod object;

use std::io;

use serde_json::{Value, json};

use super::failure::{Failure, with_causes};
use super::output::Output;
use super::reverted::Reverted;
use crate::host::{PortChange, PortPlan, Warning};
use crate::kernel::Cut;
use crate::plan::{ChangeOp, Detail, Group, KeptChanges, Line, Plan, Summary, groups};

/// What was or would be changed, ready to be written once it is known to be true.
pub(super) struct Report {
    /// The generation that the plan is for.
    generation: u32,
    /// How many operations the plan has.
    operations: usize,
    summary: Summary,
    changes: Changes,
    /// Where the host contradicts the policy, and what was left undone.
    pub(super) warnings: Vec<Warning>,
    /// How many connections were cut, where that was tried.
    connections_cut: Option<usize>,
    /// Whether the changes were confirmed, where that was asked for.
    confirmation: Option<Confirmation>,
}

/// What became of changes that were to be confirmed.
pub(super) enum Confirmation {
    /// They stay.
    Confirmed,
    /// The previous state is back.
    NotConfirmed {
        /// Why.
        reason: String,
    },
}

/// The changes in the form that was asked for; the other is never made.
enum Changes {
    Text(Vec<Group>),
    Json(KeptChanges),
}

/// How the result came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The changes were made.
    Applied,
    /// The changes are only shown.
    Shown,
    /// The changes are only shown, and the kernel would take them.
    Validated,
    /// The changes were made, and the previous state is back.
    Reverted,
}

impl Report {
    /// The report of a plan and of the bridge ports that change with it; their warnings come after
    /// `warnings`.
    #[must_use]
    pub(super) fn new(
        plan: &Plan<'_>,
        ports: &PortPlan,
        mut warnings: Vec<Warning>,
        out: &Output,
    ) -> Self {
        warnings.extend_from_slice(&ports.warnings);
        let ports = &ports.changes;
        let mut summary = plan.summary();
        summary.count(ChangeOp::Replace, ports.len());
        let changes = if out.is_json() {
            let mut changes = KeptChanges::new(&plan.changes);
            for port in ports {
                changes.push(port_json(port));
            }
            Changes::Json(changes)
        } else if out.is_quiet() {
            Changes::Text(Vec::new())
        } else {
            let detail = if out.is_verbose() { Detail::Full } else { Detail::Brief };
            let mut groups = groups(&plan.changes, detail);
            groups.extend(ports.iter().map(port_group));
            Changes::Text(groups)
        };
        Self {
            generation: plan.generation,
            operations: plan.ops.len(),
            summary,
            changes,
            warnings,
            connections_cut: None,
            confirmation: None,
        }
    }

    /// Adds what became of the connections that the plan made stale.
    #[must_use]
    pub(super) fn with_cut(mut self, cut: Cut) -> Self {
        self.connections_cut = Some(cut.connections);
        self.warnings.extend(cut.failure.map(|error| {
            not_cut("the ruleset is applied", "the old", &with_causes(&error), error.hint())
        }));
        self
    }

    /// Adds what came of bringing the previous state back, after the rest was told as text.
    #[must_use]
    pub(super) fn reverted(mut self, reverted: Reverted) -> Self {
        if matches!(self.changes, Changes::Text(_)) {
            self.warnings.clear();
        }
        self.connections_cut = self.connections_cut.map(|cut| cut + reverted.connections_cut);
        self.warnings.extend(reverted.changes_of_others().map(|message| Warning {
            code: "changed-meanwhile",
            message,
            hint: "find out who else writes to the tables `hairnat`, with `nft monitor`".to_owned(),
        }));
        self.warnings.extend(reverted.not_cut.map(|trouble| {
            let hint = trouble.hint.unwrap_or_default();
            not_cut("the previous state is back", "another", &trouble.message, hint)
        }));
        self
    }

    /// Whether the kernel differs, or differed, from the policy.
    #[must_use]
    pub(super) fn changed(&self) -> bool {
        self.summary.total() > 0
    }

    /// Writes the report; `in_sync` is what is said when there is no change.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives; it says whether the changes are made nevertheless.
    pub(super) fn write(
        &self,
        outcome: Outcome,
        in_sync: &str,
        out: &mut Output,
    ) -> Result<(), Failure> {
        self.trace(outcome, out);
        self.write_result(outcome, in_sync, out).map_err(|error| self.lost(outcome, error))
    }

    /// Writes what became of changes that were to be confirmed: for JSON the whole report, as text
    /// what [`Report::write`] could not know.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives; it says whether the changes are made nevertheless.
    pub(super) fn write_confirmation(
        mut self,
        confirmation: Confirmation,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let (outcome, line) = match &confirmation {
            Confirmation::Confirmed => (Outcome::Applied, "confirmed".to_owned()),
            Confirmation::NotConfirmed { reason } => {
                (Outcome::Reverted, format!("not confirmed: the previous state is back ({reason})"))
            }
        };
        self.confirmation = Some(confirmation);
        if out.is_json() {
            return self.write(outcome, "", out);
        }
        let written = if out.is_quiet() { Ok(()) } else { out.line(&line) };
        written.and_then(|()| out.finish()).map_err(|error| self.lost(outcome, error))?;
        out.warn(&self.warnings);
        Ok(())
    }

    fn lost(&self, outcome: Outcome, error: io::Error) -> Failure {
        if self.applied(outcome) { Failure::Untold(error) } else { Failure::Output(error) }
    }

    /// What was done on the way, for `-v`.
    fn trace(&self, outcome: Outcome, out: &mut Output) {
        let Self { generation, operations, .. } = self;
        let plural = if *operations == 1 { "" } else { "s" };
        let sent = match outcome {
            _ if *operations == 0 => "nothing to send".to_owned(),
            Outcome::Applied => format!("sent {operations} operation{plural} as one transaction"),
            Outcome::Shown => format!("apply would send {operations} operation{plural}"),
            Outcome::Validated => format!("the kernel validated {operations} operation{plural}"),
            Outcome::Reverted => {
                format!("sent {operations} operation{plural} as one transaction, and took it back")
            }
        };
        out.trace(&format!("read the ruleset at generation {generation}; {sent}"));
    }

    fn applied(&self, outcome: Outcome) -> bool {
        self.changed() && outcome == Outcome::Applied
    }

    fn write_result(&self, outcome: Outcome, in_sync: &str, out: &mut Output) -> io::Result<()> {
        match &self.changes {
            Changes::Json(changes) => out.json(&self.object(changes, outcome))?,
            Changes::Text(_) if out.is_quiet() => {}
            Changes::Text(_) if !self.changed() => out.line(in_sync)?,
            Changes::Text(groups) => self.write_text(groups, outcome, out)?,
        }
        // Before the warnings: a result that is lost is the worse news.
        out.finish()?;
        if let Some(cut @ 1..) = self.connections_cut {
            let plural = if cut == 1 { "" } else { "s" };
            out.trace(&format!(
                "cut {cut} connection{plural} of floats that moved, vanished or were added"
            ));
        }
        out.warn(&self.warnings);
        Ok(())
    }

    fn write_text(&self, groups: &[Group], outcome: Outcome, out: &mut Output) -> io::Result<()> {
        for group in groups {
            out.heading(&group.object)?;
            for Line { op, text } in group.lines() {
                out.change(op, &text)?;
            }
        }
        let Summary { add, replace, delete } = self.summary;
        out.line(&match outcome {
            Outcome::Applied | Outcome::Reverted => {
                format!("applied: {add} added, {replace} replaced, {delete} deleted")
            }
            Outcome::Shown => format!("{add} to add, {replace} to replace, {delete} to delete"),
            Outcome::Validated => format!(
                "{add} to add, {replace} to replace, {delete} to delete; the kernel accepts it, \
                 nothing was changed"
            ),
        })
    }
}

/// The ruleset is what it should be by now, so this is no error.
fn not_cut(so_far: &str, instance: &str, cause: &str, hint: String) -> Warning {
    Warning {
        code: "connections-not-cut",
        message: format!(
            "{so_far}, but open connections of floats that changed may go on to {instance} \
             instance, or untranslated: {cause}"
        ),
        hint,
    }
}

const fn mode(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn port_group(change: &PortChange) -> Group {
    let (before, after) = (mode(change.port.hairpin), mode(change.on));
    let text = format!("hairpin_mode : {before} -> {after}");
    let object = format!("bridge port {}", change.port.name);
    Group::of_line(object, Line { op: ChangeOp::Replace, text })
}

fn port_json(change: &PortChange) -> Value {
    json!({
        "op": ChangeOp::Replace.word(),
        "object": "bridge-port",
        "name": change.port.name.to_string(),
        "key": "hairpin_mode",
        "before": mode(change.port.hairpin),
        "after": mode(change.on),
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use clap::Parser as _;

    use super::super::args::Cli;
    use super::{Cut, KeptChanges, Outcome, Output, Plan, Report};
    use crate::host::PortPlan;
    use crate::kernel::ConntrackError;

    fn json(cut: Option<Cut>) -> serde_json::Value {
        let cli = Cli::try_parse_from(["hairnat", "apply", "-o", "json"]).unwrap();
        let report = Report::new(
            &Plan::default(),
            &PortPlan::default(),
            Vec::new(),
            &Output::new(cli.common),
        );
        let report = match cut {
            Some(cut) => report.with_cut(cut),
            None => report,
        };
        serde_json::json!(report.object(&KeptChanges::default(), Outcome::Applied))
    }

    #[test]
    fn connections_that_could_not_be_cut_are_warned_of_with_cause_and_remedy() {
        let failure = ConntrackError::Missing(io::Error::from_raw_os_error(libc::EINVAL));
        let object = json(Some(Cut { connections: 2, failure: Some(failure) }));
        assert_eq!(object["connections_cut"], 2);
        let warning = &object["warnings"][0];
        assert_eq!(warning["code"], "connections-not-cut");
        let message = "the ruleset is applied, but open connections of floats that changed may go on \
                       to the old instance, or untranslated: this kernel has no netlink interface \
                       to its connections: Invalid argument (os error 22)";
        assert_eq!(warning["message"], message);
        assert!(warning["hint"].as_str().unwrap().contains("nf_conntrack_netlink"));
    }

    #[test]
    fn only_what_tries_to_cut_connections_counts_them() {
        assert_eq!(json(Some(Cut::default()))["connections_cut"], 0);
        assert_eq!(json(None).get("connections_cut"), None);
    }
}
