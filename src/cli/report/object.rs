//! The report as one JSON object.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{Confirmation, Outcome, Report};
use crate::host::Warning;
use crate::plan::{KeptChanges, Summary};

impl Report {
    /// The object, written as it is serialized: of a first apply it is as long as the policy.
    pub(super) const fn object<'a>(
        &'a self,
        changes: &'a KeptChanges,
        outcome: Outcome,
    ) -> ReportObject<'a> {
        ReportObject { report: self, changes, outcome }
    }
}

/// A report with its changes.
pub(super) struct ReportObject<'a> {
    report: &'a Report,
    changes: &'a KeptChanges,
    outcome: Outcome,
}

impl Serialize for ReportObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { report, changes, outcome } = self;
        let Summary { add, replace, delete } = report.summary;
        let summary = json!({ "add": add, "replace": replace, "delete": delete });
        let warnings: Vec<Value> = report.warnings.iter().map(Warning::to_json).collect();
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("format", &1)?;
        object.serialize_entry("changed", &report.changed())?;
        object.serialize_entry("applied", &report.applied(*outcome))?;
        object.serialize_entry("summary", &summary)?;
        object.serialize_entry("changes", changes)?;
        object.serialize_entry("warnings", &warnings)?;
        if let Some(cut) = report.connections_cut {
            object.serialize_entry("connections_cut", &cut)?;
        }
        match &report.confirmation {
            None => {}
            Some(Confirmation::Confirmed) => object.serialize_entry("confirmed", &true)?,
            Some(Confirmation::NotConfirmed { reason }) => {
                object.serialize_entry("confirmed", &false)?;
                object.serialize_entry("reason", reason)?;
            }
        }
        object.end()
    }
}
