//! Scenarios and shipped policies, as files.

use std::fs;
use std::path::{Path, PathBuf};

use hairnat::policy::Source;

/// The part of a scenario that is no file.
const EXPECTED: &str = "expected";

/// A sentence, the files of a policy, and what hairnat says about them or makes of them.
pub(crate) struct Scenario {
    pub(crate) sources: Vec<Source>,
    pub(crate) expected: String,
}

impl Scenario {
    /// The scenario in the file `path`.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut parts = text.split("==> ");
        let title = parts.next().unwrap();
        assert!(title.trim().ends_with('.'), "{} has no title", path.display());
        let mut scenario = Self { sources: Vec::new(), expected: String::new() };
        for part in parts {
            let (name, body) = part.split_once(" <==\n").expect("`==> name <==` on its line");
            if name == EXPECTED {
                body.clone_into(&mut scenario.expected);
            } else {
                let source = Source { name: name.to_owned(), text: unescape(body) };
                scenario.sources.push(source);
            }
        }
        scenario
    }
}

/// The bytes of a file: `<NUL>`, `<TAB>`, `<CR>`, `<BOM>`, `<FF>`, `<RLO>`
/// (U+202E) and `<ZWSP>` (U+200B) stand for what editors hide.
fn unescape(body: &str) -> Vec<u8> {
    let text = body.replace("<NUL>", "\0").replace("<TAB>", "\t").replace("<CR>", "\r");
    let text = text.replace("<BOM>", "\u{feff}");
    let text = text.replace("<RLO>", "\u{202e}").replace("<ZWSP>", "\u{200b}");
    // U+E000 stands in for a byte that is never UTF-8.
    let bytes = text.replace("<FF>", "\u{e000}").into_bytes();
    let mut unescaped = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((&byte, next)) = rest.split_first() {
        if let Some(next) = rest.strip_prefix("\u{e000}".as_bytes()) {
            unescaped.push(0xff);
            rest = next;
        } else {
            unescaped.push(byte);
            rest = next;
        }
    }
    unescaped
}

/// The scenarios of a folder.
pub(crate) fn scenarios(folder: &str) -> Vec<PathBuf> {
    files(folder, "scenario")
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    files
}

/// The policies that are shipped.
pub(crate) fn shipped() -> Vec<Source> {
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Source { name, text: fs::read(&path).unwrap() }
    };
    files("policies", "yaml").into_iter().map(read).collect()
}
