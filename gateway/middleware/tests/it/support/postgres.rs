//! PostgreSQL, the real one, in a directory of its own. It ends with the test program: a shell watches a pipe to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads commands; answers each with a line when it is done. At the end of its input everything goes.
const SCRIPT: &str = r#"
directory=$(mktemp -d) || exit 1
trap 'kill -QUIT $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$directory"' EXIT
"$BIN/initdb" -D "$directory/data" -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C >/dev/null || exit 1
if [ -n "$TLS" ]; then
  openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -addext basicConstraints=critical,CA:FALSE -out "$directory/data/server.crt" \
    -keyout "$directory/data/server.key" 2>/dev/null || exit 1
  chmod 600 "$directory/data/server.key"
  chmod 755 "$directory"
  cp "$directory/data/server.crt" "$directory/authority.pem"
  echo 'hostssl all all 127.0.0.1/32 trust' >"$directory/data/pg_hba.conf"
  set -- -c ssl=on
fi
start() {
  "$BIN/postgres" -D "$directory/data" -p "$PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$directory" -c max_connections=200 "$@" >"$directory/log" 2>&1 </dev/null &
  server=$!
  until "$BIN/pg_isready" -q -h 127.0.0.1 -p "$PORT"; do kill -0 $server || exit 1; sleep 0.05; done
}
start "$@"; echo done
while read -r command; do
  case $command in
    stop) kill -INT $server; wait $server ;;
    crash) kill -QUIT $server; wait $server ;;
    start) start "$@" ;;
    authority) echo "$directory/authority.pem" ;;
  esac
  echo done
done
"#;

/// A server.
pub struct Postgres {
    pub port: u16,
    pipe: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _shell: Child,
}

/// Where the programs are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    let complete =
        |directory: &PathBuf| ["initdb", "postgres", "pg_isready"].iter().all(|name| directory.join(name).exists());
    std::env::split_paths(&path).chain(debian).find(complete)
}

fn is_root() -> bool {
    Path::new("/proc/self").exists()
        && std::fs::metadata("/proc/self").is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0)
}

impl Postgres {
    /// Starts one, if it is installed. Without it tests are skipped; with `CI=true` that is a failure.
    pub fn start() -> Option<Self> {
        Self::start_with(false)
    }

    /// As [`Self::start`]; it takes only encrypted connections.
    pub fn start_encrypted() -> Option<Self> {
        Self::start_with(true)
    }

    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    fn start_with(encrypted: bool) -> Option<Self> {
        let Some(programs) = programs() else {
            let missing = "PostgreSQL is not installed (apt-get install postgresql)";
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{missing}");
            println!("skipped: {missing}");
            return None;
        };
        let port = super::free_port();
        // The server refuses to run as root.
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh", "-c", SCRIPT]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", SCRIPT]);
            command
        };
        let mut shell = command
            .env("BIN", programs)
            .env("PORT", port.to_string())
            .env("TLS", if encrypted { "1" } else { "" })
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let pipe = (shell.stdin.take().expect("piped"), BufReader::new(shell.stdout.take().expect("piped")));
        let server = Self { port, pipe: Mutex::new(pipe), _shell: shell };
        server.wait();
        Some(server)
    }

    /// The server that tests share. Each has a database of its own.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    fn wait(&self) {
        let mut line = String::new();
        self.pipe.lock().expect("no panic").1.read_line(&mut line).expect("the shell answers");
        assert_eq!(line.trim(), "done", "PostgreSQL did not start");
    }

    /// `stop`, `crash` or `start`. Blocks until it is done.
    pub fn command(&self, command: &str) {
        writeln!(self.pipe.lock().expect("no panic").0, "{command}").expect("the shell reads");
        self.wait();
    }

    /// File of the authority of an encrypted server's certificate, which is of `localhost`.
    pub fn authority(&self) -> String {
        let mut pipe = self.pipe.lock().expect("no panic");
        writeln!(pipe.0, "authority").expect("the shell reads");
        let mut file = String::new();
        pipe.1.read_line(&mut file).expect("the shell answers");
        drop(pipe);
        self.wait();
        file.trim().to_owned()
    }

    /// URL of a database that does not exist yet: the service makes it.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/litellm?sslmode=disable", self.port)
    }
}

/// A name for a database that nobody else has.
pub fn database() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("mw \"{}\" {now}", std::process::id())
}
