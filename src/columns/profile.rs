//! A profile: facts about a family of tables that hold before the first row is read.
//!
//! The engine knows no domain. The domain sits in a small TOML file: the embedded `splice`
//! (`profiles/splice.toml`, which documents every key) or one of the user's with the same keys.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    baseline::BaselineColumns,
    data::{
        schema::Schema,
        task::{Task, task_or_auto},
    },
    error::{Error, Result},
    text::{column_pattern, nearest, pattern::Pattern},
};

/// The text of the embedded `splice` profile.
const SPLICE: &str = include_str!("profiles/splice.toml");

/// Paths tried for a baseline table unless a profile names others.
const BASELINE_FILES: [&str; 2] = [
    "full_splice_performance.tsv",
    "spliceai_eval/full_splice_performance.tsv",
];

/// The most bytes of a profile file.
const PROFILE_BYTES_MAX: u64 = 1 << 20;

/// A class of the target and how the files spell it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassCoding {
    /// The class's name in models and reports.
    pub name: String,
    /// Its spellings. A number in the file is compared as an integer's text.
    pub values: Vec<String>,
}

/// The two classes of a binary task.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinaryCoding {
    /// The class that is 0; all others together are 1.
    pub negative: String,
    /// The name of the others together.
    pub positive_name: String,
}

/// The base model's table of counts by group. A key that is left out has its usual names.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BaselineFiles {
    /// Paths tried in the dataset's directory and beside it, in order; empty for none.
    pub files: Vec<String>,
    /// Names tried for the column of group keys, in order.
    pub group_columns: Vec<String>,
    /// Names tried for the column of classes, in order.
    pub class_columns: Vec<String>,
}

impl Default for BaselineFiles {
    fn default() -> Self {
        let BaselineColumns { groups, sites } = BaselineColumns::default();
        Self {
            files: BASELINE_FILES.map(str::to_owned).to_vec(),
            group_columns: groups,
            class_columns: sites,
        }
    }
}

impl BaselineFiles {
    /// The names of the table's columns.
    pub fn columns(&self) -> BaselineColumns {
        BaselineColumns {
            groups: self.group_columns.clone(),
            sites: self.class_columns.clone(),
        }
    }
}

/// Facts about a family of tables. Made by [`Profile::parse`], which checks it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name, for messages.
    pub name: String,
    /// The column whose presence selects the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// The default target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The meaning of `--task auto` for that target.
    #[serde(default, with = "task_or_auto")]
    pub task: Option<Task>,
    /// The class of a null label; without it such rows are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_label: Option<String>,
    /// The default group column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The default weight column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Columns that identify or place a row.
    #[serde(default)]
    pub metadata: Vec<String>,
    /// Columns that leak the target.
    #[serde(default)]
    pub leakage: Vec<String>,
    /// Patterns of columns whose absence from a file means 0.
    #[serde(default)]
    pub absent_is_zero: Vec<String>,
    /// The target's classes in their order; empty to take them from the data.
    #[serde(default)]
    pub classes: Vec<ClassCoding>,
    /// The two classes of a binary task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<BinaryCoding>,
    /// Class -> the column of the base model's probability of it.
    #[serde(default)]
    pub base_scores: BTreeMap<String, String>,
    /// The base model's table.
    #[serde(default)]
    pub baseline: BaselineFiles,
    /// `absent_is_zero`, parsed.
    #[serde(skip)]
    zero_patterns: Vec<Pattern>,
}

impl Profile {
    /// The embedded profile of splice-site tables.
    pub fn splice() -> Self {
        Self::parse(SPLICE, "splice").expect("the embedded profile is parsed by a test")
    }

    /// The embedded profile whose marker column the data have, if any.
    pub fn detect(schema: &Schema) -> Option<Self> {
        let splice = Self::splice();
        let marker = splice.marker.as_deref()?;
        schema.index_of(marker)?;
        Some(splice)
    }

    /// Reads a profile file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Usage`] when it is not a profile.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = fs::metadata(path)
            .map_err(|error| Error::io("read the profile", path, error))?
            .len();
        if bytes > PROFILE_BYTES_MAX {
            return Err(Error::Usage(format!(
                "the profile {} has {bytes} bytes, above the limit of {PROFILE_BYTES_MAX}; check that it is a \
                 profile",
                path.display()
            )));
        }
        let text =
            fs::read_to_string(path).map_err(|error| Error::io("read the profile", path, error))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Parses a profile; `origin` names it in messages.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the line, or the key whose value contradicts another.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let wrong = |message: String| Error::Usage(format!("the profile {origin}: {message}"));
        let mut profile: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| {
                let before = &text.as_bytes()[..span.start.min(text.len())];
                before.iter().filter(|byte| **byte == b'\n').count() + 1
            });
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            wrong(format!(
                "{place}{}",
                error.message().trim().replace('\n', " ")
            ))
        })?;
        for pattern in &profile.absent_is_zero {
            let parsed = column_pattern::parse(pattern)
                .map_err(|error| wrong(format!("absent_is_zero: {error}")))?;
            profile.zero_patterns.push(parsed);
        }
        profile.check().map_err(wrong)?;
        Ok(profile)
    }

    /// The profile as TOML, for the model: [`Profile::parse`] reads it.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a profile has only strings, lists and tables of strings")
    }

    /// True if the absence of a column from a file means 0.
    pub fn is_zero_when_absent(&self, column: &str) -> bool {
        self.zero_patterns
            .iter()
            .any(|pattern| pattern.matches(column))
    }

    /// True for the column that the profile's classes describe.
    pub fn describes_target(&self, column: &str) -> bool {
        !self.classes.is_empty() && self.target.as_deref() == Some(column)
    }

    /// The class that a text value spells.
    pub fn class_of_text(&self, value: &str) -> Option<usize> {
        self.classes
            .iter()
            .position(|class| class.values.iter().any(|spelling| spelling == value))
    }

    /// The class that a number spells: 0 is `"0"`. Fractions and missing values spell none.
    pub fn class_of_number(&self, value: f64) -> Option<usize> {
        // Beyond 2^53 a float is not one integer, and nobody numbers classes like that.
        if value.fract() != 0.0 || value.abs() > 9e15 {
            return None;
        }
        self.class_of_text(&(value as i64).to_string())
    }

    /// The class of a null label; `None` where such rows are skipped.
    pub fn class_of_null(&self) -> Option<usize> {
        self.class_index(self.null_label.as_deref()?)
    }

    /// The class that is 0 in a binary task, where the profile says.
    pub fn negative_class(&self) -> Option<usize> {
        self.class_index(&self.binary.as_ref()?.negative)
    }

    /// The class names in order.
    pub fn class_names(&self) -> Vec<String> {
        self.classes
            .iter()
            .map(|class| class.name.clone())
            .collect()
    }

    /// The names of the two classes of a binary task, negative first, where the profile says.
    pub fn binary_names(&self) -> Option<[String; 2]> {
        let binary = self.binary.as_ref()?;
        Some([binary.negative.clone(), binary.positive_name.clone()])
    }

    /// The base model's probability columns in class order; empty without base scores.
    pub fn base_score_columns(&self) -> Vec<&str> {
        self.classes
            .iter()
            .filter_map(|class| self.base_scores.get(&class.name))
            .map(String::as_str)
            .collect()
    }

    fn class_index(&self, name: &str) -> Option<usize> {
        self.classes.iter().position(|class| class.name == name)
    }

    /// Checks the keys against each other.
    fn check(&self) -> Result<(), String> {
        if self.name.is_empty() {
            return Err("`name` is empty; give the profile a name".to_owned());
        }
        if self.classes.len() == 1 {
            return Err(
                "`classes` has 1 class; list two or more, or leave the key out to take them from the data"
                    .to_owned(),
            );
        }
        if !self.classes.is_empty() && self.target.is_none() {
            return Err(
                "`classes` is given without `target`; name the target column too".to_owned(),
            );
        }
        for (key, names) in [
            ("group_columns", &self.baseline.group_columns),
            ("class_columns", &self.baseline.class_columns),
        ] {
            if names.is_empty() {
                return Err(format!(
                    "`baseline.{key}` is empty; name a column, or leave the key out for the usual names"
                ));
            }
        }
        if !self.classes.is_empty() && self.task == Some(Task::Regression) {
            return Err(
                "`task` is regression, which has no `classes`; leave one of them out".to_owned(),
            );
        }
        self.check_spellings()?;
        let negative = self.binary.as_ref().map(|binary| &binary.negative);
        let named = [
            ("null_label", self.null_label.as_ref()),
            ("binary.negative", negative),
        ];
        for (key, class) in named {
            if let Some(class) = class {
                self.check_class(key, class)?;
            }
        }
        for class in self.base_scores.keys() {
            self.check_class("base_scores", class)?;
        }
        let missing = self
            .classes
            .iter()
            .find(|class| !self.base_scores.contains_key(&class.name));
        match missing {
            Some(class) if !self.base_scores.is_empty() => Err(format!(
                "`base_scores` has no column for the class `{}`; name a column for each class, or leave the \
                 table out",
                class.name
            )),
            _ => Ok(()),
        }
    }

    /// Checks that no name and no spelling is of two classes.
    fn check_spellings(&self) -> Result<(), String> {
        let mut spellings: BTreeMap<&str, &str> = BTreeMap::new();
        for (i, class) in self.classes.iter().enumerate() {
            if self.classes[..i]
                .iter()
                .any(|other| other.name == class.name)
            {
                return Err(format!(
                    "two classes have the name `{}`; rename one of them",
                    class.name
                ));
            }
            if class.values.is_empty() {
                return Err(format!(
                    "the class `{}` has no `values`; list its values in the target column",
                    class.name
                ));
            }
            for value in &class.values {
                if let Some(other) = spellings.insert(value, &class.name) {
                    return Err(format!(
                        "the value `{value}` belongs to both classes `{other}` and `{}`; remove it from one of \
                         them",
                        class.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_class(&self, key: &str, class: &str) -> Result<(), String> {
        if self.class_index(class).is_some() {
            return Ok(());
        }
        let names = self.classes.iter().map(|class| class.name.as_str());
        Err(format!(
            "`{key}` names the class `{class}`, which is not in `classes`{}",
            nearest::hint(class, names)
        ))
    }
}

#[cfg(test)]
mod tests;
