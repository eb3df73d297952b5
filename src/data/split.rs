//! The part of a run that a row belongs to.

/// Train, valid, test, or none (a row without a label, or left out).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Split {
    /// Learned from.
    Train = 0,
    /// For early stopping, calibration and thresholds.
    Valid = 1,
    /// Held out until the end.
    Test = 2,
    /// In no split; keeps its slot in every file.
    None = 3,
}

impl Split {
    /// The three splits that are evaluated, in order.
    pub const ALL: [Split; 3] = [Split::Train, Split::Valid, Split::Test];

    /// The split stored as a byte; anything unknown is `None`.
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Train,
            1 => Self::Valid,
            2 => Self::Test,
            _ => Self::None,
        }
    }

    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
            Self::None => "none",
        }
    }
}
