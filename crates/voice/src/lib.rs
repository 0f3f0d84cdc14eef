//! Speech in and out.
