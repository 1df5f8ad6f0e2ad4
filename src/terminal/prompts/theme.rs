//! How a question looks: its row while it is asked, what stays of it, and why an answer is none.
//!
//! dialoguer's own prompts read the terminal themselves and take its late answers for keys (the `y`
//! that ends a mode report confirmed a question), so it lends the look only, and the keys come
//! from the editor of the chat.

use std::fmt;

use dialoguer::theme::Theme;
use undertone_core::text::safe::Safe;

/// `? text (offered) › answer`, `✗ why`.
pub(super) struct Marks;

impl Theme for Marks {
    fn format_input_prompt(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        default: Option<&str>,
    ) -> fmt::Result {
        match default {
            Some(default) => write!(f, "? {prompt} ({})", Safe::line(default)),
            None => write!(f, "? {prompt}"),
        }
    }

    fn format_input_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        selection: &str,
    ) -> fmt::Result {
        write!(f, "? {prompt} › {}", Safe::line(selection))
    }

    fn format_error(&self, f: &mut dyn fmt::Write, why: &str) -> fmt::Result {
        write!(f, "✗ {}", Safe::message(why))
    }
}

/// What the theme writes.
pub(super) fn themed(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut line = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut line);
    line
}
