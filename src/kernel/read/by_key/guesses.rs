//! What a map of addresses may hold that is not expected of it: what was, a moment ago.

use crate::plan::LiveSet;
use crate::ruleset::{Datatype, Element, Elements, SetDeclaration};

/// The longest run of absent addresses that is guessed at, and how far beyond the first and the last
/// expected one.
const LONGEST_GAP: u128 = 256;

/// How many expected elements are worth one guess within gaps.
const RELUCTANCE: usize = 10;

/// Elements that `set` may have besides those that are `expected` of it, in order, without data.
///
/// These are the addresses that other maps lead to: the egress map is the inverse of the map of
/// floats, so what a float has moved away from, and the one still has, is to be seen in the other.
/// And the addresses in short gaps between expected ones, as pools are filled from end to end.
pub(super) fn guesses(set: &SetDeclaration, expected: &Elements, others: &[LiveSet]) -> Elements {
    let mut addresses = Vec::new();
    if matches!(*set.key, [Datatype::Ipv4Addr | Datatype::Ipv6Addr]) {
        addresses.extend(targets(set, expected, others));
        let highest = u128::MAX >> (128 - 8 * set.key_len());
        addresses.extend(gaps(expected, highest));
        addresses.sort_unstable();
        addresses.dedup();
    }
    let data = vec![0; set.data_len()];
    let mut guesses = Elements::with_capacity(set, addresses.len());
    for address in addresses {
        let bytes = address.to_be_bytes();
        let key = bytes.get(bytes.len() - set.key_len()..).unwrap_or_default();
        guesses.push(Element { key, last: key, data: &data, comment: None });
    }
    guesses
}

/// What other maps lead to and is not expected.
fn targets(
    set: &SetDeclaration,
    expected: &Elements,
    others: &[LiveSet],
) -> impl Iterator<Item = u128> {
    let maps = others.iter().filter_map(LiveSet::known).filter(|other| {
        let data = other.declaration.data.as_ref();
        data.is_some_and(|data| data.types == set.key && !data.interval)
    });
    let targets = maps.flat_map(|map| &map.elements).map(|element| element.data);
    targets.filter(|target| expected.containing(target).is_none()).map(number)
}

/// The addresses between expected ones and next to them, those in the shorter gaps if all of them
/// are too many.
fn gaps(expected: &Elements, highest: u128) -> impl Iterator<Item = u128> {
    let mut gaps = Vec::new();
    let mut before: Option<u128> = None;
    for address in expected.iter().map(|element| number(element.key)) {
        let first = match before {
            Some(before) => before.saturating_add(1),
            None => address.saturating_sub(LONGEST_GAP),
        };
        gaps.push(first..address);
        gaps.pop_if(|gap| gap.is_empty() || gap.end - gap.start > LONGEST_GAP);
        before = Some(address);
    }
    if let Some(first) = before.and_then(|last| last.checked_add(1)) {
        gaps.push(first..first.saturating_add(LONGEST_GAP).min(highest));
    }
    gaps.sort_unstable_by_key(|gap| gap.end.saturating_sub(gap.start));
    let most = expected.len() / RELUCTANCE;
    gaps.into_iter().flatten().take(most)
}

fn number(address: &[u8]) -> u128 {
    address.iter().fold(0, |number, &byte| number << 8 | u128::from(byte))
}

#[cfg(test)]
mod tests {
    use super::{guesses, number};
    use crate::plan::LiveSet;
    use crate::ruleset::{Data, Datatype, Element, Elements, Set, SetDeclaration};

    fn map(name: &str, key: Datatype) -> SetDeclaration {
        SetDeclaration {
            name: name.to_owned(),
            key: vec![key],
            data: Some(Data { types: vec![key], interval: false }),
            interval: false,
            learned: None,
            counter: false,
            size: None,
        }
    }

    /// Elements of a map of IPv4 addresses, each a number and what it leads to.
    fn elements(set: &SetDeclaration, pairs: impl IntoIterator<Item = (u32, u32)>) -> Elements {
        let mut elements = Elements::new(set);
        for (key, data) in pairs {
            let (key, data) = (key.to_be_bytes(), data.to_be_bytes());
            elements.push(Element { key: &key, last: &key, data: &data, comment: None });
        }
        elements
    }

    fn numbers(guesses: &Elements) -> Vec<u128> {
        guesses.iter().map(|guess| number(guess.key)).collect()
    }

    #[test]
    fn what_another_map_still_leads_to_is_guessed_once() {
        let (dnat, snat) = (map("dnat4", Datatype::Ipv4Addr), map("snat4", Datatype::Ipv4Addr));
        let expected = elements(&snat, [(1000, 1), (5000, 2)]);
        let live = elements(&dnat, [(1, 1000), (2, 4000), (3, 4000), (4, 3000)]);
        let live = Set { declaration: dnat, elements: live };
        let live = LiveSet::Known { set: live, counters: Vec::new(), strays: 0 };
        assert_eq!(numbers(&guesses(&snat, &expected, &[live])), [3000, 4000]);
    }

    #[test]
    fn the_shorter_gaps_are_guessed_first_and_no_more_than_there_is_reason_for() {
        let set = map("dnat4", Datatype::Ipv4Addr);
        let pool = |first: u32, last: u32| (first..=last).map(|number| (number, number));
        let all: Vec<_> =
            pool(1000, 1019).chain(pool(1021, 1039)).chain(pool(1050, 1069)).collect();
        // 59 elements are worth five guesses.
        let few = numbers(&guesses(&set, &elements(&set, all), &[]));
        assert_eq!(few, [1020, 1040, 1041, 1042, 1043]);
        let many = pool(0, 9999).chain(pool(20_000, 30_000));
        let many = numbers(&guesses(&set, &elements(&set, many), &[]));
        assert_eq!(many, (30_001..30_257).collect::<Vec<u128>>(), "the long gap is left alone");
        let highest = pool(u32::MAX - 99, u32::MAX);
        let below = numbers(&guesses(&set, &elements(&set, highest), &[]));
        let start = u128::from(u32::MAX) - 99 - 256;
        assert_eq!(below, (start..start + 10).collect::<Vec<u128>>());
    }

    #[test]
    fn nothing_is_guessed_of_other_keys_and_of_nothing() {
        let mut ports = map("dnat4_port", Datatype::Ipv4Addr);
        ports.key.push(Datatype::InetService);
        let mut one = Elements::new(&ports);
        let key = [0; 8];
        one.push(Element { key: &key, last: &key, data: &[0; 4], comment: None });
        assert!(guesses(&ports, &one, &[]).is_empty());
        let set = map("dnat6", Datatype::Ipv6Addr);
        assert!(guesses(&set, &Elements::new(&set), &[]).is_empty());
        let mut all = Elements::new(&set);
        for key in [[0; 16], [0xff; 16]] {
            all.push(Element { key: &key, last: &key, data: &key, comment: None });
        }
        assert!(guesses(&set, &all, &[]).is_empty());
    }
}
