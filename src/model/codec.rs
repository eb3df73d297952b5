//! A model as sections of a container, and back.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    format::container::{self, Codec, FileKind, Opened, Section},
    limits::Limits,
    model::{
        bundle::{Body, Model},
        ensemble::Ensemble,
        link::Link,
        records::{self, Records},
    },
};

/// The sections' numbers, never given to anything else.
pub(crate) mod id {
    pub(crate) const ABOUT: u32 = 1;
    pub(crate) const FEATURES: u32 = 2;
    pub(crate) const BASE: u32 = 3;
    pub(crate) const TREES: u32 = 4;
    pub(crate) const NODES: u32 = 5;
    pub(crate) const SUBSETS: u32 = 6;
    pub(crate) const LINEAR: u32 = 7;
    pub(crate) const METRICS: u32 = 8;
    pub(crate) const SPLIT: u32 = 9;
    pub(crate) const OPTIONS: u32 = 10;
    pub(crate) const KNOWN: std::ops::RangeInclusive<u32> = ABOUT..=OPTIONS;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The file's description of itself, for a person with a pager.
#[derive(Debug, Serialize)]
struct Header<'a> {
    made_by: String,
    learner: &'a str,
    task: &'a str,
    features: usize,
}

/// An ensemble without its trees.
#[derive(Debug, Serialize, serde::Deserialize)]
struct Base {
    link: Link,
    base_margin: Vec<f32>,
}

pub(crate) fn write(model: &Model) -> Result<Vec<u8>, String> {
    let header = Header {
        made_by: format!("rowmill {}", model.about.rowmill_version),
        learner: model.body.name(),
        task: model.about.task.name(),
        features: model.features.len(),
    };
    let mut sections = vec![Section::json(id::ABOUT, VERSION, &model.about)];
    sections.extend(learned(model));
    sections.extend([
        Section::json(id::METRICS, VERSION, &model.metrics),
        Section::json(id::SPLIT, VERSION, &model.split),
        Section::json(id::OPTIONS, VERSION, &model.options),
    ]);
    let header = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
    Ok(container::seal(FileKind::Model, &header, &sections))
}

/// The sections that predictions depend on, and nothing else: the features with their bins, and base
/// margins and trees, or coefficients.
pub(crate) fn learned(model: &Model) -> Vec<Section<Vec<u8>>> {
    let mut sections = vec![Section::postcard(id::FEATURES, VERSION, &model.features)];
    match &model.body {
        Body::Trees(ensemble) => {
            let base = Base {
                link: ensemble.link,
                base_margin: ensemble.base_margin.clone(),
            };
            let records = records::write(&ensemble.trees);
            let raw = |id: u32, bytes: Vec<u8>| Section::new(id, VERSION, Codec::Raw, bytes);
            sections.extend([
                Section::postcard(id::BASE, VERSION, &base),
                raw(id::TREES, records.trees),
                raw(id::NODES, records.nodes),
                raw(id::SUBSETS, records.subsets),
            ]);
        }
        Body::Linear(linear) => sections.push(Section::postcard(id::LINEAR, VERSION, linear)),
    }
    sections
}

/// Decodes a model. What it means is not checked here.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Model, String> {
    if bytes.len() as u64 > limits.model_bytes_max {
        return Err(format!(
            "{} bytes, more than a model file may have",
            bytes.len()
        ));
    }
    let opened = container::open(FileKind::Model, bytes)?;
    for section in &opened.sections {
        let is_known = id::KNOWN.contains(&section.id) && section.version == VERSION;
        if !is_known && !opened.is_newer {
            let (id, version) = (section.id, section.version);
            return Err(format!(
                "section {id} of version {version} is unknown; update rowmill"
            ));
        }
    }
    let sections = Sections {
        opened,
        json_bytes_max: limits.model_json_bytes_max,
    };
    let body = match (sections.has(id::BASE), sections.has(id::LINEAR)) {
        (true, false) => Body::Trees(sections.ensemble()?),
        (false, true) => Body::Linear(sections.postcard(id::LINEAR, "coefficients")?),
        _ => return Err("a model has either trees or coefficients".to_owned()),
    };
    Ok(Model {
        about: sections.json(id::ABOUT, "description")?,
        features: sections.postcard(id::FEATURES, "features")?,
        body,
        metrics: sections.json(id::METRICS, "metrics")?,
        split: sections.json(id::SPLIT, "split")?,
        options: sections.json(id::OPTIONS, "options")?,
    })
}

struct Sections<'a> {
    opened: Opened<'a>,
    json_bytes_max: u64,
}

impl Sections<'_> {
    fn has(&self, id: u32) -> bool {
        self.opened.find(id).is_some()
    }

    fn bytes(&self, id: u32, codec: Codec, name: &str) -> Result<&[u8], String> {
        let section = self.opened.find(id);
        let section = section.ok_or_else(|| format!("the {name} are missing"))?;
        if section.codec != codec || section.version != VERSION {
            return Err(format!(
                "the {name} have an unknown encoding; update rowmill"
            ));
        }
        Ok(section.bytes)
    }

    /// A parsed JSON value can hold some 30 times its text's bytes, so the text is bounded.
    fn json<T: DeserializeOwned>(&self, id: u32, name: &str) -> Result<T, String> {
        let bytes = self.bytes(id, Codec::Json, name)?;
        if bytes.len() as u64 > self.json_bytes_max {
            return Err(format!("the {name} have {} bytes, too many", bytes.len()));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("the {name} are damaged: {error}"))
    }

    /// All of a section's bytes, not fewer, make the value.
    fn postcard<T: DeserializeOwned>(&self, id: u32, name: &str) -> Result<T, String> {
        let bytes = self.bytes(id, Codec::Postcard, name)?;
        container::from_postcard(bytes).map_err(|flaw| format!("the {name} are damaged: {flaw}"))
    }

    fn ensemble(&self) -> Result<Ensemble, String> {
        let base: Base = self.postcard(id::BASE, "base margins")?;
        let records = Records {
            trees: self.bytes(id::TREES, Codec::Raw, "trees")?,
            nodes: self.bytes(id::NODES, Codec::Raw, "nodes")?,
            subsets: self.bytes(id::SUBSETS, Codec::Raw, "subsets")?,
        };
        Ok(Ensemble {
            outputs: base.base_margin.len(),
            base_margin: base.base_margin,
            link: base.link,
            trees: records::read(&records)?,
        })
    }
}
