//! What is done about an offer, and about an answer.

use undertone_core::files::Outcome;

use super::questions::Question;
use super::{Consent, Task, TransferFrontend, text};
use crate::engine::Command;
use crate::engine::event::transfer::{Offered, Transfer};
use crate::exit::Exit;
use crate::terminal::prompts::PromptError;

impl TransferFrontend {
    /// Something is offered, and to be accepted or declined.
    pub(super) fn decide(&mut self, transfer: &Transfer, offered: &Offered) {
        let number = Some(transfer.number);
        match &self.task {
            Task::Send(_) => self.queue.push_back(Command::declined(number)),
            Task::Receive(Consent::Given) if offered.lacks_space => {
                let outcome = Outcome::NoSpace;
                self.queue.push_back(Command::Reject { number, outcome });
            }
            Task::Receive(Consent::Given) => {
                self.queue.push_back(Command::Accept { number, into: None });
            }
            Task::Receive(Consent::Asked) => {
                let what = text::offer(&transfer.peer, &transfer.name, offered);
                self.questions.push(Question::Offer(transfer.number, what));
            }
            Task::Receive(Consent::Unasked) => {
                self.exit.get_or_insert(Exit::Usage);
                self.queue.push_back(Command::declined(number));
            }
        }
    }

    /// What came of a question.
    pub(super) fn answered(&mut self, command: Result<Option<Command>, PromptError>) {
        match command {
            Ok(command) => self.queue.extend(command),
            Err(PromptError::Interrupted) => {
                self.queue.push_back(Command::Leave(Exit::Interrupted));
            }
            Err(PromptError::Signal(exit)) => self.queue.push_back(Command::Leave(exit)),
            Err(error @ (PromptError::Left | PromptError::Io(_))) => {
                if let PromptError::Io(_) = error {
                    self.fail(&error.to_string());
                }
                self.queue.push_back(Command::Leave(Exit::Transfer));
            }
        }
    }
}
