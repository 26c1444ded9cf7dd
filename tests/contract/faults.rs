//! A fault anywhere in a batch is told by its operation, and leaves what was there before.

use std::borrow::Cow;

use hairnat::compile::compile;
use hairnat::kernel::{FakeKernel, Kernel, KernelError};
use hairnat::plan::{Action, Op, Plan, plan};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::{Element, Elements, Rule, Ruleset, SetDeclaration, Statement, TableFamily};

use crate::world::{World, declaration, filled, ruleset};

/// The ruleset that the steps begin with.
const FIRST: &str = "
fixed: [10.0.0.0/24]
counters: true
bridge: {ports: [vnet*], own_float: rewrite}
egress: {uplinks: [eth0]}
floats:
  203.0.113.10: {fixed: 10.0.0.10, name: web-1}
  203.0.113.12: {fixed: 10.0.0.12, ports: [6000-6010/udp]}
  198.51.100.0/28: 10.0.0.64/28
";

/// Other than [`FIRST`] in rules and elements of both tables, but not in sets and chains.
const OTHER: &str = "
fixed: [10.0.0.0/24]
counters: true
bridge: {ports: [vnet*, tap*], own_float: rewrite}
egress: {uplinks: [eth1]}
floats:
  203.0.113.10: {fixed: 10.0.0.11, name: web-1}
  203.0.113.12: {fixed: 10.0.0.12, ports: [6000-6010/udp, 6012-6020/udp]}
  198.51.100.16/28: 10.0.0.64/28
";

/// Goes from nothing to a ruleset, to another one in place, makes both tables anew and takes them
/// away; shows `check` the plan of each of these steps before it is carried out.
fn step_by_step(world: &mut dyn World, mut check: impl FnMut(&mut dyn World, &Plan<'_>)) {
    let [first, other] = [FIRST, OTHER].map(|text| {
        let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
        compile(&parse(&[source]).unwrap())
    });
    let mut step = |desired: &Ruleset, anew: bool| {
        let mut live = world.snapshot();
        for table in &mut live.tables {
            table.dormant = anew;
        }
        let plan = plan(&live, desired);
        assert_eq!(plan.ops.iter().any(|op| op.action == Action::DeleteTable), anew);
        for family in TableFamily::ALL {
            assert!(plan.ops.iter().any(|op| op.family == family), "both tables change");
        }
        check(world, &plan);
        world.kernel().commit(&plan).unwrap();
        assert_eq!(world.snapshot().to_ruleset(), (desired.clone(), Vec::new()));
    };
    step(&first, false);
    step(&other, false);
    step(&other, true);
    step(&Ruleset::default(), true);
}

pub(crate) fn a_fault_before_or_after_any_operation_leaves_the_old_state(world: &mut dyn World) {
    let desired = ruleset();
    let set =
        &SetDeclaration { name: "nowhere".to_owned(), ..declaration(&desired, "dnat4").clone() };
    let elements: Cow<'_, Elements> =
        Cow::Owned(filled(set, &[(&[203, 0, 113, 1], &[203, 0, 113, 1], &[10, 0, 0, 1])]));
    let rule = &Rule { statements: vec![Statement::Accept] };
    let faults = [
        Action::DeleteRule { chain: "forward", handle: 4096, rule },
        Action::DeleteRule { chain: "postrouting", handle: 4096, rule },
        Action::AddRule { chain: "nowhere", rule, before: None },
        Action::FlushChain("nowhere"),
        Action::AddElements { set, elements: elements.clone() },
        Action::DeleteElements { set, elements },
    ];
    step_by_step(world, |world, plan| {
        let before = world.snapshot();
        for position in 0..=plan.ops.len() {
            for (family, action) in
                TableFamily::ALL.into_iter().zip(faults.iter().skip(position % 5))
            {
                let fault = Op { family, action: action.clone() };
                let mut plan = plan.clone();
                plan.ops.insert(position, fault);
                world.refuses_plan(&plan, &plan.ops[position].describe(None), libc::ENOENT);
            }
        }
        assert_eq!(world.snapshot(), before);
    });
}

pub(crate) fn a_batch_that_ends_after_any_operation_is_not_taken(world: &mut dyn World) {
    step_by_step(world, |world, plan| {
        let before = world.snapshot();
        for end in 0..=plan.ops.len() {
            let begun = Plan { ops: plan.ops[..end].to_vec(), ..plan.clone() };
            world.kernel().validate(&begun).unwrap();
            assert_eq!(world.snapshot(), before, "without {:?}", &plan.ops[end..]);
        }
    });
}

/// A message of the real kernel has 1637 of these elements.
const MANY: u32 = 4000;

pub(crate) fn an_element_is_refused_wherever_it_is_among_many(world: &mut dyn World) {
    let desired = world.begin();
    let set = &SetDeclaration {
        name: "many4".to_owned(),
        size: Some(16384),
        ..declaration(&desired, "snat4").clone()
    };
    let many = |from: u32, to: u32, last: u8| {
        let mut many = Elements::new(set);
        for number in from..to {
            let key = (0x0a00_0000 + number).to_be_bytes();
            many.push(Element {
                key: &key,
                last: &key,
                data: &[203, 0, 113, last],
                comment: Some("web"),
            });
        }
        Cow::Owned(many)
    };
    world.commit(vec![Action::AddSet(set)]);
    for odd in [0, 1, 1636, 1637, 1638, MANY / 2, MANY - 1] {
        let [_, _, high, low] = odd.to_be_bytes();
        let element = format!("element `10.0.{high}.{low}`");
        let map = "map `many4` of table `inet hairnat`";
        world.commit(vec![Action::AddElements { set, elements: many(odd, odd + 1, 1) }]);
        let add = Action::AddElements { set, elements: many(0, MANY, 2) };
        world.refuses(vec![add], &format!("add {element} to {map}"), libc::EEXIST);
        // All are there but that one.
        let [before, after] = [many(0, odd, 2), many(odd + 1, MANY, 2)];
        world.commit(vec![
            Action::DeleteElements { set, elements: many(odd, odd + 1, 1) },
            Action::AddElements { set, elements: before.clone() },
            Action::AddElements { set, elements: after.clone() },
        ]);
        let delete = Action::DeleteElements { set, elements: many(0, MANY, 2) };
        world.refuses(vec![delete], &format!("delete {element} from {map}"), libc::ENOENT);
        world.commit(vec![
            Action::DeleteElements { set, elements: before },
            Action::DeleteElements { set, elements: after },
        ]);
    }
}

/// More than the queue of answers takes.
const REFUSALS: usize = 20_000;

pub(crate) fn of_many_refusals_the_first_is_told(world: &mut dyn World) {
    world.begin();
    let rule = &Rule { statements: vec![Statement::Accept] };
    let delete = |chain| Action::DeleteRule { chain, handle: 4096, rule };
    let actions = [vec![delete("prerouting")], vec![delete("output"); REFUSALS]].concat();
    let line = "delete a rule from chain `prerouting` of table `inet hairnat`";
    world.refuses(actions, line, libc::ENOENT);
}

#[test]
fn the_fake_fails_at_the_operation_that_it_is_told_to() {
    step_by_step(&mut FakeKernel::new(), |world, plan| {
        let live = world.snapshot();
        for (index, op) in plan.ops.iter().enumerate() {
            let mut kernel = FakeKernel::new();
            *kernel.live_mut() = live.clone();
            kernel.fail_at(index);
            for refused in [kernel.validate(plan), kernel.commit(plan)] {
                match refused {
                    Err(KernelError::Refused { action, source, .. }) => {
                        assert_eq!(
                            (action, source.raw_os_error()),
                            (op.describe(None), Some(libc::EINVAL))
                        );
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(kernel.snapshot().unwrap(), live);
        }
    });
}
