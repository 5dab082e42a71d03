use super::*;
use crate::figure::Figure;
use crate::record::{About, Agreement, Ratio, Series};

fn record(series: &[(&str, Figure, Option<usize>, &[f64])]) -> Record {
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
    let mut record = record(&[
        ("wasm net", Figure::Steady, None, &[200.0, 210.0, 220.0]),
        ("wasm net", Figure::Instantiate, None, &[0.03, 0.04, 0.05]),
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
### Times, median (p95)

|            | instantiate (p99) |       steady |
| ---------- | ----------------: | -----------: |
| wasm net   |    40.0 (50.0) µs | 210 (220) ms |
| native net |                 – | 100 (100) ms |

### Throughput, images per second, median

|                          | 1 worker | 2 workers |
| ------------------------ | -------: | --------: |
| wasm net, instances kept |     5.00 |      9.50 |

### Memory, median

|          | idle instances in 1 GiB | busy instances in 1 GiB | RSS through a long run, first → last |
| -------- | ----------------------: | ----------------------: | -----------------------------------: |
| wasm net |                 ≥ 12000 |                     118 |                  1.00 MiB → 2.00 MiB |

### File sizes

|        | file size |
| ------ | --------: |
| cutout |  12.0 MiB |

### Ratios of medians

|        |                  rows |                      ratio |
| ------ | --------------------: | -------------------------: |
| steady | wasm net ÷ native net |                       2.10 |
| steady |    rembg ÷ native net | refused: it does not agree |

### Agreement with the first row's cut-out

|            | mean difference of alpha, 0…1 | agrees | same bytes |
| ---------- | ----------------------------: | -----: | ---------: |
| native net |                      0.000012 |    yes |        yes |

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
            let labelled = page.matches("<svg role=\"img\" aria-label=\"").count();
            assert_eq!(labelled, expected, "{figures:?}");
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
    assert_eq!(page.matches("<circle").count(), 6);
    let without = page.replace("http://www.w3.org/2000/svg", "");
    for foreign in ["http://", "https://", "url(", "<script", "<link", "@import"] {
        assert!(!without.contains(foreign), "{foreign}");
    }
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
}
