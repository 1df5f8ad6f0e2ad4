//! TLS before a mediator that speaks none.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::common::Home;
use crate::common::certificates::SelfSigned;
use crate::hostile::Evil;

/// Hands on what it hears; its certificate is to be trusted.
pub(crate) struct Tls {
    pub url: String,
    pub files: SelfSigned,
}

impl Tls {
    pub(crate) fn before(evil: &Evil, folder: &Home) -> Self {
        let files = SelfSigned::new(folder.path());
        let acceptor = TlsAcceptor::from(Arc::new(config(&files)));
        let mediator = evil.url.strip_prefix("http://").unwrap().to_owned();
        let listener = evil
            .runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        evil.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, mediator) = (acceptor.clone(), mediator.clone());
                tokio::spawn(async move {
                    let mut client = acceptor.accept(stream).await?;
                    let mut mediator = TcpStream::connect(mediator).await?;
                    copy_bidirectional(&mut client, &mut mediator).await
                });
            }
        });
        Self { url, files }
    }
}

fn config(files: &SelfSigned) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&files.certificate).unwrap()],
            PrivateKeyDer::from_pem_file(&files.key).unwrap(),
        )
        .unwrap()
}
