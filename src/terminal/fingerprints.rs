//! Two fingerprints, word under word, so that two that begin alike are told apart.
//!
//! ```text
//!   was    1 solo          2 torpedo       3 aardvark      4 adroitness
//!   is     1 solo          2 torpedo     ≠ 3 absurd      ≠ 4 adviser
//! ```

/// Columns of a word with its mark, its number and a gap.
const CELL: usize = 16;
/// Columns of the label before a row.
const LABEL: usize = 7;
/// Columns of a single word in its row.
pub const LEAST: usize = LABEL + CELL;
/// Words in a row at the most.
const ROW: usize = 4;

/// Both fingerprints in rows of at most `width` columns, if that is not under [`LEAST`]; a `≠`
/// marks each word of the second that is another one.
#[must_use]
pub fn beside(was: &str, is: &str, width: usize) -> String {
    let row = (width.saturating_sub(LABEL) / CELL).clamp(1, ROW);
    let [was, is] = [was, is].map(|words| words.split('-').collect::<Vec<_>>());
    let mut lines = Vec::new();
    for (nth, (was, is)) in was.chunks(row).zip(is.chunks(row)).enumerate() {
        let first = nth * row + 1;
        lines.push(line("  was  ", was, |_| false, first));
        let differs = |at: usize| was.get(at) != is.get(at);
        lines.push(line("  is   ", is, differs, first));
    }
    lines.join("\n")
}

fn line(label: &str, words: &[&str], marked: impl Fn(usize) -> bool, first: usize) -> String {
    let mut line = label.to_owned();
    for (at, word) in words.iter().enumerate() {
        let mark = if marked(at) { "≠" } else { " " };
        line += &format!("{mark}{:>2} {word:<12}", first + at);
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_differs_is_marked_and_no_other() {
        let was = "solo-torpedo-aardvark-adroitness-absurd";
        let is = "solo-torpedo-absurd-adviser-absurd";
        let rows = [
            "  was    1 solo          2 torpedo       3 aardvark      4 adroitness",
            "  is     1 solo          2 torpedo     ≠ 3 absurd      ≠ 4 adviser",
            "  was    5 absurd",
            "  is     5 absurd",
        ];
        assert_eq!(beside(was, is, 80), rows.join("\n"));
        assert_eq!(beside(was, is, 30).lines().count(), 10);
        assert!(
            beside(was, is, 0)
                .lines()
                .all(|line| line.chars().count() <= LEAST)
        );
    }
}
