//! A kernel, somebody else who commits to it, and one ruleset to begin with.

use std::borrow::Cow;

use hairnat::compile::compile;
use hairnat::kernel::{FakeKernel, Kernel, KernelError, NfTables};
use hairnat::plan::{Action, LiveSet, Op, Plan, Snapshot, plan};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::{Element, Elements, Ruleset, Set, SetDeclaration, TableFamily};

use crate::witness::{listing, nft};

/// One float of every kind.
const POLICY: &str = "
fixed: [10.0.0.0/24]
counters: true
floats:
  203.0.113.10: {fixed: 10.0.0.10, name: web-1}
  203.0.113.12: {fixed: 10.0.0.12, ports: [6000-6010/udp]}
  198.51.100.0/28: 10.0.0.64/28
";

/// A kernel and who else uses it.
pub(crate) trait World {
    fn kernel(&mut self) -> &mut dyn Kernel;

    /// Somebody else commits to a table of their own.
    fn others_commit(&mut self);

    /// Somebody else commits to our inet table, to no effect in the end.
    fn others_commit_to_ours(&mut self);
}

impl World for FakeKernel {
    fn kernel(&mut self) -> &mut dyn Kernel {
        self
    }

    fn others_commit(&mut self) {
        self.live_mut().generation += 1;
    }

    fn others_commit_to_ours(&mut self) {
        let desired = ruleset();
        let set = declaration(&desired, "fixed4");
        let elements = Cow::Owned(Elements::new(set));
        let generation = self.snapshot().unwrap().generation;
        self.commit(&inet(generation, vec![Action::AddElements { set, elements }])).unwrap();
    }
}

impl World for NfTables {
    fn kernel(&mut self) -> &mut dyn Kernel {
        self
    }

    fn others_commit(&mut self) {
        nft(&["add", "table", "ip", "other"]);
        assert!(listing().contains("table ip other"));
    }

    fn others_commit_to_ours(&mut self) {
        nft(&["add chain inet hairnat other; delete chain inet hairnat other"]);
    }
}

impl dyn World + '_ {
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        self.kernel().snapshot().unwrap()
    }

    /// Makes [`ruleset`] live and gives it.
    pub(crate) fn begin(&mut self) -> Ruleset {
        let desired = ruleset();
        let live = self.snapshot();
        self.kernel().commit(&plan(&live, &desired)).unwrap();
        desired
    }

    /// Commits operations on the inet table.
    pub(crate) fn commit(&mut self, actions: Vec<Action<'_>>) {
        let plan = inet(self.snapshot().generation, actions);
        self.kernel().validate(&plan).unwrap();
        self.kernel().commit(&plan).unwrap();
    }

    /// The operations on the inet table are refused at the one that reads so, and change nothing.
    #[track_caller]
    pub(crate) fn refuses(&mut self, actions: Vec<Action<'_>>, at: &str, errno: i32) {
        let plan = inet(self.snapshot().generation, actions);
        self.refuses_plan(&plan, at, errno);
    }

    /// The plan is refused at the operation that reads so, and changes nothing.
    #[track_caller]
    pub(crate) fn refuses_plan(&mut self, plan: &Plan<'_>, at: &str, errno: i32) {
        let before = self.snapshot();
        for refused in [self.kernel().validate(plan), self.kernel().commit(plan)] {
            match refused {
                Err(KernelError::Refused { action, source, .. }) => {
                    assert_eq!((action.as_str(), source.raw_os_error()), (at, Some(errno)));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(self.snapshot(), before, "nothing has changed, the generation neither");
    }

    /// The live elements of a set of the inet table, as nft(8) writes them.
    pub(crate) fn elements(&mut self, set: &str) -> Vec<String> {
        let live = self.snapshot();
        let sets = &live.table(TableFamily::Inet).unwrap().sets;
        let found = sets.iter().find(|live| live.name() == set).and_then(LiveSet::known);
        let Set { declaration, elements } = found.unwrap();
        elements.iter().map(|element| declaration.element(element).to_string()).collect()
    }
}

/// The ruleset that every clause but those of an empty kernel begins with.
pub(crate) fn ruleset() -> Ruleset {
    let source = Source { name: "policy.yaml".to_owned(), text: POLICY.into() };
    compile(&parse(&[source]).unwrap())
}

/// The declaration of a set of the inet table.
pub(crate) fn declaration<'a>(ruleset: &'a Ruleset, name: &str) -> &'a SetDeclaration {
    let sets = &ruleset.table(TableFamily::Inet).unwrap().sets;
    &sets.iter().find(|set| set.declaration.name == name).unwrap().declaration
}

/// Elements as their first key, last key and data.
pub(crate) fn filled(set: &SetDeclaration, elements: &[(&[u8], &[u8], &[u8])]) -> Elements {
    let mut filled = Elements::new(set);
    for &(key, last, data) in elements {
        filled.push(Element { key, last, data, comment: None });
    }
    filled
}

/// A plan for the inet table.
pub(crate) fn inet(generation: u32, actions: Vec<Action<'_>>) -> Plan<'_> {
    let family = TableFamily::Inet;
    let ops = actions.into_iter().map(|action| Op { family, action }).collect();
    Plan { generation, ops, ..Plan::default() }
}
