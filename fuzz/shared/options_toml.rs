//! TOML files: profiles, and the configuration of a run.

use rowmill::internals::{columns::Profile, takes_train_config};

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(profile) = Profile::parse(text, "the input") {
        let again = Profile::parse(&profile.to_toml(), "what was written");
        assert_eq!(again.expect("a profile is read back"), profile);
    }
    takes_train_config(text);
}
