//! The elements of the fake kernel's sets.

use std::collections::BTreeMap;

use super::Refusal;
use crate::plan::{CounterValue, LiveSet};
use crate::ruleset::{Element, Elements, Set};

/// Adds elements; one that is there already, with the same data, stays as it is.
pub(super) fn add(live: &mut LiveSet, added: &Elements) -> Result<(), Refusal> {
    change(live, |entries, size| {
        for (number, element) in added.iter().enumerate() {
            let refuse = |errno: i32| Refusal { element: Some(number), ..errno.into() };
            let near = entries.range(..=element.last.to_vec()).next_back();
            match near.filter(|(_, entry)| entry.last.as_slice() >= element.key) {
                Some((key, entry)) if entry.is_same(key, element) => continue,
                Some(_) => return Err(refuse(libc::EEXIST)),
                None => {}
            }
            if entries.len() >= size {
                return Err(refuse(libc::ENFILE));
            }
            entries.insert(element.key.to_vec(), Entry::new(element));
        }
        Ok(())
    })
}

/// Deletes elements; their data does not matter.
pub(super) fn delete(live: &mut LiveSet, deleted: &Elements) -> Result<(), Refusal> {
    change(live, |entries, _| {
        for (number, element) in deleted.iter().enumerate() {
            let entry = entries.remove(element.key);
            if entry.is_none_or(|entry| entry.last != element.last) {
                return Err(Refusal { element: Some(number), ..libc::ENOENT.into() });
            }
        }
        Ok(())
    })
}

/// What belongs to a key.
struct Entry {
    last: Vec<u8>,
    data: Vec<u8>,
    comment: Option<String>,
    counter: CounterValue,
}

impl Entry {
    fn new(element: Element<'_>) -> Self {
        Self {
            last: element.last.to_vec(),
            data: element.data.to_vec(),
            comment: element.comment.map(str::to_owned),
            counter: CounterValue::default(),
        }
    }

    /// The kernel keeps comments but never looks at them.
    fn is_same(&self, key: &[u8], element: Element<'_>) -> bool {
        (key, &*self.last, &*self.data) == (element.key, element.last, element.data)
    }
}

/// Changes the elements of a set by their keys, with the most that there may be.
fn change(
    live: &mut LiveSet,
    change: impl FnOnce(&mut BTreeMap<Vec<u8>, Entry>, usize) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let LiveSet::Known { set: Set { declaration, elements }, counters, .. } = live else {
        return Err(libc::EINVAL.into());
    };
    let counted = counters.iter().copied().chain(std::iter::repeat(CounterValue::default()));
    let entries = elements.iter().zip(counted);
    let mut entries: BTreeMap<_, _> = entries
        .map(|(element, counter)| (element.key.to_vec(), Entry { counter, ..Entry::new(element) }))
        .collect();
    let size = declaration.size.and_then(|size| usize::try_from(size).ok());
    change(&mut entries, size.unwrap_or(usize::MAX))?;
    *elements = Elements::with_capacity(declaration, entries.len());
    counters.clear();
    for (key, Entry { last, data, comment, counter }) in &entries {
        elements.push(Element { key, last, data, comment: comment.as_deref() });
        counters.extend(declaration.counter.then_some(*counter));
    }
    Ok(())
}
