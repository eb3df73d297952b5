//! The resolution of roles: the user's choice first, then the learner's, then the profile's.

use std::collections::HashMap;

use crate::{
    columns::{
        profile::Profile,
        roles::{BaseScore, Excluded, GroupChoice, LearnedRoles, Roles, Selection},
    },
    data::schema::{Schema, ValueType},
    error::{Error, Result},
    text::{column_pattern, nearest},
};

/// The most names that a message lists.
const NAMES_LISTED_MAX: usize = 5;

impl Roles {
    /// Gives every column its role. The user's choice has priority over the profile's.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a name that the data do not have (with the nearest one that they do),
    /// a type that cannot play its part, a contradiction, or when no feature is left.
    pub fn resolve(
        schema: &Schema,
        profile: Option<&Profile>,
        selection: &Selection,
    ) -> Result<Self> {
        Resolver::new(schema, profile, selection).resolve()
    }
}

struct Resolver<'a> {
    schema: &'a Schema,
    profile: Option<&'a Profile>,
    selection: &'a Selection,
    index: HashMap<&'a str, usize>,
}

impl<'a> Resolver<'a> {
    fn new(schema: &'a Schema, profile: Option<&'a Profile>, selection: &'a Selection) -> Self {
        let names = schema.fields.iter().map(|field| field.name.as_str());
        Self {
            schema,
            profile,
            selection,
            index: names.zip(0..).collect(),
        }
    }

    fn resolve(&self) -> Result<Roles> {
        let target = self.target()?;
        let group = self.group()?;
        let split = self.optional("--split-col", self.selection.split.as_deref())?;
        let weight = self.weight()?;
        self.check_parts(target, group, split, weight)?;

        let mut reasons: Vec<Option<String>> = vec![None; self.schema.fields.len()];
        self.apply_profile(&mut reasons);
        let included = self.apply_include(&mut reasons)?;
        self.apply_exclude(&mut reasons, &included, target)?;
        let parts = [
            (target, "the target"),
            (group, "keeps rows together (the group column)"),
            (split, "gives the split"),
            (weight, "gives the rows' weights"),
        ];
        for (column, reason) in parts {
            if let Some(column) = column {
                self.check_not_included(&included, column, reason)?;
                reasons[column] = Some(reason.to_owned());
            }
        }
        let mut features = Vec::new();
        let mut excluded = Vec::new();
        for (column, reason) in reasons.into_iter().enumerate() {
            match reason {
                None => features.push(column),
                Some(reason) => excluded.push(Excluded { column, reason }),
            }
        }
        self.check_features(&features, &excluded)?;
        Ok(Roles {
            target,
            group,
            split,
            weight,
            features,
            excluded,
            base_scores: self.base_scores(),
        })
    }

    fn target(&self) -> Result<Option<usize>> {
        let from_profile = self.profile.and_then(|profile| profile.target.as_deref());
        let is_optional = self.selection.target_is_optional;
        if let Some(name) = &self.selection.target {
            return self.column("--target", name).map(Some);
        }
        if let Some(learned) = &self.selection.learned {
            return self.learned_target(&learned.target).map(Some);
        }
        let name = match from_profile {
            Some(name) if is_optional => return Ok(self.index.get(name).copied()),
            Some(name) => name,
            None if is_optional => return Ok(None),
            None => {
                return Err(Error::Dataset(
                    "the target is not known; name its column with --target".to_owned(),
                ));
            }
        };
        self.index.get(name).copied().map(Some).ok_or_else(|| {
            Error::Dataset(format!(
                "the data have no column `{name}`, the target of the profile `{}`{}; name the target column \
                 with --target",
                self.profile_name(),
                self.hint(name)
            ))
        })
    }

    fn learned_target(&self, name: &str) -> Result<usize> {
        self.index.get(name).copied().ok_or_else(|| {
            Error::Dataset(format!(
                "the data have no column `{name}`, the target of --init-model{}; rename the column, or leave \
                 out --init-model",
                self.hint(name)
            ))
        })
    }

    fn group(&self) -> Result<Option<usize>> {
        match &self.selection.group {
            GroupChoice::None => Ok(None),
            GroupChoice::Column(name) => self.column("--group-col", name).map(Some),
            GroupChoice::Profile => Ok(self.default_of(
                |learned| learned.group.as_deref(),
                |profile| profile.group.as_deref(),
            )),
        }
    }

    fn weight(&self) -> Result<Option<usize>> {
        let named = self.optional("--weight-col", self.selection.weight.as_deref())?;
        let default = || {
            self.default_of(
                |learned| learned.weight.as_deref(),
                |profile| profile.weight.as_deref(),
            )
        };
        Ok(named.or_else(default))
    }

    /// The learner's column, else the profile's, as far as the data have them.
    fn default_of<'s>(
        &'s self,
        of_learner: impl Fn(&'s LearnedRoles) -> Option<&'s str>,
        of_profile: impl Fn(&'s Profile) -> Option<&'s str>,
    ) -> Option<usize> {
        let learned = self.selection.learned.as_ref().and_then(of_learner);
        let profiled = self.profile.and_then(of_profile);
        let mut names = [learned, profiled].into_iter().flatten();
        names.find_map(|name| self.index.get(name).copied())
    }

    fn optional(&self, flag: &str, name: Option<&str>) -> Result<Option<usize>> {
        match name {
            Some(name) => self.column(flag, name).map(Some),
            None => Ok(None),
        }
    }

    fn column(&self, flag: &str, name: &str) -> Result<usize> {
        self.index.get(name).copied().ok_or_else(|| {
            Error::Dataset(format!(
                "{flag}: the data have no column `{name}`{}; `rowmill inspect` lists the columns",
                self.hint(name)
            ))
        })
    }

    /// Two parts for one column, or a type that cannot play its part.
    fn check_parts(
        &self,
        target: Option<usize>,
        group: Option<usize>,
        split: Option<usize>,
        weight: Option<usize>,
    ) -> Result<()> {
        let parts = [
            (target, "the target"),
            (group, "the group column"),
            (split, "the split column"),
            (weight, "the weight column"),
        ];
        for (i, (column, part)) in parts.iter().enumerate() {
            let Some(column) = *column else { continue };
            let field = &self.schema.fields[column];
            for (other, other_part) in &parts[..i] {
                // One column may both group rows and give their split.
                if *other == Some(column) && !(Some(column) == group && Some(column) == split) {
                    return Err(Error::Dataset(format!(
                        "the column `{}` cannot be both {other_part} and {part}; choose another for one of them",
                        field.name
                    )));
                }
            }
            let wrong_type = match field.value_type {
                None => true,
                Some(ValueType::Text) => Some(column) == weight,
                Some(_) => false,
            };
            if wrong_type {
                return Err(Error::Dataset(format!(
                    "the column `{}` has the type {} and cannot be {part}; choose another",
                    field.name, field.file_type
                )));
            }
        }
        Ok(())
    }

    fn apply_profile(&self, reasons: &mut [Option<String>]) {
        let Some(profile) = self.profile else { return };
        let lists = [
            (&profile.metadata[..], "metadata of the profile"),
            (&profile.leakage[..], "leaks the answer, says the profile"),
            // With another target, this one would often give it away.
            (profile.target.as_slice(), "the target of the profile"),
        ];
        for (names, why) in lists {
            for name in names {
                if let Some(column) = self.index.get(name.as_str()) {
                    reasons[*column] = Some(format!("{why} {}", profile.name));
                }
            }
        }
    }

    /// Takes included columns out of the profile's lists and returns those that were included by name.
    fn apply_include(&self, reasons: &mut [Option<String>]) -> Result<Vec<usize>> {
        let mut included = Vec::new();
        for wanted in &self.selection.include {
            let columns = self.select("--include", wanted)?;
            for column in &columns {
                reasons[*column] = None;
            }
            if self.index.contains_key(wanted.as_str()) {
                included.extend(columns);
            }
        }
        Ok(included)
    }

    fn apply_exclude(
        &self,
        reasons: &mut [Option<String>],
        included: &[usize],
        target: Option<usize>,
    ) -> Result<()> {
        for unwanted in &self.selection.exclude {
            for column in self.select("--exclude", unwanted)? {
                let field = &self.schema.fields[column];
                let by_name = field.name == *unwanted;
                if target == Some(column) && by_name {
                    return Err(Error::Dataset(format!(
                        "--exclude names the target `{}`; the target is never a feature, so remove it from the \
                         list",
                        field.name
                    )));
                }
                if included.contains(&column) {
                    return Err(Error::Dataset(format!(
                        "the column `{}` is named by --include and --exclude; remove it from one of them",
                        field.name
                    )));
                }
                reasons[column] = Some(match by_name {
                    true => "--exclude".to_owned(),
                    false => format!("--exclude {unwanted}"),
                });
            }
        }
        for unwanted in &self.selection.exclude_if_there {
            for column in self.matching(unwanted)? {
                if !included.contains(&column) {
                    reasons[column] = Some("--exclude-file".to_owned());
                }
            }
        }
        Ok(())
    }

    fn check_not_included(&self, included: &[usize], column: usize, part: &str) -> Result<()> {
        if included.contains(&column) {
            return Err(Error::Dataset(format!(
                "--include names the column `{}`, which {}; remove it from the list",
                self.schema.fields[column].name,
                if part.starts_with("the") {
                    format!("is {part}")
                } else {
                    part.to_owned()
                }
            )));
        }
        Ok(())
    }

    fn check_features(&self, features: &[usize], excluded: &[Excluded]) -> Result<()> {
        if features.is_empty() && self.selection.learned.is_none() {
            return Err(Error::Dataset(format!(
                "all {} columns are excluded, so no feature is left; `rowmill inspect` shows the reasons, and \
                 --include keeps the columns that it names",
                excluded.len()
            )));
        }
        let unsupported: Vec<_> = features
            .iter()
            .map(|column| &self.schema.fields[*column])
            .filter(|field| field.value_type.is_none())
            .collect();
        let Some(first) = unsupported.first() else {
            return Ok(());
        };
        let names: Vec<&str> = unsupported
            .iter()
            .map(|field| field.name.as_str())
            .take(NAMES_LISTED_MAX)
            .collect();
        let more = match unsupported.len() - names.len() {
            0 => String::new(),
            more => format!(" ({more} more have such types)"),
        };
        Err(Error::Dataset(format!(
            "the column `{}` has the type {}, which cannot be a feature; leave it out with --exclude {}{more}",
            first.name,
            first.file_type,
            names.join(",")
        )))
    }

    /// The base scores, if the data have a numeric column for each of them.
    fn base_scores(&self) -> Vec<BaseScore> {
        let Some(profile) = self.profile else {
            return Vec::new();
        };
        let mut scores = Vec::new();
        for (class, name) in profile.base_score_columns().into_iter().enumerate() {
            let Some(&column) = self.index.get(name) else {
                return Vec::new();
            };
            match self.schema.fields[column].value_type {
                Some(ValueType::F32 | ValueType::F64) => scores.push(BaseScore { column, class }),
                _ => return Vec::new(),
            }
        }
        scores
    }

    /// The columns that a name or pattern of the user means; none is an error.
    fn select(&self, flag: &str, wanted: &str) -> Result<Vec<usize>> {
        let columns = self.matching(wanted)?;
        if !columns.is_empty() {
            return Ok(columns);
        }
        if column_pattern::is_pattern(wanted) {
            return Err(Error::Dataset(format!(
                "{flag}: no column matches the pattern `{wanted}`; `rowmill inspect` lists the columns"
            )));
        }
        self.column(flag, wanted).map(|column| vec![column])
    }

    /// The columns that a name or pattern matches, perhaps none. The name of a column is never a pattern.
    fn matching(&self, wanted: &str) -> Result<Vec<usize>> {
        if let Some(column) = self.index.get(wanted) {
            return Ok(vec![*column]);
        }
        if !column_pattern::is_pattern(wanted) {
            return Ok(Vec::new());
        }
        let pattern = column_pattern::parse(wanted).map_err(Error::Usage)?;
        let fields = self.schema.fields.iter().enumerate();
        Ok(fields
            .filter(|(_, field)| pattern.matches(&field.name))
            .map(|(column, _)| column)
            .collect())
    }

    fn hint(&self, name: &str) -> String {
        let names = self.schema.fields.iter().map(|field| field.name.as_str());
        nearest::hint(name, names)
    }

    fn profile_name(&self) -> &str {
        self.profile.map_or("none", |profile| &profile.name)
    }
}

#[cfg(test)]
mod tests;
