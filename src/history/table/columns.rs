//! How wide the columns of the table are: which are cut, and which left out, where it is too wide.

/// How many there are.
pub(super) const COLUMNS: usize = 7;
/// Between two columns.
pub(super) const GAP: usize = 2;

pub(super) const NAME: usize = 0;
const ROOM: usize = 1;
const SEEN: usize = 2;
pub(super) const ADDRESS: usize = 3;
const PATH: usize = 4;
pub(super) const STATE: usize = 5;
const KEY: usize = 6;

/// Columns whose text may be cut, and to what width at least, in that order of preference: room,
/// name, address. An address keeps its port, and one of IPv4 is never cut.
const MAY_SHRINK: [(usize, usize); 3] = [(ROOM, 8), (NAME, 8), (ADDRESS, 21)];
/// What else happens to columns where even that is too wide, the first one first. Who it is and
/// whether that is sure stay longest. The key is cut only where the path and the address are gone:
/// two of its words name somebody, for `peers forget` too.
const STEPS: [(usize, Step); 6] = [
    (PATH, Step::Goes),
    (ADDRESS, Step::Goes),
    (KEY, Step::ShrinksTo(8)),
    (KEY, Step::Goes),
    (ROOM, Step::Goes),
    (SEEN, Step::Goes),
];

/// What a column that is too wide does.
#[derive(Clone, Copy)]
enum Step {
    /// It may be cut, to that width at least.
    ShrinksTo(usize),
    /// It is left out.
    Goes,
}

/// The least that tells one state from another, where it stands beside the name alone.
const LEAST_STATE: usize = 10;

/// A width for each column, which wants to be as wide as `whole` has it, so that a row takes at most
/// `width`; 0 for one that is left out. The name always stays, however wide.
pub(super) fn fitted(mut whole: [usize; COLUMNS], width: usize) -> [usize; COLUMNS] {
    let excess = |widths: &[usize; COLUMNS]| {
        let shown = widths.iter().filter(|columns| **columns > 0);
        let total: usize = shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1);
        total.saturating_sub(width)
    };
    let shrink = |widths: &mut [usize; COLUMNS], column: usize, least: usize| {
        let over = excess(widths);
        if let Some(columns) = widths.get_mut(column).filter(|columns| **columns > least) {
            *columns = columns.saturating_sub(over).max(least);
        }
    };
    let mut widths = whole;
    let mut may_shrink = MAY_SHRINK.to_vec();
    for step in std::iter::once(None).chain(STEPS.into_iter().map(Some)) {
        match step {
            Some((column, Step::ShrinksTo(least))) => may_shrink.push((column, least)),
            Some((column, Step::Goes)) => {
                if let Some(columns) = whole.get_mut(column) {
                    *columns = 0;
                }
            }
            None => {}
        }
        widths = whole;
        for (column, least) in &may_shrink {
            shrink(&mut widths, *column, *least);
        }
        if excess(&widths) == 0 {
            return widths;
        }
    }
    shrink(&mut widths, STATE, LEAST_STATE);
    if excess(&widths) > 0 {
        widths = [0; COLUMNS];
        if let (Some(name), Some(whole)) = (widths.get_mut(NAME), whole.get(NAME)) {
            *name = *whole;
        }
    }
    widths
}
