//! The chains of a table by their names, as others may have made thousands.

use std::collections::HashMap;

use crate::plan::LiveChain;

/// Where each chain is.
pub(super) struct ChainIndex(HashMap<String, usize>);

impl ChainIndex {
    /// The places of `chains`.
    pub(super) fn new(chains: &[LiveChain]) -> Self {
        let names = chains.iter().map(|chain| chain.name().to_owned());
        Self(names.zip(0..).collect())
    }

    /// The chain of that name, among those that the index was made of.
    pub(super) fn find<'a>(
        &self,
        chains: &'a mut [LiveChain],
        name: &str,
    ) -> Option<&'a mut LiveChain> {
        chains.get_mut(*self.0.get(name)?)
    }
}
