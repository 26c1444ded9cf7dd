//! Policies that replace one another, and how the program is run on them.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use hairnat::compile::compile;
use hairnat::plan::Snapshot;
use hairnat::policy::{Source, parse};
use hairnat::ruleset::Ruleset;

/// A policy in a file, and what is live once it is applied.
pub(crate) struct Policy {
    file: PathBuf,
    ruleset: Ruleset,
}

/// What an `apply` said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

impl Policy {
    /// A policy, in a file of `/run`, which is the test's own.
    pub(crate) fn new(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let file = format!("/run/{}.yaml", COUNT.fetch_add(1, Ordering::Relaxed)).into();
        fs::write(&file, text).unwrap();
        let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
        let policy = parse(&[source]).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
        Self { file, ruleset: without_sizes(compile(&policy)) }
    }

    /// Whether what is live is this policy: all of it and nothing else.
    ///
    /// The size of a set is no part of it: one that is changed in place keeps the one it has.
    pub(crate) fn is(&self, live: &Snapshot) -> bool {
        let (ruleset, foreign) = live.to_ruleset();
        let ours = live.tables.iter().all(|table| table.owner.is_none() && !table.dormant);
        ours && foreign.is_empty() && without_sizes(ruleset) == self.ruleset
    }

    /// What it comes to, but for the sizes of sets.
    pub(crate) fn ruleset(&self) -> &Ruleset {
        &self.ruleset
    }

    /// Starts `hairnat apply`.
    pub(crate) fn start(&self, option: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_hairnat"))
            .arg("apply")
            .arg(option)
            .arg(&self.file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs `hairnat apply` to its end.
    pub(crate) fn apply(&self, option: &str) -> Said {
        let output = self.start(option).wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Said { code: output.status.code(), stderr }
    }
}

impl Said {
    /// Nothing went wrong, and there was nothing to say.
    #[track_caller]
    pub(crate) fn succeeded(&self) {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
    }
}

fn without_sizes(mut ruleset: Ruleset) -> Ruleset {
    for set in ruleset.tables.iter_mut().flat_map(|table| &mut table.sets) {
        set.declaration.size = None;
    }
    ruleset
}

/// A policy of both tables with every kind of float; there are `floats` of whole addresses.
///
/// Variants 0 to 2 have most floats in common and lead from one to the other in place: those of IPv4
/// move, come and go, those of IPv6 have other names. With `counters` every map of floats is another
/// one, so that the table of NAT is made anew.
pub(crate) fn text(variant: u8, floats: u16, counters: bool) -> String {
    let ports = ["vnet*", "tap*", "veth*"][usize::from(variant)];
    let mut text = format!(
        "fixed: [10.0.0.0/8, \"fd00:10::/32\"]\n\
         bridge: {{ ports: [{ports}] }}\n\
         egress: {{ uplinks: [eth{variant}], default: masquerade, exempt: [192.0.2.0/24] }}\n\
         counters: {counters}\n\
         floats:\n"
    );
    let mut line = |float: String, target: String| {
        text.extend(["  \"", &float, "\": { ", &target, " }\n"]);
    };
    let shift = u16::from(variant) * 5;
    for number in 0..floats / 2 {
        let [high, low] = (number + shift).to_be_bytes();
        let fixed = format!("10.{variant}.{high}.{low}");
        line(format!("100.64.{high}.{low}"), format!("fixed: {fixed}, name: web-{number}"));
        let fixed = format!("\"fd00:10::{number:x}:1\"");
        line(format!("2001:db8::{number:x}:1"), format!("fixed: {fixed}, name: web-{variant}"));
    }
    for number in shift..shift + 8 {
        let fixed = format!("10.{variant}.200.{number}");
        let ports = format!("ports: {{ 443/tcp: {fixed}, 6000-6010/udp: {fixed} }}");
        line(format!("203.0.113.{number}"), ports);
        let fixed = format!("10.{variant}.{number}.16/28");
        line(format!("198.18.{number}.16/28"), format!("fixed: {fixed}"));
    }
    text
}
