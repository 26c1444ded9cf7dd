//! nft(8) as the witness for names: all that a policy takes, in one ruleset.

use std::collections::BTreeSet;

use hairnat::address::InterfacePattern;
use hairnat::compile::compile;
use hairnat::kernel::{NfTables, Step, converge};
use hairnat::policy::Name;
use hairnat::ruleset::Ruleset;

use crate::corpus;
use crate::names::{policy, texts};
use crate::witness::{as_listed, inside, listing, nft, nft_reading};

/// A policy with every name and every interface of the corpus that is one, and `interface` is true
/// of.
fn ruleset(interface: impl Fn(&InterfacePattern) -> bool) -> Ruleset {
    let corpus = corpus("names");
    let texts: Vec<(&str, &str)> = corpus.iter().filter_map(|(_, data)| texts(data)).collect();
    let names: BTreeSet<&str> =
        texts.iter().map(|(name, _)| *name).filter(|name| Name::new(name).is_some()).collect();
    let interfaces = texts.iter().map(|(_, interface)| *interface);
    let interfaces: BTreeSet<&str> = interfaces
        .filter(|text| {
            let pattern = text.parse::<InterfacePattern>();
            // A pattern that covers all others would leave none of them.
            pattern.is_ok_and(|pattern| pattern.literal().len() > 1 && interface(&pattern))
        })
        .collect();
    assert!(names.len() >= 10, "only {} names", names.len());
    assert!(interfaces.len() >= 10, "only {} interfaces", interfaces.len());
    let (names, interfaces) = (Vec::from_iter(names), Vec::from_iter(interfaces));
    compile(&policy(&names, &interfaces).expect("a valid policy"))
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nft_lists_every_name_of_the_corpus_as_it_is_rendered() {
    inside(|| {
        let ruleset = ruleset(|_| true);
        nft_reading(&["-f", "-"], &written(|out| ruleset.to_nft(out)));
        assert_eq!(listing(), as_listed(&ruleset.to_string()));
        nft(&["flush", "ruleset"]);
        let mut kernel = NfTables::open().unwrap();
        converge(&mut kernel, Step::Commit, &ruleset, |_| ()).unwrap();
        assert_eq!(listing(), as_listed(&ruleset.to_string()));
    });
}

#[test]
fn nft_takes_every_name_of_the_corpus_as_json() {
    inside(|| {
        let ruleset = ruleset(|pattern| !pattern.literal().starts_with('@'));
        nft_reading(&["-j", "-f", "-"], &written(|out| ruleset.to_json(out)));
        // The JSON parser of nft 1.0.6 passes over the comments of tables.
        let without = |text: String| text.replace("\tcomment \"managed by hairnat\"\n", "");
        assert_eq!(without(listing()), without(as_listed(&ruleset.to_string())));
    });
}
