//! A client whose bytes somebody on the way cuts, changes or replaces, each in turn.

use tokio::io::split;

use super::*;

/// What is done to the client's bytes at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tampering {
    Cut,
    Flip,
    /// From there on, other bytes.
    Garbage,
}

/// Hands on what the client says, but for this; how much it was.
async fn hand_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    at: usize,
    how: Tampering,
) -> usize {
    let mut buffer = [0; 4096];
    let mut length = 0;
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let part = &mut buffer[..read];
        let place = at.saturating_sub(length);
        let is_there = place < read && (at >= length || how == Tampering::Garbage);
        length += read;
        if is_there {
            match how {
                Tampering::Cut => {
                    let _ = to.write_all(&part[..place]).await;
                    break;
                }
                Tampering::Flip => part[place] ^= 0x10,
                Tampering::Garbage => part[place..].fill(0xa5),
            }
        }
        if to.write_all(part).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
    length
}

/// What we heard of a client that says a word and goodbye, and how much it said.
async fn heard(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    at: usize,
    how: Tampering,
) -> (io::Result<Vec<u8>>, usize) {
    let (ours, near) = duplex(1 << 16);
    let (theirs, far) = duplex(1 << 16);
    let ((far_read, mut far_write), (mut near_read, near_write)) = (split(far), split(near));
    let answers = async {
        let _ = tokio::io::copy(&mut near_read, &mut far_write).await;
        let _ = far_write.shutdown().await;
    };
    let client = async {
        if let Ok(mut theirs) = connect(Arc::clone(client), theirs).await {
            let _ = theirs.write_all(b"word").await;
            let _ = theirs.shutdown().await;
        }
    };
    let listening = async {
        let mut ours = TlsStream::accept(ours, Arc::clone(server)).await?;
        let mut heard = Vec::new();
        ours.read_to_end(&mut heard).await?;
        Ok(heard)
    };
    let server = async {
        // A changed length has each wait for the other.
        let listened = timeout(Duration::from_secs(20), listening).await;
        listened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    };
    let tampering = hand_on(far_read, near_write, at, how);
    let (heard, (), (), length) = tokio::join!(server, client, answers, tampering);
    (heard, length)
}

#[tokio::test(start_paused = true)]
async fn a_client_cut_or_changed_at_any_byte_is_refused_or_heard_whole() {
    for version in [&TLS12, &TLS13] {
        let (server, client) = configs(version, None);
        let (whole, length) = heard(&server, &client, usize::MAX, Tampering::Cut).await;
        assert_eq!(whole.unwrap(), b"word");
        assert!(length > 250);
        for how in [Tampering::Cut, Tampering::Flip, Tampering::Garbage] {
            let mut refused = 0;
            for at in 0..length {
                match heard(&server, &client, at, how).await.0 {
                    // Such as the version in the head of a hello, which nobody looks at.
                    Ok(heard) => assert_eq!(heard, b"word", "{how:?} at {at}"),
                    Err(error) => {
                        refused += 1;
                        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
                        assert!(is_end || how != Tampering::Cut, "{error} at {at}");
                    }
                }
            }
            let unseen = length - refused;
            assert!(unseen <= 8, "{how:?}: {unseen} of {length}");
            assert!(unseen == 0 || how != Tampering::Cut);
        }
    }
}
