//! Which bridge ports must change their hairpin mode, and how that is seen to.

use super::instances::{hairpin_loop, hairpin_on_uplink, live_loop};
use super::warnings::{Warning, hairpin_unguarded};
use super::{BridgePort, Facts, Guard, Host, HostError};
use crate::policy::{Bridge, HairpinMode};

/// A port whose hairpin mode is not the declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortChange {
    /// The port as it is.
    pub port: BridgePort,
    /// The mode that it shall have.
    pub on: bool,
}

/// The changes of port hairpin modes, and their warnings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortPlan {
    /// The ports that change their mode, by name.
    pub changes: Vec<PortChange>,
    /// Warnings about the ports as they are after the changes.
    pub warnings: Vec<Warning>,
}

impl PortPlan {
    /// The ports to switch off, before the rules change; and those to switch on, afterwards. A port in
    /// hairpin mode without its guard would break duplicate address detection.
    #[must_use]
    pub fn off_and_on(&self) -> (Vec<PortChange>, Vec<PortChange>) {
        self.changes.iter().cloned().partition(|change| !change.on)
    }
}

/// Plans the hairpin modes of all ports for a policy with that `bridge` section, whose guard is
/// `desired` where now `live` is: the mode that the policy declares, and off for a port that loses its
/// guard. A port that the policy leaves out by name keeps its mode: several guests behind one port may
/// reach each other only by the frames that it reflects. A policy that [`hairpin_loop`] refuses must not be carried out.
#[must_use]
pub fn plan_ports(bridge: &Bridge, facts: &Facts, live: &Guard, desired: &Guard) -> PortPlan {
    let mut plan = PortPlan::default();
    let mut unguarded = Vec::new();
    let mut on_after = Vec::new();
    for port in &facts.ports {
        let guarded = desired.covers(&port.name);
        let left_out = bridge.leaves_out(&port.name);
        let kept = port.hairpin && (guarded || left_out || !live.covers(&port.name));
        let on = declared(bridge, port).unwrap_or(kept);
        if on != port.hairpin {
            plan.changes.push(PortChange { port: port.clone(), on });
        }
        if on {
            on_after.push(port.index);
        }
        if on && !guarded && !left_out {
            unguarded.push(port);
        }
    }
    if hairpin_loop(bridge, facts).is_none() {
        plan.warnings.extend(live_loop(facts, |port| on_after.contains(&port.index)));
    }
    plan.warnings.extend(hairpin_on_uplink(bridge, facts));
    plan.warnings.extend(hairpin_unguarded(bridge, &unguarded));
    plan
}

/// The mode that the policy declares for `port`, if it does.
fn declared(bridge: &Bridge, port: &BridgePort) -> Option<bool> {
    let on = match bridge.hairpin_mode {
        HairpinMode::Keep => return None,
        HairpinMode::On => true,
        HairpinMode::Off => false,
    };
    bridge.is_instance_port(&port.name).then_some(on)
}

/// Sets every port, whatever becomes of the others. A port that is gone by now has no mode to be
/// wrong.
///
/// # Errors
///
/// [`HostError::Port`] of the first port that is there and in the other mode still.
pub fn set_ports(host: &mut impl Host, changes: &[PortChange]) -> Result<(), HostError> {
    let mut refused = Vec::new();
    for change in changes {
        if let Err(source) = host.set_hairpin(&change.port, change.on) {
            refused.push((change, source));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let facts = host.facts();
    let remains = |change: &PortChange| match &facts {
        Ok(facts) => facts
            .ports
            .iter()
            .any(|port| port.index == change.port.index && port.hairpin != change.on),
        Err(_) => true,
    };
    match refused.into_iter().find(|(change, _)| remains(change)) {
        None => Ok(()),
        Some((PortChange { port, on }, source)) => {
            let mode = if *on { "on" } else { "off" };
            Err(HostError::Port { port: Box::new(port.clone()), mode, source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PortChange, PortPlan, plan_ports, set_ports};
    use crate::address::InterfaceName;
    use crate::compile::compile;
    use crate::host::{BridgePort, Facts, Guard, Host, HostError};
    use crate::netlink::Error;
    use crate::policy::{Policy, Source, parse};

    /// Ports of which some refuse and some have gone.
    struct FakeHost {
        facts: Facts,
        refusing: &'static [u32],
    }

    impl Host for FakeHost {
        fn facts(&mut self) -> Result<Facts, HostError> {
            Ok(self.facts.clone())
        }

        fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), Error> {
            if self.refusing.contains(&port.index) {
                return Err(Error::refused(libc::EPERM, "set the port hairpin mode"));
            }
            let live = self.facts.ports.iter_mut().find(|live| live.index == port.index);
            live.ok_or(Error::refused(libc::EINVAL, "set the port hairpin mode"))?.hairpin = on;
            Ok(())
        }
    }

    fn port(index: u32) -> BridgePort {
        BridgePort {
            index,
            name: InterfaceName::new(format!("vnet{index}")),
            ..BridgePort::default()
        }
    }

    /// Switches `vnet0` to `vnet2` on, where only `there` are left.
    fn switched_on(there: &[u32], refusing: &'static [u32]) -> (Result<(), HostError>, Vec<bool>) {
        let ports = there.iter().map(|&index| port(index)).collect();
        let mut host = FakeHost { facts: Facts { ports, ..Facts::default() }, refusing };
        let changes = [0, 1, 2].map(|index| PortChange { port: port(index), on: true });
        let result = set_ports(&mut host, &changes);
        (result, host.facts.ports.iter().map(|port| port.hairpin).collect())
    }

    #[test]
    fn a_port_that_refuses_is_named_and_the_others_are_set() {
        let (result, modes) = switched_on(&[0, 1, 2], &[1]);
        assert_eq!(modes, [true, false, true]);
        let Err(HostError::Port { port, mode, .. }) = result else { panic!("{result:?}") };
        assert_eq!((port.name.to_string().as_str(), mode), ("vnet1", "on"));
    }

    /// A policy of that `bridge` section, and its guard.
    fn policy(bridge: &str) -> (Policy, Guard) {
        let text = format!("bridge: {bridge}").into_bytes();
        let policy = parse(&[Source { name: "policy.yaml".to_owned(), text }]).unwrap();
        let guard = Guard::of(&compile(&policy));
        (policy, guard)
    }

    /// The plan from a policy of the `bridge` section `before` to one of `after`, where the ports are
    /// `vnet0`, `vnet1` and `tap0`, and those of `hairpin` are in that mode.
    fn planned(before: &str, after: &str, hairpin: &[&str]) -> PortPlan {
        let ports = ["tap0", "vnet0", "vnet1"].map(|name| BridgePort {
            index: 1,
            name: InterfaceName::new(name),
            hairpin: hairpin.contains(&name),
            ..BridgePort::default()
        });
        let facts = Facts { ports: ports.into(), ..Facts::default() };
        let (policy, desired) = policy(after);
        plan_ports(&policy.bridge, &facts, &self::policy(before).1, &desired)
    }

    /// The changes: `-` before a port that is switched off, `+` before one that is switched on.
    fn changes(plan: &PortPlan) -> Vec<String> {
        let sign = |on| if on { '+' } else { '-' };
        let change = |PortChange { port, on }: &PortChange| format!("{}{}", sign(*on), port.name);
        plan.changes.iter().map(change).collect()
    }

    const ALL: &[&str] = &["vnet0", "vnet1", "tap0"];

    #[test]
    fn a_port_that_loses_its_guard_leaves_hairpin_mode() {
        for (before, after, expected) in [
            ("{}", "{ reflection: off }", &["-tap0", "-vnet0", "-vnet1"][..]),
            ("{ ports: [vnet*] }", "{ reflection: off }", &["-vnet0", "-vnet1"]),
            ("{ ports: [vnet*] }", "{ ports: [vnet0, tap*] }", &["-vnet1"]),
            ("{ ports: [vnet*] }", "{ ports: [vnet*], reflection: multicast }", &[]),
            ("{ reflection: multicast }", "{}", &[]),
            ("{ reflection: off }", "{ reflection: off }", &[]),
        ] {
            let plan = planned(before, after, ALL);
            assert_eq!(changes(&plan), expected, "{before} {after}");
            assert_eq!(changes(&planned(before, after, &[])), [""; 0], "{before} {after}");
        }
        let (policy, guard) = policy("{ ports: [vnet*] }");
        let facts = Facts { ports: vec![port(0)], ..Facts::default() };
        let nothing = plan_ports(&policy.bridge, &facts, &guard, &Guard::default());
        assert_eq!(nothing, PortPlan::default(), "a port that is off stays off");
    }

    #[test]
    fn a_port_that_is_left_out_by_name_keeps_its_mode_and_is_not_warned_of() {
        for before in ["{}", "{ ports: [vnet*] }", "{ ports: [vnet*, \"!vnet1\"] }"] {
            for after in ["", ", hairpin_mode: off", ", hairpin_mode: on"] {
                let after = format!("{{ ports: [vnet*, tap*, \"!vnet1\"]{after} }}");
                for hairpin in [&["vnet1"][..], &[]] {
                    let plan = planned(before, &after, hairpin);
                    assert!(!changes(&plan).iter().any(|change| change.ends_with("vnet1")));
                    assert_eq!(plan.warnings, [], "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn ports_go_off_before_the_rules_change_and_on_afterwards() {
        let before = "{ ports: [tap*] }";
        let plan = planned(before, "{ ports: [vnet*], hairpin_mode: on }", &["tap0"]);
        assert_eq!(changes(&plan), ["-tap0", "+vnet0", "+vnet1"]);
        let (off, on) = plan.off_and_on();
        let names = |changes: Vec<PortChange>| -> Vec<String> {
            changes.into_iter().map(|change| change.port.to_string()).collect()
        };
        assert_eq!(
            (names(off), names(on)),
            (vec!["tap0".into()], vec!["vnet0".into(), "vnet1".into()])
        );
    }

    #[test]
    fn a_port_in_hairpin_mode_that_no_guard_covers_is_warned_of() {
        let warning = |before, after, hairpin: &[&str]| {
            let [warning] = &planned(before, after, hairpin).warnings[..] else {
                panic!("{after}")
            };
            assert_eq!(warning.code, "hairpin-unguarded");
            (warning.message.clone(), warning.hint.clone())
        };
        // As a port that was renamed.
        let (message, hint) = warning("{ ports: [vnet*] }", "{ ports: [vnet*] }", &["tap0"]);
        assert_eq!(
            message,
            "bridge port `tap0` is in hairpin mode without a guard: an instance behind such a port \
             hears its own IPv6 multicast, and its IPv6 addresses can fail duplicate address \
             detection"
        );
        assert_eq!(
            hint,
            "switch hairpin mode off with `bridge link set dev tap0 hairpin off` (where br_netfilter \
             is on, the instance then no longer reaches its own float), or add it to `bridge.ports`"
        );
        // A policy that contradicts itself.
        let off = "{ ports: [vnet*], reflection: off, hairpin_mode: on }";
        let (message, hint) = warning("{}", off, &[]);
        assert!(message.starts_with("bridge port `vnet0`, `vnet1` are in hairpin mode"));
        assert!(hint.contains("`bridge link set dev vnet0 hairpin off; bridge link set dev vnet1"));
        assert!(hint.ends_with(", or leave `reflection: off` out of the policy"));
        let guarded = planned("{}", "{ ports: [vnet*], hairpin_mode: on }", &["vnet0"]);
        assert_eq!(guarded.warnings, []);
    }

    #[test]
    fn the_command_of_a_hint_can_be_pasted_whatever_a_port_is_called() {
        let odd = BridgePort {
            index: 7,
            name: InterfaceName::new("a;'b"),
            hairpin: true,
            ..BridgePort::default()
        };
        let facts = Facts { ports: vec![odd], ..Facts::default() };
        let (policy, guard) = policy("{ reflection: off }");
        let plan = plan_ports(&policy.bridge, &facts, &guard, &guard);
        let hint = &plan.warnings[0].hint;
        assert!(hint.contains("`bridge link set dev if7 hairpin off`"), "{hint}");
    }

    #[test]
    fn a_port_that_is_gone_is_no_error() {
        let (result, modes) = switched_on(&[0, 2], &[]);
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(modes, [true, true]);
    }
}
