//! A directory with a policy, a shell in it, and what a command said there.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use jsonschema::Validator;
use serde_json::Value;

use crate::isolation::{isolated, test_name};

/// The policy that most tests begin with.
pub(crate) const POLICY: &str = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.10}\n";

/// The JSON Schema of what `-o json` prints.
pub(crate) const OUTPUT_SCHEMA: &str = include_str!("../../src/cli/output.schema.json");

/// A host on which nothing contradicts [`POLICY`], and whose log is not the machine's.
const QUIET_HOST: &str = "ip link add br0 type bridge && \
    echo 1 > /proc/sys/net/ipv4/ip_forward && \
    { test ! -e /dev/log || mount --bind /dev/null /dev/log; }";

/// What a test needs beyond namespaces.
const TRIAL: &str = "ip link add br0 type bridge && nft list tables";

/// A directory of its own, where `policy.yaml` is [`POLICY`]; it vanishes with the value.
pub(crate) struct World {
    directory: PathBuf,
}

/// What a command line came to.
pub(crate) struct Said {
    line: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs `body` in a network namespace of its own, on a host that gives no cause for warnings.
pub(crate) fn alone<F: FnOnce(&World)>(body: F) {
    isolated(test_name::<F>(), TRIAL, || {
        let world = World::new();
        world.run(QUIET_HOST).is(0, "", "");
        body(&world);
    });
}

/// Runs `body` in a network namespace of its own, on a host without a bridge and forwarding.
pub(crate) fn on_a_bare_host<F: FnOnce(&World)>(body: F) {
    isolated(test_name::<F>(), TRIAL, || body(&World::new()));
}

/// Whether the schema describes an object, or else what it has against it.
pub(crate) fn described(object: &Value) -> Result<(), String> {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(OUTPUT_SCHEMA).unwrap();
        jsonschema::draft202012::new(&schema).unwrap()
    });
    VALIDATOR.validate(object).map_err(|error| error.to_string())
}

impl World {
    /// An empty directory but for `policy.yaml`.
    pub(crate) fn new() -> Self {
        // Process ids do not tell the tests apart: each is of a process namespace of its own.
        let directory = (0..10_000)
            .map(|number| env::temp_dir().join(format!("hairnat-cli-{number}")))
            .find(|directory| match fs::create_dir(directory) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
                result => result.map(|()| true).unwrap(),
            })
            .expect("a free name for a directory");
        let world = Self { directory };
        world.write("policy.yaml", POLICY);
        world
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Runs a line of shell in the directory; `hairnat` is the program under test.
    pub(crate) fn run(&self, line: &str) -> Said {
        Said::new(line, self.shell(line).stdin(Stdio::null()).output().unwrap())
    }

    /// What runs a line of shell in the directory.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_hairnat")).parent().unwrap();
        let path = env::var("PATH").unwrap();
        let path = format!("{}:{path}:/usr/sbin:/sbin", programs.display());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(&self.directory)
            .env("PATH", path)
            .env("LC_ALL", "C")
            .env_remove("NO_COLOR");
        shell
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left behind in a temporary directory does no harm.
        drop(fs::remove_dir_all(&self.directory));
    }
}

impl Said {
    /// What the line came to whose process ended like that.
    pub(crate) fn new(line: &str, output: Output) -> Self {
        Self {
            line: line.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exactly this exit code, this standard output and this standard error.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, stdout: &str, stderr: &str) {
        let Self { line, .. } = self;
        assert_eq!(self.stdout, stdout, "standard output of `{line}`; it said: {}", self.stderr);
        assert_eq!(self.stderr, stderr, "standard error of `{line}`");
        assert_eq!(self.code, Some(code), "exit code of `{line}`");
    }

    /// The exit code.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        self.code.unwrap_or_else(|| panic!("`{}` was ended by a signal", self.line))
    }

    /// Standard output.
    pub(crate) fn stdout(&self) -> &str {
        &self.stdout
    }

    /// The one JSON object on standard output, with this exit code and nothing on standard error.
    #[track_caller]
    pub(crate) fn object(&self, code: i32) -> Value {
        let (object, talk) = self.object_and_talk(code);
        assert_eq!(talk, "", "standard error of `{}`", self.line);
        object
    }

    /// The one JSON object on standard output, with this exit code, and what was said besides. The
    /// schema describes it.
    #[track_caller]
    pub(crate) fn object_and_talk(&self, code: i32) -> (Value, &str) {
        let Self { line, stdout, .. } = self;
        assert_eq!(self.code, Some(code), "exit code of `{line}`: {stdout}");
        let value: Value = serde_json::from_str(stdout)
            .unwrap_or_else(|error| panic!("`{line}` printed no JSON: {error}\n{stdout}"));
        assert_eq!(described(&value), Ok(()), "`{line}` printed {value:#}");
        (value, &self.stderr)
    }

    /// Standard output of a command that had nothing to say and exits with 0.
    #[track_caller]
    pub(crate) fn output(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "`{}`", self.line);
        &self.stdout
    }
}
