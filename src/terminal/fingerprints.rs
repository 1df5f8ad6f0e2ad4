//! Two fingerprints, so that two that begin alike are told apart: word under word; in a row too
//! narrow for that the few words that differ, or one key under the other.
//!
//! ```text
//!   was    1 solo          2 torpedo       3 aardvark      4 adroitness
//!   is     1 solo          2 torpedo     ≠ 3 absurd      ≠ 4 adviser
//!
//!   these words differ:            was  1 solo torpedo aardvark
//!    3 aardvark → absurd                4 adroitness
//!    4 adroitness → adviser        is   1 solo torpedo ≠absurd
//!                                       4 ≠adviser
//! ```

use undertone_core::text::safe::columns;

/// Columns of a word with its mark, its number and a gap.
const CELL: usize = 16;
/// Columns of the label before a row.
const LABEL: usize = 7;
/// Columns of a single word in its row.
pub const LEAST: usize = LABEL + CELL;
/// Words in a row of the table.
const ROW: usize = 4;
/// Columns of two words, the one in place of the other.
const CHANGE: usize = 32;
/// So many words that differ are named each; of more the keys are shown.
const FEW: usize = 8;

/// Both fingerprints in rows of at most `width` columns, if that is not under [`LEAST`]; what is
/// another word is marked.
#[must_use]
pub fn beside(was: &str, is: &str, width: usize) -> String {
    let [was, is] = [was, is].map(|words| words.split('-').collect::<Vec<_>>());
    let pairs = || was.iter().zip(&is).enumerate();
    let differing = pairs().filter(|(_, (was, is))| was != is).count();
    if width >= LABEL + ROW * CELL {
        return table(&was, &is);
    }
    if width >= CHANGE && differing <= FEW {
        let changes = pairs().filter(|(_, (was, is))| was != is);
        let changes = changes.map(|(at, (was, is))| format!("\n  {:>2} {was} → {is}", at + 1));
        return format!("  these words differ:{}", changes.collect::<String>());
    }
    let marked: Vec<_> = pairs().map(|(_, (was, is))| was != is).collect();
    // Where most differ, marks are in the way.
    let marked = if differing <= FEW { marked } else { Vec::new() };
    let mut lines = filled("  was ", &was, &[], width);
    lines.extend(filled("  is  ", &is, &marked, width));
    lines.join("\n")
}

fn table(was: &[&str], is: &[&str]) -> String {
    let mut lines = Vec::new();
    for (nth, (was, is)) in was.chunks(ROW).zip(is.chunks(ROW)).enumerate() {
        let first = nth * ROW + 1;
        lines.push(line("  was  ", was, |_| false, first));
        let differs = |at: usize| was.get(at) != is.get(at);
        lines.push(line("  is   ", is, differs, first));
    }
    lines.join("\n")
}

/// One key in rows as full as they get, each behind the number of its first word.
fn filled(label: &str, words: &[&str], marked: &[bool], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let mark = if marked.get(at) == Some(&true) {
            "≠"
        } else {
            ""
        };
        let word = format!(" {mark}{word}");
        match lines.last_mut() {
            Some(line) if columns(line) + columns(&word) <= width => *line += &word,
            before => {
                let label = if before.is_none() { label } else { "" };
                lines.push(format!("{label:<6}{:>2}{word}", at + 1));
            }
        }
    }
    lines
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

    const WAS: &str = "solo-torpedo-aardvark-adroitness-absurd";
    const IS: &str = "solo-torpedo-absurd-adviser-absurd";

    #[test]
    fn every_word_that_differs_is_marked_and_no_other() {
        let rows = [
            "  was    1 solo          2 torpedo       3 aardvark      4 adroitness",
            "  is     1 solo          2 torpedo     ≠ 3 absurd      ≠ 4 adviser",
            "  was    5 absurd",
            "  is     5 absurd",
        ];
        assert_eq!(beside(WAS, IS, 71), rows.join("\n"));
        let rows = [
            "  these words differ:",
            "   3 aardvark → absurd",
            "   4 adroitness → adviser",
        ];
        assert_eq!(beside(WAS, IS, 70), rows.join("\n"));
        let rows = [
            "  was  1 solo torpedo",
            "       3 aardvark",
            "       4 adroitness",
            "       5 absurd",
            "  is   1 solo torpedo",
            "       3 ≠absurd",
            "       4 ≠adviser absurd",
        ];
        assert_eq!(beside(WAS, IS, LEAST + 1), rows.join("\n"));
    }

    #[test]
    fn no_row_is_wider_than_it_may_be_and_no_word_parted_from_its_number() {
        let long = ["almighty-undertaking"; 8].join("-");
        let other = ["drumbeat-yesteryear"; 8].join("-");
        for (was, is) in [(WAS, IS), (&long, &other), (&long, &long)] {
            for width in LEAST..=120 {
                let text = beside(was, is, width);
                assert!(text.lines().all(|line| columns(line) <= width), "{text}");
                assert!(
                    text.lines()
                        .all(|line| !line.ends_with(|c: char| c.is_ascii_digit())),
                    "{text}"
                );
            }
        }
        assert!(beside(&long, &other, 50).lines().count() <= 12);
    }
}
