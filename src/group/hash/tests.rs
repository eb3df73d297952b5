use super::*;

const PURPOSES: [Purpose; 8] = [
    Purpose::Sample,
    Purpose::Split,
    Purpose::Bucket,
    Purpose::Gradient,
    Purpose::Start,
    Purpose::TreeSample,
    Purpose::Replay,
    Purpose::Synth,
];

/// The naive twin: the library's XXH3 of the written encoding.
fn row_hash_naive(seed: u64, row: u64, round: u32, purpose: Purpose) -> u64 {
    let mut bytes = Vec::new();
    bytes.extend(row.to_le_bytes());
    bytes.extend(round.to_le_bytes());
    bytes.extend((purpose as u32).to_le_bytes());
    XxHash3_64::oneshot_with_seed(seed, &bytes)
}

#[test]
fn row_hash_is_xxh3_of_the_written_encoding() {
    for (i, purpose) in PURPOSES.into_iter().enumerate() {
        assert_eq!(purpose as usize, i + 1);
        for seed in [0, 1, 42, u64::MAX, 1 << 63] {
            for row in [0, 1, 2, 65_535, 65_536, 20_000_000, u64::MAX] {
                for round in [0, 1, 100, u32::MAX] {
                    assert_eq!(
                        row_hash(seed, row, round, purpose),
                        row_hash_naive(seed, row, round, purpose),
                        "seed {seed} row {row} round {round} {purpose:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn row_hash_golden() {
    let check = |seed, row, round, purpose, expected: u64| {
        assert_eq!(row_hash(seed, row, round, purpose), expected);
    };
    check(0, 0, 0, Purpose::Sample, GOLDEN_ROWS[0]);
    check(42, 0, 0, Purpose::Sample, GOLDEN_ROWS[1]);
    check(42, 1, 0, Purpose::Sample, GOLDEN_ROWS[2]);
    check(42, 1, 7, Purpose::Gradient, GOLDEN_ROWS[3]);
    check(42, 123_456_789_012, 99, Purpose::Split, GOLDEN_ROWS[4]);
    check(u64::MAX, u64::MAX, u32::MAX, Purpose::Synth, GOLDEN_ROWS[5]);
}

/// Computed with the reference implementation (python-xxhash) from the written encoding.
const GOLDEN_ROWS: [u64; 6] = [
    0xe9f0_fb05_2b33_65c1,
    0xe782_6cd1_8758_51c7,
    0x5703_6be3_b422_d322,
    0xa3c9_98f3_4a50_d844,
    0x0f0f_9d20_fafb_3e90,
    0x1b77_3aac_36ca_0e9f,
];

#[test]
fn key_hash_golden() {
    let check = |actual: u64, expected: u64| assert_eq!(actual, expected);
    check(hash_missing(), GOLDEN_KEYS[0]);
    check(hash_number(0.0), GOLDEN_KEYS[1]);
    check(hash_number(-1.0), GOLDEN_KEYS[2]);
    check(hash_number(0.5), GOLDEN_KEYS[3]);
    check(hash_number(1e300), GOLDEN_KEYS[4]);
    check(hash_text(""), GOLDEN_KEYS[5]);
    check(hash_text("ENSG00000139618"), GOLDEN_KEYS[6]);
    check(hash_text("chrX"), GOLDEN_KEYS[7]);
    check(hash_text(&"a".repeat(200)), GOLDEN_KEYS[8]);
}

/// Computed with the reference implementation (python-xxhash) from the written encoding.
const GOLDEN_KEYS: [u64; 9] = [
    0xc44b_dff4_074e_ecdb,
    0x313c_2dd2_ec99_6e80,
    0x53a5_f4bc_2fc0_168c,
    0x687d_eb29_109f_70da,
    0x77db_1fa4_f928_b646,
    0x13e6_08bc_156d_efed,
    0xf740_51b7_5ff5_6206,
    0xb078_1829_c3bf_ad8b,
    0x4464_e2de_c05a_edf6,
];

#[test]
fn a_key_hashes_as_its_value_not_as_its_type() {
    assert_eq!(hash_number(-0.0), hash_number(0.0));
    assert_eq!(hash_number(f64::NAN), hash_missing());
    assert_eq!(hash_number(f64::from(7u8)), hash_number(f64::from(7.0f32)));
    assert_ne!(hash_number(7.0), hash_text("7"));
    assert_ne!(hash_text(""), hash_missing());
    assert_ne!(hash_number(f64::INFINITY), hash_number(f64::NEG_INFINITY));
    // 2^63 is no i64 and must not saturate to the largest one.
    assert_ne!(hash_number(INTEGER_END), hash_number(i64::MAX as f64 / 2.0));
    assert_eq!(
        hash_number(-INTEGER_END),
        XxHash3_64::oneshot(&[&[1u8][..], &i64::MIN.to_le_bytes()].concat())
    );
}

#[test]
fn long_text_hashes_as_short_text_does() {
    for length in [0, 1, 126, 127, 128, 129, 1_000] {
        let key = "x".repeat(length);
        let bytes = [&[3u8][..], key.as_bytes()].concat();
        assert_eq!(hash_text(&key), XxHash3_64::oneshot(&bytes), "{length}");
    }
}

#[test]
fn row_hash_is_uniform_in_its_high_and_low_bits() {
    let rows = 1u64 << 16;
    for shift in [0, 24, 56] {
        let mut counts = [0u32; 256];
        for row in 0..rows {
            counts[(row_hash(42, row, 3, Purpose::Gradient) >> shift) as usize & 255] += 1;
        }
        let expected = (rows / 256) as f64;
        let chi: f64 = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        // 255 degrees of freedom: mean 255, sd 22.6.
        assert!((155.0..355.0).contains(&chi), "shift {shift}: {chi}");
    }
}
