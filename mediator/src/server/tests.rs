//! What an operator is told where connections cannot be taken.

use super::*;

#[test]
fn an_operator_is_told_what_to_mend() {
    let no_files = io::Error::from_raw_os_error(24);
    assert!(cannot_accept(&no_files).contains("ulimit -n"));
    for (alert, said) in [
        (AlertDescription::UnknownCA, "refused the certificate"),
        (AlertDescription::DecryptError, "signed by another key"),
        (AlertDescription::UnsupportedCertificate, "serverAuth"),
        (AlertDescription::UserCanceled, "broke it off"),
    ] {
        let alert = io::Error::other(rustls::Error::AlertReceived(alert));
        assert!(handshake_failed(&alert).contains(said), "{alert}");
    }
    let gone = io::ErrorKind::UnexpectedEof.into();
    assert!(handshake_failed(&gone).contains("hung up"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_accepted_sends_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    hold_nothing_back(&listener).unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    assert!(listener.accept().await.unwrap().0.nodelay().unwrap());
}
