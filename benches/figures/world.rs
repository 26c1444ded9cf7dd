//! The files of one number of floats.

use std::fs;
use std::path::{Path, PathBuf};

use crate::floats::{Float, add, delete, floats, nova, policy};
use crate::numbers::thousands;
use crate::process::{quietly, words};
use crate::results::Work;

/// The program that is measured.
pub(crate) const HAIRNAT: &str = env!("CARGO_BIN_EXE_hairnat");

/// The most floats that become rules: a packet walks them one by one.
const MOST_IN_RULES: usize = 100_000;

/// The same floats for everybody.
pub(crate) struct World {
    /// A directory that goes with the world.
    directory: PathBuf,
    /// For hairnat.
    pub(crate) policy: String,
    /// What `hairnat render` makes of it, for `nft -f`.
    pub(crate) script: String,
    /// The same for `nft -j -f`.
    pub(crate) json: String,
    /// nova-network's rules, for both kinds of `iptables-restore`; or why there are none.
    pub(crate) nova: Result<String, String>,
    /// nova-network's rules without any float.
    pub(crate) no_nova: String,
    /// What becomes of the floats.
    pub(crate) changes: Vec<Change>,
}

/// Other floats than those of the policy.
pub(crate) struct Change {
    /// What is done.
    pub(crate) work: Work,
    /// The policy afterwards.
    pub(crate) policy: String,
    /// The nft script of that very change.
    pub(crate) script: String,
    /// The nft script that takes it back.
    pub(crate) undo: String,
}

impl World {
    /// Writes the files below the target directory, where nobody minds those of a run that was
    /// interrupted.
    pub(crate) fn new(count: usize) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures");
        remove(&directory);
        fs::create_dir_all(&directory).expect("a directory for temporary files");
        let write = |name: &str, text: &str| write(&directory, name, text);
        let policy = write("policy.yaml", &policy(floats(count)));
        let script = write("ruleset.nft", "");
        let json = write("ruleset.json", "");
        for (format, file) in [("nft", &script), ("json", &json)] {
            // By a shell, so that none of it passes through this process.
            let render = r#""$0" render --format "$1" "$2" > "$3""#;
            quietly(&words(&["sh", "-c", render, HAIRNAT, format, &policy, file]));
        }
        let nova = if count <= MOST_IN_RULES {
            Ok(write("nova.save", &nova(floats(count))))
        } else {
            Err(format!("not run with more than {} floats", thousands(MOST_IN_RULES)))
        };
        let no_nova = write("empty.save", "*nat\nCOMMIT\n");
        let changes = Change::all(count, &write);
        Self { directory, policy, script, json, nova, no_nova, changes }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        remove(&self.directory);
    }
}

impl Change {
    fn all(count: usize, write: &impl Fn(&str, &str) -> String) -> Vec<Self> {
        let more = [Float::new(count)];
        let one = |float: Float| float == Float::new(count / 2);
        let moving = |work, name, which: &dyn Fn(Float) -> bool| {
            let before: Vec<Float> = floats(count).filter(|float| which(*float)).collect();
            let after: Vec<Float> = before.iter().copied().map(Float::moved).collect();
            let all = floats(count).map(|float| if which(float) { float.moved() } else { float });
            Self::new(work, name, &policy(all), (&before, &after), write)
        };
        let added = policy(floats(count).chain(more));
        vec![
            Self::new(Work::Add, "added", &added, (&[], &more), write),
            moving(Work::Move, "moved", &one),
            moving(Work::Tenth, "tenth", &Float::is_of_one_tenth),
        ]
    }

    fn new(
        work: Work,
        name: &str,
        policy: &str,
        (before, after): (&[Float], &[Float]),
        write: &impl Fn(&str, &str) -> String,
    ) -> Self {
        Self {
            work,
            policy: write(&format!("{name}.yaml"), policy),
            script: write(&format!("{name}.nft"), &(delete(before) + &add(after))),
            undo: write(&format!("{name}-undo.nft"), &(delete(after) + &add(before))),
        }
    }
}

/// Writes a file and gives its path.
fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).expect("write a temporary file");
    path.display().to_string()
}

fn remove(directory: &Path) {
    // Mostly because it is not there.
    drop(fs::remove_dir_all(directory));
}
