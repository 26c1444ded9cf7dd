//! A small world for the planner: a kernel that holds one policy, and the one that it shall hold.

use hairnat::address::IpFamily;
use hairnat::compile::compile;
use hairnat::kernel::{FakeKernel, Kernel, Step, converge};
use hairnat::plan::{Action, Connection, Detail, Group, Snapshot, groups, plan};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::Ruleset;

/// What is live, and what is wanted.
pub(crate) struct Scenario {
    kernel: FakeKernel,
    wanted: Ruleset,
}

impl Scenario {
    /// A kernel without our tables.
    pub(crate) fn new() -> Self {
        Self { kernel: FakeKernel::new(), wanted: Ruleset::default() }
    }

    /// A policy that has been applied.
    pub(crate) fn applied(mut self, policy: &str) -> Self {
        let desired = compiled(policy);
        converge(&mut self.kernel, Step::Commit, &desired, |_| ()).unwrap();
        self
    }

    /// What somebody did by hand since.
    pub(crate) fn drift(mut self, by_hand: impl FnOnce(&mut Snapshot)) -> Self {
        by_hand(self.kernel.live_mut());
        self
    }

    /// The policy that is wanted now.
    pub(crate) fn policy(mut self, policy: &str) -> Self {
        self.wanted = compiled(policy);
        self
    }

    /// The diff reads so, and carrying it out leads to the policy.
    pub(crate) fn plans(self, expected: &str) {
        self.reads(expected, Detail::Brief);
        self.leads_to_the_policy();
    }

    /// The diff with `-v` reads so, and carrying it out leads to the policy.
    pub(crate) fn plans_verbosely(self, expected: &str) {
        self.reads(expected, Detail::Full);
        self.leads_to_the_policy();
    }

    /// How many changes are to be added, replaced and deleted.
    pub(crate) fn summary(&self) -> (usize, usize, usize) {
        let live = self.live();
        let summary = plan(&live, &self.wanted).summary();
        (summary.add, summary.replace, summary.delete)
    }

    /// Whether each of the open connections is stale once the plan is carried out.
    pub(crate) fn makes_stale<const N: usize>(&self, connections: [&Connection; N]) -> [bool; N] {
        let live = self.live();
        let stale = plan(&live, &self.wanted).stale;
        connections.map(|connection| stale.contains(connection))
    }

    /// The families in which connections may be stale, so that the kernel must be asked.
    pub(crate) fn stale_families(&self) -> Vec<IpFamily> {
        plan(&self.live(), &self.wanted).stale.families().to_vec()
    }

    /// Whether a table is made anew.
    pub(crate) fn rebuilds(&self) -> bool {
        let live = self.live();
        plan(&live, &self.wanted).ops.iter().any(|op| matches!(op.action, Action::DeleteTable))
    }

    /// The operations on rules and chains, each by the first two words of its nft(8) line.
    pub(crate) fn rule_operations(&self) -> Vec<String> {
        let live = self.live();
        let plan = plan(&live, &self.wanted);
        let lines = plan.ops.iter().map(|op| op.nft(None));
        let words = lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
        words.filter(|words| words.ends_with("rule") || words.ends_with("chain")).collect()
    }

    /// Carrying the plan out makes the live ruleset the wanted one, and leaves nothing to do.
    pub(crate) fn leads_to_the_policy(mut self) {
        converge(&mut self.kernel, Step::Commit, &self.wanted, |_| ()).unwrap();
        let live = self.live();
        let (mut ruleset, left_out) = live.to_ruleset();
        assert_eq!(left_out, Vec::<String>::new());
        assert!(plan(&live, &self.wanted).is_empty(), "nothing is left to do");
        // Sizes may be larger than a fresh apply would choose; all else is the same.
        for (live, wanted) in ruleset.tables.iter_mut().zip(&self.wanted.tables) {
            for (live, wanted) in live.sets.iter_mut().zip(&wanted.sets) {
                live.declaration.size = wanted.declaration.size;
            }
        }
        assert_eq!(ruleset, self.wanted);
    }

    fn reads(&self, expected: &str, detail: Detail) {
        let live = self.live();
        let plan = plan(&live, &self.wanted);
        assert_eq!(plan.is_empty(), plan.changes.is_empty(), "changes and ops go together");
        let groups = groups(&plan.changes, detail);
        let lines: Vec<_> = groups.iter().flat_map(lines).collect();
        assert_eq!(lines.join("\n"), expected);
    }

    fn live(&self) -> Snapshot {
        self.kernel.clone().snapshot().unwrap()
    }
}

fn lines(group: &Group) -> Vec<String> {
    let changes = group.lines().map(|line| format!("  {} {}", line.op.sign(), line.text));
    [group.object.clone()].into_iter().chain(changes).collect()
}

/// The ruleset of a valid policy.
pub(crate) fn compiled(policy: &str) -> Ruleset {
    let source = Source { name: "policy.yaml".to_owned(), text: policy.as_bytes().to_vec() };
    compile(&parse(&[source]).unwrap_or_else(|errors| panic!("{policy}\n{errors:?}")))
}
