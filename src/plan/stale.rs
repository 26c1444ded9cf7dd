//! Connections that a plan makes stale: conntrack goes on with them as they began, past every rule: to an
//! instance that the float no longer leads to (OSSN-0020), or without the float that they have by now.

use super::float_maps::{Connection, FloatMaps, Role, address, role};
use super::{ChangePart, Changes, LiveSet, LiveTable, Subject};
use crate::address::IpFamily;
use crate::ruleset::{Element, Table, TableFamily};

/// The connections that were translated as the live ruleset says and as the desired one does not:
/// those through a float that moved or vanished, and those that leave as one. Those that were not
/// translated before their float was added, and go on so for as long as their peer sends. Where the table
/// is made anew, also those that were not translated because their first packet met neither table.
///
/// What another program translated is none of them, nor what the desired ruleset translates just
/// so by another map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaleConnections<'a> {
    live: FloatMaps<'a>,
    desired: FloatMaps<'a>,
    families: Vec<IpFamily>,
    anew: bool,
}

impl<'a> StaleConnections<'a> {
    /// What `changes`, from `live` to `desired`, make stale, if the table is made `anew` for them or
    /// in place.
    pub(super) fn new(
        live: Option<&'a LiveTable>,
        desired: Option<&'a Table>,
        changes: &Changes<'_>,
        anew: bool,
    ) -> Self {
        let live = FloatMaps::among(
            live.into_iter().flat_map(|table| &table.sets).filter_map(LiveSet::known),
        );
        let desired = FloatMaps::among(desired.into_iter().flat_map(|table| &table.sets));
        let changes_any = |&family: &IpFamily| {
            let missed = anew && desired.has(family);
            let ends = |part| live.has(family) && ends_translations(part, &live, family);
            let begins = |part| desired.has(family) && begins_translations(part, family);
            let mut parts = changes.parts().iter();
            (missed && live.has(family)) || parts.any(|part| ends(part) || begins(part))
        };
        let families: Vec<_> = IpFamily::ALL.into_iter().filter(changes_any).collect();
        if families.is_empty() {
            return Self::default();
        }
        Self { live, desired, families, anew }
    }

    /// The families in which there can be any.
    #[must_use]
    pub fn families(&self) -> &[IpFamily] {
        &self.families
    }

    /// Whether the connection is one of them.
    #[must_use]
    pub fn contains(&self, connection: &Connection) -> bool {
        let Self { live, desired, anew, .. } = self;
        // A packet is led through the chains that were active when it came, but finds only what is
        // live when it asks: neither a map that went meanwhile, nor a chain that came
        // (`nft_do_chain`, `nft_hash_lookup`). Such a connection can hardly have had an answer.
        let missed = *anew && !connection.answered;
        (missed && live.missed(connection) && desired.missed(connection))
            || (live.lead(connection) && !desired.lead(connection))
            || (live.own_source(connection) && !desired.own_source(connection))
            || desired.begin(connection, live)
    }
}

/// Whether anything may be translated in `family` that was not, or not so.
fn begins_translations(part: &ChangePart<'_>, family: IpFamily) -> bool {
    let ChangePart::Elements(elements) = part else { return false };
    let is_map =
        role(&elements.set().name).is_some_and(|(of, role)| of == family && role.translates());
    elements.family() == TableFamily::Inet
        && is_map
        && elements
            .pairs()
            .any(|(old, new)| new.is_some() && new.map(|new| new.data) != old.map(|old| old.data))
}

/// Whether anything that `live` translates in `family` may be translated otherwise, or no longer.
fn ends_translations(part: &ChangePart<'_>, live: &FloatMaps<'_>, family: IpFamily) -> bool {
    let decides = |role: Role| role.translates() || role == Role::Host;
    let role = |name: &str| {
        role(name).filter(|&(of, role)| of == family && decides(role)).map(|(_, role)| role)
    };
    match part {
        ChangePart::One(change) => {
            change.family == TableFamily::Inet
                && match change.subject {
                    Subject::Table { desired, .. } => desired.is_none(),
                    Subject::Set { live, .. } => live.is_some_and(|set| role(set.name()).is_some()),
                    Subject::Chain { .. }
                    | Subject::Other(_)
                    | Subject::Rule { .. }
                    | Subject::Element { .. }
                    | Subject::Strays { .. } => false,
                }
        }
        ChangePart::Elements(elements) => {
            elements.family() == TableFamily::Inet
                && role(&elements.set().name).is_some_and(|role| {
                    elements.pairs().any(|(old, new)| match (old, new) {
                        (Some(old), new) => new.map(|new| new.data) != Some(old.data),
                        (None, new) => new.is_some_and(|new| shadows(role, new, live, family)),
                    })
                })
        }
    }
}

/// Whether a new element takes L4 ports from a float that led elsewhere with all of them.
fn shadows(role: Role, new: Element<'_>, live: &FloatMaps<'_>, family: IpFamily) -> bool {
    matches!(role, Role::Port | Role::Range | Role::Host)
        && address(family, new.key).is_some_and(|float| live.whole(float).is_some())
}
