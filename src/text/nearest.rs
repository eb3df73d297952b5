//! The nearest known name to one that is not known, for messages.

/// The candidate that was most probably meant, if any is near enough.
///
/// Near is: the same but for case, or at most a third of the name edited (Damerau-Levenshtein).
/// Ties go to the first candidate. O(candidates * length^2); only ever called for an error.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let distance_max = (wanted.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.is_empty() {
            continue;
        }
        let lower = candidate.to_lowercase();
        let mut distance = strsim::damerau_levenshtein(&wanted, &lower);
        // A name that was cut short or drawn out at a word's border is near whatever its length.
        if distance > distance_max && is_word_prefix(&wanted, &lower) {
            distance = distance_max;
        }
        if distance <= distance_max && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// ` (did you mean X?)` with backticks around the nearest candidate, or nothing.
pub(crate) fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, candidates) {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    }
}

fn is_word_prefix(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() >= 3
        && long
            .strip_prefix(short)
            .is_some_and(|rest| rest.starts_with(['_', '-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(
            nearest(name, candidates.iter().copied()),
            expected,
            "{name} among {candidates:?}"
        );
    }

    #[test]
    fn finds_what_was_meant() {
        check(
            "splice_typ",
            &["gene_id", "splice_type"],
            Some("splice_type"),
        );
        check("SPLICE_TYPE", &["splice_type"], Some("splice_type"));
        check("gene", &["chrom", "gene_id"], Some("gene_id"));
        check("etaa", &["beta", "eta"], Some("eta"));
        check(
            "lerning_rate",
            &["learning_rate", "max_depth"],
            Some("learning_rate"),
        );
        check("zzz", &["learning_rate", "max_depth"], None);
        check("ge", &["gene_id"], None);
        check("x", &[], None);
        check("", &[""], None);
    }

    #[test]
    fn hint_is_empty_when_nothing_is_near() {
        assert_eq!(hint("zzz", ["abc"]), "");
        assert_eq!(hint("abd", ["abc"]), " (did you mean `abc`?)");
    }
}
