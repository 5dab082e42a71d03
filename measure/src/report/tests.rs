use super::*;
use crate::figure::Figure;
use crate::record::{About, Agreement, Ratio, Series};

pub(super) fn record(series: &[(&str, Figure, Option<usize>, &[f64])]) -> Record {
    let series = series.iter().map(|(row, figure, count, samples)| Series {
        row: (*row).to_owned(),
        figure: *figure,
        count: *count,
        samples: samples.to_vec(),
    });
    Record {
        about: About {
            date: "2026-03-01T12:00:00Z".to_owned(),
            version: "0.1.0".to_owned(),
            cpu: "Some CPU".to_owned(),
            cores: 2,
            system: "Linux 6.1".to_owned(),
            rustc: "1.95.0".to_owned(),
            wasmtime: "48.0.8".to_owned(),
            model: "u2netp".to_owned(),
            model_digest: "0123".to_owned(),
            side: 320,
            image: "cat.jpg".to_owned(),
            width: 640,
            height: 480,
            workers: 2,
            seed: 7,
            rounds: 3,
            samples: 7,
            peers: vec!["ls=ls {input} {output}".to_owned()],
        },
        series: series.collect(),
        ratios: Vec::new(),
        agreement: Vec::new(),
    }
}

const MIB: f64 = 1024.0 * 1024.0;

#[test]
fn the_tables_say_what_was_measured_and_nothing_else() {
    let hundred: Vec<f64> = (1..=100).map(|n| f64::from(n) / 1000.0).collect();
    let mut record = record(&[
        ("wasm net", Figure::Steady, None, &[200.0, 210.0, 220.0]),
        ("wasm net", Figure::Instantiate, None, &hundred),
        ("native net", Figure::Steady, None, &[100.0]),
        ("wasm net", Figure::ThroughputReused, Some(2), &[9.5]),
        ("wasm net", Figure::ThroughputReused, Some(1), &[5.0]),
        ("wasm net", Figure::IdleInGibibyte, None, &[12_000.0]),
        ("wasm net", Figure::BusyInGibibyte, None, &[118.0]),
        (
            "wasm net",
            Figure::LongRun,
            None,
            &[MIB, 1.5 * MIB, 2.0 * MIB],
        ),
        ("cutout", Figure::Size, None, &[12.0 * MIB]),
    ]);
    let ratio = |row: &str, value| Ratio {
        figure: Figure::Steady,
        row: row.to_owned(),
        over: "native net".to_owned(),
        value,
    };
    record.ratios = vec![
        ratio("wasm net", Ok(2.1)),
        ratio("rembg", Err("it does not agree".to_owned())),
    ];
    record.agreement = vec![Agreement {
        row: "native net".to_owned(),
        difference: Ok(0.000012),
        agrees: true,
        same_bytes: true,
    }];
    let expected = "\
One image of 640 × 480 pixels takes about 210 ms in the sandbox (wasm net), and 100 ms natively (native net). \
The sandbox takes about 2.1 times as long as native. Measured in only 3 rounds: the numbers are rough.

### Times, median (p95 of 20 samples or more)

| figure            |       wasm net | native net | samples |
| ----------------- | -------------: | ---------: | ------: |
| instantiate (p99) | 50.5 (99.7) µs |          – |     100 |
| steady            |         210 ms |     100 ms |    3, 1 |

### Throughput, images per second, median

| row                      | 1 worker | 2 workers | samples |
| ------------------------ | -------: | --------: | ------: |
| wasm net, instances kept |     5.00 |      9.50 |       1 |

### Memory, median

| figure                               |            wasm net | samples |
| ------------------------------------ | ------------------: | ------: |
| idle instances in 1 GiB              |             ≥ 12000 |       1 |
| busy instances in 1 GiB              |                 118 |       1 |
| RSS through a long run, first → last | 1.00 MiB → 2.00 MiB |       3 |

### File sizes

| file   | file size |
| ------ | --------: |
| cutout |  12.0 MiB |

### Ratios of medians

| figure |                  rows |                      ratio | 95 % interval |
| ------ | --------------------: | -------------------------: | ------------: |
| steady | wasm net ÷ native net |                       2.10 |             – |
| steady |    rembg ÷ native net | refused: it does not agree |             – |

### Agreement with the first row's cut-out

| row        | mean difference of alpha, 0…1 | agrees | same bytes |
| ---------- | ----------------------------: | -----: | ---------: |
| native net |                      0.000012 |    yes |        yes |

p95 is the 95th percentile, shown of 20 samples or more, and p99 the 99th, of 100 or more: with fewer, it is hardly more than the greatest sample. \
A quantile between two samples is interpolated (Hyndman and Fan's eighth definition). The interval of a ratio is the middle 95 % of the \
ratios in 10000 draws of rounds with replacement (percentile bootstrap, by the record's seed), given for 5 rounds or more. Where a record does not say its rounds, or a round lacks a sample, single samples are drawn.

Measured: date 2026-03-01T12:00:00Z; cpu Some CPU; cores 2; system Linux 6.1; cutout 0.1.0; rustc 1.95.0; wasmtime 48.0.8; model u2netp at 320 × 320 (0123); image cat.jpg (640 × 480 pixels); workers 2; seed 7; rounds 3 of 7, ended early; peers ls=ls {input} {output}.
";
    assert_eq!(table(&record), expected);
}

#[test]
fn names_cannot_break_a_table_or_the_page() {
    let row = "a|b <script>\"'&";
    let mut record = record(&[
        (row, Figure::Steady, None, &[1.0]),
        (row, Figure::Instantiate, None, &[1.0]),
    ]);
    record.about.image = "<img src=x>".to_owned();
    assert!(table(&record).contains("| a\\|b \\<script>\"'& |"));
    assert!(table(&record).contains("image \\<img src=x>"));
    let page = html(&record).unwrap();
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "{page}"
    );
    assert!(page.contains("a|b &lt;script&gt;"));
}

#[test]
fn the_csv_has_every_sample_on_a_line() {
    let record = record(&[
        ("wasm, net", Figure::Steady, None, &[200.5, 210.0]),
        ("peer", Figure::ThroughputFresh, Some(4), &[0.1]),
        ("cutout", Figure::Size, None, &[1048576.0]),
    ]);
    let expected = "\
row,figure,count,unit,index,value
\"wasm, net\",steady,,ms,0,200.5
\"wasm, net\",steady,,ms,1,210.0
peer,throughput-fresh,4,pictures/s,0,0.1
cutout,size,,bytes,0,1048576.0
";
    assert_eq!(csv(&record).unwrap(), expected);
}

#[test]
fn the_page_has_a_figure_for_each_plot_with_data() {
    let cases: [(&[Figure], usize); 10] = [
        (&[], 0),
        (&[Figure::Size, Figure::Load, Figure::IdlePss], 0),
        (&[Figure::Steady], 1),
        (&[Figure::First, Figure::Steady, Figure::Fresh], 1),
        (&[Figure::ProcessCold], 1),
        (&[Figure::ThroughputFresh, Figure::ThroughputReused], 1),
        (&[Figure::IdleRss, Figure::ProcessPeak], 1),
        (&[Figure::Instantiate], 1),
        (&[Figure::LongRun], 1),
        (
            &[
                Figure::Fresh,
                Figure::ProcessWarm,
                Figure::ThroughputReused,
                Figure::LinearPeak,
                Figure::Instantiate,
                Figure::LongRun,
            ],
            6,
        ),
    ];
    for (figures, expected) in cases {
        for samples in [&[0.0][..], &[3.0, 1.0, 2.0], &[]] {
            let series: Vec<_> = figures
                .iter()
                .map(|figure| ("row", *figure, Some(1), samples))
                .collect();
            let page = html(&record(&series)).unwrap();
            let expected = if samples.is_empty() { 0 } else { expected };
            assert_eq!(page.matches("<figure>").count(), expected, "{figures:?}");
            for class in ["on-desk", "on-phone"] {
                let opening = format!("<svg class=\"{class}\" role=\"img\" aria-label=\"");
                let labelled = page.matches(&opening).count();
                assert_eq!(labelled, expected, "{class} {figures:?}");
            }
        }
    }
}

#[test]
fn the_page_shows_every_sample_and_refers_to_nothing_outside() {
    let record = record(&[
        ("wasm net", Figure::Steady, None, &[1.0, 2.0, 3.0, 4.0]),
        ("native net", Figure::Fresh, None, &[5.0, 6.0]),
    ]);
    let page = html(&record).unwrap();
    assert_eq!(page.matches("<circle").count(), 2 * 6, "in each width");
    let without = page.replace("http://www.w3.org/2000/svg", "");
    for foreign in ["http://", "https://", "url(", "<script", "<link", "@import"] {
        assert!(!without.contains(foreign), "{foreign}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
}

#[test]
fn ratios_have_an_interval_that_is_the_same_at_every_call() {
    let above = [200.0, 230.0, 190.0, 205.0, 210.0, 250.0, 200.0];
    let below = [100.0, 110.0, 95.0, 100.0, 120.0, 100.0, 100.0];
    let mut record = record(&[
        ("a", Figure::Steady, None, &below),
        ("b", Figure::Steady, None, &above),
    ]);
    record.about.rounds = 7;
    record.ratios = vec![Ratio {
        figure: Figure::Steady,
        row: "b".to_owned(),
        over: "a".to_owned(),
        value: Ok(2.05),
    }];
    let text = table(&record);
    let line = text.lines().find(|line| line.contains("b ÷ a")).unwrap();
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    assert_eq!(cells[..4], ["", "steady", "b ÷ a", "2.05"]);
    let (least, greatest) = cells[4].split_once(" to ").unwrap();
    let [least, greatest]: [f64; 2] = [least, greatest].map(|end| end.parse().unwrap());
    assert!(
        (1.7..2.05).contains(&least) && (2.05..2.5).contains(&greatest),
        "{line}"
    );
    assert_eq!(table(&record), text);
    assert!(html(&record).unwrap().contains(cells[4]));
}
