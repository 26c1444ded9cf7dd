//! The same floats for everybody.

use crate::floats::{Float, add, delete, floats, nova, policy};

#[test]
fn even_and_odd_floats_and_moved_ones_keep_to_prefixes_of_their_own() {
    let [even, odd] = [4, 5].map(Float::new);
    assert_eq!(even.address().to_string(), "100.0.0.2");
    assert_eq!(even.fixed().to_string(), "10.0.0.2");
    assert_eq!(odd.address().to_string(), "100.128.0.2");
    assert_eq!(odd.moved().address(), odd.address());
    assert_eq!(odd.moved().fixed().to_string(), "10.192.0.2");
}

#[test]
fn every_tenth_float_has_a_name() {
    let expected = "fixed: [10.0.0.0/8]\nfloats:\n  100.0.0.0:\n    fixed: 10.0.0.0\n    \
                    name: vm-0\n  100.128.0.0: 10.128.0.0\n";
    assert_eq!(policy(floats(2)), expected);
}

#[test]
fn a_change_by_nft_is_one_command_a_map() {
    let two = [0, 2].map(Float::new);
    let expected = "add element inet hairnat dnat4 { 100.0.0.0 comment \"vm-0\" : 10.0.0.0, \
                    100.0.0.1 : 10.0.0.1 }\n\
                    add element inet hairnat snat4 { 10.0.0.0 comment \"vm-0\" : 100.0.0.0, \
                    10.0.0.1 : 100.0.0.1 }\n";
    assert_eq!(add(&two), expected);
    assert_eq!(delete(&two[..1]).lines().count(), 2);
    assert_eq!(delete(&[]), "");
}

#[test]
fn a_tenth_of_all_floats_can_move() {
    assert_eq!(floats(1000).filter(|float| float.is_of_one_tenth()).count(), 100);
}

#[test]
fn nova_network_has_three_rules_a_float() {
    let rules = |count| nova(floats(count)).lines().count();
    assert_eq!(rules(7) - rules(0), 21);
}
