//! Points in time: as text in RFC 3339, in microseconds, which is what both databases keep.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    // Only the last nanosecond of all times cannot be rounded.
    now.round(Unit::Microsecond).unwrap_or(now)
}

pub(crate) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time: Timestamp = text.parse().map_err(|_| D::Error::custom(format!("'{text}' is no time in RFC 3339")))?;
    time.round(Unit::Microsecond).map_err(D::Error::custom)
}
