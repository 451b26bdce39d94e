//! Times as text, and as moments.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// RFC 3339 in UTC.
pub(super) fn rfc3339(time: Option<&DateTime>) -> Option<String> {
    time.and_then(|time| time.fmt(Format::DateTime).ok())
}

/// A moment, in seconds.
pub(super) fn timestamp(time: Option<&DateTime>) -> Option<jiff::Timestamp> {
    time.and_then(|time| jiff::Timestamp::from_second(time.secs()).ok())
}
