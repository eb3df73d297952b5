//! Constraints on splits: directions of predictions, and sets of features that may share a path.

use crate::{
    error::{Error, Result},
    text::nearest,
};

/// A feature as a user names it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum FeatureKey {
    /// Its place among the features, in the order of the columns, from 0.
    Position(usize),
    /// Its column's name.
    Name(String),
}

/// Constraints as the user gave them.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Constraints {
    /// Features and whether predictions must fall (-1), do as they like (0) or rise (1) with them.
    #[serde(rename = "monotone_constraints", alias = "monotone")]
    pub monotone: Vec<(FeatureKey, i8)>,
    /// True if `monotone` is a list, which must have an entry for every feature.
    pub monotone_of_all: bool,
    /// Sets of features that may meet on a path from the root. A feature in no set stands alone.
    #[serde(rename = "interaction_constraints", alias = "interactions")]
    pub interactions: Vec<Vec<FeatureKey>>,
}

/// The same by the model's features.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct FeatureConstraints {
    /// -1, 0 or 1 by feature; empty if nothing is asked of any.
    pub directions: Vec<i8>,
    /// Ascending features of each set.
    pub sets: Vec<Vec<u32>>,
}

impl Constraints {
    /// Looks features up. `features` are their names and whether they are texts.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the feature or the length that is wrong.
    pub fn resolve(&self, features: &[(&str, bool)]) -> Result<FeatureConstraints> {
        let mut resolved = FeatureConstraints::default();
        if self.monotone_of_all && self.monotone.len() != features.len() {
            return Err(Error::Dataset(format!(
                "--model: `monotone_constraints` has {} entries, but there are {} features; give one \
                 for each, or an object of directions by name",
                self.monotone.len(),
                features.len()
            )));
        }
        for (key, direction) in self
            .monotone
            .iter()
            .filter(|(_, direction)| *direction != 0)
        {
            let feature = find("monotone_constraints", key, features)?;
            if features[feature].1 {
                return Err(Error::Dataset(format!(
                    "--model: `monotone_constraints` names `{}`, but a text column has no order; remove it from \
                     the list",
                    features[feature].0
                )));
            }
            resolved.directions.resize(features.len(), 0);
            resolved.directions[feature] = *direction;
        }
        for keys in &self.interactions {
            let found = keys
                .iter()
                .map(|key| find("interaction_constraints", key, features));
            let mut set: Vec<u32> = found
                .map(|feature| Ok(feature? as u32))
                .collect::<Result<_>>()?;
            set.sort_unstable();
            set.dedup();
            resolved.sets.push(set);
        }
        Ok(resolved)
    }
}

fn find(option: &str, key: &FeatureKey, features: &[(&str, bool)]) -> Result<usize> {
    let names = || features.iter().map(|(name, _)| *name);
    match key {
        FeatureKey::Position(position) if *position < features.len() => Ok(*position),
        FeatureKey::Position(position) => Err(Error::Dataset(format!(
            "--model: `{option}` has the feature {position}, but features are 0 to {}; names are \
             safer than positions",
            features.len().saturating_sub(1)
        ))),
        FeatureKey::Name(name) => names().position(|known| known == name).ok_or_else(|| {
            Error::Dataset(format!(
                "--model: `{option}` names `{name}`, which is not a feature{}; `rowmill inspect` lists the \
                 features",
                nearest::hint(name, names())
            ))
        }),
    }
}

impl FeatureConstraints {
    /// The direction of predictions in a feature: falling (-1), free (0) or rising (1).
    pub fn direction(&self, feature: u32) -> i8 {
        let direction = self.directions.get(feature as usize);
        direction.copied().unwrap_or(0)
    }

    /// Leaves out features and renumbers the others.
    pub fn leave_out(&mut self, kept: &[bool]) {
        let mut feature = 0..;
        self.directions
            .retain(|_| feature.next().is_some_and(|feature: usize| kept[feature]));
        let number = |feature: u32| {
            let before = &kept[..feature as usize];
            before.iter().filter(|kept| **kept).count() as u32
        };
        for set in &mut self.sets {
            set.retain(|feature| kept[*feature as usize]);
            set.iter_mut()
                .for_each(|feature| *feature = number(*feature));
        }
    }

    /// True if predictions must rise or fall with any feature.
    pub fn is_directed(&self) -> bool {
        self.directions.iter().any(|direction| *direction != 0)
    }

    /// Takes away the features that must not follow on a path: those that share no set with all of
    /// it, but for the path's own (XGBoost's rule).
    pub fn forbid(&self, path: &[u32], used: &mut [bool]) {
        if self.sets.is_empty() || path.is_empty() {
            return;
        }
        let mut allowed = vec![false; used.len()];
        let holds_path = |set: &&Vec<u32>| {
            path.iter()
                .all(|feature| set.binary_search(feature).is_ok())
        };
        let of_sets = self.sets.iter().filter(holds_path).flatten();
        for &feature in of_sets.chain(path) {
            allowed[feature as usize] = true;
        }
        for (used, allowed) in used.iter_mut().zip(allowed) {
            *used &= allowed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: [(&str, bool); 3] = [("age", false), ("city", true), ("income", false)];

    fn name(name: &str) -> FeatureKey {
        FeatureKey::Name(name.to_owned())
    }

    #[test]
    fn constraints_follow_their_features_when_others_are_left_out() {
        let mut constraints = FeatureConstraints {
            directions: vec![0, 1, -1, 0, 1],
            sets: vec![vec![0, 1, 4], vec![2, 3], vec![0]],
        };
        constraints.leave_out(&[false, true, true, false, true]);
        assert_eq!(constraints.directions, [1, -1, 1]);
        assert_eq!(constraints.sets, [vec![0, 2], vec![1], vec![]]);
        let mut none = FeatureConstraints::default();
        none.leave_out(&[false, true]);
        assert_eq!(none, FeatureConstraints::default());
    }

    #[test]
    fn features_are_found_by_name_and_by_position() {
        let constraints = Constraints {
            monotone: vec![(name("income"), 1), (name("city"), 0)],
            monotone_of_all: false,
            interactions: vec![vec![name("income"), FeatureKey::Position(0)]],
        };
        let resolved = constraints.resolve(&FEATURES).expect("all there");
        assert_eq!(resolved.directions, [0, 0, 1]);
        assert_eq!(resolved.sets, [[0, 2]]);
        assert_eq!((resolved.direction(2), resolved.direction(0)), (1, 0));
    }

    #[test]
    fn mistakes_are_named() {
        let check = |monotone: Vec<(FeatureKey, i8)>, monotone_of_all, words: &str| {
            let constraints = Constraints {
                monotone,
                monotone_of_all,
                interactions: Vec::new(),
            };
            let message = constraints.resolve(&FEATURES).expect_err(words).to_string();
            assert!(message.contains(words), "{message}");
        };
        let two = (0..2).map(|at| (FeatureKey::Position(at), 1)).collect();
        check(two, true, "has 2 entries, but there are 3 features");
        check(vec![(name("incom"), 1)], false, "did you mean `income`?");
        check(
            vec![(name("city"), -1)],
            false,
            "a text column has no order",
        );
        check(
            vec![(FeatureKey::Position(3), 1)],
            false,
            "features are 0 to 2",
        );
    }

    #[test]
    fn features_that_share_no_set_with_the_path_are_forbidden() {
        let constraints = FeatureConstraints {
            directions: Vec::new(),
            sets: vec![vec![0, 1], vec![1, 2, 3]],
        };
        let check = |path: &[u32], expected: [u32; 5]| {
            let mut used = vec![true; 5];
            constraints.forbid(path, &mut used);
            assert_eq!(used, expected.map(|used| used == 1), "{path:?}");
        };
        check(&[], [1, 1, 1, 1, 1]);
        check(&[0], [1, 1, 0, 0, 0]);
        check(&[1], [1, 1, 1, 1, 0]);
        check(&[1, 3], [0, 1, 1, 1, 0]);
        check(&[4], [0, 0, 0, 0, 1]);
    }
}
