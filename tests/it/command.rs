//! Runs the binary as a user would.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code; `None` after a signal that was not handled.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary with arguments, not yet started.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rowmill"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs to the end.
pub(crate) fn rowmill(arguments: &[&str]) -> Outcome {
    let output = command(arguments).output().expect("the binary starts");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs to the end with its standard error going there, and answers the exit code.
pub(crate) fn code_with_stderr(arguments: &[&str], stderr: impl Into<Stdio>) -> Option<i32> {
    let mut command = command(arguments);
    command.stdout(Stdio::null()).stderr(stderr);
    command.status().expect("the binary starts").code()
}

/// Runs to the end with these bytes on the standard input. A run that reads no further is no error.
pub(crate) fn fed(arguments: &[&str], input: &[u8]) -> Outcome {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let output = thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().expect("it ends")
    });
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs to the end, which must be a good one.
pub(crate) fn succeeds(arguments: &[&str]) -> Outcome {
    let outcome = rowmill(arguments);
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:#?}");
    outcome
}

/// Runs to an end with this exit code and one message that has all these words; no panic.
pub(crate) fn fails(arguments: &[&str], code: i32, words: &[&str]) -> Outcome {
    let outcome = rowmill(arguments);
    assert_eq!(outcome.code, Some(code), "{arguments:?}: {outcome:#?}");
    let message = outcome.stderr.to_lowercase();
    for word in words {
        assert!(
            message.contains(&word.to_lowercase()),
            "{arguments:?}: no `{word}` in {outcome:#?}"
        );
    }
    for word in ["panicked", "internal error"] {
        assert!(!message.contains(word), "{arguments:?}: {outcome:#?}");
    }
    outcome
}

/// A run of a command that learns, as its arguments. It has two threads unless the arguments say otherwise.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    arguments: Vec<&'a str>,
}

impl<'a> Run<'a> {
    /// `rowmill train`.
    pub(crate) fn train(dataset: &'a Path) -> Self {
        Self::new("train", dataset)
    }

    /// `rowmill incremental`.
    pub(crate) fn incremental(dataset: &'a Path) -> Self {
        Self::new("incremental", dataset)
    }

    /// A command by its name.
    pub(crate) fn new(command: &'a str, dataset: &'a Path) -> Self {
        Self {
            arguments: vec![command, text(dataset)],
        }
    }

    pub(crate) fn out_dir(self, out_dir: &'a Path) -> Self {
        self.args(&["--out-dir", text(out_dir)])
    }

    pub(crate) fn model(self, model: &'a str) -> Self {
        self.args(&["--model", model])
    }

    pub(crate) fn arg(self, argument: &'a str) -> Self {
        self.args(&[argument])
    }

    pub(crate) fn args(mut self, arguments: &[&'a str]) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// The arguments as they stand.
    pub(crate) fn words(mut self) -> Vec<&'a str> {
        if !self.arguments.contains(&"--threads") {
            self.arguments.extend(["--threads", "2"]);
        }
        self.arguments
    }

    /// Runs to the end, whether or not it is a good one.
    pub(crate) fn ends(self) -> Outcome {
        rowmill(&self.words())
    }

    /// See [`succeeds`].
    pub(crate) fn succeeds(self) -> Outcome {
        succeeds(&self.words())
    }

    /// See [`fails`].
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Outcome {
        fails(&self.words(), code, words)
    }
}

/// Starts and answers at once.
pub(crate) fn start(arguments: &[&str]) -> Child {
    command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}
