//! Faces: they read the engine's events, and make commands of what people and programs say.
//!
//! ```text
//! run ─► frontend           one conversation, in a terminal or in a pipe
//!          ├► lines          where there is no console ─► output: to people (text), to programs
//!          │                 (json) · clock: how long one waits
//!          ├► console        the chat as a place to be in, in a terminal
//!          ├► type_ahead     what is typed before anyone is there
//!          └► input, help    what is typed, and what can be
//!      └► transfer           the same without a chat: one transfer, its row and its questions
//! text       all wording of a chat
//! moving     files on their way, in the prompt · quarters: in lines · rate: how fast
//! times      when the other person's messages were written
//! unread     offers that nothing typed ahead accepts
//! clipboard  the invite, to be copied
//! ```

mod clipboard;
mod clock;
mod command;
mod console;
pub(crate) mod frontend;
pub mod help;
pub mod input;
pub mod json;
mod lines;
mod moving;
pub mod output;
mod quarters;
mod rate;
pub mod run;
pub mod text;
pub mod times;
pub(crate) mod transfer;
mod type_ahead;
mod unread;
