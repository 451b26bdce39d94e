//! The running service between a scripted LiteLLM and a real PostgreSQL.

mod chat;
mod compressed;
mod conformance;
mod database_tls;
mod history;
mod history_bedrock;
mod history_owners;
mod history_pages;
mod history_streams;
mod key_guard;
mod libraries;
mod malformed;
mod memory;
mod observed;
mod places;
mod process;
mod readme;
mod restart;
mod revoked;
mod stopped;
mod streams;
mod support;
mod users;
