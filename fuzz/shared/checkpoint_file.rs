//! Checkpoints and seals of scratch: damaged ones, and ones written to harm.
//!
//! Each input is tried as it is, and once more with its checksums made right, so that decoding is
//! reached and not only the checksum.

use rowmill::internals::{
    format::reseal,
    pipeline::{Checkpoint, checkpoint_to_bytes},
    scratch::Seal,
};

pub(crate) fn run(input: &[u8]) {
    try_both(input);
    let mut resealed = input.to_vec();
    if reseal(&mut resealed).is_some() {
        try_both(&resealed);
    }
}

fn try_both(bytes: &[u8]) {
    if let Ok(found) = Checkpoint::from_bytes(bytes) {
        let again = checkpoint_to_bytes(&found.identity, &found.booster);
        assert!(Checkpoint::from_bytes(&again).is_ok());
        // Other options than these are refused, whatever they are.
        let mut other = found.identity.clone();
        other.rowmill_version.push('x');
        assert!(found.identity.check(&other).is_err());
    }
    if let Ok(seal) = Seal::from_bytes(bytes) {
        assert!(seal.checksums_of("codes").len() < bytes.len());
    }
}
