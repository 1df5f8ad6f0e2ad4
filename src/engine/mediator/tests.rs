//! Which of the mediators on a network goes first: that of the smallest id.

use crate::engine::mediator::*;

#[test]
fn the_smallest_id_comes_first() {
    let id = |digit: &str| digit.repeat(16).parse::<InstanceId>().unwrap();
    let url = |host: &str| host.parse::<MediatorUrl>().unwrap();
    let known = Known::from([
        (id("2"), url("10.0.0.2")),
        (id("1"), url("10.0.0.1")),
        (id("4"), url("10.0.0.4")),
    ]);
    let before = |current| before(&known, current).map(|(_, url)| url);
    assert_eq!(before(id("3")), Some(url("10.0.0.1")));
    assert_eq!(before(id("2")), Some(url("10.0.0.1")));
    assert_eq!(before(id("1")), None);
}
