//! TLS in front of a server of a test, with an authority that nobody else trusts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A relay to a server that speaks plainly. Its certificate is its own authority, and is of `localhost`.
pub struct Tls {
    pub port: u16,
    directory: PathBuf,
}

impl Tls {
    /// Begins to pass on what comes over TLS.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let directory = std::env::temp_dir().join(format!("gwinfra-tls-{}-{port}", std::process::id()));
        std::fs::create_dir(&directory).expect("a directory");
        let tls = Self { port, directory };
        let made = Command::new("openssl")
            .args(["req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-out",
                "authority.pem",
                "-keyout",
                "key.pem",
            ])
            .current_dir(&tls.directory)
            .output();
        assert!(made.expect("openssl is installed").status.success());
        let certificate = CertificateDer::from_pem_file(tls.authority()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(tls.directory.join("key.pem")).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let mut server = TcpStream::connect(server).await.expect("a connection");
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        tls
    }

    /// File of its authority, for who is to trust it.
    pub fn authority(&self) -> PathBuf {
        self.directory.join("authority.pem")
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.directory));
    }
}
