//! `hairnat show`: what is live, with counters.

use std::io;

use serde_json::{Value, json};

use super::args::OutputFormat;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use crate::kernel::{Kernel, NfTables};
use crate::plan::{CounterValue, LiveChain, LiveRule, LiveSet, LiveTable, Snapshot};
use crate::ruleset::{Datatype, Element, Set, TABLE_NAME, TableFamily};

/// Prints our tables as they are.
///
/// # Errors
///
/// What keeps them from being read or written.
pub(super) fn run(out: &mut Output) -> Result<Exit, Failure> {
    let live = out.progress().watch(NfTables::open()?).snapshot()?;
    match out.format() {
        OutputFormat::Json => out.json(&snapshot_json(&live))?,
        OutputFormat::Nft => script(&live, out)?,
        OutputFormat::Text => text(&live, out)?,
    }
    out.finish()?;
    Ok(Exit::Success)
}

fn script(live: &Snapshot, out: &mut Output) -> io::Result<()> {
    let (ruleset, left_out) = live.to_ruleset();
    let (ruleset, unreadable) = ruleset.loadable();
    for object in left_out {
        out.warning(&format!("left out {object}, which hairnat cannot write"));
    }
    for object in unreadable {
        out.warning(&format!("left out {object}, which nft cannot load from text"));
    }
    for object in passing(live) {
        out.warning(&format!("left out {object}"));
    }
    let dormant: Vec<TableFamily> =
        live.tables.iter().filter(|table| table.dormant).map(|table| table.family).collect();
    ruleset.to_nft_script_with(&dormant, &mut out.script())
}

/// What is live only while something else lasts: the process that owns a table, packets that fill a
/// set. The set of ports is not worth a word: its elements are numbers of this host's interfaces.
fn passing(live: &Snapshot) -> Vec<String> {
    let mut objects = Vec::new();
    for LiveTable { family, owner, sets, .. } in &live.tables {
        if owner.is_some() {
            objects.push(format!("the flag `owner` of table `{family} {TABLE_NAME}`"));
        }
        for Set { declaration, .. } in sets.iter().filter_map(LiveSet::known) {
            let ports = declaration.key.iter().all(|one| *one == Datatype::IfaceIndex);
            if declaration.learned.is_some() && !ports {
                let (keyword, name) = (declaration.keyword(), &declaration.name);
                objects.push(format!("the elements of {keyword} `{name}`, which packets fill"));
            }
        }
    }
    objects
}

fn text(live: &Snapshot, out: &mut Output) -> io::Result<()> {
    if live.tables.is_empty() {
        return out.line("nothing is live: there is no table `hairnat`");
    }
    for table in &live.tables {
        table_text(table, out)?;
    }
    Ok(())
}

fn table_text(table: &LiveTable, out: &mut Output) -> io::Result<()> {
    let family = table.family;
    let owner = table.owner.map(|owner| format!("owned by netlink port {owner}"));
    let dormant = table.dormant.then(|| "flags dormant".to_owned());
    let others = table.others.iter().cloned();
    let remarks: Vec<String> = owner.into_iter().chain(dormant).chain(others).collect();
    let empty = table.sets.is_empty() && table.chains.is_empty();
    if empty || !remarks.is_empty() {
        out.heading(&format!("table {family} {TABLE_NAME}"))?;
        remarks.iter().try_for_each(|remark| out.line(&format!("  {remark}")))?;
    }
    if empty && table.others.is_empty() {
        out.line("  empty")?;
    }
    for set in &table.sets {
        out.heading(&format!("{} {family} {TABLE_NAME} {}", set.keyword(), set.name()))?;
        set_text(set, out)?;
    }
    for chain in &table.chains {
        out.heading(&format!("chain {family} {TABLE_NAME} {}", chain.name()))?;
        out.line(&format!("  {}", chain.describe(family)))?;
        for LiveRule { rule, counter, .. } in &chain.rules {
            let CounterValue { packets, bytes } = counter.unwrap_or_default();
            out.line(&format!("  {}", rule.listing(packets, bytes)))?;
        }
    }
    Ok(())
}

fn set_text(live: &LiveSet, out: &mut Output) -> io::Result<()> {
    let LiveSet::Known { set, counters, strays } = live else {
        return out.line(&format!("  {}", live.describe()));
    };
    if set.declaration.learned.is_some() {
        return out.line("  learned by the kernel from passing frames");
    }
    let declaration = &set.declaration;
    let rows: Vec<(String, String)> = set
        .elements
        .iter()
        .map(|element| (declaration.key_text(element), declaration.data_text(element)))
        .collect();
    let key_width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let data_width = rows.iter().map(|(_, data)| data.len()).max().unwrap_or(0);
    for (index, (element, (key, data))) in set.elements.iter().zip(&rows).enumerate() {
        let name = element.comment.map(|name| format!("   {name}")).unwrap_or_default();
        let count = counted(counters.get(index).copied());
        let row = if data.is_empty() {
            format!("  {key}")
        } else {
            format!("  {key:key_width$} : {data:data_width$}{name}{count}")
        };
        out.line(row.trim_end())?;
    }
    match strays {
        0 => Ok(()),
        count => out.line(&format!("  {count} of a form that hairnat does not write")),
    }
}

fn counted(counter: Option<CounterValue>) -> String {
    counter
        .map(|CounterValue { packets, bytes }| format!("   packets {packets} bytes {bytes}"))
        .unwrap_or_default()
}

fn snapshot_json(live: &Snapshot) -> Value {
    let tables: Vec<Value> = live.tables.iter().map(table_json).collect();
    json!({ "format": 1, "generation": live.generation, "tables": tables })
}

fn table_json(table: &LiveTable) -> Value {
    json!({
        "family": table.family.keyword(),
        "name": TABLE_NAME,
        "dormant": table.dormant,
        "owner": table.owner,
        "sets": table.sets.iter().map(set_json).collect::<Vec<_>>(),
        "chains": table.chains.iter().map(|chain| chain_json(chain, table.family)).collect::<Vec<_>>(),
        "others": table.others,
    })
}

fn set_json(live: &LiveSet) -> Value {
    let (name, kind) = (live.name(), live.keyword());
    let mut object = json!({ "name": name, "kind": kind, "declaration": live.describe() });
    if let LiveSet::Known { set, counters, strays } = live {
        let elements = set.elements.iter().enumerate();
        let elements: Vec<Value> = elements
            .map(|(index, element)| element_json(set, element, counters.get(index).copied()))
            .collect();
        object["size"] = set.declaration.size.into();
        object["elements"] = elements.into();
        object["unknown_elements"] = (*strays).into();
    }
    object
}

fn element_json(set: &Set, element: Element<'_>, counter: Option<CounterValue>) -> Value {
    let mut object = json!({ "key": set.declaration.key_text(element) });
    if set.declaration.data.is_some() {
        object["value"] = set.declaration.data_text(element).into();
    }
    if let Some(comment) = element.comment {
        object["comment"] = comment.into();
    }
    count_json(&mut object, counter);
    object
}

fn chain_json(chain: &LiveChain, family: TableFamily) -> Value {
    let rules: Vec<Value> = chain
        .rules
        .iter()
        .map(|live| {
            let mut object = json!({ "handle": live.handle, "nft": live.rule.to_string() });
            count_json(&mut object, live.counter);
            object
        })
        .collect();
    json!({ "name": chain.name(), "declaration": chain.describe(family), "rules": rules })
}

fn count_json(object: &mut Value, counter: Option<CounterValue>) {
    if let Some(CounterValue { packets, bytes }) = counter {
        object["packets"] = packets.into();
        object["bytes"] = bytes.into();
    }
}
