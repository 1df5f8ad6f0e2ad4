//! What is said beside a chat: by the wait for the other one, and by whatever minds the mediator.
//! It goes out by the face, or, once a console has the terminal, through that: nobody else may
//! write there then.

use std::sync::OnceLock;

use tokio::sync::mpsc;

use crate::terminal::layout::Text;

/// Texts that wait for the console; nobody reads as many at once, and more are dropped.
const WAITING: usize = 64;

/// The way to the console, if there is one.
#[derive(Default)]
pub struct Aside(OnceLock<mpsc::Sender<Text>>);

impl Aside {
    /// A console opens, and shows what comes from now on.
    pub fn open(&self) -> mpsc::Receiver<Text> {
        let (sender, texts) = mpsc::channel(WAITING);
        // There is one console in a program's life.
        let _ = self.0.set(sender);
        texts
    }

    /// Whether a console has the terminal.
    pub fn is_open(&self) -> bool {
        self.0.get().is_some_and(|console| !console.is_closed())
    }

    /// Hands a text to the console.
    pub fn put(&self, text: Text) {
        if let Some(console) = self.0.get() {
            let _ = console.try_send(text);
        }
    }
}
