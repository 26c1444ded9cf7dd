//! The JSON contract of apply, diff and remove: the whole object, for each kind of change.

use serde_json::{Value, json};

use crate::world::{POLICY, alone, on_a_bare_host};

const MOVED: &str =
    "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: {fixed: 10.0.0.12, name: web-1}}\n";

fn table(op: &str, family: &str, size: &Value) -> Value {
    json!({
        "op": op, "family": family, "table": "hairnat", "object": "table", "name": "hairnat",
        "size": size,
    })
}

fn both_tables(op: &str) -> Value {
    json!([
        table(op, "bridge", &json!({ "sets": 1, "chains": 2, "rules": 2, "elements": 0 })),
        table(op, "inet", &json!({ "sets": 3, "chains": 3, "rules": 5, "elements": 3 })),
    ])
}

fn in_sync() -> Value {
    json!({
        "format": 1, "changed": false, "applied": false,
        "summary": { "add": 0, "replace": 0, "delete": 0 },
        "changes": [], "warnings": [],
    })
}

/// What apply says beyond diff: how many connections of moved floats it cut.
fn cutting_none(mut report: Value) -> Value {
    report["connections_cut"] = 0.into();
    report
}

#[test]
fn tables_that_appear_are_one_change_each() {
    alone(|world| {
        let report = |applied: bool| {
            json!({
                "format": 1, "changed": true, "applied": applied,
                "summary": { "add": 2, "replace": 0, "delete": 0 },
                "changes": both_tables("add"), "warnings": [],
            })
        };
        assert_eq!(world.run("hairnat diff -o json policy.yaml").object(1), report(false));
        assert_eq!(
            world.run("hairnat apply --dry-run -o json policy.yaml").object(0),
            report(false)
        );
        assert_eq!(
            world.run("hairnat apply -o json policy.yaml").object(0),
            cutting_none(report(true))
        );
        assert_eq!(
            world.run("hairnat apply -o json policy.yaml").object(0),
            cutting_none(in_sync())
        );
        assert_eq!(world.run("hairnat diff -q -o json policy.yaml").object(0), in_sync());
    });
}

#[test]
fn elements_have_a_key_and_what_it_led_to_and_leads_to() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.write("policy.yaml", MOVED);
        let report = |applied: bool| {
            json!({
                "format": 1, "changed": true, "applied": applied,
                "summary": { "add": 1, "replace": 1, "delete": 1 },
                "changes": [
                    {
                        "op": "replace", "family": "inet", "table": "hairnat",
                        "object": "map", "name": "dnat4", "key": "203.0.113.10",
                        "before": "10.0.0.10", "after": "10.0.0.12", "comment": "web-1",
                    },
                    {
                        "op": "delete", "family": "inet", "table": "hairnat",
                        "object": "map", "name": "snat4", "key": "10.0.0.10",
                        "before": "203.0.113.10",
                    },
                    {
                        "op": "add", "family": "inet", "table": "hairnat",
                        "object": "map", "name": "snat4", "key": "10.0.0.12",
                        "after": "203.0.113.10", "comment": "web-1",
                    },
                ],
                "warnings": [],
            })
        };
        assert_eq!(world.run("hairnat diff -o json policy.yaml").object(1), report(false));
        assert_eq!(
            world.run("hairnat apply -o json policy.yaml").object(0),
            cutting_none(report(true))
        );
        assert_eq!(world.run("hairnat diff -o json policy.yaml").object(0), in_sync());
    });
}

#[test]
fn remove_reports_as_apply_does() {
    alone(|world| {
        assert_eq!(world.run("hairnat remove -o json").object(0), in_sync());
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let expected = json!({
            "format": 1, "changed": true, "applied": true,
            "summary": { "add": 0, "replace": 0, "delete": 2 },
            "changes": both_tables("delete"), "warnings": [],
        });
        assert_eq!(world.run("hairnat remove -o json").object(0), expected);
    });
}

#[test]
fn warnings_have_a_stable_code() {
    on_a_bare_host(|world| {
        let expected = json!([
            {
                "code": "ip-forward-off",
                "message": "`net.ipv4.ip_forward` is 0: IPv4 floats are reachable from this host only",
                "hint": "switch it on with `sysctl -w net.ipv4.ip_forward=1`",
            },
            {
                "code": "no-bridge",
                "message": "there is no bridge on this host: nothing is guarded against reflection",
                "hint": "nothing to do if the bridge comes later: its ports are covered from their \
                         first frame on",
            },
        ]);
        for line in [
            "hairnat apply --dry-run -o json policy.yaml",
            "hairnat check --host -o json policy.yaml",
        ] {
            assert_eq!(world.run(line).object(0)["warnings"], expected);
        }
        assert_eq!(world.run("hairnat check -o json policy.yaml").object(0)["warnings"], json!([]));
        let words = "\
warning: `net.ipv4.ip_forward` is 0: IPv4 floats are reachable from this host only
  hint: switch it on with `sysctl -w net.ipv4.ip_forward=1`
warning: there is no bridge on this host: nothing is guarded against reflection
  hint: nothing to do if the bridge comes later: its ports are covered from their first frame on
";
        world.run("hairnat check --host policy.yaml").is(0, "valid: 1 float\n", words);
        world.run("hairnat check --host -q policy.yaml").is(0, "", "");
    });
}

#[test]
fn show_has_counters_where_the_kernel_counts() {
    alone(|world| {
        assert_eq!(world.run("hairnat show -o json").object(0)["tables"], json!([]));
        world.write("policy.yaml", format!("{POLICY}counters: true\n"));
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let live = world.run("hairnat show -o json").object(0);
        assert_eq!(live["format"], 1);
        assert!(live["generation"].is_u64());
        let inet = &live["tables"][1];
        assert_eq!((&inet["family"], &inet["name"]), (&json!("inet"), &json!("hairnat")));
        let dnat = &inet["sets"][0];
        assert_eq!((&dnat["name"], &dnat["kind"]), (&json!("dnat4"), &json!("map")));
        let element =
            json!({ "key": "203.0.113.10", "value": "10.0.0.10", "packets": 0, "bytes": 0 });
        assert_eq!(dnat["elements"], json!([element]));
        let guard = &live["tables"][0]["chains"][1]["rules"][0];
        assert_eq!((&guard["packets"], &guard["bytes"]), (&json!(0), &json!(0)));
    });
}
