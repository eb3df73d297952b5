//! The file: its columns, and its row groups.

use std::path::Path;

use crate::{
    data::Split,
    error::Result,
    model::{Link, Model},
    pipeline::evaluate::predictions::rows::PredictedRows,
    source::write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
};

/// The file's name.
pub(crate) const NAME: &str = "predictions.parquet";

/// Rows of a row group at the most, and at the least where a row has many outputs.
const ROW_GROUP_ROWS: (usize, usize) = (1 << 10, 1 << 16);

/// Predictions of a row group, about.
const ROW_GROUP_PREDICTIONS: usize = 1 << 18;

/// The splits by their bytes.
const SPLITS: [Split; 4] = [Split::Train, Split::Valid, Split::Test, Split::None];

const _: () = assert!(SPLITS[1] as usize == 1 && SPLITS[2] as usize == 2);

/// Rows of a row group.
pub(crate) fn row_group_rows(outputs: usize) -> usize {
    let (min, max) = ROW_GROUP_ROWS;
    (ROW_GROUP_PREDICTIONS / outputs).clamp(min, max)
}

/// Writes rows as they come, a row group at a time.
pub(crate) struct PredictionsFile {
    writer: TableWriter,
    link: Link,
    outputs: usize,
    /// Outputs that have a column: all, but of two classes the second alone.
    written: std::ops::Range<usize>,
    has_classes: bool,
    rows_max: usize,
    held: PredictedRows,
    /// The margins of a row group, output-major.
    margins: Vec<f32>,
    predictions: Vec<f64>,
}

impl PredictionsFile {
    /// Begins a file of this model's predictions, under a temporary name.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the directory cannot be written.
    pub(crate) fn create(path: &Path, model: &Model) -> Result<Self> {
        let classes = &model.about.classes;
        let outputs = model.body.outputs();
        let label = match classes.is_empty() {
            true => ColumnKind::F32,
            false => ColumnKind::I32,
        };
        let mut columns = vec![
            ColumnSpec::required("row", ColumnKind::I64),
            ColumnSpec::nullable("group", ColumnKind::Text),
            ColumnSpec::required("split", ColumnKind::Text),
            ColumnSpec::required("label", label),
            ColumnSpec::required("weight", ColumnKind::F32),
        ];
        let names: Vec<String> = match classes.len() {
            0 => vec!["prediction".to_owned()],
            2 => vec!["probability".to_owned()],
            _ => classes
                .iter()
                .map(|class| format!("probability_{class}"))
                .collect(),
        };
        let written = outputs - names.len()..outputs;
        let number = |name| ColumnSpec::required(name, ColumnKind::F64);
        columns.extend(names.into_iter().map(number));
        let rows_max = row_group_rows(outputs);
        Ok(Self {
            writer: TableWriter::create(path, &columns, &WriteOptions::default())?,
            link: model.body.link(),
            outputs,
            written,
            has_classes: !classes.is_empty(),
            rows_max,
            held: PredictedRows::with_capacity(rows_max, outputs),
            margins: Vec::new(),
            predictions: Vec::new(),
        })
    }

    /// Adds the rows after those before.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the disk refuses.
    pub(crate) fn add(&mut self, rows: &PredictedRows) -> Result<()> {
        let mut first = 0;
        while first < rows.row.len() {
            let room = self.rows_max - self.held.row.len();
            let end = rows.row.len().min(first + room);
            self.held.append(rows, first, end);
            first = end;
            if self.held.row.len() == self.rows_max {
                self.write_held()?;
            }
        }
        Ok(())
    }

    /// Writes what is held, and gives the file its name.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the disk refuses.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.write_held()?;
        self.writer.finish().map(|_| ())
    }

    fn write_held(&mut self) -> Result<()> {
        let held = &self.held;
        let rows = held.row.len();
        self.margins.clear();
        for output in 0..self.outputs {
            let margins = held.margins.iter().skip(output).step_by(self.outputs);
            self.margins.extend(margins);
        }
        self.predictions.resize(self.margins.len(), 0.0);
        self.link
            .apply_into(&self.margins, self.outputs, &mut self.predictions);
        let groups: Vec<Option<&str>> = match held.group.is_empty() {
            true => vec![None; rows],
            false => {
                let name = |group: &u32| Some(held.names[*group as usize].as_str());
                held.group.iter().map(name).collect()
            }
        };
        let splits = SPLITS.map(Split::name);
        let classes: Vec<i32> = match self.has_classes {
            true => held.label.iter().map(|label| *label as i32).collect(),
            false => Vec::new(),
        };
        let mut columns = vec![
            ColumnData::I64(&held.row),
            ColumnData::Text(&groups),
            ColumnData::TextIds {
                values: &splits,
                ids: &held.split,
            },
            match self.has_classes {
                true => ColumnData::I32(&classes),
                false => ColumnData::F32(&held.label),
            },
            ColumnData::F32(&held.weight),
        ];
        for output in self.written.clone() {
            columns.push(ColumnData::F64(&self.predictions[output * rows..][..rows]));
        }
        self.writer.write_row_group(&columns)?;
        self.held.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;
    use crate::{
        data::Task,
        model::{About, Body, Ensemble, Roles},
    };

    fn model(classes: usize) -> Model {
        let task = match classes {
            0 => Task::Regression,
            2 => Task::Binary,
            _ => Task::Multiclass,
        };
        let outputs = if classes > 2 { classes } else { 1 };
        Model {
            about: About {
                rowmill_version: String::new(),
                task,
                classes: (0..classes).map(|class| class.to_string()).collect(),
                roles: Roles::default(),
                profile: None,
                data_fingerprint: 0,
                train_rows: 0,
                seed: 0,
            },
            features: Vec::new(),
            body: Body::Trees(Ensemble {
                outputs,
                base_margin: vec![0.0; outputs],
                link: task.link(),
                trees: Vec::new(),
            }),
            metrics: serde_json::Value::Null,
            split: serde_json::Value::Null,
            options: serde_json::Value::Null,
        }
    }

    /// Rows of the row groups of a file that gets parts of so many rows.
    fn row_groups(classes: usize, parts: &[usize]) -> Vec<i64> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        let model = model(classes);
        let mut file = PredictionsFile::create(&path, &model).unwrap();
        let mut next = 0;
        for rows in parts {
            let part = PredictedRows {
                row: (next..next + *rows as i64).collect(),
                split: vec![2; *rows],
                label: vec![1.0; *rows],
                weight: vec![1.0; *rows],
                group: Vec::new(),
                names: Vec::new(),
                margins: vec![0.5; rows * model.body.outputs()],
            };
            next += *rows as i64;
            file.add(&part).unwrap();
            assert!(!path.exists(), "no half of a file under its name");
        }
        file.finish().unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let groups = reader.metadata().row_groups().iter();
        groups.map(|group| group.num_rows()).collect()
    }

    #[test]
    fn row_groups_have_a_size_of_their_own() {
        assert_eq!(row_groups(2, &[40_000, 30_000, 1]), [65_536, 4_465]);
        assert_eq!(row_groups(0, &[70_000]), [65_536, 4_464]);
        assert_eq!(row_groups(300, &[1_500]), [1_024, 476]);
        assert_eq!(row_groups(2, &[]), [0; 0]);
    }
}
