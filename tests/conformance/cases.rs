//! Packets that once came out otherwise than was said, as files.
//!
//! A case is a sentence, a policy, the host's conditions, the NAT of another program if there is one, a
//! packet, and what the kernel does with it.

use std::fs;
use std::path::{Path, PathBuf};

use hairnat::policy::{Policy, Source, parse};
use hairnat::trace::Conditions;

use crate::foreign::Foreign;
use crate::packet::{Packet, conditions, conditions_text};
use crate::scenario::{Scenario, scenarios};
use crate::worlds::Astray;

/// Where cases are.
pub(crate) const FOLDER: &str = "tests/conformance/cases";

/// The part that is another program's NAT.
const FOREIGN: &str = "foreign";

/// One of them.
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    pub(crate) policy: Policy,
    pub(crate) conditions: Conditions,
    pub(crate) foreign: Option<Foreign>,
    pub(crate) packet: Packet,
    pub(crate) expected: String,
}

/// All that there are.
pub(crate) fn cases() -> Vec<Case> {
    scenarios(FOLDER).into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Case {
    let Scenario { sources, expected } = Scenario::read(&path);
    let name = path.display().to_string();
    let found = |part: &str| sources.iter().find(|source| source.name == part);
    let part = |part: &str| found(part).unwrap_or_else(|| panic!("{name}: no part `{part}`"));
    let text =
        |source: &Source| String::from_utf8(source.text.clone()).expect("UTF-8").trim().to_owned();
    let wrong = |error: String| -> ! { panic!("{name}: {error}") };
    let conditions = conditions(&text(part("host"))).expect("conditions");
    let foreign =
        found(FOREIGN).map(|foreign| text(foreign).parse().unwrap_or_else(|error| wrong(error)));
    let packet = text(part("packet")).parse().unwrap_or_else(|error| wrong(error));
    let policy =
        parse(&[part("policy.yaml").clone()]).unwrap_or_else(|_| panic!("{name}: no policy"));
    let expected = expected.trim().to_owned();
    Case { path, policy, conditions, foreign, packet, expected }
}

/// Writes one down; gives its path.
pub(crate) fn write(seed: u64, found: &Astray) -> PathBuf {
    let Astray { draft, conditions, foreign, packet, kernel, .. } = found;
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(format!("seed_{seed}.scenario"));
    let host = conditions_text(*conditions);
    let part = |foreign: &Foreign| format!("==> {FOREIGN} <==\n{foreign}");
    let foreign = foreign.as_ref().map_or_else(String::new, part);
    let text = format!(
        "Say here what this is about.\n\n\
         ==> policy.yaml <==\n{draft}==> host <==\n{host}\n{foreign}==> packet <==\n{packet}\n\
         ==> expected <==\n{kernel}\n"
    );
    fs::write(&path, text).expect("write the case");
    path
}
