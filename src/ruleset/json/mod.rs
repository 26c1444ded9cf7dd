//! The objects as libnftables-json(5), in a form that nft 1.0.6 loads.
//!
//! It is what `nft -j list ruleset` prints, less handles and with three differences, since the JSON
//! parser of nft 1.0.6 takes less than it prints:
//!
//! - A map whose data is a concatenation or an interval cannot be declared. Its elements stand in
//!   the rules that use it, as an anonymous map: the packets do not see the difference, but such
//!   a map has no counters.
//! - `dynamic` is no known set flag: it follows from the rule that updates the set.
//! - An empty list of elements is refused, so it is left out.
//!
//! The comment of a table is written although that parser passes over it: later ones take it.
//!
//! One command a line, each written as it is reached: a million elements are never a tree.

mod set;
mod statement;

use std::io::{self, BufWriter, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use self::set::{SetJson, is_declarable};
use self::statement::StatementJson;
use super::{Chain, NatTarget, Rule, Ruleset, Set, Statement, TABLE_COMMENT, TABLE_NAME, Table};

impl Ruleset {
    /// Writes the commands that `nft -j -f` makes this from, as one JSON document.
    ///
    /// # Errors
    ///
    /// What `out` says, or [`io::ErrorKind::InvalidData`] if there is a [`Statement::Foreign`], of
    /// which nothing but a description is known, or an interface whose name begins with `@`.
    pub fn to_json(&self, out: &mut impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        out.write_all(b"{\"nftables\":[\n")?;
        serde_json::to_writer(&mut out, &json!({"metainfo": {"json_schema_version": 1}}))?;
        for table in &self.tables {
            table.write_json(&mut out)?;
        }
        out.write_all(b"\n]}\n")?;
        out.flush()
    }
}

impl Table {
    /// In the order of nft(8): the table, its sets, its chains, all their rules.
    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let family = self.family.keyword();
        let table = json!({"family": family, "name": TABLE_NAME, "comment": TABLE_COMMENT});
        add(out, "table", &table)?;
        for set in self.sets.iter().filter(|set| is_declarable(&set.declaration)) {
            add(out, set.declaration.keyword(), &SetJson { family, set })?;
        }
        for chain in &self.chains {
            add(out, "chain", &chain_json(family, chain))?;
        }
        for chain in &self.chains {
            let name = &chain.declaration.name;
            for rule in chain.rules.iter().filter(|rule| !self.asks_nothing(rule)) {
                add(out, "rule", &RuleJson { family, chain: name, rule, sets: &self.sets })?;
            }
        }
        Ok(())
    }

    /// Whether the rule asks an empty map that would be an anonymous one: those cannot be empty,
    /// and a rule that finds nothing does nothing.
    fn asks_nothing(&self, rule: &Rule) -> bool {
        rule.statements.iter().any(|statement| {
            anonymous(statement, &self.sets).is_some_and(|set| set.elements.is_empty())
        })
    }
}

/// The map of the statement, if it has to be an anonymous one.
fn anonymous<'a>(statement: &Statement, sets: &'a [Set]) -> Option<&'a Set> {
    let Statement::Nat {
        target: NatTarget::Map { map, .. } | NatTarget::PrefixMap { map, .. },
        ..
    } = statement
    else {
        return None;
    };
    sets.iter().find(|set| set.declaration.name == *map && !is_declarable(&set.declaration))
}

fn add(out: &mut impl Write, object: &'static str, value: &impl Serialize) -> io::Result<()> {
    out.write_all(b",\n")?;
    Ok(serde_json::to_writer(out, &Entry("add", Entry(object, value)))?)
}

fn chain_json(family: &str, chain: &Chain) -> serde_json::Value {
    let name = &chain.declaration.name;
    match chain.declaration.base {
        None => json!({"family": family, "table": TABLE_NAME, "name": name}),
        Some(base) => json!({
            "family": family,
            "table": TABLE_NAME,
            "name": name,
            "type": base.chain_type.keyword(),
            "hook": base.hook.keyword(),
            "prio": base.priority,
            "policy": if base.accept { "accept" } else { "drop" },
        }),
    }
}

struct RuleJson<'a> {
    family: &'a str,
    chain: &'a str,
    rule: &'a Rule,
    sets: &'a [Set],
}

impl Serialize for RuleJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("family", self.family)?;
        object.serialize_entry("table", TABLE_NAME)?;
        object.serialize_entry("chain", self.chain)?;
        object.serialize_entry("expr", &ExpressionsJson(self.rule, self.sets))?;
        object.end()
    }
}

struct ExpressionsJson<'a>(&'a Rule, &'a [Set]);

impl Serialize for ExpressionsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ExpressionsJson(rule, sets) = *self;
        let shown = |statement: &&Statement| {
            !matches!(statement, Statement::NfProto(_) | Statement::EtherType(_))
        };
        let json = |statement| StatementJson { statement, anonymous: anonymous(statement, sets) };
        serializer.collect_seq(rule.statements.iter().filter(shown).map(json))
    }
}

/// An object of one entry, as which libnftables-json writes whatever has a kind.
struct Entry<T>(&'static str, T);

impl<T: Serialize> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, &self.1)])
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use crate::address::IpFamily;
    use crate::ruleset::{
        AddressSide, BaseChain, Chain, ChainDeclaration, ChainType, Data, Datatype, Element,
        Elements, Hook, NatKind, NatTarget, Rule, Ruleset, Set, SetDeclaration, Statement, Table,
        TableFamily,
    };

    fn table(sets: Vec<Set>, statement: Statement) -> Ruleset {
        let declaration = ChainDeclaration {
            name: "prerouting".to_owned(),
            base: Some(BaseChain {
                chain_type: ChainType::Nat,
                hook: Hook::Prerouting,
                priority: -100,
                accept: true,
            }),
        };
        let chains = vec![Chain { declaration, rules: vec![Rule { statements: vec![statement] }] }];
        Ruleset { tables: vec![Table { family: TableFamily::Inet, sets, chains }] }
    }

    fn prefix_map(elements: impl FnOnce(&mut Elements)) -> (Set, Statement) {
        let declaration = SetDeclaration {
            name: "dnat4_net".to_owned(),
            key: vec![Datatype::Ipv4Addr],
            data: Some(Data { types: vec![Datatype::Ipv4Addr], interval: true }),
            interval: true,
            learned: None,
            counter: false,
            size: None,
        };
        let mut set = Set { elements: Elements::new(&declaration), declaration };
        elements(&mut set.elements);
        let target =
            NatTarget::PrefixMap { side: AddressSide::Destination, map: "dnat4_net".to_owned() };
        (set, Statement::Nat { kind: NatKind::Dnat, family: IpFamily::V4, target })
    }

    #[track_caller]
    fn commands(ruleset: &Ruleset) -> Vec<String> {
        let mut out = Vec::new();
        ruleset.to_json(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        let lines = text.lines().map(|line| line.trim_end_matches(',').to_owned());
        lines.filter(|line| line.contains("\"add\"")).collect()
    }

    #[test]
    fn every_object_is_added_by_a_command_of_its_own() {
        assert_eq!(
            commands(&table(vec![], Statement::Masquerade)),
            [
                r#"{"add":{"table":{"family":"inet","name":"hairnat","comment":"managed by hairnat"}}}"#,
                r#"{"add":{"chain":{"family":"inet","table":"hairnat","name":"prerouting","type":"nat","hook":"prerouting","prio":-100,"policy":"accept"}}}"#,
                r#"{"add":{"rule":{"family":"inet","table":"hairnat","chain":"prerouting","expr":[{"masquerade":null}]}}}"#,
            ]
        );
    }

    #[test]
    fn a_map_that_json_cannot_declare_stands_in_the_rule() {
        let (map, rule) = prefix_map(|elements| {
            elements.push(Element {
                key: &[198, 51, 100, 0],
                last: &[198, 51, 100, 15],
                data: &[10, 0, 0, 64, 10, 0, 0, 79],
                comment: None,
            });
        });
        let commands = commands(&table(vec![map], rule));
        assert!(!commands.iter().any(|command| command.contains(r#"{"map":{"family""#)));
        assert_eq!(
            commands.last().unwrap(),
            r#"{"add":{"rule":{"family":"inet","table":"hairnat","chain":"prerouting","expr":[{"dnat":{"family":"ip","addr":{"map":{"key":{"payload":{"protocol":"ip","field":"daddr"}},"data":{"set":[[{"prefix":{"addr":"198.51.100.0","len":28}},{"prefix":{"addr":"10.0.0.64","len":28}}]]}}},"flags":"netmap","type_flags":"prefix"}}]}}}"#
        );
    }

    #[test]
    fn a_rule_whose_anonymous_map_would_be_empty_is_left_out() {
        let (map, rule) = prefix_map(|_| ());
        let commands = commands(&table(vec![map], rule));
        assert!(!commands.iter().any(|command| command.contains("rule")), "{commands:?}");
    }

    #[test]
    fn a_foreign_statement_cannot_be_written() {
        let ruleset = table(vec![], Statement::Foreign("log".to_owned()));
        let error = ruleset.to_json(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "`log` is no statement that hairnat can write as JSON");
    }
}
