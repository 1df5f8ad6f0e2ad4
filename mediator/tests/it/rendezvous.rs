//! Each row of the agreement, and each way in which a room changes, over real sockets.

use tokio_tungstenite::tungstenite::Message;
use undertone_mediator::Config;
use undertone_wire::{ClientMessage, ErrorCode, MediatorMessage, PATH, Role, Tag};

use crate::common::{Client, Mediator, ROOM, pair};

#[tokio::test]
async fn two_meet_swap_sealed_and_are_forgotten() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    host.seal(b"from host").await;
    guest.seal(b"from guest").await;
    assert_eq!(host.hear_sealed().await, b"from guest");
    assert_eq!(guest.hear_sealed().await, b"from host");
    host.say(&ClientMessage::Done).await;
    host.hear_close().await;
    // No peer-left: the next that the guest hears is the close after its own done.
    guest.say(&ClientMessage::Done).await;
    guest.hear_close().await;
}

#[tokio::test]
async fn observed_is_the_address_of_the_socket() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect_from(7).await;
    client.join(ROOM, b"offer").await;
    assert_eq!(Some(client.hear_waiting().await), client.local);
}

#[tokio::test]
async fn what_a_balancer_goes_by_is_nothing_to_the_mediator() {
    let mediator = Mediator::start(Config::default());
    let queries = ["?t=01", "?t=fe", "?", "?t", "?later=%00&t=", ""];
    for pair in queries.chunks(2) {
        let at = |query: &str| format!("{PATH}{query}");
        let mut host = Client::at(&at(pair[0]), mediator.dial_from(1).await).await;
        host.join(ROOM, b"host's offer").await;
        host.hear_waiting().await;
        let mut guest = Client::at(&at(pair[1]), mediator.dial_from(1).await).await;
        guest.join(ROOM, b"guest's offer").await;
        guest.hear_paired().await;
    }
}

#[tokio::test]
async fn a_third_client_waits_for_a_fourth() {
    let mediator = Mediator::start(Config::default());
    let _first_two = pair(&mediator, ROOM).await;
    let _third_and_fourth = pair(&mediator, ROOM).await;
}

#[tokio::test]
async fn rooms_do_not_mix() {
    let mediator = Mediator::start(Config::default());
    let mut one = mediator.connect().await;
    one.join(Tag([7; 32]), b"offer").await;
    one.hear_waiting().await;
    let _pair = pair(&mediator, ROOM).await;
    one.join(Tag([7; 32]), b"offer").await;
    one.hear_waiting().await;
}

#[tokio::test]
async fn the_same_join_again_renews_and_another_takes_a_new_seat() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    for offer in [b"one", b"one", b"two"] {
        client.join(ROOM, offer).await;
        client.hear_waiting().await;
    }
    let mut other = mediator.connect().await;
    other.join(ROOM, b"three").await;
    assert_eq!(other.hear_paired().await, (Role::Guest, b"two".to_vec()));
}

#[tokio::test]
async fn a_renewal_that_crosses_paired_is_ignored() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    host.join(ROOM, b"host's offer").await;
    host.seal(b"still paired").await;
    guest.seal(b"so am I").await;
    assert_eq!(guest.hear_sealed().await, b"still paired");
}

#[tokio::test]
async fn a_second_join_with_another_offer_leaves_the_pairing() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    host.join(ROOM, b"fresh offer").await;
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
    host.hear_waiting().await;
    guest.join(ROOM, b"fresh too").await;
    assert_eq!(
        guest.hear_paired().await,
        (Role::Guest, b"fresh offer".to_vec())
    );
}

#[tokio::test]
async fn a_closed_connection_frees_its_seat() {
    let mediator = Mediator::start(Config::default());
    let mut first = mediator.connect().await;
    first.join(ROOM, b"first").await;
    first.hear_waiting().await;
    first.send(Message::Close(None)).await;
    first.hear_close().await;
    let mut next = mediator.connect().await;
    next.join(ROOM, b"next").await;
    next.hear_waiting().await;
}

#[tokio::test]
async fn a_cut_connection_frees_its_seat() {
    let mediator = Mediator::start(Config::default());
    let mut first = mediator.connect().await;
    first.join(ROOM, b"first").await;
    first.hear_waiting().await;
    drop(first);
    let mut next = mediator.connect().await;
    next.join(ROOM, b"next").await;
    // The cut may be noticed just after this join, but is noticed.
    if let MediatorMessage::Paired { .. } = next.hear().await {
        assert_eq!(next.hear().await, MediatorMessage::PeerLeft);
    }
}

#[tokio::test]
async fn peer_left_when_the_other_goes_before_done() {
    let mediator = Mediator::start(Config::default());
    let (host, mut guest) = pair(&mediator, ROOM).await;
    drop(host);
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
    // What was on its way meanwhile does no harm.
    guest.seal(b"crossed").await;
    guest.join(ROOM, b"again").await;
    guest.hear_waiting().await;
}

#[tokio::test]
async fn sealed_arrives_before_peer_left() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    // Nearer or farther, whichever comes second here: what is held back keeps its turn.
    guest.seal(b"first words").await;
    host.seal(b"last words").await;
    host.hear_sealed().await;
    drop(host);
    assert_eq!(guest.hear_sealed().await, b"last words");
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
}

#[tokio::test]
async fn nobody_gets_sealed_for_nothing() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    host.seal(b"held").await;
    drop(host);
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
}

#[tokio::test]
async fn an_owner_back_after_a_cut_is_not_paired_with_its_own_ghost() {
    let mediator = Mediator::start(Config::default());
    let (mut ghost, mut owner) = (mediator.connect().await, mediator.connect().await);
    ghost.join(ROOM, b"same offer").await;
    ghost.hear_waiting().await;
    owner.join(ROOM, b"same offer").await;
    owner.hear_waiting().await;
    assert_eq!(ghost.hear_refusal().await, (ErrorCode::RoomBusy, None));
    let mut other = mediator.connect().await;
    other.join(ROOM, b"other").await;
    assert_eq!(owner.hear_paired().await, (Role::Host, b"other".to_vec()));
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    let tag = "A".repeat(43);
    client
        .text(&format!(
            r#"{{"later":{{}},"type":"join","v":1,"room":"{tag}","offer":"AA"}}"#
        ))
        .await;
    client.hear_waiting().await;
}

#[tokio::test]
async fn a_message_in_fragments_is_one_message() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    let text = r#"{"type":"sealed","data":"AAAA"}"#;
    let (one, two) = text.split_at(9);
    let frame = |part: &str, code, last| {
        Frame::message(part.to_owned().into_bytes(), OpCode::Data(code), last)
    };
    host.send(Message::Frame(frame(one, Data::Text, false)))
        .await;
    host.send(Message::Ping("".into())).await;
    host.send(Message::Frame(frame(two, Data::Continue, true)))
        .await;
    guest.seal(b"whole").await;
    assert_eq!(guest.hear_sealed().await, [0; 3]);
}
