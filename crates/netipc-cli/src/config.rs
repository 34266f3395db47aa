//! From the options of the command line to the configuration of the library.

use std::fs;
use std::path::Path;

use netipc::{ClientConfig, ServerConfig};

use crate::cli::Options;
use crate::failure::Failure;
use crate::value;

pub(crate) fn server(options: &Options) -> Result<ServerConfig, Failure> {
    let mut config = ServerConfig::default();
    config.listener.max_request_payload = options.max_request;
    config.listener.max_response_payload = options.max_response;
    let listener = &mut config.listener;
    listener.auth_token = token(options)?;
    listener.allow_uids = options.allow_uid.clone();
    listener.supported = options.profiles.unwrap_or(value::AVAILABLE);
    if let Some(preferred) = options.prefer {
        listener.preferred = preferred;
    }
    if let Some(size) = options.packet_size {
        listener.packet_size = size;
    }
    if let Some(mode) = options.socket_mode {
        listener.mode = mode;
    }
    if let Some(sessions) = options.max_sessions {
        listener.max_sessions = sessions as usize;
    }
    if let Some(timeout) = options.timeout {
        listener.handshake_timeout = timeout;
    }
    Ok(config)
}

pub(crate) fn client(options: &Options, batch: u32) -> Result<ClientConfig, Failure> {
    let mut config = ClientConfig::default();
    config.session.auth_token = token(options)?;
    config.session.max_batch_items = batch;
    config.session.supported = options.profiles.unwrap_or(value::AVAILABLE);
    if let Some(preferred) = options.prefer {
        config.session.preferred = preferred;
    }
    if let Some(size) = options.max_request {
        config.session.max_request_payload = size;
    }
    if let Some(size) = options.max_response {
        config.session.max_response_payload = size;
    }
    if let Some(size) = options.packet_size {
        config.session.packet_size = size;
    }
    if let Some(timeout) = options.timeout {
        config.connect_timeout = timeout;
        config.call_timeout = timeout;
    }
    Ok(config)
}

/// The token that was given, in whichever way; 0 is the same as none.
fn token(options: &Options) -> Result<u64, Failure> {
    match (&options.auth_token, &options.auth_token_file) {
        (Some(token), _) => Ok(*token),
        (None, Some(file)) => token_from(file),
        (None, None) => Ok(0),
    }
}

/// Says what is wrong with the file, and never what is in it.
fn token_from(file: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read the token file {}: {error}", file.display())))?;
    value::number(text.trim())
        .map_err(|remedy| Failure::usage(format!("the token file {} holds no token; {remedy}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_may_end_in_a_newline_and_its_contents_are_not_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "0x2a\n").unwrap();
        assert_eq!(token_from(&file), Ok(42));
        fs::write(&file, "secret").unwrap();
        let failure = token_from(&file).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(!failure.to_string().contains("secret"), "{failure}");
        assert_eq!(token_from(&directory.path().join("missing")).unwrap_err().exit_code(), 2);
    }
}
