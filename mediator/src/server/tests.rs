use super::*;

#[test]
fn an_operator_is_told_what_to_mend() {
    let no_files = io::Error::from_raw_os_error(24);
    assert!(cannot_accept(&no_files).contains("ulimit -n"));
    let unknown = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
    let unknown = io::Error::new(io::ErrorKind::InvalidData, unknown);
    assert!(handshake_failed(&unknown).contains("refused the certificate"));
}
