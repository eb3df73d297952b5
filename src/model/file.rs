//! A model's file: written whole, and opened without trust in a single byte.

use std::path::Path;

use crate::{
    error::{Error, Result},
    format::file,
    limits::Limits,
    model::{bundle::Model, codec, validate},
};

impl Model {
    /// The file's bytes: the same for the same model.
    ///
    /// # Errors
    /// A sentence, if the model is not one that could be opened again.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        validate::check(self, &Limits::default())?;
        codec::write(self)
    }

    /// Reads a file's bytes, trusting none of them.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let model = codec::read(bytes, limits)?;
        validate::check(&model, limits)?;
        Ok(model)
    }

    /// Writes the file under a temporary name, syncs and renames it. Answers size and SHA-256.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Format`] if the model is not sound.
    pub fn save(&self, path: &Path) -> Result<file::Saved> {
        let not_sound = |flaw| {
            let message = format!("the trained model cannot be saved: {flaw}");
            Error::format(path, message)
        };
        file::write(path, &self.to_bytes().map_err(not_sound)?)
    }

    /// Opens a file from anywhere.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Format`] for anything that is not a sound
    /// model.
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_within(path, &Limits::default())
    }

    /// The same within given limits.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_within(path: &Path, limits: &Limits) -> Result<Self> {
        let bytes = file::read(path, limits.model_bytes_max)?;
        Self::from_bytes(&bytes, limits).map_err(|flaw| Error::format(path, flaw))
    }

    /// The SHA-256 of the model's file, as `sha256sum` prints it.
    ///
    /// # Errors
    /// As [`to_bytes`](Self::to_bytes).
    pub fn sha256(&self) -> Result<String, String> {
        Ok(file::sha256(&self.to_bytes()?))
    }

    /// The SHA-256 of what predictions depend on: of the file's sections with the features and their
    /// bins, then base margins and trees, or coefficients, one after the other. Metrics, options and
    /// the version of rowmill are not in it.
    pub fn learned_sha256(&self) -> String {
        let sections = codec::learned(self);
        file::sha256_of(sections.iter().map(|section| &section.bytes[..]))
    }
}
