//! A PostgreSQL server for the tests of one process, in a folder of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};

use crate::skip::skip;

/// Starts a server in the folder `$1` with the programs in `$2`, and stops it when standard input ends, which it does when
/// the process that runs this ends, however it ends.
const SERVE: &str = r#"
cd "$1"
"$2/initdb" -D data -U postgres -E UTF8 --locale=C --auth=trust --no-sync >log 2>&1 &&
"$2/pg_ctl" -D data -l log -w -o "-k '$1' -c listen_addresses= -c fsync=off -c max_connections=200" start >>log 2>&1 ||
    { cat log; exit 1; }
echo started
read -r _
"$2/pg_ctl" -D data -m immediate stop >/dev/null 2>&1
cd / && rm -rf "$1"
"#;

/// What keeps the server running.
static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Server {
    url: String,
    _shell: Option<Child>,
}

/// URL of a new, empty database: on the server that `SOTTOVOCE_TEST_POSTGRES` names, else on one that is started from the
/// programs of this machine. Where there are none the test should return, and a line that starts with `SKIPPED` says so.
///
/// # Panics
/// There are no programs and `CI` is set, or the server does not work.
pub fn postgres_database() -> Option<String> {
    let server = match &*SERVER {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let name = format!("sottovoce_test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let (url, query) = server.url.split_once('?').unwrap_or((&server.url, ""));
    let (host, _) = url.rsplit_once('/').expect("a database in the URL");
    let created = format!("{host}/{name}?{query}");
    // A test may be within a runtime, which cannot wait for another one.
    let create = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&server.url).await.expect("the server of the tests");
            let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
            raw_sql(statement).execute(&mut connection).await.expect("a new database");
        });
    };
    std::thread::scope(|scope| scope.spawn(create).join().expect("a new database"));
    Some(created)
}

impl Server {
    fn start() -> Result<Self, String> {
        if let Ok(url) = env::var("SOTTOVOCE_TEST_POSTGRES") {
            return Ok(Self { url, _shell: None });
        }
        let programs =
            programs().ok_or("there is no PostgreSQL; install it, or set SOTTOVOCE_TEST_POSTGRES to a URL")?;
        let folder =
            tempfile::Builder::new().prefix("sottovoce-postgres-").tempdir().expect("a temporary folder").keep();
        let mut shell = as_ordinary_user(&folder);
        shell.args(["sh", "-c", SERVE, "sh"]).arg(&folder).arg(programs);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut said = String::new();
        let mut output = BufReader::new(shell.stdout.take().expect("it is piped"));
        while !said.ends_with("started\n") && output.read_line(&mut said).expect("what a shell says") > 0 {}
        assert!(said.ends_with("started\n"), "PostgreSQL did not start: {said}");
        let url = format!("postgres:///postgres?host={}&user=postgres", folder.display());
        Ok(Self { url, _shell: Some(shell) })
    }
}

/// The folder with the server's programs, of the latest version that is installed.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    env::split_paths(&path).chain(versions.into_iter().rev()).find(|folder| folder.join("initdb").is_file())
}

/// A command that runs another one, as somebody who is not root, which PostgreSQL refuses to be run by.
fn as_ordinary_user(folder: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root {
        return Command::new("env");
    }
    let status = Command::new("chown").arg("nobody").arg(folder).status().expect("chown");
    assert!(status.success(), "cannot give {} away", folder.display());
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    command
}
