//! Simulated accounts for other clients than gwinfra.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::rehearsal::Rehearsal;

/// The simulated accounts of a rehearsal, served for other clients until it is dropped.
pub struct Served {
    /// Where they are.
    pub url: String,
    process: Child,
}

impl Served {
    pub fn start(rehearsal: &Rehearsal) -> Self {
        let mut process = rehearsal
            .command(&["simulate", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("AWS_ENDPOINT_URL=")?;
            Some(rest.split_whitespace().next()?.to_owned())
        });
        Self { url: url.unwrap(), process }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
