//! When an acceptance ends.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::drift::{change_log_group, deployed};
use crate::rehearsal::Run;

#[test]
fn a_rule_ends_with_its_day_in_utc_wherever_it_is_asked() {
    let Some(rehearsal) = deployed() else { return };
    change_log_group(&rehearsal);
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    // From ten o'clock on it is tomorrow in the east; before noon it is still yesterday in the west.
    let (zone, last, code) =
        if now.hour() >= 10 { ("<+14>-14", now.date(), 0) } else { ("<-12>12", now.date() - 1.day(), 2) };
    rehearsal.write(
        "drift.yaml",
        &format!("accept: [{{address: acme-llm-gateway/*, reason: tried out, owner: sam, expires: {last}}}]\n"),
    );
    let mut command = rehearsal.command(&["drift"]);
    let _ = Run::from(command.env("GWINFRA_SIMULATE", "true").env("TZ", zone).output().unwrap()).expect(code);
}
