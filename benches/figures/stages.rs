//! The stages of the pure core: text → policy → ruleset → plan → batch.
//!
//! Each is a function that is never inlined, so that callgrind can tell its instructions, with those
//! of all that it calls, from the rest of the program.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use hairnat::compile::compile;
use hairnat::kernel::{FakeKernel, Kernel as _, batch_bytes};
use hairnat::plan::{Plan, Snapshot, plan};
use hairnat::policy::{Policy, Source, parse};
use hairnat::ruleset::Ruleset;

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The text of a policy is read and checked.
    Parse,
    /// A policy becomes a ruleset.
    Compile,
    /// A live ruleset is compared with a desired one of which a tenth differs.
    Diff,
    /// A plan that loads everything becomes bytes.
    Encode,
}

impl Stage {
    /// From the first to the last.
    pub(crate) const ALL: [Self; 4] = [Self::Parse, Self::Compile, Self::Diff, Self::Encode];

    /// What it is called, here and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Compile => "compile",
            Self::Diff => "diff",
            Self::Encode => "encode",
        }
    }
}

/// Goes as far as `stage`, with what it takes before.
///
/// `policies` are the one that is live and, for [`Stage::Diff`], the one that is desired.
pub(crate) fn go(stage: Stage, policies: &[PathBuf]) {
    let mut sources = policies.iter().map(|path| source(path));
    let policy = stage_parse(&[sources.next().expect("a policy")]);
    if stage == Stage::Parse {
        return;
    }
    let live = stage_compile(&policy);
    if stage == Stage::Compile {
        return;
    }
    let nothing = Snapshot::default();
    let load = plan(&nothing, &live);
    if stage == Stage::Encode {
        black_box(stage_encode(&load));
        return;
    }
    let mut kernel = FakeKernel::new();
    kernel.commit(&load).expect("an empty kernel takes a plan");
    let live = kernel.snapshot().expect("a fake kernel");
    let desired = stage_compile(&stage_parse(&[sources.next().expect("another policy")]));
    black_box(stage_diff(&live, &desired));
}

/// A policy file as the parser takes it.
pub(crate) fn source(path: &Path) -> Source {
    let text = fs::read(path).expect("a policy");
    Source { name: path.display().to_string(), text }
}

#[inline(never)]
fn stage_parse(sources: &[Source]) -> Policy {
    parse(sources).expect("a valid policy")
}

#[inline(never)]
fn stage_compile(policy: &Policy) -> Ruleset {
    compile(policy)
}

#[inline(never)]
fn stage_diff<'a>(live: &'a Snapshot, desired: &'a Ruleset) -> Plan<'a> {
    plan(live, desired)
}

#[inline(never)]
fn stage_encode(plan: &Plan<'_>) -> Vec<u8> {
    batch_bytes(plan).expect("hairnat's own rules")
}
