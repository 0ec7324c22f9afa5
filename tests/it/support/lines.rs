//! A program beside the tests that is asked by one JSON object a line and answers each with one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A running program; ends when it is dropped.
pub(super) struct Lines {
    pipe: Arc<Mutex<Pipe>>,
}

struct Pipe {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Lines {
    pub(super) fn start(command: &mut Command) -> Self {
        let name = format!("{command:?}");
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| {
            panic!("{name} does not start ({error}); tests/run installs what is missing")
        });
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let pipe = Pipe {
            name,
            child,
            input,
            output,
        };
        Self {
            pipe: Arc::new(Mutex::new(pipe)),
        }
    }

    /// Asks for `what` with these arguments; what it could not do fails the test.
    pub(super) async fn ask(&self, what: &str, arguments: Value) -> Value {
        let mut answer = self.exchange(what, arguments).await;
        if let Some(error) = answer.get("error") {
            let trace = answer
                .get("trace")
                .and_then(Value::as_str)
                .unwrap_or_default();
            panic!("{what}: {error}\n{trace}");
        }
        answer["ok"].take()
    }

    /// The same, with what it could not do as a value.
    pub(super) async fn try_ask(&self, what: &str, arguments: Value) -> Result<Value, String> {
        let mut answer = self.exchange(what, arguments).await;
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap().to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }

    async fn exchange(&self, what: &str, arguments: Value) -> Value {
        let mut ask = arguments;
        ask["do"] = what.into();
        let pipe = Arc::clone(&self.pipe);
        let exchange = tokio::task::spawn_blocking(move || pipe.lock().unwrap().exchange(&ask));
        exchange.await.unwrap()
    }
}

impl Pipe {
    fn exchange(&mut self, ask: &Value) -> Value {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{ask}").unwrap();
        input.flush().unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{} said {line:?}", self.name))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // The end of its input is the signal to leave in good order.
        drop(self.input.take());
        let outcome = self.child.wait();
        assert!(
            outcome.is_ok() || std::thread::panicking(),
            "{} has ended",
            self.name
        );
    }
}
