//! Why no answer came, in words.

use std::error::Error;
use std::io::ErrorKind;

/// How errors about a proxy's answer to CONNECT begin.
const TUNNEL: &str = "tunnel error: ";
/// What rustls says of a certificate for other names, where it knows them and where it does not, and of an authority that is
/// not trusted; in lower case.
const UNVERIFIED: [&str; 3] = ["not valid for name", "notvalidforname", "unknownissuer"];

/// No answer came, or none that is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The host's name has no address.
    #[error("the name {host} cannot be resolved: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// Why, in the resolver's words.
        reason: String,
    },
    /// Nobody listens.
    #[error("{host} refuses the connection")]
    Refused {
        /// Host and port.
        host: String,
    },
    /// The host does not answer, or there is no way to it.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// A proxy stands between, and does not lead there.
    #[error("the proxy does not connect to {host}: {reason}")]
    Proxy {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The certificate is for other names, or from an authority that this machine does not know.
    #[error("the certificate of {host} cannot be verified: {reason}")]
    Unverified {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The certificate in another way, or the handshake.
    #[error("TLS with {host} fails: {reason}")]
    Tls {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The connection stands, and nothing comes.
    #[error("no answer within {seconds} s")]
    Slow {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The connection was closed before the answer was whole.
    #[error("the connection broke off: {reason}")]
    BrokenOff {
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// What `reqwest` says.
    pub(super) fn of(error: &reqwest::Error, host: &str, seconds: u64) -> Self {
        let host = host.to_owned();
        let reason = innermost(error);
        let text = chain(error);
        if error.is_connect() || error.is_timeout() && text.contains("connect") {
            return match io_kind(error) {
                // Before all others: they would be about the proxy itself.
                _ if text.contains(TUNNEL) => {
                    Self::Proxy { host, reason: reason.strip_prefix(TUNNEL).unwrap_or(&reason).to_owned() }
                }
                _ if text.contains("dns error") || text.contains("failed to lookup") => {
                    Self::Resolve { host: without_port(&host), reason }
                }
                Some(ErrorKind::ConnectionRefused) => Self::Refused { host },
                Some(ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
                    Self::Unreachable { host, reason }
                }
                _ if error.is_timeout() => Self::Unreachable { host, reason: "it does not answer".to_owned() },
                Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) if !text.contains("tls") => {
                    Self::Unreachable { host, reason }
                }
                _ if UNVERIFIED.iter().any(|words| text.contains(words)) => {
                    Self::Unverified { host, reason: plain(&reason) }
                }
                _ => Self::Tls { host, reason },
            };
        }
        if error.is_timeout() {
            return Self::Slow { seconds };
        }
        Self::BrokenOff { reason }
    }

    /// Whether no connection could be made at all, so that the gateway may well be fine for those who can reach it.
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Resolve { .. } | Self::Unreachable { .. } | Self::Proxy { .. })
    }

    /// Whether it may pass while a new load balancer gets its name and its targets.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Tls { .. } | Self::Unverified { .. })
    }
}

/// What rustls says of a certificate, without the words of its types.
fn plain(reason: &str) -> String {
    let reason = reason.strip_prefix("invalid peer certificate: ").unwrap_or(reason);
    match reason {
        "UnknownIssuer" => "its authority is not trusted here".to_owned(),
        _ => reason.replace("DnsName(\"", "").replace("\")", ""),
    }
}

fn without_port(host: &str) -> String {
    host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned()
}

/// The error and what caused it, outermost first.
fn sources(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut all = Vec::new();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        all.push(error);
        next = error.source();
    }
    all
}

fn innermost(error: &reqwest::Error) -> String {
    sources(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain(error: &reqwest::Error) -> String {
    sources(error).iter().map(|error| error.to_string().to_lowercase()).collect::<Vec<_>>().join(": ")
}

fn io_kind(error: &reqwest::Error) -> Option<ErrorKind> {
    sources(error)
        .iter()
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind)
        .next_back()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn a_certificate_is_told_by_its_names_and_its_authority() {
        let words = "invalid peer certificate: certificate not valid for name \"a.example.com\"; certificate is only valid \
                     for DnsName(\"b.example.com\") or DnsName(\"*.example.org\")";
        let told = "certificate not valid for name \"a.example.com\"; certificate is only valid for b.example.com or \
                    *.example.org";
        assert_eq!(plain(words), told);
        assert_eq!(plain("invalid peer certificate: UnknownIssuer"), "its authority is not trusted here");
    }

    #[tokio::test]
    async fn a_proxy_that_does_not_connect_may_let_others_through_and_later() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await;
        });
        let client = reqwest::Client::builder().proxy(reqwest::Proxy::all(proxy).unwrap()).build().unwrap();
        let error = client.get("https://gateway.invalid").send().await.unwrap_err();
        let failure = Failure::of(&error, "gateway.invalid:443", 5);
        assert!(matches!(&failure, Failure::Proxy { reason, .. } if !reason.contains("tunnel")), "{failure}");
        assert!(failure.may_pass() && failure.is_out_of_reach());
    }
}
