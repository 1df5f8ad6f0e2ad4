//! Questions to whoever sits at the terminal, one at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use rustix::stdio::stdin;
use rustix::termios::{QueueSelector, tcflush};

use crate::engine::Command;
use crate::terminal::prompts::{Asker, PromptError};

/// What is said before it is asked whether the mediator may carry it.
const RELAY: &str = "◆ There is no direct path to the other person. The mediator could carry it, as fast as its limits allow: it would see both addresses, times and sizes, not what is sent. The other person must agree, too.";

type Asking = Pin<Box<dyn Future<Output = Result<bool, PromptError>> + Send>>;

/// What is to be asked, the first of it now.
#[derive(Default)]
pub(super) struct Questions {
    waiting: VecDeque<Question>,
    /// The question on the terminal.
    asking: Option<Asking>,
}

/// A question.
pub(super) enum Question {
    /// Whether to take this offer, and what it is.
    Offer(u32, String),
    /// Whether the mediator may carry it.
    Relay,
}

impl Questions {
    /// Asks this, too.
    pub(super) fn push(&mut self, question: Question) {
        self.waiting.push_back(question);
    }

    /// An offer is over: it is not asked about any more.
    pub(super) fn withdraw(&mut self, number: u32) {
        let is_it =
            |question: &Question| matches!(question, Question::Offer(of, _) if *of == number);
        if self.waiting.front().is_some_and(is_it) {
            self.asking = None;
        }
        self.waiting.retain(|question| !is_it(question));
    }

    /// Takes the question from the terminal; [`ask`](Self::ask) brings it back.
    pub(super) fn interrupt(&mut self) {
        self.asking = None;
    }

    /// Puts the first question to the person, unless it is there.
    pub(super) fn ask(&mut self) {
        if self.asking.is_some() {
            return;
        }
        let (why, text) = match self.waiting.front() {
            None => return,
            Some(Question::Offer(_, what)) => (what.clone(), "Take it? (y/N)"),
            Some(Question::Relay) => (RELAY.to_owned(), "May the mediator carry it? (y/N)"),
        };
        self.asking = Some(Box::pin(async move {
            // What was typed before is no answer.
            let _ = tcflush(stdin(), QueueSelector::IFlush);
            let mut asker = Asker::open()?;
            asker.confirm(&why, text).await
        }));
    }

    /// Waits for the answer to the question on the terminal; `None` where there is no question.
    /// Cancel-safe.
    pub(super) async fn answer(&mut self) -> Option<Result<Option<Command>, PromptError>> {
        let answer = self.asking.as_mut()?.await;
        self.asking = None;
        let question = self.waiting.pop_front()?;
        self.ask();
        Some(answer.map(|agrees| question.command(agrees)))
    }

    /// Whether there is a question on the terminal.
    pub(super) fn is_asking(&self) -> bool {
        self.asking.is_some()
    }
}

impl Question {
    /// What is done about the answer.
    fn command(self, agrees: bool) -> Option<Command> {
        match self {
            Self::Offer(number, _) if agrees => Some(Command::Accept {
                number: Some(number),
                into: None,
            }),
            Self::Offer(number, _) => Some(Command::declined(Some(number))),
            Self::Relay => agrees.then_some(Command::AllowRelay),
        }
    }
}
