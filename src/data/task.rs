//! The kind of target.

/// The kind of target: classes or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 3] = [Self::Binary, Self::Multiclass, Self::Regression];

    /// The name in flags, files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

/// An optional task in files: `"auto"` for `None`.
pub(crate) mod task_or_auto {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::data::Task;

    /// The name of no task.
    pub(crate) const AUTO: &str = "auto";

    /// The name of an optional task.
    pub(crate) fn name(task: Option<Task>) -> &'static str {
        task.map_or(AUTO, Task::name)
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Stored {
        Auto,
        Binary,
        Multiclass,
        Regression,
    }

    /// Writes the task's name, or `auto`.
    ///
    /// # Errors
    /// The serializer's.
    pub(crate) fn serialize<S: Serializer>(
        task: &Option<Task>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*task))
    }

    /// Reads a task's name, or `auto`.
    ///
    /// # Errors
    /// For any other text.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Task>, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Auto => None,
            Stored::Binary => Some(Task::Binary),
            Stored::Multiclass => Some(Task::Multiclass),
            Stored::Regression => Some(Task::Regression),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Options {
        #[serde(default, with = "task_or_auto")]
        task: Option<Task>,
    }

    #[test]
    fn names_are_those_of_files() {
        for task in Task::ALL {
            assert_eq!(
                serde_json::to_value(task).expect("JSON"),
                json!(task.name())
            );
        }
        let check = |task, name: &str| {
            let stored = json!({"task": name});
            let options = Options { task };
            assert_eq!(serde_json::to_value(&options).expect("JSON"), stored);
            let read: Options = serde_json::from_value(stored).expect(name);
            assert_eq!(read, options);
        };
        check(None, "auto");
        for task in Task::ALL {
            check(Some(task), task.name());
        }
        let read: Options = serde_json::from_value(json!({})).expect("the default");
        assert_eq!(read.task, None);
        assert!(serde_json::from_value::<Options>(json!({"task": "ranking"})).is_err());
    }
}
