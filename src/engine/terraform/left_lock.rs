//! Whether a lock was left by a child of this directory that is gone.

use std::path::Path;

use super::directory::WorkDirectory;
use super::message::Message;
use super::recover::LockObject;
use super::underway::is_whole;

/// Whether a child of a run from this directory has taken a lock, and is gone. A lock in a file goes with the process that
/// holds it; one in a bucket stays when its holder is killed, and then nothing tells it from the lock of another process on the
/// same machine but the time: it was taken while the child wrote its stream, and the child did not come to its end.
pub(super) fn was_left(directory: &WorkDirectory, lock: &LockObject) -> bool {
    if !is_of_this_machine(&lock.who) {
        return false;
    }
    let last = Stream::read(&directory.log());
    if last.could_not_release(&lock.id) {
        return true;
    }
    let left = |stream: &Stream| !stream.has_ended && stream.covers(&lock.created);
    (!directory.has_ended() && left(&last)) || left(&Stream::read(&directory.cut_off_log()))
}

/// Whether `user@host` is this machine.
fn is_of_this_machine(who: &str) -> bool {
    let name = rustix::system::uname();
    let host = name.nodename().to_string_lossy();
    who.rsplit_once('@').is_some_and(|(_, other)| other == host)
}

/// What a child has written.
struct Stream {
    /// When its first line was written.
    first: Option<jiff::Timestamp>,
    /// When it has written last.
    last: Option<jiff::Timestamp>,
    /// Whether it told of its end: whoever has ended holds no lock any more.
    has_ended: bool,
    /// What it said of a lock that it could not release.
    unreleased: Vec<String>,
}

impl Stream {
    fn read(path: &Path) -> Self {
        let text = fs_err::read_to_string(path).unwrap_or_default();
        let changed = fs_err::metadata(path).and_then(|metadata| metadata.modified()).ok();
        let last = changed.and_then(|changed| jiff::Timestamp::try_from(changed).ok());
        let mut stream = Self { first: None, last, has_ended: false, unreleased: Vec::new() };
        let mut whole = false;
        for message in text.lines().filter_map(Message::parse) {
            let at = message.at.as_deref().and_then(|at| at.parse().ok());
            stream.first = stream.first.or(at);
            stream.last = stream.last.max(at);
            whole = is_whole(whole, &message);
            let Some(error) = message.diagnostic.filter(|finding| finding.is_error()) else { continue };
            stream.has_ended = true;
            if error.summary.contains("releasing the state lock") {
                stream.unreleased.push(error.detail);
            }
        }
        stream.has_ended |= whole;
        stream
    }

    fn could_not_release(&self, id: &str) -> bool {
        !id.is_empty() && self.unreleased.iter().any(|detail| detail.contains(id))
    }

    /// Whether it was written at a moment.
    fn covers(&self, moment: &str) -> bool {
        match (self.first, moment.parse::<jiff::Timestamp>().ok(), self.last) {
            (Some(first), Some(moment), Some(last)) => first <= moment && moment <= last,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: &str = r#"{"type":"version","@timestamp":"2026-01-02T03:04:05.000000Z"}"#;
    const AT_WORK: &str =
        r#"{"type":"apply_start","@timestamp":"2026-01-02T03:04:09.000000Z","hook":{"action":"create"}}"#;

    struct Place {
        directory: WorkDirectory,
        _root: tempfile::TempDir,
    }

    impl Place {
        /// A directory whose last child has written these lines, the last one when it was written.
        fn of(lines: &[&str]) -> Self {
            let root = tempfile::tempdir().unwrap();
            let directory = WorkDirectory::new(root.path(), "acme", "hub");
            fs_err::create_dir_all(directory.path()).unwrap();
            let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
            fs_err::write(directory.log(), lines).unwrap();
            let then: jiff::Timestamp = "2026-01-02T03:04:09Z".parse().unwrap();
            let file = fs_err::OpenOptions::new().append(true).open(directory.log()).unwrap();
            file.file().set_modified(then.into()).unwrap();
            Self { directory, _root: root }
        }

        fn was_left(&self, created: &str) -> bool {
            let name = rustix::system::uname();
            let who = format!("joe@{}", name.nodename().to_string_lossy());
            was_left(&self.directory, &LockObject { id: "5e0e2f6c".into(), who, created: created.into() })
        }
    }

    #[test]
    fn a_lock_that_was_taken_while_a_killed_child_wrote_is_left() {
        assert!(Place::of(&[BEGAN, AT_WORK]).was_left("2026-01-02T03:04:06.5Z"));
    }

    #[test]
    fn a_lock_that_was_taken_after_the_child_fell_silent_is_somebody_elses() {
        assert!(!Place::of(&[BEGAN, AT_WORK]).was_left("2026-01-02T03:05:00Z"));
    }

    #[test]
    fn a_lock_from_before_the_child_is_somebody_elses() {
        assert!(!Place::of(&[BEGAN, AT_WORK]).was_left("2026-01-02T03:04:04Z"));
    }

    #[test]
    fn a_child_that_told_of_its_end_has_released_its_lock() {
        let refused = r#"{"type":"diagnostic","@timestamp":"2026-01-02T03:04:09.000000Z","diagnostic":{"severity":"error","summary":"Error acquiring the state lock","detail":"ID: 5e0e2f6c"}}"#;
        let done = r#"{"type":"change_summary","@timestamp":"2026-01-02T03:04:09.000000Z"}"#;
        assert!(!Place::of(&[BEGAN, refused]).was_left("2026-01-02T03:04:06Z"));
        assert!(!Place::of(&[BEGAN, AT_WORK, done]).was_left("2026-01-02T03:04:06Z"));
    }

    #[test]
    fn a_child_that_was_seen_to_end_has_released_its_lock() {
        let place = Place::of(&[BEGAN, AT_WORK]);
        place.directory.remember_end(0).unwrap();
        assert!(!place.was_left("2026-01-02T03:04:06Z"));
    }

    #[test]
    fn the_lock_of_a_killed_child_is_known_after_the_next_one_was_refused_because_of_it() {
        let place = Place::of(&[BEGAN, AT_WORK]);
        place.directory.keep_cut_off().unwrap();
        fs_err::write(place.directory.log(), "").unwrap();
        place.directory.remember_end(1).unwrap();
        assert!(place.was_left("2026-01-02T03:04:06Z"));
        assert!(!place.was_left("2026-01-02T03:05:00Z"));
    }

    #[test]
    fn a_lock_that_the_child_says_it_could_not_release_is_left() {
        let kept = r#"{"type":"diagnostic","@timestamp":"2026-01-02T03:04:09.000000Z","diagnostic":{"severity":"error","summary":"Error releasing the state lock","detail":"Error message: failed to delete the lock file\nLock Info:\n  ID:        5e0e2f6c"}}"#;
        let place = Place::of(&[BEGAN, AT_WORK, kept]);
        place.directory.remember_end(1).unwrap();
        assert!(place.was_left("2026-01-02T03:04:06Z"));
    }
}
