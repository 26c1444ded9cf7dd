//! What the kernel refuses, in words: exit code 4, and nothing was changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{env, thread};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

use crate::limits::wmem_max;
use crate::world::alone;

const UNPRIVILEGED: &str = "setpriv --bounding-set=-net_admin hairnat";

#[test]
fn without_privileges_it_says_which_one_it_needs() {
    alone(|world| {
        let error = "\
error: hairnat needs CAP_NET_ADMIN to talk to nf_tables: Operation not permitted (os error 1)
  hint: run as root; to try it out without touching this host, run it in a network namespace of its own: `unshare -rnm hairnat …`
";
        for command in ["apply policy.yaml", "diff policy.yaml", "show", "remove"] {
            world.run(&format!("{UNPRIVILEGED} {command}")).is(4, "", error);
        }
        let object = world.run(&format!("{UNPRIVILEGED} show -o json")).object(4);
        assert_eq!(object["error"]["kind"], "kernel");
    });
}

#[test]
fn what_needs_no_privileges_runs_without() {
    alone(|world| {
        world.run(&format!("{UNPRIVILEGED} check --host policy.yaml")).is(
            0,
            "valid: 1 float\n",
            "",
        );
        let rendered = world.run("hairnat render policy.yaml").output().to_owned();
        world.run(&format!("{UNPRIVILEGED} render policy.yaml")).is(0, &rendered, "");
    });
}

#[test]
fn a_kernel_without_nf_tables_is_told_from_a_missing_privilege() {
    alone(|world| {
        let error = "\
error: this kernel has no nf_tables: Protocol not supported (os error 93)
  hint: load the module with `modprobe nf_tables`, or use a kernel that was built with CONFIG_NF_TABLES
";
        thread::scope(|scope| {
            // What the thread starts inherits its filter.
            scope.spawn(|| {
                apply_filter(&no_netfilter_sockets()).unwrap();
                world.run("hairnat apply policy.yaml").is(4, "", error);
                world.run("hairnat check --host policy.yaml").is(0, "valid: 1 float\n", "");
            });
        });
    });
}

/// Lets `socket(_, _, NETLINK_NETFILTER)` fail as it does on a kernel without `nfnetlink`.
fn no_netfilter_sockets() -> BpfProgram {
    let arguments = [(0, libc::AF_NETLINK), (2, libc::NETLINK_NETFILTER)];
    refusing(libc::SYS_socket, &arguments, libc::EPROTONOSUPPORT)
}

/// Lets a system call fail with `errno` when it has these arguments, by number and value.
pub(crate) fn refusing(call: i64, arguments: &[(u8, i32)], errno: i32) -> BpfProgram {
    let is = |&(index, value): &(u8, i32)| {
        let value = u64::try_from(value).unwrap();
        SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value).unwrap()
    };
    let conditions: Vec<_> = arguments.iter().map(is).collect();
    // A call without a rule is refused whatever its arguments.
    let rule = (!conditions.is_empty()).then(|| SeccompRule::new(conditions).unwrap());
    let rules = rule.into_iter().collect();
    let refused = SeccompAction::Errno(u32::try_from(errno).unwrap());
    let rules = BTreeMap::from([(call, rules)]);
    let arch = env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch).unwrap();
    filter.try_into().unwrap()
}

#[test]
fn a_table_of_another_process_is_left_to_it() {
    alone(|world| {
        // The owner lives as long as the pipe is held open; its process id is its netlink port.
        let script = r#"
            mkfifo commands
            nft -i < commands > /dev/null & owner=$!
            exec 3> commands
            echo "add table inet hairnat { flags owner; }" >&3
            until nft list tables | grep -q hairnat; do sleep 0.01; done
            hairnat apply policy.yaml 2>&1 | sed "s/$owner/PID/g"
            hairnat remove -o json | sed "s/$owner/PID/g"
            hairnat show | sed "s/$owner/PID/g"
            exec 3>&-
            wait $owner
            hairnat apply -q policy.yaml && hairnat diff policy.yaml"#;
        let said = world.run(script);
        let expected = r#"error: table `inet hairnat` is owned by another process (netlink port PID)
  hint: the table goes away with its owner; if it is a process of this host, `ps -p PID` names it
{
  "format": 1,
  "error": {
    "kind": "kernel",
    "message": "table `inet hairnat` is owned by another process (netlink port PID)",
    "hint": "the table goes away with its owner; if it is a process of this host, `ps -p PID` names it"
  }
}
table inet hairnat
  owned by netlink port PID
  empty
in sync: 1 float
"#;
        said.is(0, expected, "");
    });
}

/// More than this takes the test too long to fill.
const LARGEST_WMEM_MAX: usize = 4 << 20;

#[test]
fn a_batch_that_the_socket_cannot_take_names_the_limit_to_raise() {
    alone(|world| {
        let wmem_max = wmem_max();
        if wmem_max > LARGEST_WMEM_MAX {
            return eprintln!("skipped: net.core.wmem_max is {wmem_max}");
        }
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let before = world.run("nft list ruleset").output().to_owned();
        let generation = "hairnat diff -v policy.yaml 2>&1 | grep -o 'at generation [0-9]*'";
        let at_generation = world.run(generation).output().to_owned();
        // The kernel doubles what is asked for; a float takes more than 50 bytes of a batch.
        let floats = u32::try_from(2 * wmem_max / 50).unwrap();
        let mut large = String::from("fixed: [10.0.0.0/8]\nfloats:\n");
        for number in 1..=floats {
            let [_, a, b, c] = number.to_be_bytes();
            writeln!(large, "  198.{}.{b}.{c}: 10.{a}.{b}.{c}", 18 + a).unwrap();
        }
        world.write("large.yaml", large);
        for command in ["apply", "apply --dry-run"] {
            let error =
                &world.run(&format!("hairnat {command} -o json large.yaml")).object(4)["error"];
            assert_eq!(error["kind"], "kernel");
            let message = error["message"].as_str().unwrap();
            let (batch, limit) = message
                .strip_prefix("the batch of ")
                .and_then(|rest| rest.strip_suffix(" bytes"))
                .and_then(|rest| rest.split_once(" bytes does not fit the netlink send buffer of "))
                .unwrap_or_else(|| panic!("{message}"));
            assert_eq!(limit.parse(), Ok(2 * wmem_max - 32));
            // Doubled by the kernel, of which it takes 32 bytes.
            let enough = (batch.parse::<usize>().unwrap() + 32).div_ceil(2);
            assert!(enough > wmem_max, "{message}");
            let hint = error["hint"].as_str().unwrap();
            assert!(hint.contains(&format!("`sysctl -w net.core.wmem_max={enough}`")), "{hint}");
            world.run("nft list ruleset").is(0, &before, "");
            assert_eq!(world.run(generation).output(), at_generation);
        }
    });
}
