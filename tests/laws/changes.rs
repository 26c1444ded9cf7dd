//! A diff leaves nothing out: applied to what is live, its changes give what is wanted, whatever
//! else happens to the table, set or chain around them.

use hairnat::kernel::{FakeKernel, Kernel};
use hairnat::plan::{ForeignChain, LiveChain, LiveRule, LiveSet, LiveTable, Snapshot};
use hairnat::ruleset::{Element, Elements, Rule, Ruleset, Set, SetDeclaration, Statement};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};

use crate::model::changes_lead_from;
use crate::policies::policy;
use crate::{apply, compiled, for_any};

#[test]
fn applying_the_changes_of_a_diff_to_the_old_elements_and_rules_gives_the_new_ones() {
    for_any(600, &(policy(), vec(drift(), 0..5), policy()), |(a, drifts, b)| {
        let (a, b) = (compiled(&a.0), compiled(&b.0));
        let mut kernel = FakeKernel::new();
        apply(&mut kernel, &a);
        let mut live = kernel.snapshot().unwrap();
        for drift in drifts {
            drift.happen(&mut live);
        }
        for desired in [&a, &b, &Ruleset::default()] {
            changes_lead_from(&live, desired);
        }
        changes_lead_from(&Snapshot::default(), &b);
    });
}

/// Something that happens to one of our tables and to one of its objects.
#[derive(Debug, Clone)]
struct Drift {
    what: What,
    table: Index,
    object: Index,
    detail: Index,
}

#[derive(Debug, Clone, Copy)]
enum What {
    SwitchOff,
    DropTable,
    AddOther,
    Count,
    Learn,
    DropData,
    ReplaceByForeign,
    AddStrays,
    CopySet,
    DropSet,
    DropElements,
    RenameElement,
    DropByDefault,
    ReplaceByForeignChain,
    AddChain,
    DropChain,
    AddRules,
    DropRule,
    RepeatRule,
    ReverseRules,
}

const DRIFTS: [What; 20] = [
    What::SwitchOff,
    What::DropTable,
    What::AddOther,
    What::Count,
    What::Learn,
    What::DropData,
    What::ReplaceByForeign,
    What::AddStrays,
    What::CopySet,
    What::DropSet,
    What::DropElements,
    What::RenameElement,
    What::DropByDefault,
    What::ReplaceByForeignChain,
    What::AddChain,
    What::DropChain,
    What::AddRules,
    What::DropRule,
    What::RepeatRule,
    What::ReverseRules,
];

fn drift() -> impl Strategy<Value = Drift> {
    (select(&DRIFTS[..]), any::<Index>(), any::<Index>(), any::<Index>())
        .prop_map(|(what, table, object, detail)| Drift { what, table, object, detail })
}

impl Drift {
    /// Does it; nothing where there is nothing to do it to.
    fn happen(&self, live: &mut Snapshot) {
        if live.tables.is_empty() {
            return;
        }
        let number = self.table.index(live.tables.len());
        if let What::DropTable = self.what {
            live.tables.remove(number);
            return;
        }
        let table = &mut live.tables[number];
        match self.what {
            What::DropTable => {}
            What::SwitchOff => table.dormant = true,
            What::AddOther => table.others.push("counter `hits`".to_owned()),
            What::Count
            | What::Learn
            | What::DropData
            | What::ReplaceByForeign
            | What::AddStrays
            | What::CopySet
            | What::DropSet
            | What::DropElements
            | What::RenameElement => self.to_set(table),
            What::DropByDefault
            | What::ReplaceByForeignChain
            | What::AddChain
            | What::DropChain
            | What::AddRules
            | What::DropRule
            | What::RepeatRule
            | What::ReverseRules => self.to_chain(table),
        }
    }

    fn to_set(&self, table: &mut LiveTable) {
        if table.sets.is_empty() {
            return;
        }
        let number = self.object.index(table.sets.len());
        if let What::DropSet = self.what {
            table.sets.remove(number);
            return;
        }
        let LiveSet::Known { set, strays, .. } = &mut table.sets[number] else { return };
        let Set { declaration, elements } = set;
        match self.what {
            What::Count => declaration.counter = !declaration.counter,
            What::Learn => declaration.learned = Some(60).xor(declaration.learned),
            What::DropData => {
                declaration.data = None;
                *elements = rewritten(declaration, elements, |_, element| {
                    Some(Element { data: &[], ..element })
                });
            }
            What::AddStrays => *strays += 1 + self.detail.index(3),
            What::DropElements => {
                let step = 2 + self.detail.index(3);
                *elements = rewritten(declaration, elements, |index, element| {
                    (index % step > 0).then_some(element)
                });
            }
            What::RenameElement if !elements.is_empty() => {
                let renamed = self.detail.index(elements.len());
                *elements = rewritten(declaration, elements, |index, element| {
                    let comment = if index == renamed { Some("by hand") } else { element.comment };
                    Some(Element { comment, ..element })
                });
            }
            What::CopySet => {
                let mut copy = set.clone();
                "copy".clone_into(&mut copy.declaration.name);
                let copy = LiveSet::Known { set: copy, counters: Vec::new(), strays: 0 };
                table.sets.retain(|set| set.name() != "copy");
                table.sets.push(copy);
            }
            What::ReplaceByForeign => {
                let name = declaration.name.clone();
                let description = "a map of verdicts".to_owned();
                table.sets[number] = LiveSet::Foreign { name, description };
            }
            _ => {}
        }
    }

    fn to_chain(&self, table: &mut LiveTable) {
        let foreign = |handle| {
            let rule = Rule { statements: vec![Statement::Foreign("by hand".to_owned())] };
            LiveRule { handle, rule, counter: None }
        };
        let declaration = || {
            let (name, description) = ("mine".to_owned(), "type route hook output".to_owned());
            Err(ForeignChain { name, description })
        };
        if let What::AddChain = self.what {
            table.chains.retain(|chain| chain.name() != "mine");
            let rules = (0..self.detail.index(3)).map(|_| foreign(1)).collect();
            table.chains.push(LiveChain { declaration: declaration(), rules });
            return;
        }
        if table.chains.is_empty() {
            return;
        }
        let number = self.object.index(table.chains.len());
        if let What::DropChain = self.what {
            table.chains.remove(number);
            return;
        }
        let chain = &mut table.chains[number];
        let (name, rules) = (chain.name().to_owned(), &mut chain.rules);
        match self.what {
            What::DropByDefault => {
                if let Ok(declaration) = &mut chain.declaration
                    && let Some(base) = &mut declaration.base
                {
                    base.accept = false;
                }
            }
            What::ReplaceByForeignChain => {
                let description = "type route hook output".to_owned();
                chain.declaration = Err(ForeignChain { name, description });
            }
            What::AddRules => {
                let at = self.detail.index(rules.len() + 1);
                rules.splice(at..at, (0..5).map(foreign));
            }
            What::DropRule if !rules.is_empty() => {
                rules.remove(self.detail.index(rules.len()));
            }
            What::RepeatRule if !rules.is_empty() => {
                let rule = rules[self.detail.index(rules.len())].clone();
                rules.insert(0, rule);
            }
            What::ReverseRules => rules.reverse(),
            _ => {}
        }
    }
}

/// The elements that `change` makes of `elements`; it is given the number of each.
fn rewritten<'a>(
    declaration: &SetDeclaration,
    elements: &'a Elements,
    change: impl Fn(usize, Element<'a>) -> Option<Element<'a>>,
) -> Elements {
    let mut changed = Elements::new(declaration);
    let kept = elements.iter().enumerate().filter_map(|(index, element)| change(index, element));
    kept.for_each(|element| changed.push(element));
    changed
}
