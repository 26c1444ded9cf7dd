//! Writes what the fuzzer starts from, besides its corpus: a folder for each target but that of
//! names, made of the scenarios of the tests.

use std::fs;
use std::path::{Path, PathBuf};

use hairnat::compile::compile;
use hairnat::kernel::batch_bytes;
use hairnat::plan::{Snapshot, plan};
use hairnat::policy::{Source, parse};
use hairnat_fuzz::policy::SEPARATOR;

#[allow(dead_code)]
#[path = "../../tests/scenario/mod.rs"]
mod scenario;

use scenario::{Scenario, scenarios};

fn main() {
    let directory = PathBuf::from(std::env::args_os().nth(1).expect("where to write to"));
    let folders = ["../tests/policy", "../tests/compile"];
    let paths = folders.into_iter().flat_map(scenarios);
    let policies: Vec<Vec<Source>> = paths.map(|path| Scenario::read(&path).sources).collect();
    for (number, sources) in policies.iter().enumerate() {
        let texts: Vec<&[u8]> = sources.iter().map(|source| &*source.text).collect();
        write(&directory.join("policy"), number, &texts.join(&SEPARATOR));
        if let Ok(policy) = parse(sources) {
            let batch = batch_bytes(&plan(&Snapshot::default(), &compile(&policy)));
            write(&directory.join("messages"), number, &batch.expect("hairnat's own rules"));
        }
    }
}

fn write(folder: &Path, number: usize, seed: &[u8]) {
    fs::create_dir_all(folder).expect("a folder for seeds");
    fs::write(folder.join(number.to_string()), seed).expect("a seed");
}
