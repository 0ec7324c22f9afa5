//! An empty, migrated database for one test, gone when the test ends.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use tongma::clock::Clock;
use tongma::db::{Db, DbSettings};

/// Which database a story is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A database that belongs to one test.
pub(crate) struct TestDb {
    url: String,
    home: Home,
}

enum Home {
    /// Holds the file; removed with it.
    Folder(#[expect(dead_code, reason = "kept for what it does when dropped")] TempDir),
    /// The name of a database on the shared server.
    Server(String),
}

impl Backend {
    /// Whether tests can run on it. SQLite is always here. PostgreSQL is here when
    /// `TONGMA_TEST_POSTGRES` is an address, is not when it is the word `off`; anything else stops
    /// the test, so that nobody takes half a run for a whole one.
    pub(crate) fn is_here(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => server_url().is_some(),
        }
    }
}

impl TestDb {
    /// A migrated database with nothing in it.
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = TempDir::new().unwrap();
                let url = format!("sqlite:{}", folder.path().join("tongma.db").display());
                migrate(&url).await;
                Self {
                    url,
                    home: Home::Folder(folder),
                }
            }
            Backend::Postgres => {
                static NEXT: AtomicU32 = AtomicU32::new(0);
                let template = TEMPLATE.get_or_init(make_template).await;
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let name = format!("tongma_test_{}_{number}", std::process::id());
                run_on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self {
                    url: url_of(&name),
                    home: Home::Server(name),
                }
            }
        }
    }

    /// Its address, for a server under test.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How a client reaches it; of PostgreSQL only.
    pub(crate) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url).unwrap()
    }

    /// Opens it as the program does.
    pub(crate) async fn open(&self, clock: Clock) -> Db {
        Db::open(&settings(&self.url), clock).await.unwrap()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Home::Server(name) = &self.home else {
            return;
        };
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // A thread of its own, because the test's runtime may be going down.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(run_on_server(&drop));
        });
        let outcome = thread.join();
        assert!(
            outcome.is_ok() || std::thread::panicking(),
            "{name} was not dropped"
        );
    }
}

/// The migrated database that others are copied from: copying takes less than migrating.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Finds the template for this schema, or makes it; several test programs may try at once.
async fn make_template() -> String {
    let name = format!("tongma_template_{}", schema_digest());
    let mut server = connect_to_server().await;
    server
        .execute("SELECT pg_advisory_lock(7305808869)")
        .await
        .unwrap();
    let found: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut server)
            .await
            .unwrap();
    if !found {
        // Under another name until it is whole, so that a run that was killed leaves no half one.
        let draft = format!("{name}_draft");
        run_on_server(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run_on_server(&format!("CREATE DATABASE {draft}")).await;
        migrate(&url_of(&draft)).await;
        run_on_server(&format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    server.close().await.unwrap();
    name
}

async fn migrate(url: &str) {
    Db::open(&settings(url), Clock::System)
        .await
        .unwrap()
        .close()
        .await;
}

fn settings(url: &str) -> DbSettings {
    DbSettings {
        url: url.to_owned(),
        connections: 8,
    }
}

/// Changes when a migration does.
fn schema_digest() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        all.extend(file.file_name().unwrap().as_encoded_bytes());
        all.extend(std::fs::read(&file).unwrap());
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, &all);
    digest.as_ref()[..6]
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

fn server_url() -> Option<String> {
    match std::env::var("TONGMA_TEST_POSTGRES").as_deref() {
        Ok("off") => {
            println!("PostgreSQL: off");
            None
        }
        Ok(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Some(url.to_owned())
        }
        Ok(_) | Err(_) => panic!(
            "TONGMA_TEST_POSTGRES must be the postgres:// address of a server on which databases \
             may be created, or the word off; tests/run starts a server and sets it"
        ),
    }
}

fn server() -> PgConnectOptions {
    PgConnectOptions::from_str(&server_url().unwrap()).unwrap()
}

fn url_of(name: &str) -> String {
    server().database(name).to_url_lossy().to_string()
}

async fn connect_to_server() -> PgConnection {
    server().connect().await.unwrap()
}

async fn run_on_server(sql: &str) {
    let mut server = connect_to_server().await;
    server.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    server.close().await.unwrap();
}

/// Opens and closes: the program's own checks (durable settings, known schema) pass.
async fn a_test_gets_a_database_that_the_program_takes(backend: Backend) {
    let database = TestDb::new(backend).await;
    let db = database.open(Clock::System).await;
    assert_eq!(db.is_shared(), backend == Backend::Postgres);
    db.begin().await.unwrap().commit().await.unwrap();
}
crate::support::on_both![a_test_gets_a_database_that_the_program_takes];
