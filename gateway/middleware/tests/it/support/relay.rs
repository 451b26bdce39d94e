//! What stands between the service and PostgreSQL, and holds a statement back.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// A relay. It passes everything on, but for what it is told to hold.
pub struct Relay {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    /// What is held has these words.
    words: Mutex<Option<String>>,
    released: Semaphore,
    answered: Semaphore,
}

impl Relay {
    /// A relay to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let state = State { words: Mutex::default(), released: Semaphore::new(0), answered: Semaphore::new(0) };
        let state = Arc::new(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, port, Arc::clone(&shared)));
            }
        });
        Self { port: own, state }
    }

    /// Breaks the connection of the next statement with these words. The server does not get it yet.
    pub fn hold(&self, words: &str) {
        *self.state.words.lock().expect("no panic") = Some(words.to_owned());
    }

    /// Gives the server what was held, and waits for its answer.
    pub async fn release(&self) {
        self.state.released.add_permits(1);
        self.state.answered.acquire().await.expect("open").forget();
    }
}

impl State {
    fn holds(&self, bytes: &[u8]) -> bool {
        let mut words = self.words.lock().expect("no panic");
        let found = words.as_ref().is_some_and(|words| String::from_utf8_lossy(bytes).contains(words.as_str()));
        if found {
            *words = None;
        }
        found
    }
}

async fn pass(mut client: TcpStream, port: u16, state: Arc<State>) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(length @ 1..) if state.holds(&asked[..length]) => {
                    drop(client);
                    state.released.acquire().await.expect("open").forget();
                    server.write_all(&asked[..length]).await.expect("written");
                    let length = server.read(&mut answered).await.expect("an answer");
                    assert!(length > 0, "the server has ended the connection");
                    state.answered.add_permits(1);
                    return;
                }
                Ok(length @ 1..) if server.write_all(&asked[..length]).await.is_ok() => {}
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(length @ 1..) if client.write_all(&answered[..length]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}
