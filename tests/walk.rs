//! The walk through rulesets that no policy compiles to, as somebody's hands may leave them.

use hairnat::compile::compile;
use hairnat::policy::{Source, parse};
use hairnat::ruleset::{Rule, Statement, TableFamily};
use hairnat::trace::{Effect, Flow, Origin, Question, Source as Client, Transport, walk};

/// What somebody has added by hand is walked like the rest.
#[test]
fn an_accept_keeps_no_other_chain_of_the_hook_from_translating() {
    let text = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.10}\n";
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    let mut ruleset = compile(&parse(&[source]).unwrap());
    let inet = ruleset.tables.iter_mut().find(|table| table.family == TableFamily::Inet);
    let chains = &mut inet.unwrap().chains;
    let mut earlier = chains[0].clone();
    earlier.declaration.name = "earlier".to_owned();
    earlier.declaration.base.as_mut().unwrap().priority -= 1;
    earlier.rules = vec![Rule { statements: vec![Statement::Accept] }];
    chains.push(earlier);
    let flow = Flow {
        source: Client::Address("192.0.2.7".parse().unwrap()),
        destination: "203.0.113.10".parse().unwrap(),
        transport: Transport::Any,
    };
    let walk = walk(&ruleset, Question { origin: Origin::Outside, flow, leaves_by: None });
    let decision = walk.steps[0].decision.as_ref().unwrap();
    assert_eq!((decision.chain.as_str(), &decision.effect), ("prerouting", &Effect::Dnat));
}
