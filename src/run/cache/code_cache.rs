//! The cache of codes: rows and codes of an earlier run on the same data, found, checked and used again, or
//! written and sealed for later runs.
//!
//! ```text
//!   find (by key) --> CachedCodes --open, checksums--> CodeCache + PassResults
//!        \ none --> CodeCache::create --> rows, codes, groups --> seal
//! ```

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use crate::{
    engine::{Context, PassReport, Progress, parallel_map},
    error::{Error, Result},
    format::container::from_postcard,
    group::GroupTable,
    pipeline::{
        coding::codes::{CODES, CodingResult},
        open::target::DistinctValues,
        prepare::{
            splitting::{ROWS, SplitRows},
            survey::FeatureSurvey,
        },
        storage::rows::RowsFile,
    },
    run::cache::{contents::PassResults, groups},
    scratch::{
        BlockFile, Ingredient, ScratchDirectory, Seal, SealAbout, bytes_in, remove_scratch,
        scratch_directories,
        seal::{difference, fingerprint},
    },
    text::size::format_bytes,
};

/// The name of the file of groups, where there are groups.
const GROUPS: &str = "groups";

/// Directories of other data that a message names at the most.
const OTHERS_SHOWN: usize = 3;

/// Sealed codes of the same data, held so that nobody removes them.
pub(crate) struct CachedCodes {
    directory: ScratchDirectory,
    seal: Seal,
    known: PassResults<'static>,
}

/// Rows, splits and codes of an earlier run, in place of the passes that make them.
pub(crate) struct CachedRows {
    pub(crate) split: SplitRows,
    pub(crate) survey: Vec<FeatureSurvey>,
    pub(crate) coded: CodingResult,
}

/// A directory of codes, and whether this run made it.
pub(crate) struct CodeCache {
    /// The directory.
    pub(crate) directory: ScratchDirectory,
    /// The inputs of its codes.
    pub(crate) ingredients: Vec<Ingredient>,
}

/// Looks in a directory for codes of the same ingredients. Says which others are there, and why not
/// they.
pub(crate) fn find(
    parent: &Path,
    wanted: &[Ingredient],
    progress: &dyn Progress,
) -> Option<CachedCodes> {
    let mut others = Vec::new();
    for (path, _) in scratch_directories(parent) {
        let seal = match Seal::read(&path) {
            Ok(Some(seal)) => seal,
            Ok(None) => continue,
            Err(error) => {
                others.push(error.to_string());
                continue;
            }
        };
        if let Some(why) = difference(&seal.about.ingredients, wanted) {
            others.push(format!("{}: {why}", path.display()));
            continue;
        }
        let Ok(Some(directory)) = ScratchDirectory::open_shared(&path) else {
            continue;
        };
        match from_postcard::<PassResults<'static>>(&seal.contents) {
            Ok(known) => {
                return Some(CachedCodes {
                    directory,
                    seal,
                    known,
                });
            }
            Err(error) => others.push(format!("{}: its seal is damaged: {error}", path.display())),
        }
    }
    for other in others.iter().take(OTHERS_SHOWN) {
        progress.message(&format!("scratch files not used: {other}"));
    }
    None
}

impl CachedCodes {
    /// The target's values, where the data were asked for its classes.
    pub(crate) fn values(&self) -> Option<&DistinctValues> {
        self.known.values.as_ref()
    }

    /// Bytes of its files.
    pub(crate) fn bytes(&self) -> u64 {
        bytes_in(self.directory.path())
    }

    /// Reads every block once and compares its checksum, and answers what is in the files. `data` is how
    /// many rows there are and whether they are weighted. Damaged
    /// files are told of and, unless they were kept on purpose, removed.
    ///
    /// # Errors
    /// A request to stop.
    pub(crate) fn open(
        self,
        context: &Context<'_>,
        data: (u64, bool),
        groups: Option<GroupTable>,
        run_files: &[PathBuf; 2],
    ) -> Result<Option<(ScratchDirectory, CachedRows, PassReport)>> {
        let Self {
            mut directory,
            seal,
            known,
        } = self;
        let path = directory.path().to_path_buf();
        let mut opened = None;
        let rows = data.0;
        let checked = context.announced("check of codes", rows, || {
            let reused = open_files(context, &path, &seal, known, data, groups)?;
            let bytes = reused.bytes();
            opened = Some(reused);
            Ok(bytes)
        });
        match (checked, opened) {
            (Ok(report), Some(reused)) => {
                if directory.waits_for(&run_files[0]) {
                    directory.adopt();
                }
                let shown = path.display();
                context
                    .progress
                    .message(&format!("codes of an earlier run are used: {shown}"));
                Ok(Some((directory, reused, report)))
            }
            (Err(error @ Error::Interrupted { .. }), _) => Err(error),
            (Err(error), _) => {
                drop(directory);
                let is_gone = !path.join("kept").exists() && remove_scratch(&path);
                let next = if is_gone {
                    "it was removed"
                } else {
                    "remove it with `rowmill scratch clean --all`"
                };
                context
                    .progress
                    .warning(&format!("{error}; {next}, and the data are binned again"));
                Ok(None)
            }
            (Ok(_), None) => unreachable!("a check that went well has opened the files"),
        }
    }
}

impl CachedRows {
    /// Bytes of the codes.
    fn bytes(&self) -> u64 {
        let codes = self.coded.codes.as_ref();
        codes.map_or(0, |codes| codes.block_bytes() * codes.blocks() as u64)
    }
}

fn open_files(
    context: &Context<'_>,
    path: &Path,
    seal: &Seal,
    mut known: PassResults<'_>,
    (rows_in_data, weighted): (u64, bool),
    mut groups: Option<GroupTable>,
) -> Result<CachedRows> {
    let rows = RowsFile::open(&path.join(ROWS), rows_in_data, weighted)?;
    let element_bytes = vec![1; known.in_layout.len()];
    let codes = BlockFile::open(&path.join(CODES), rows_in_data, &element_bytes)?;
    for (name, file) in [(ROWS, rows.block_file()), (CODES, &codes)] {
        let sums = checksums(context, file)?;
        let damaged = sums
            .iter()
            .zip(seal.checksums_of(name))
            .position(|(a, b)| a != b);
        let is_missing = sums.len() != seal.checksums_of(name).len();
        if let Some(block) = damaged.or(is_missing.then_some(0)) {
            let message = format!("block {block} is damaged: its checksum does not match");
            return Err(Error::format(path.join(name), message));
        }
    }
    if let Some(groups) = &mut groups {
        groups::read_groups(&path.join(GROUPS), groups)?;
    }
    let codes = codes.with_arrays(&known.in_layout);
    let pruned = known.pruned.take().map(Cow::into_owned);
    let (assigned, survey, bins) = known.open(groups);
    Ok(CachedRows {
        split: SplitRows { rows, assigned },
        survey,
        coded: CodingResult {
            bins,
            codes: Some(codes),
            pruned,
        },
    })
}

/// The checksums of a file's blocks.
fn checksums(context: &Context<'_>, file: &BlockFile) -> Result<Vec<u64>> {
    parallel_map(context, "checksums", file.blocks(), |block| {
        file.checksum(block)
    })
}

impl CodeCache {
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_path_buf()
    }

    /// A new directory for codes of these ingredients.
    ///
    /// # Errors
    /// As [`ScratchDirectory::create_shared`].
    pub(crate) fn create(
        parent: &Path,
        ingredients: Vec<Ingredient>,
        allow_memory: bool,
        run_files: &[PathBuf; 2],
    ) -> Result<Self> {
        let fingerprint = fingerprint(&ingredients);
        let [checkpoint, finished] = run_files;
        let directory = ScratchDirectory::create_shared(
            parent,
            fingerprint,
            allow_memory,
            [checkpoint, finished],
        )?;
        Ok(Self {
            directory,
            ingredients,
        })
    }

    /// Writes the groups. They are complete once every row has its split.
    ///
    /// # Errors
    /// [`Error::Io`], `StorageFull` among it.
    pub(crate) fn write_groups(&self, groups: Option<&mut GroupTable>) -> Result<()> {
        match groups {
            Some(groups) => groups::write_groups(&self.directory.file(GROUPS), groups),
            None => Ok(()),
        }
    }

    /// Seals the directory, whose files are complete, and marks it if it is to be kept.
    ///
    /// # Errors
    /// [`Error::Io`], `StorageFull` among it.
    pub(crate) fn seal(
        &self,
        context: &Context<'_>,
        dataset: &str,
        keep: bool,
        known: &PassResults<'_>,
        [rows, codes]: [&BlockFile; 2],
    ) -> Result<()> {
        let mut sums = Vec::new();
        for (name, file) in [(ROWS, rows), (CODES, codes)] {
            sums.push((name.to_owned(), checksums(context, file)?));
        }
        let seal = Seal {
            about: SealAbout {
                made_by: format!("rowmill {}", env!("CARGO_PKG_VERSION")),
                dataset: dataset.to_owned(),
                ingredients: self.ingredients.clone(),
            },
            checksums: sums,
            contents: postcard::to_allocvec(known).expect("plain data"),
        };
        seal.write(self.directory.path())?;
        match keep {
            true => self.directory.mark_kept(),
            false => Ok(()),
        }
    }

    /// Its size, for people.
    pub(crate) fn size(&self) -> String {
        format_bytes(bytes_in(self.directory.path()))
    }
}
