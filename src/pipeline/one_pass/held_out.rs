//! Held-out rows of data that are read once: stored as rows of the design in a scratch file, and scored by
//! the finished learner.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use ndarray::{ArrayView2, ShapeBuilder, s};

use crate::{
    data::{RowBlock, Split, Tile},
    error::{Error, Result},
    learner::incremental::Learner,
    pipeline::evaluate::{
        evaluation::{Evaluation, EvaluationSpec},
        progressive,
    },
    scratch::Element,
};

/// Bytes of a row in the file beside its columns: label, group, split.
pub(crate) const HELD_OUT_ROW_BYTES: u64 = 13;

/// Rows of a chunk that are scored at a time.
const PART_ROWS: usize = 4_096;

/// Bytes of the predictions of rows that are scored at a time.
pub(crate) fn held_out_bytes(classes: usize) -> u64 {
    (PART_ROWS * classes * (size_of::<f64>() + size_of::<f32>())) as u64
}

/// A file of chunks: rows, then label, group and split of each, then column after column.
pub(crate) struct HeldOut {
    path: PathBuf,
    writer: BufWriter<File>,
    columns: usize,
    chunks: u64,
    bytes: Vec<u8>,
}

/// The rows of a chunk: label, weight, group, split and design.
#[derive(Debug, Default)]
struct Chunk {
    label: Vec<f32>,
    weight: Vec<f32>,
    group: Vec<u64>,
    split: Vec<u8>,
    values: Vec<f32>,
}

impl HeldOut {
    /// Creates the file, for rows of so many columns.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn create(path: &Path, columns: usize) -> Result<Self> {
        let file = File::create_new(path).map_err(|source| Error::io("create", path, source))?;
        Ok(Self {
            path: path.to_path_buf(),
            writer: BufWriter::new(file),
            columns,
            chunks: 0,
            bytes: Vec::new(),
        })
    }

    /// Appends a part of a slice's rows, those at some places; `design` has them in that order.
    ///
    /// # Errors
    /// [`Error::Io`], a full disk among it.
    pub(crate) fn append(&mut self, rows: &RowBlock<'_>, at: &[u32], design: &Tile) -> Result<()> {
        assert_eq!(at.len(), design.rows(), "a row of the design each");
        let picked = |index: &u32| *index as usize;
        let label: Vec<f32> = at.iter().map(|row| rows.label[picked(row)]).collect();
        let group: Vec<u64> = at.iter().map(|row| rows.group[picked(row)]).collect();
        let split: Vec<u8> = at.iter().map(|row| rows.split[picked(row)]).collect();
        self.write(&[at.len() as u64])?;
        self.write(&label)?;
        self.write(&group)?;
        self.write(&split)?;
        for column in 0..self.columns {
            self.write(design.column(column))?;
        }
        self.chunks += 1;
        Ok(())
    }

    fn write<T: Element>(&mut self, numbers: &[T]) -> Result<()> {
        self.bytes.resize(numbers.len() * T::BYTES, 0);
        T::encode(numbers, &mut self.bytes);
        let written = self.writer.write_all(&self.bytes);
        written.map_err(|source| Error::io("write", &self.path, source))
    }

    /// Scores all rows.
    ///
    /// # Errors
    /// [`Error::Io`]; when the counts of groups cannot be spilled.
    pub(crate) fn evaluate(
        mut self,
        learner: &dyn Learner,
        spec: &EvaluationSpec,
    ) -> Result<Evaluation> {
        let failed = |source| Error::io("write", &self.path, source);
        self.writer.flush().map_err(failed)?;
        let file = File::open(&self.path);
        let file = file.map_err(|source| Error::io("open", &self.path, source))?;
        let mut reader = BufReader::new(file);
        let mut evaluation = Evaluation::new(spec);
        let mut chunk = Chunk::default();
        for _ in 0..self.chunks {
            chunk
                .read(&mut reader, self.columns)
                .map_err(|source| Error::io("read", &self.path, source))?;
            let rows = chunk.label.len();
            let features = ArrayView2::from_shape((rows, self.columns).f(), &chunk.values)
                .expect("a chunk has its columns one after the other");
            for first in (0..rows).step_by(PART_ROWS) {
                let part = first..rows.min(first + PART_ROWS);
                let probabilities = learner.predict(features.slice(s![part.clone(), ..]).into())?;
                let margins = progressive::margins(spec.task, probabilities.view());
                evaluation.update(&Split::ALL, &chunk.rows(part), &margins)?;
            }
        }
        Ok(evaluation)
    }
}

impl Chunk {
    fn rows(&self, part: Range<usize>) -> RowBlock<'_> {
        RowBlock {
            label: &self.label[part.clone()],
            weight: &self.weight[part.clone()],
            group: &self.group[part.clone()],
            split: &self.split[part],
        }
    }

    fn read(&mut self, reader: &mut impl Read, columns: usize) -> std::io::Result<()> {
        let mut count = [0u64];
        read_numbers(reader, &mut count)?;
        let rows = count[0] as usize;
        self.label.resize(rows, 0.0);
        self.weight.resize(rows, 1.0);
        self.group.resize(rows, 0);
        self.split.resize(rows, 0);
        self.values.resize(rows * columns, 0.0);
        read_numbers(reader, &mut self.label)?;
        read_numbers(reader, &mut self.group)?;
        read_numbers(reader, &mut self.split)?;
        let mut values = self.values.as_mut_slice();
        while !values.is_empty() {
            let (column, rest) = values.split_at_mut(rows);
            read_numbers(reader, column)?;
            values = rest;
        }
        Ok(())
    }
}

fn read_numbers<T: Element>(reader: &mut impl Read, numbers: &mut [T]) -> std::io::Result<()> {
    let mut bytes = vec![0; numbers.len() * T::BYTES];
    reader.read_exact(&mut bytes)?;
    T::decode(&bytes, numbers);
    Ok(())
}
