//! When a table is made anew because that takes less time than changing it.

use crate::ONE;
use crate::scenario::Scenario;

/// A policy of 15,000 floats, the first ones leading elsewhere.
fn fifteen_thousand(elsewhere: u32, counters: bool) -> String {
    let float = |number: u32| {
        let [.., high, low] = number.to_be_bytes();
        let moved = 64 + u8::from(number < elsewhere);
        format!("  100.64.{high}.{low}: 10.{moved}.{high}.{low}\n")
    };
    let floats: String = (0..15_000).map(float).collect();
    format!(
        "counters: {counters}\nbridge: {{ reflection: off }}\nfixed: [10.0.0.0/8]\nfloats:\n{floats}"
    )
}

#[test]
fn a_table_of_which_almost_everything_moves_is_rebuilt_and_shows_what_moves() {
    let before = fifteen_thousand(0, false);
    let moves = |floats| Scenario::new().applied(&before).policy(&fifteen_thousand(floats, false));
    let all = moves(15_000);
    assert!(all.rebuilds());
    assert_eq!(all.summary(), (15_000, 15_000, 15_000));
    all.leads_to_the_policy();
    let half = moves(7_500);
    assert!(!half.rebuilds(), "as much time, and nothing is made anew");
    assert_eq!(half.summary(), (7_500, 7_500, 7_500));
    half.leads_to_the_policy();
}

#[test]
fn a_table_is_rebuilt_for_speed_only_if_no_counter_is_lost() {
    let before = fifteen_thousand(0, true);
    let moves = |floats| {
        Scenario::new().applied(&before).policy(&fifteen_thousand(floats, true)).rebuilds()
    };
    assert!(!moves(14_999), "one float stays, and what it counted");
    assert!(moves(15_000));
}

#[test]
fn what_is_left_of_a_large_table_is_made_anew_rather_than_the_rest_deleted() {
    let scenario = Scenario::new().applied(&fifteen_thousand(0, false));
    let scenario = scenario.policy(&format!("bridge: {{ reflection: off }}\n{ONE}"));
    assert!(scenario.rebuilds());
    scenario.leads_to_the_policy();
}

/// The guard would go on dropping frames of a port that the kernel remembers.
#[test]
fn the_bridge_table_is_rebuilt_where_a_port_is_learned_no_longer() {
    let guarding = |ports: &str| format!("bridge: {{ ports: [{ports}] }}");
    for (before, after, rebuilds) in [
        ("vnet*", r#"vnet*, "!vnet9""#, true),
        ("vnet*, tap*", "vnet*", true),
        (r#"vnet*, "!vnet9""#, "vnet*", true),
        ("vnet*", "vnet*, tap*", false),
        ("vnet*", "vnet*", false),
    ] {
        let scenario = Scenario::new().applied(&guarding(before)).policy(&guarding(after));
        assert_eq!(scenario.rebuilds(), rebuilds, "{before} → {after}");
    }
}
