//! The memory plan of a run: named bytes by phase, added up and checked before any work.

use std::fmt;

use crate::{
    error::{Error, Result},
    text::size::format_bytes,
};

/// One line of a memory plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanLine {
    /// Step of the run: `survey`, `trees`.
    pub phase: String,
    /// Name of the buffer or table.
    pub what: String,
    /// Bytes at the peak.
    pub bytes: u64,
    /// Derivation of the figure.
    pub why: String,
}

/// Memory of a run by phase. Lines of the phase [`ALWAYS`] count in every phase.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct MemoryPlan {
    /// The lines, in the order of the run.
    pub lines: Vec<PlanLine>,
    /// The user's limit.
    pub limit_bytes: u64,
}

/// The phase of lines that are held from start to end.
pub(crate) const ALWAYS: &str = "always";

impl MemoryPlan {
    /// An empty plan under a limit.
    pub fn new(limit_bytes: u64) -> Self {
        Self {
            lines: Vec::new(),
            limit_bytes,
        }
    }

    /// Adds a line.
    pub fn add(&mut self, phase: &str, what: &str, bytes: u64, why: impl Into<String>) {
        self.lines.push(PlanLine {
            phase: phase.to_owned(),
            what: what.to_owned(),
            bytes,
            why: why.into(),
        });
    }

    /// Bytes of a phase, the lines held always included.
    pub fn phase_bytes(&self, phase: &str) -> u64 {
        self.lines
            .iter()
            .filter(|line| line.phase == phase || line.phase == ALWAYS)
            .map(|line| line.bytes)
            .sum()
    }

    /// True if the largest phase is within the limit.
    pub fn fits(&self) -> bool {
        self.peak_bytes() <= self.limit_bytes
    }

    /// The phases in order, [`ALWAYS`] apart.
    pub fn phases(&self) -> Vec<&str> {
        let mut phases: Vec<&str> = Vec::new();
        for line in &self.lines {
            if line.phase != ALWAYS && !phases.contains(&line.phase.as_str()) {
                phases.push(&line.phase);
            }
        }
        phases
    }

    /// Bytes of the largest phase.
    pub fn peak_bytes(&self) -> u64 {
        self.phases()
            .iter()
            .map(|phase| self.phase_bytes(phase))
            .max()
            .unwrap_or_else(|| self.phase_bytes(ALWAYS))
    }

    /// Refuses a plan that exceeds its limit, or the memory that is free.
    ///
    /// # Errors
    /// [`Error::Memory`] with the figure that would do.
    pub fn check(&self, free_bytes: Option<u64>) -> Result<()> {
        let needed_bytes = self.peak_bytes();
        if !self.fits() {
            return Err(Error::Memory {
                what: "this run".to_owned(),
                needed_bytes,
                available_bytes: self.limit_bytes,
                of: "allowed by --memory",
                next_step: format!(
                    "use --memory {}MiB or more, fewer --threads, or fewer columns",
                    needed_bytes.div_ceil(1 << 20)
                ),
            });
        }
        match free_bytes {
            Some(free_bytes) if needed_bytes > free_bytes => Err(Error::Memory {
                what: "this run".to_owned(),
                needed_bytes,
                available_bytes: free_bytes,
                of: "free on this machine (or allowed by its control group)",
                next_step: "free some memory, ask the batch system for more, or lower --memory or --threads"
                    .to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for MemoryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:<34} {:>12}  why", "phase", "what", "bytes")?;
        for line in &self.lines {
            writeln!(
                f,
                "{:<10} {:<34} {:>12}  {}",
                line.phase,
                line.what,
                format_bytes(line.bytes),
                line.why
            )?;
        }
        for phase in self.phases() {
            writeln!(
                f,
                "{:<45} {:>12}",
                format!("sum while {phase}"),
                format_bytes(self.phase_bytes(phase))
            )?;
        }
        write!(
            f,
            "{:<45} {:>12}  of {} allowed by --memory",
            "peak",
            format_bytes(self.peak_bytes()),
            format_bytes(self.limit_bytes)
        )
    }
}
