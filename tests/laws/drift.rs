//! Whatever somebody does to our tables by hand is seen, and the next apply undoes it.

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::{LiveChain, LiveTable, Snapshot};
use hairnat::ruleset::{Element, Ruleset, Set, TableFamily};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};

use crate::kernel::comparable;
use crate::model::changes_lead_from;
use crate::policies::policy;
use crate::witness::{as_listed, inside, listing, nft_reading};
use crate::{apply, compiled, for_any};

#[test]
fn an_apply_undoes_what_was_done_by_hand() {
    inside(|| {
        for_any(100, &(policy(), vec(deed(), 1..4)), |(text, deeds)| {
            let desired = compiled(&text.0);
            // Its maps are read as large ones are.
            let mut kernel = NfTables::open().unwrap().with_large_sets_from(1);
            apply(&mut kernel, &desired);
            let before = comparable(&listing());
            for deed in deeds {
                if let Some(script) = deed.script(&kernel.snapshot().unwrap()) {
                    nft_reading(&["-f", "-"], &script);
                }
            }
            let live = kernel.snapshot().unwrap();
            changes_lead_from(&live, &desired);
            changes_lead_from(&live, &Ruleset::default());
            let drifted = comparable(&listing()) != before;
            let changes = apply(&mut kernel, &desired);
            assert_eq!(changes > 0, drifted, "what differs is seen");
            assert_eq!(comparable(&listing()), comparable(&as_listed(&desired.to_string())));
            assert_eq!(apply(&mut kernel, &desired), 0);
        });
    });
}

/// Something done by hand, to one of our tables and one of its objects.
#[derive(Debug, Clone)]
struct Deed {
    what: What,
    table: Index,
    object: Index,
    detail: Index,
}

#[derive(Debug, Clone, Copy)]
enum What {
    DeleteRule,
    RepeatRule,
    AddRule,
    AddManyRules,
    FlushChain,
    DeleteElement,
    RenameElement,
    MoveElement,
    AddCatchAll,
    FlushSet,
    AddChain,
    AddBaseChain,
    MoveChain,
    DropByDefault,
    AddSet,
    AddUsedSet,
    AddCounter,
    AddTable,
    DeleteTable,
    SwitchOff,
}

const DEEDS: [What; 20] = [
    What::DeleteRule,
    What::RepeatRule,
    What::AddRule,
    What::AddManyRules,
    What::FlushChain,
    What::DeleteElement,
    What::RenameElement,
    What::MoveElement,
    What::AddCatchAll,
    What::FlushSet,
    What::AddChain,
    What::AddBaseChain,
    What::MoveChain,
    What::DropByDefault,
    What::AddSet,
    What::AddUsedSet,
    What::AddCounter,
    What::AddTable,
    What::DeleteTable,
    What::SwitchOff,
];

fn deed() -> impl Strategy<Value = Deed> {
    (select(&DEEDS[..]), any::<Index>(), any::<Index>(), any::<Index>())
        .prop_map(|(what, table, object, detail)| Deed { what, table, object, detail })
}

impl Deed {
    /// The nft script that does it; `None` where there is nothing to do it to.
    fn script(&self, live: &Snapshot) -> Option<String> {
        if let What::AddTable = self.what {
            let family = self.table.get(&TableFamily::ALL);
            return Some(format!("add table {family} hairnat\n"));
        }
        let table = pick(&live.tables, self.table)?;
        let name = format!("{} hairnat", table.family);
        Some(match self.what {
            What::AddTable => return None,
            What::DeleteTable => format!("delete table {name}\n"),
            What::SwitchOff => format!("table {name} {{ flags dormant; }}\n"),
            What::AddCounter => format!("add counter {name} hits\n"),
            What::AddSet => format!("add set {name} marks {{ type mark; }}\n"),
            What::AddUsedSet => format!(
                "add set {name} marks {{ type mark; }}\n\
                 add chain {name} mine\n\
                 add rule {name} mine meta mark @marks accept\n"
            ),
            What::AddChain => format!("add chain {name} mine\n"),
            What::AddBaseChain => {
                format!("add chain {name} base {{ type filter hook input priority 7; }}\n")
            }
            What::DeleteElement
            | What::RenameElement
            | What::MoveElement
            | What::AddCatchAll
            | What::FlushSet => return self.to_elements(&name, table),
            _ => return self.to_rules(&name, table),
        })
    }

    fn to_rules(&self, table: &str, live: &LiveTable) -> Option<String> {
        let chain = pick(&live.chains, self.object)?;
        let name = chain.name();
        let foreign = format!("rule {table} {name} meta mark 7 accept\n");
        Some(match self.what {
            What::DeleteRule => {
                let handle = pick(&chain.rules, self.detail)?.handle;
                format!("delete rule {table} {name} handle {handle}\n")
            }
            What::RepeatRule => {
                let rule =
                    &pick(&chain.rules, self.detail).filter(|live| live.rule.is_known())?.rule;
                let verb = ["add", "insert"][self.detail.index(2)];
                format!("{verb} rule {table} {name} {rule}\n")
            }
            What::AddRule => format!("{} {foreign}", ["add", "insert"][self.detail.index(2)]),
            What::AddManyRules => format!("insert {foreign}").repeat(300),
            What::FlushChain => format!("flush chain {table} {name}\n"),
            What::DropByDefault => {
                chain.declaration.as_ref().ok()?.base?;
                format!("add chain {table} {name} {{ policy drop; }}\n")
            }
            _ => moved(table, chain)?,
        })
    }

    fn to_elements(&self, table: &str, live: &LiveTable) -> Option<String> {
        let sets: Vec<&Set> = live.sets.iter().filter_map(|set| set.known()).collect();
        let of_addresses = |name: &str| ["dnat4", "snat4", "dnat6", "snat6"].contains(&name);
        let fits = |set: &&Set| match self.what {
            What::AddCatchAll => of_addresses(&set.declaration.name),
            _ => true,
        };
        let sets = sets.into_iter().filter(|set| !set.elements.is_empty()).filter(fits);
        let sets: Vec<_> = sets.collect();
        let Set { declaration, elements } = *pick(&sets, self.object)?;
        let name = &declaration.name;
        let element = elements.get(self.detail.index(elements.len()));
        let key = declaration.key_text(element);
        let delete = format!("delete element {table} {name} {{ {key} }}\n");
        let add = |element: Element<'_>| {
            format!("{delete}add element {table} {name} {{ {} }}\n", declaration.element(element))
        };
        Some(match self.what {
            What::DeleteElement => delete,
            What::FlushSet => format!("flush {} {table} {name}\n", declaration.keyword()),
            What::AddCatchAll => {
                let data = declaration.data_text(element);
                format!("add element {table} {name} {{ * : {data} }}\n")
            }
            What::RenameElement => add(Element { comment: Some("by hand"), ..element }),
            _ => {
                let other = elements.get(self.table.index(elements.len()));
                add(Element { data: other.data, ..element })
            }
        })
    }
}

fn pick<T>(from: &[T], index: Index) -> Option<&T> {
    (!from.is_empty()).then(|| index.get(from))
}

/// Makes the chain anew, at another priority.
fn moved(table: &str, chain: &LiveChain) -> Option<String> {
    let declaration = chain.declaration.as_ref().ok()?;
    let base = declaration.base?;
    let (kind, hook) = (base.chain_type.keyword(), base.hook.keyword());
    let (name, priority) = (&declaration.name, base.priority + 5);
    Some(format!(
        "delete chain {table} {name}\n\
         add chain {table} {name} {{ type {kind} hook {hook} priority {priority}; }}\n"
    ))
}
