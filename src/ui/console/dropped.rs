//! A draft of nothing but paths, as a terminal types those that are dropped onto it: are the files
//! meant, or the text?

use std::path::{Path, PathBuf};

use tokio::time::Instant;
use undertone_core::text::safe::Safe;

use crate::engine::event::Status;
use crate::files::size::bytes;
use crate::files::typed;
use crate::terminal::composer::question::Question;
use crate::ui::console::Console;
use crate::ui::input::{self, Input};

/// The keys that answer, …
const KEYS: &str = "ynt";
/// … and what they do.
const CHOICES: &str = "y · n · t as text";
/// Columns of a name, where there is room for more than it.
const NAME: usize = 32;

impl Console {
    /// Takes what Enter was pressed behind.
    pub(super) fn submit(&mut self, text: String) {
        let input = input::typed(&text);
        let is_text =
            matches!(input, Input::Say(_) | Input::Unknown(..)) && !text.starts_with("//");
        let is_asked = is_text && self.in_chat && self.inputs.is_empty();
        let can_send = matches!(self.status, Status::Linked { .. } | Status::Lost { .. });
        let home = std::env::home_dir();
        let paths = (is_asked && can_send).then(|| typed::dropped(&text, home.as_deref()));
        let Some(paths) = paths.flatten() else {
            return self.inputs.push_back(input);
        };
        let texts = texts(&paths, &self.peer);
        self.dropped = Some(text);
        let now = Instant::now().into_std();
        self.composer.ask(Question::Key { texts, keys: KEYS }, now);
    }

    /// The question is answered.
    pub(super) fn decide(&mut self, text: String, answer: &str) {
        match answer {
            "y" => self.inputs.push_back(Input::Send(text)),
            "t" => self.inputs.push_back(Input::Say(text)),
            _ => self.composer.put_back(&text),
        }
    }

    /// Takes the question back, if it is asked: the text is the draft again.
    pub(super) fn undecide(&mut self) {
        if let Some(text) = self.dropped.take() {
            self.composer.unask();
            self.composer.put_back(&text);
        }
    }
}

/// What is asked, from all of it to the least.
fn texts(paths: &[PathBuf], peer: &str) -> Vec<String> {
    let peer = Safe::name(peer);
    let mut names = paths.iter().filter_map(|path| name(path));
    let first = names.next().unwrap_or_default();
    let more = match names.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let [long, short] = [NAME, NAME / 2].map(|room| format!("{}{more}", first.clipped(room)));
    // How much there is in a folder is not known yet.
    let sizes = paths.iter().map(|path| {
        let metadata = path.metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    });
    let size = sizes.sum::<Option<u64>>().map(bytes);
    let size = size.map(|size| format!(", {size},")).unwrap_or_default();
    vec![
        format!("Send {long}{size} to {peer}? {CHOICES}"),
        format!("Send {short} to {peer}? {CHOICES}"),
        format!("Send {short} to {peer}? y/n/t"),
        format!("Files to {peer}? y/n/t"),
        "Files? y/n/t".to_owned(),
        "y/n/t?".to_owned(),
    ]
}

fn name(path: &Path) -> Option<Safe> {
    let folder = if path.is_dir() { "/" } else { "" };
    let name = path.file_name()?.to_string_lossy();
    Some(Safe::line(&format!("{name}{folder}")))
}
