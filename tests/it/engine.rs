//! The engine without any program around it: conversations in this process, by commands and events.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use undertone::attempts::Attempts;
use undertone::contacts::Contacts;
use undertone::engine::connect::listening::Listening;
use undertone::engine::event::{Event, Leaving};
use undertone::engine::relay::{Consent, RelayChoice};
use undertone::engine::{
    ChatConfig, Command, ConversationHandle, ConversationId, Deliveries, Delivery, Engine, Speaker,
};
use undertone::exit::Exit;
use undertone::files::journal::Journal;
use undertone::files::sink::Target;
use undertone::store::{Store, Writer};
use undertone_core::crypto::keys::SecretKey;
use undertone_core::session::RENEW_EVERY;
use undertone_core::text::display_name::DisplayName;
use undertone_net::rendezvous::MediatorEndpoint;

use crate::common::{Home, Mediator, PATIENCE};

/// Somebody with any number of conversations.
struct Somebody {
    home: Home,
    identity: Arc<SecretKey>,
    engine: Engine,
    deliveries: Deliveries,
    conversations: HashMap<ConversationId, ConversationHandle>,
    renew_every: Duration,
}

impl Somebody {
    fn new() -> Self {
        let (engine, deliveries) = Engine::new();
        Self {
            home: Home::new(),
            identity: Arc::new(SecretKey::generate()),
            engine,
            deliveries,
            conversations: HashMap::new(),
            renew_every: RENEW_EVERY,
        }
    }

    fn start(&mut self, mediator: &Mediator, name: &str, room: &str) -> ConversationId {
        let store = Store::open(&self.home.data()).unwrap();
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let conversation = self.engine.start(ChatConfig {
            name: DisplayName::parse(name).unwrap(),
            room: room.parse().unwrap(),
            mediator: Some(MediatorEndpoint::direct(
                mediator.address().parse().unwrap(),
            )),
            made_up: false,
            to_itself: None,
            lan: false,
            local_port: 0,
            contacts: Contacts::open(&store, self.identity.public()),
            attempts: Attempts::open(store.dir()),
            identity: Arc::clone(&self.identity),
            history: None,
            writer: Arc::new(Writer::start().unwrap()),
            listening: Listening {
                bind: Some(bind),
                ..Listening::default()
            },
            consent: Consent::new(RelayChoice::Never, false),
            timeout: None,
            journal: Journal::open(&self.home.data()),
            downloads: Target::Folder(self.home.data()),
            accepts: None,
            limit: None,
            require_verified: false,
            renew_every: self.renew_every,
            speaker: Speaker {
                is_person: false,
                types: false,
                is_prompt: false,
                is_for_files: false,
                hears_details: true,
            },
        });
        let id = conversation.id;
        self.conversations.insert(id, conversation);
        id
    }

    async fn command(&self, id: ConversationId, command: Command) {
        self.conversations[&id]
            .commands
            .send(command)
            .await
            .unwrap();
    }

    async fn say(&self, id: ConversationId, text: &str) {
        self.command(id, Command::Say(text.to_owned())).await;
    }

    /// The next event of any conversation that `what` is made of; all are written.
    async fn next<T>(&mut self, what: impl Fn(&Event) -> Option<T>) -> (ConversationId, T) {
        loop {
            let delivery = self.deliveries.recv().await.unwrap();
            let (id, found) = (delivery.id, what(&delivery.event));
            delivery.done(Ok(()));
            if let Some(found) = found {
                return (id, found);
            }
        }
    }

    async fn is_connected(&mut self) -> (ConversationId, String) {
        self.next(|event| match event {
            Event::Connected { peer, .. } => Some(peer.clone()),
            _ => None,
        })
        .await
    }

    /// The next message is this one; how often keys were renewed before it.
    async fn hears_and_counts_renewals(&mut self, expected: &str) -> u32 {
        let mut renewed = 0;
        loop {
            let heard = self.next(|event| match event {
                Event::Detail { message } if message.contains("renewed") => Some(None),
                Event::Message { from, text, .. } => Some(Some(format!("{from}: {text}"))),
                Event::Parted { .. } | Event::Reconnecting { .. } => panic!("{event:?}"),
                _ => None,
            });
            match heard.await.1 {
                None => renewed += 1,
                Some(heard) => {
                    assert_eq!(heard, expected);
                    return renewed;
                }
            }
        }
    }

    async fn hears(&mut self) -> (ConversationId, String) {
        self.next(|event| match event {
            Event::Message { from, text, .. } => Some(format!("{from}: {text}")),
            _ => None,
        })
        .await
    }

    /// The next message, yet to be written.
    async fn message(&mut self) -> Delivery {
        loop {
            let delivery = self.deliveries.recv().await.unwrap();
            match delivery.event {
                Event::Message { .. } => return delivery,
                _ => delivery.done(Ok(())),
            }
        }
    }

    async fn ends(&mut self, id: ConversationId) -> Exit {
        let mut conversation = self.conversations.remove(&id).unwrap();
        loop {
            tokio::select! {
                Some(delivery) = self.deliveries.recv() => delivery.done(Ok(())),
                ended = &mut conversation.task => {
                    return ended.unwrap().unwrap_or_else(|error| error.exit());
                }
            }
        }
    }
}

#[tokio::test]
async fn two_conversations_in_one_process_talk_to_two_others() {
    let mediator = Mediator::start();
    let [mut ada, mut bob, mut carol] = [(); 3].map(|()| Somebody::new());
    let with_bob = ada.start(&mediator, "ada", "first#secret");
    let with_carol = ada.start(&mediator, "ada", "second#secret");
    assert_ne!(with_bob, with_carol);
    let bobs = bob.start(&mediator, "bob", "first#secret");
    let carols = carol.start(&mediator, "carol", "second#secret");

    let mut connected = HashMap::from([ada.is_connected().await, ada.is_connected().await]);
    assert_eq!(connected.remove(&with_bob).as_deref(), Some("bob"));
    assert_eq!(connected.remove(&with_carol).as_deref(), Some("carol"));
    assert_eq!(bob.is_connected().await, (bobs, "ada".to_owned()));
    assert_eq!(carol.is_connected().await, (carols, "ada".to_owned()));

    ada.say(with_bob, "to bob").await;
    ada.say(with_carol, "to carol").await;
    assert_eq!(bob.hears().await, (bobs, "ada: to bob".to_owned()));
    assert_eq!(carol.hears().await, (carols, "ada: to carol".to_owned()));
    carol.say(carols, "from carol").await;
    assert_eq!(
        ada.hears().await,
        (with_carol, "carol: from carol".to_owned())
    );
    bob.say(bobs, "from bob").await;
    assert_eq!(ada.hears().await, (with_bob, "bob: from bob".to_owned()));

    // One ends, and the other one goes on.
    bob.command(bobs, Command::Leave(Exit::Done)).await;
    let left = ada.next(|event| match event {
        Event::Left { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(left.await, (with_bob, Leaving::Quit));
    assert_eq!(ada.ends(with_bob).await, Exit::Done);
    assert_eq!(bob.ends(bobs).await, Exit::Done);
    ada.say(with_carol, "still here").await;
    assert_eq!(carol.hears().await, (carols, "ada: still here".to_owned()));
}

/// Ada and bob, who have met, each with their conversation.
async fn pair() -> (Mediator, [(Somebody, ConversationId); 2]) {
    let mediator = Mediator::start();
    let mut both = ["ada", "bob"].map(|name| {
        let mut somebody = Somebody::new();
        let id = somebody.start(&mediator, name, "lab#secret");
        (somebody, id)
    });
    for (somebody, _) in &mut both {
        somebody.is_connected().await;
    }
    (mediator, both)
}

#[tokio::test]
async fn a_message_that_no_face_could_write_is_not_acknowledged() {
    let (_mediator, [(mut ada, adas), (mut bob, bobs)]) = pair().await;
    ada.say(adas, "hello").await;
    let refused = bob.message().await;
    refused.done(Err(std::io::ErrorKind::StorageFull.into()));
    let ended = bob.conversations.remove(&bobs).unwrap().task.await.unwrap();
    assert_eq!(ended.unwrap_err().exit(), Exit::InternalError);
    // Told that bob's program failed, and not that the message arrived.
    let told = ada.next(|event| match event {
        Event::Left { reason, .. } => Some(Some(*reason)),
        Event::Delivered { .. } => Some(None),
        _ => None,
    });
    assert_eq!(told.await, (adas, Some(Leaving::Failed)));
}

#[tokio::test]
async fn what_was_to_be_said_when_the_other_one_left_counts_as_not_arrived() {
    let (_mediator, [(mut ada, adas), (mut bob, bobs)]) = pair().await;
    bob.say(bobs, "one").await;
    let first = ada.message().await;
    // Ada, who waits for her face, reads this and the goodbye at once.
    bob.say(bobs, "two").await;
    for _ in 0..2 {
        bob.command(bobs, Command::Leave(Exit::Done)).await;
    }
    assert_eq!(bob.ends(bobs).await, Exit::NoPath);
    first.done(Ok(()));
    let second = ada.message().await;
    ada.say(adas, "too late").await;
    second.done(Ok(()));
    assert_eq!(ada.ends(adas).await, Exit::NoPath);
}

#[tokio::test]
async fn a_conversation_without_a_face_ends() {
    let (_mediator, [(mut ada, adas), (bob, _)]) = pair().await;
    drop(bob);
    ada.next(|event| matches!(event, Event::Left { .. }).then_some(()))
        .await;
    ada.ends(adas).await;
}

/// More than wait for a face that does not listen: the answers that a face waits for are not lost.
#[tokio::test]
async fn every_command_is_answered_to_a_face_that_is_late() {
    const COMMANDS: usize = 1_000;
    let mediator = Mediator::start();
    let mut ada = Somebody::new();
    let id = ada.start(&mediator, "ada", "lab#secret");
    let commands = ada.conversations[&id].commands.clone();
    tokio::spawn(async move {
        for _ in 0..COMMANDS {
            commands.send(Command::Show(Event::Obeyed)).await.unwrap();
        }
    });
    // Until nothing more is taken.
    for _ in 0..10 * COMMANDS {
        tokio::task::yield_now().await;
    }
    let answers = async {
        for _ in 0..COMMANDS {
            ada.next(|event| matches!(event, Event::Obeyed).then_some(()))
                .await;
        }
    };
    tokio::time::timeout(PATIENCE, answers).await.unwrap();
}

#[tokio::test]
async fn keys_are_renewed_while_two_talk_and_nothing_is_lost_or_doubled() {
    let mediator = Mediator::start();
    let [mut ada, mut bob] = [(); 2].map(|()| Somebody::new());
    ada.renew_every = Duration::from_millis(20);
    bob.renew_every = Duration::from_millis(20);
    let adas = ada.start(&mediator, "ada", "lab#secret");
    let bobs = bob.start(&mediator, "bob", "lab#secret");
    ada.is_connected().await;
    bob.is_connected().await;
    let mut renewed = 0;
    for n in 0.. {
        ada.say(adas, &format!("ada {n}")).await;
        bob.say(bobs, &format!("bob {n}")).await;
        renewed += bob
            .hears_and_counts_renewals(&format!("ada: ada {n}"))
            .await;
        renewed += ada
            .hears_and_counts_renewals(&format!("bob: bob {n}"))
            .await;
        if renewed >= 10 {
            break;
        }
    }
}
