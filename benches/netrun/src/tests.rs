use cutout_net::{Conv, Graph, Shape, Simd};

use super::{Session, level};

fn plan() -> Vec<u8> {
    let mut graph = Graph::new(Shape::new(4, 4, 1)).unwrap();
    let x = graph.input();
    let y = graph
        .conv(&Conv::same3x3(&[x], &[0.5; 9], &[0.0]).relu())
        .unwrap();
    graph.name(y, "the \"only\" one");
    graph.finish(y).unwrap().to_bytes()
}

fn session() -> Session {
    let mut session = Session::new(&plan(), Simd::Best).unwrap();
    session.set_input(vec![1.0; 16]).unwrap();
    session
}

fn answer(session: &mut Session, line: &str) -> Result<String, String> {
    let mut out = Vec::new();
    session.command(line, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn time_prints_a_line_for_each_run() {
    let text = answer(&mut session(), "time 3").unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().all(|line| line.parse::<f64>().unwrap() >= 0.0));
}

#[test]
fn ops_print_a_line_for_each_operator() {
    let text = answer(&mut session(), "ops 2").unwrap();
    assert_eq!(text.lines().count(), 1);
    for part in [
        r#""name":"the _only_ one""#,
        r#""inputs":["4x4x1"]"#,
        r#""macs":144,"#,
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn what_cannot_be_done_says_how_it_could() {
    let mut fresh = Session::new(&plan(), Simd::Best).unwrap();
    for (line, part) in [
        ("time 1", "check INPUT OUTPUT"),
        ("time none", "number of runs"),
        ("fly", "commands are"),
        ("check nowhere.f32 out.f32", "cannot read nowhere.f32"),
    ] {
        let error = answer(&mut fresh, line).unwrap_err();
        assert!(error.contains(part), "{line}: {error}");
    }
}

#[test]
fn a_run_that_differs_is_no_time() {
    let mut session = session();
    session.answer[5] += 1.0;
    assert!(answer(&mut session, "time 1").unwrap_err().contains("bits"));
}

#[test]
fn levels_go_by_name() {
    assert_eq!(level("scalar"), Ok(Simd::Scalar));
    assert_eq!(level("best"), Ok(Simd::Best));
    assert!(level("mmx").unwrap_err().contains("scalar"));
}
