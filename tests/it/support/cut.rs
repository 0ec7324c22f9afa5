//! A line to PostgreSQL that breaks where the story wants it to: when a transaction was committed, and
//! before whoever asked for that heard of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgSslMode;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::TestDb;

/// How a transaction's end is asked for.
const COMMIT: &[u8] = b"COMMIT\0";
/// More than one statement of ours and its values.
const PIECE: usize = 64 * 1024;

/// Stands between a program and its database.
pub(crate) struct Cut {
    url: String,
    armed: Arc<AtomicBool>,
    listens: JoinHandle<()>,
    /// Holds the socket.
    _home: TempDir,
}

impl Cut {
    pub(crate) async fn before(database: &TestDb) -> Self {
        let (home, options) = (TempDir::new().unwrap(), database.options());
        let port = options.get_port();
        let listener = UnixListener::bind(home.path().join(format!(".s.PGSQL.{port}"))).unwrap();
        let armed = Arc::new(AtomicBool::new(false));
        let url = options
            .clone()
            .socket(home.path())
            .ssl_mode(PgSslMode::Disable);
        let listens = tokio::spawn({
            let armed = Arc::clone(&armed);
            async move {
                while let Ok((program, _)) = listener.accept().await {
                    let armed = Arc::clone(&armed);
                    if let Some(folder) = options.get_socket() {
                        let socket = folder.join(format!(".s.PGSQL.{port}"));
                        let server = UnixStream::connect(socket).await.unwrap();
                        tokio::spawn(pass(program, server, armed));
                    } else {
                        let place = (options.get_host(), port);
                        let server = TcpStream::connect(place).await.unwrap();
                        tokio::spawn(pass(program, server, armed));
                    }
                }
            }
        });
        Self {
            url: url.to_url_lossy().to_string(),
            armed,
            listens,
            _home: home,
        }
    }

    /// The database's address, through here.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The next answer to a COMMIT is lost, and its connection with it.
    pub(crate) fn loses_the_next_commit(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Whether it was lost.
    pub(crate) fn has_lost_it(&self) -> bool {
        !self.armed.load(Ordering::SeqCst)
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

/// Passes on what each says, until one of them ends or an answer has to be lost.
async fn pass(program: UnixStream, server: impl AsyncRead + AsyncWrite, armed: Arc<AtomicBool>) {
    let (mut hears, mut tells) = program.into_split();
    let (mut answers, mut asks) = tokio::io::split(server);
    let (mut asked, mut answered) = (vec![0; PIECE], vec![0; PIECE]);
    let mut loses = false;
    loop {
        tokio::select! {
            read = hears.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let piece = &asked[..length];
                let commits = piece.windows(COMMIT.len()).any(|window| window == COMMIT);
                loses = commits && armed.swap(false, Ordering::SeqCst);
                if asks.write_all(piece).await.is_err() {
                    return;
                }
            }
            read = answers.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                // It is committed by now.
                if loses || tells.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
