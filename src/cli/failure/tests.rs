//! What each failure is called, exits with, and says in JSON.

use std::io;
use std::time::Duration;

use serde_json::Value;

use super::Failure;
use crate::address::InterfaceName;
use crate::cli::generate::OUTPUT_SCHEMA;
use crate::cli::input::InputError;
use crate::cli::reverted::Trouble;
use crate::host::{BridgePort, Holder, HostError, Warning};
use crate::kernel::KernelError;
use crate::netlink::Error;
use crate::policy::{Source, parse};

/// A bridge port that keeps its mode.
fn port_refused(mode: &'static str) -> HostError {
    let port = BridgePort { index: 7, name: InterfaceName::new("vnet1"), ..BridgePort::default() };
    let source = Error::refused(libc::EPERM, "set the port hairpin mode");
    HostError::Port { port: Box::new(port), mode, source }
}

/// One failure of each kind, with all that it can have.
fn one_of_each() -> Vec<Failure> {
    let io = || io::Error::from_raw_os_error(libc::EIO);
    let text = str::to_owned;
    let hint = || Some(text("h"));
    let warning = Warning { code: "no-bridge", message: text("m"), hint: text("h") };
    let policy = Source { name: text("p.yaml"), text: b"floats: []".to_vec() };
    let refused = KernelError::Refused {
        action: text("add table `inet hairnat`"),
        nft: text("add table inet hairnat"),
        detail: None,
        source: io(),
    };
    vec![
        Failure::Usage { message: text("m"), hint: text("h") },
        InputError::NoDefault.into(),
        InputError::Read { path: "p.yaml".into(), source: io() }.into(),
        parse(&[policy]).unwrap_err().into(),
        refused.into(),
        KernelError::Stale.into(),
        Failure::Busy(Holder { process: Some(4711), trial: Some(Duration::from_secs(25)) }),
        Failure::Busy(Holder { process: None, trial: Some(Duration::from_secs(25)) }),
        Failure::Busy(Holder { process: Some(4711), trial: None }),
        HostError::Restless.into(),
        Failure::HairpinLoop(Warning { code: "hairpin-loop", message: text("m"), hint: text("h") }),
        Failure::PortsFirst(port_refused("off")),
        Failure::Ports { error: port_refused("on"), warnings: vec![warning] },
        Failure::Irreversible { left_out: vec![text("counter `mine`")] },
        Failure::NoGuardian(io()),
        Failure::Undone { kind: "host", trouble: Trouble { message: text("m"), hint: hint() } },
        Failure::Undone { kind: "output", trouble: Trouble { message: text("m"), hint: None } },
        Failure::NotReverted { trouble: Trouble { message: text("m"), hint: hint() } },
        Failure::Write { path: "hairnat.8".into(), source: io() },
        Failure::Output(io()),
        Failure::Untold(io()),
    ]
}

#[test]
fn the_schema_describes_every_failure_with_its_exit_code_and_no_other() {
    let schema: Value = serde_json::from_str(OUTPUT_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let kinds = schema["$defs"]["kind"]["oneOf"].as_array().unwrap();
    let mut found: Vec<&Value> = Vec::new();
    for failure in one_of_each() {
        let object = failure.to_json();
        assert!(validator.is_valid(&object), "{object:#}");
        let kind = &object["error"]["kind"];
        let described = kinds.iter().find(|described| described["const"] == *kind).unwrap();
        let code = format!("Exit code {}.", failure.exit() as u8);
        assert!(described["description"].as_str().unwrap().ends_with(&code), "{kind}: {code}");
        found.push(described);
    }
    let unfound: Vec<_> = kinds.iter().filter(|kind| !found.contains(kind)).collect();
    assert!(unfound.is_empty(), "{unfound:?}");
}

#[test]
fn a_port_that_cannot_be_set_hides_no_warning() {
    let warning = Warning { code: "w", message: "m".to_owned(), hint: "h".to_owned() };
    let failure = Failure::Ports { error: port_refused("on"), warnings: vec![warning] };
    assert_eq!(failure.exit() as u8, 4);
    assert_eq!(
        failure.message(),
        "the ruleset is applied, but the hairpin mode of bridge port `vnet1` cannot be set: \
         cannot set the port hairpin mode: Operation not permitted (os error 1)"
    );
    assert_eq!(failure.to_json()["warnings"][0]["code"], "w");
}

#[test]
fn somebody_elses_trial_is_named_with_what_can_be_done() {
    let trial = |process| Holder { process, trial: Some(Duration::from_millis(24_001)) };
    let failure = Failure::Busy(trial(Some(4711)));
    assert_eq!(failure.exit() as u8, 5);
    assert_eq!(
        failure.message(),
        "the changes of process 4711 are on trial for another 25 s (`apply --confirm`); nothing was \
         changed"
    );
    assert_eq!(
        failure.hint().unwrap(),
        "`--wait 25` waits for its end, `kill -USR1 4711` keeps its changes, `kill 4711` brings the \
         previous state back"
    );
    // A process id of another process namespace would name another process here.
    let failure = Failure::Busy(trial(None));
    assert!(failure.message().starts_with("the changes of a process of another process namespace"));
    assert_eq!(failure.hint().unwrap(), "`--wait 25` waits for its end");
    assert_eq!(failure.to_json()["error"].get("process"), None);
}

#[test]
fn a_ruleset_that_never_rests_has_an_exit_code_of_its_own() {
    let failure = Failure::from(KernelError::Stale);
    assert_eq!(failure.exit() as u8, 5);
    let error = &failure.to_json()["error"];
    assert_eq!(error["kind"], "stale");
    assert_eq!(error["message"], "the ruleset kept changing while it was read or written");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("nft monitor")));
}
