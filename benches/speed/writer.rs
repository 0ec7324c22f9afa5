//! The reference on SQLite: a writer that groups what comes and puts each group in one transaction
//! of set-based statements. It knows no rule, no repeat and no conflict; rows come ready-made.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::support::TestDb;

/// Rows in one transaction at most.
const GROUP: usize = 256;

/// One thing to write, as a JSON object, and whom to tell that it is on the disk.
type Waiting = (String, oneshot::Sender<()>);

/// A writer's front end; the writer ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Waiting>);

impl Writer {
    /// Each statement takes `$1`, a JSON array of all rows of the group in the database's own form.
    pub(crate) async fn open(database: &TestDb, statements: &'static [&'static str]) -> Self {
        let connection = SqliteConnectOptions::from_str(database.url())
            .unwrap()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .connect()
            .await
            .unwrap();
        let (sender, receiver) = mpsc::channel(GROUP);
        tokio::spawn(write(connection, statements, receiver));
        Self(sender)
    }

    /// Returns once the row is on the disk.
    pub(crate) async fn put(&self, row: String) {
        let (done, written) = oneshot::channel();
        self.0.send((row, done)).await.unwrap();
        written.await.unwrap();
    }
}

async fn write(
    mut connection: SqliteConnection,
    statements: &[&'static str],
    mut receiver: mpsc::Receiver<Waiting>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while receiver.recv_many(&mut group, GROUP).await > 0 {
        let (rows, told): (Vec<String>, Vec<oneshot::Sender<()>>) = group.drain(..).unzip();
        let rows = format!("[{}]", rows.join(","));
        sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
            .unwrap();
        // Read as text once, and not by every statement.
        let rows: Vec<u8> = sqlx::query_scalar("SELECT jsonb($1)")
            .bind(rows)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        for statement in statements {
            sqlx::query(*statement)
                .bind(&rows)
                .execute(&mut connection)
                .await
                .unwrap();
        }
        sqlx::query("COMMIT")
            .execute(&mut connection)
            .await
            .unwrap();
        for done in told {
            done.send(()).unwrap();
        }
    }
}
