//! One conversation from its start to its end, with a front for its person or program.

use tokio::sync::mpsc;

use super::frontend::Frontend;
use super::output::Face;
use crate::engine::{ChatConfig, ChatError, ConversationHandle, Delivery, Engine};
use crate::exit::Exit;
use crate::signals::Signals;

/// Runs the conversation.
///
/// # Errors
/// [`ChatError`], with the exit code and the words for it.
pub async fn run(config: ChatConfig, face: Face, signals: &mut Signals) -> Result<Exit, ChatError> {
    let mut front = Frontend::open(face)?;
    let (mut engine, mut deliveries) = Engine::new();
    let mut conversation = engine.start(config);
    let ended = converse(&mut conversation, &mut deliveries, &mut front, signals).await;
    while let Ok(delivery) = deliveries.try_recv() {
        front.take(delivery);
    }
    front.paint();
    front.close();
    ended
}

async fn converse(
    conversation: &mut ConversationHandle,
    deliveries: &mut mpsc::UnboundedReceiver<Delivery>,
    front: &mut Frontend,
    signals: &mut Signals,
) -> Result<Exit, ChatError> {
    loop {
        while let Some(command) = front.queue.pop_front() {
            if let Err(refused) = conversation.commands.try_send(command) {
                front.queue.push_front(refused.into_inner());
                break;
            }
        }
        front.paint();
        let queued = !front.queue.is_empty();
        tokio::select! {
            Some(delivery) = deliveries.recv() => {
                front.take(delivery);
                while let Ok(delivery) = deliveries.try_recv() {
                    front.take(delivery);
                }
            }
            () = front.listen(), if front.listens() => {}
            _ = conversation.commands.reserve(), if queued => {}
            exit = signals.next() => {
                front.was_stopped(exit);
                // The second one is enough.
                let _ = conversation.stop.try_send(exit);
            }
            ended = &mut conversation.task => {
                return ended.unwrap_or_else(|error| Err(ChatError::System(error.into())));
            }
        }
    }
}
