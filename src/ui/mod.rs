//! Faces: what people and programs see of the engine's events, and what they say.

pub mod aside;
pub mod clipboard;
pub mod clock;
pub mod console;
pub mod here;
pub mod input;
pub mod interface;
pub mod output;
pub mod stay;
pub mod text;
pub mod times;
pub mod type_ahead;
pub mod written;
