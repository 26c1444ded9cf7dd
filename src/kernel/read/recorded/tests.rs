//! Tables of others are passed over, whatever their bytes.

use super::snapshot_from_bytes;
use crate::kernel::encode::{self, Family as _};
use crate::kernel::nfnetlink::{self, Header};
use crate::kernel::uapi::{
    NEWCHAIN, NEWFLOWTABLE, NEWOBJ, NEWRULE, NEWSET, NEWSETELEM, NEWTABLE, NFTA_CHAIN_HOOK,
    NFTA_CHAIN_NAME, NFTA_CHAIN_TABLE, NFTA_CHAIN_TYPE, NFTA_DATA_VERDICT, NFTA_EXPR_DATA,
    NFTA_EXPR_NAME, NFTA_HOOK_DEV, NFTA_HOOK_HOOKNUM, NFTA_LIST_ELEM, NFTA_OBJ_TYPE,
    NFTA_OTHER_NAME, NFTA_OTHER_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
    NFTA_RULE_TABLE, NFTA_RULE_USERDATA, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
    NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_USERDATA, NFTA_SET_KEY_LEN, NFTA_SET_KEY_TYPE,
    NFTA_SET_NAME, NFTA_SET_TABLE, NFTA_TABLE_NAME, NFTA_VERDICT_CHAIN,
};
use crate::netlink::{self, Messages, put, put_be32, put_nest, put_text};
use crate::plan::{LiveSet, Snapshot};
use crate::ruleset::{ChainDeclaration, Datatype, Rule, SetDeclaration, Statement, TableFamily};

fn message(kind: u16, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let family = TableFamily::Inet.number();
    let start =
        nfnetlink::begin(&mut bytes, Header { kind, flags: 0, seq: 1, family, resource: 0 });
    fill(&mut bytes);
    netlink::end(&mut bytes, start);
    bytes
}

/// One object of each kind in `table`; those that it names are called `name`.
fn objects(table: &str, name: &str) -> Vec<Vec<u8>> {
    let other = |out: &mut Vec<u8>| {
        put_text(out, NFTA_OTHER_TABLE, table);
        put_text(out, NFTA_OTHER_NAME, name);
    };
    vec![
        message(NEWSET, |out| {
            put_text(out, NFTA_SET_TABLE, table);
            put_text(out, NFTA_SET_NAME, name);
            put_be32(out, NFTA_SET_KEY_TYPE, Datatype::Ipv4Addr as u32);
            put_be32(out, NFTA_SET_KEY_LEN, 4);
        }),
        message(NEWSETELEM, |out| {
            put_text(out, NFTA_SET_ELEM_LIST_TABLE, table);
            put_text(out, NFTA_SET_ELEM_LIST_SET, name);
            put_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS, |out| {
                put_nest(out, NFTA_LIST_ELEM, |out| put_text(out, NFTA_SET_ELEM_USERDATA, name));
            });
        }),
        message(NEWCHAIN, |out| {
            put_text(out, NFTA_CHAIN_TABLE, table);
            put_text(out, NFTA_CHAIN_NAME, name);
            put_nest(out, NFTA_CHAIN_HOOK, |out| {
                put_be32(out, NFTA_HOOK_HOOKNUM, 0);
                put_text(out, NFTA_HOOK_DEV, name);
            });
            put_text(out, NFTA_CHAIN_TYPE, "filter");
        }),
        message(NEWRULE, |out| {
            put_text(out, NFTA_RULE_TABLE, table);
            put_text(out, NFTA_RULE_CHAIN, name);
            put(out, NFTA_RULE_HANDLE, &9_u64.to_be_bytes());
            put_nest(out, NFTA_RULE_EXPRESSIONS, |out| {
                put_nest(out, NFTA_LIST_ELEM, |out| {
                    put_text(out, NFTA_EXPR_NAME, "immediate");
                    put_nest(out, NFTA_EXPR_DATA, |out| {
                        put_be32(out, 1, 0);
                        put_nest(out, 2, |out| {
                            put_nest(out, NFTA_DATA_VERDICT, |out| {
                                put_text(out, NFTA_VERDICT_CHAIN, name);
                            });
                        });
                    });
                });
            });
            put_text(out, NFTA_RULE_USERDATA, name);
        }),
        message(NEWOBJ, |out| {
            other(out);
            put_be32(out, NFTA_OBJ_TYPE, 1);
        }),
        message(NEWFLOWTABLE, other),
    ]
}

/// Our inet table with a set, a chain and a rule.
fn ours() -> Vec<u8> {
    let family = TableFamily::Inet;
    let set = SetDeclaration {
        name: "fixed4".to_owned(),
        key: vec![Datatype::Ipv4Addr],
        data: None,
        interval: false,
        learned: None,
        counter: false,
        size: None,
    };
    let chain = ChainDeclaration { name: "forward".to_owned(), base: None };
    let rule = Rule { statements: vec![Statement::Accept] };
    [
        encode::new_table(family, 1),
        encode::new_set(family, &set, 2),
        encode::new_chain(family, &chain, 3),
        encode::new_rule(family, "forward", &rule, None, 4).unwrap(),
    ]
    .concat()
}

fn with(ours: &[u8], others: &[u8]) -> Snapshot {
    snapshot_from_bytes(&[ours, others].concat()).unwrap()
}

/// Where the attributes of a message begin.
const ATTRIBUTES: usize = 20;

/// Where the name of the table begins, the first attribute of each message.
const TABLE: usize = ATTRIBUTES + 4;

#[test]
fn no_byte_of_a_foreign_object_changes_the_snapshot() {
    let ours = ours();
    let expected = snapshot_from_bytes(&ours).unwrap();
    assert_eq!(expected.tables[0].chains[0].rules.len(), 1);
    let table = "kube";
    let mut messages = objects(table, "fixed4");
    messages.push(message(NEWTABLE, |out| put_text(out, NFTA_TABLE_NAME, table)));
    for bytes in messages {
        assert_eq!(with(&ours, &bytes), expected);
        let header = TABLE + (table.len() + 1).next_multiple_of(4);
        let of_the_name = TABLE..TABLE + table.len();
        for index in of_the_name.chain(header..bytes.len()) {
            for value in 0..=u8::MAX {
                let mut flipped = bytes.clone();
                flipped[index] = value;
                assert_eq!(with(&ours, &flipped), expected, "byte {index} is {value:#x}");
            }
        }
    }
}

#[test]
fn no_byte_of_a_name_in_a_table_of_ours_is_an_error() {
    let ours = ours();
    let mut seen = Vec::new();
    for value in 1..=u8::MAX {
        let objects: Vec<Vec<u8>> = objects("hairnat", "named")
            .into_iter()
            .map(|mut bytes| {
                // Wherever the name stands.
                for at in 0..bytes.len() - 5 {
                    if bytes[at..].starts_with(b"named") {
                        bytes[at] = value;
                    }
                }
                bytes
            })
            .collect();
        let live = with(&ours, &objects.concat());
        let [table] = &*live.tables else { panic!("{live:?}") };
        let names = |name: &str| (table.sets[1].name() == name, table.chains[1].name() == name);
        let shown = match value {
            b'\\' => "\\\\amed".to_owned(),
            0x80.. => format!("\\x{value:02x}amed"),
            _ if value.is_ascii_control() => format!("\\u{{{value:x}}}amed"),
            _ => format!("{}amed", char::from(value)),
        };
        assert_eq!(names(&shown), (true, true), "{table:?}");
        let others = [format!("counter `{shown}`"), format!("flowtable `{shown}`")];
        assert_eq!(table.others, others);
        let known = value.is_ascii_alphabetic() || matches!(value, b'_' | b'.');
        assert_eq!(table.sets[1].known().is_some(), known, "{shown}");
        seen.push(shown);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 255, "all of them differ");
}

#[test]
fn a_comment_that_is_no_utf_8_makes_a_stray() {
    let mut elements = Vec::new();
    for comment in [&b"\x00\x04web\x00"[..], b"\x00\x04w\xffb\x00"] {
        elements.extend(message(NEWSETELEM, |out| {
            put_text(out, NFTA_SET_ELEM_LIST_TABLE, "hairnat");
            put_text(out, NFTA_SET_ELEM_LIST_SET, "fixed4");
            put_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS, |out| {
                put_nest(out, NFTA_LIST_ELEM, |out| {
                    put_nest(out, 1, |out| put(out, 1, &[10, 0, 0, comment[3]]));
                    put(out, NFTA_SET_ELEM_USERDATA, comment);
                });
            });
        }));
    }
    assert_eq!(Messages(&elements).count(), 2);
    let live = with(&ours(), &elements);
    let LiveSet::Known { set, strays, .. } = &live.tables[0].sets[0] else { panic!("{live:?}") };
    let comments: Vec<_> = set.elements.iter().map(|element| element.comment).collect();
    assert_eq!((comments, *strays), (vec![Some("web")], 1));
}
