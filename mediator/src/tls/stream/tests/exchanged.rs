//! Much at once in both directions, whatever the records, the cuts and the tasks.

use tokio::io::split;

use super::*;

/// Says these bytes in pieces, closes, and hears the same.
async fn talk(stream: impl AsyncRead + AsyncWrite, said: &[u8], piece: usize) {
    let (mut read, mut write) = split(stream);
    let saying = async {
        for piece in said.chunks(piece) {
            write.write_all(piece).await.unwrap();
        }
        write.shutdown().await.unwrap();
    };
    let mut heard = Vec::new();
    let (read, ()) = tokio::join!(read.read_to_end(&mut heard), saying);
    read.unwrap();
    assert!(heard == said);
}

#[tokio::test]
async fn all_arrives_whatever_the_records_and_the_cuts() {
    for version in [&TLS12, &TLS13] {
        // Both wait for each other's handshake where there is no room for its shortest record.
        for (record, room, at_once, length) in [
            (None, 1 << 20, 1 << 20, 200_000),
            (None, 61, 61, 40_000),
            (Some(64), 100, 100, 40_000),
            (Some(64), 1 << 16, 1, 5_000),
            (None, 1 << 16, 1, 17_000),
        ] {
            let (server, client) = configs(version, record);
            let (ours, theirs) = duplex(room);
            let said = bytes(length);
            // Each begins once its own handshake is done, and in a task of its own.
            let other = tokio::spawn(async move {
                let theirs = connect(client, theirs).await.unwrap();
                talk(theirs, &bytes(length), 17_000).await;
            });
            let ours = Slow {
                stream: ours,
                at_once,
            };
            let ours = TlsStream::accept(ours, server).await.unwrap();
            talk(ours, &said, 60_000).await;
            other.await.unwrap();
        }
    }
}

/// Takes and gives so many bytes at once.
struct Slow {
    stream: DuplexStream,
    at_once: usize,
}

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut some = buf.take(self.at_once);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut some))?;
        let read = some.filled().to_vec();
        buf.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let some = bytes.get(..self.at_once).unwrap_or(bytes);
        Pin::new(&mut self.stream).poll_write(cx, some)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Both halves of a connection, in tasks of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_wakes_whoever_writes_beside() {
    for version in [&TLS12, &TLS13] {
        let (ours, theirs) = connected(version, None, 1 << 14).await;
        let said = Arc::new(bytes(300_000));
        let mut tasks = Vec::new();
        for stream in [Box::new(ours) as Box<dyn Both>, Box::new(theirs)] {
            let (mut read, mut write) = split(stream);
            let all = Arc::clone(&said);
            tasks.push(tokio::spawn(async move {
                for piece in all.chunks(40_000) {
                    write.write_all(piece).await.unwrap();
                }
                write.shutdown().await.unwrap();
            }));
            let all = Arc::clone(&said);
            tasks.push(tokio::spawn(async move {
                let mut heard = Vec::new();
                read.read_to_end(&mut heard).await.unwrap();
                assert!(heard == *all);
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Both for S {}
