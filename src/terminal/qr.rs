//! A text as a QR code of half-block characters: two modules above each other in one cell.
//!
//! Owns: the picture (ISO/IEC 18004, error correction L, a quiet zone of 4 modules). Pure: the size
//! of the terminal goes in, lines come out.
//!
//! A reader wants dark modules on a light ground. With colours both are set, and it is right on
//! every terminal. Without, the *light* modules are drawn and the dark ones left blank, which is
//! right where the terminal writes light on dark, as most do.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules on each side (ISO/IEC 18004 §5.3.8).
const QUIET: usize = 4;
/// Black on bright white.
const INK: &str = "\u{1b}[30;107m";
const RESET: &str = "\u{1b}[0m";

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// It would be cut or wrapped, and no camera could read it.
    #[error("it takes {columns} columns and {rows} rows, more than this terminal has")]
    TooBig {
        /// Columns that it takes.
        columns: usize,
        /// Rows that it takes.
        rows: usize,
    },
    /// Nothing to draw on: a pipe, or plain output.
    #[error("the output is plain, ASCII only, or no terminal")]
    NoTerminal,
    /// More than a QR code can hold.
    #[error("the text is too long for one")]
    TooLong,
}

/// Draws `text` for a terminal of `(columns, rows)`, lines without a line feed at the end.
///
/// # Errors
/// [`QrError::TooBig`], [`QrError::TooLong`].
pub fn draw(text: &str, size: (usize, usize), color: bool) -> Result<String, QrError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L);
    let code = code.map_err(|_| QrError::TooLong)?;
    let modules = code.width();
    let columns = modules + 2 * QUIET;
    let rows = columns.div_ceil(2);
    if columns > size.0 || rows > size.1 {
        return Err(QrError::TooBig { columns, rows });
    }
    let colors = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < modules);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else {
            return false;
        };
        colors.get(y * modules + x) == Some(&Color::Dark)
    };
    let lines = (0..rows).map(|row| {
        let cells = (0..columns).map(|x| {
            let halves = [is_dark(x, 2 * row), is_dark(x, 2 * row + 1)];
            // What is drawn: the dark modules as ink on white, else the light ones.
            cell(halves.map(|dark| dark == color))
        });
        let line: String = cells.collect();
        match color {
            true => format!("{INK}{line}{RESET}"),
            false => line,
        }
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn cell(drawn: [bool; 2]) -> char {
    match drawn {
        [true, true] => '█',
        [true, false] => '▀',
        [false, true] => '▄',
        [false, false] => ' ',
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const INVITE: &str = "http://192.168.1.20:7700/#amber-falcon#cedar-otter-nine-velvet";
    const ROOMY: (usize, usize) = (200, 100);

    /// Reads a picture as a camera would see it: on a dark terminal, or in its colours.
    fn read(picture: &str) -> String {
        let colored = picture.contains(INK);
        let bare = picture.replace(INK, "").replace(RESET, "");
        let cells: Vec<Vec<char>> = bare.lines().map(|line| line.chars().collect()).collect();
        let (scale, columns) = (4, cells[0].len());
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(
            columns * scale,
            2 * cells.len() * scale,
            |x, y| {
                let (x, y) = (x / scale, y / scale);
                let drawn = match cells[y / 2][x] {
                    '█' => true,
                    '▀' => y % 2 == 0,
                    '▄' => y % 2 == 1,
                    _ => false,
                };
                // Ink is dark; without colours what is drawn is light.
                if drawn == colored { 0 } else { 255 }
            },
        );
        let grids = image.detect_grids();
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_the_invite_with_colours_and_without() {
        for color in [true, false] {
            for text in [INVITE, "a", &"x".repeat(400)] {
                assert_eq!(read(&draw(text, ROOMY, color).unwrap()), text);
            }
        }
    }

    #[test]
    fn the_quiet_zone_is_light_and_every_line_as_wide() {
        let picture = draw(INVITE, ROOMY, false).unwrap();
        let lines: Vec<&str> = picture.lines().collect();
        let columns = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == columns));
        assert!(lines[..2].iter().all(|line| line.chars().all(|c| c == '█')));
        assert!(lines.iter().all(|line| line.starts_with("████")));
        assert!(!picture.contains('\u{1b}'));
    }

    #[test]
    fn a_terminal_that_is_too_small_gets_words_instead() {
        let picture = draw(INVITE, ROOMY, false).unwrap();
        let columns = picture.lines().next().unwrap().chars().count();
        let rows = picture.lines().count();
        assert!(draw(INVITE, (columns, rows), false).is_ok());
        for size in [(columns - 1, rows), (columns, rows - 1), (0, 0)] {
            let too_big = QrError::TooBig { columns, rows };
            assert_eq!(draw(INVITE, size, true), Err(too_big));
        }
        let long = "x".repeat(10_000);
        assert_eq!(draw(&long, ROOMY, true), Err(QrError::TooLong));
    }
}
