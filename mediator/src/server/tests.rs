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
