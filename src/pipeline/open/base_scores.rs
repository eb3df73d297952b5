//! The columns of the base model's scores.

/// The columns of the base model's probabilities, in class order, and what they mean for the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseScores {
    /// Schema index of each class's column.
    pub columns: Vec<usize>,
    /// The target's class of each of them: several share one when classes are joined.
    pub classes: Vec<usize>,
}
