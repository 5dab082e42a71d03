//! Plan files with right checksums around hostile tables.

use std::sync::LazyLock;

use bytes::Bytes;
use cutout_net::{Conv, Graph, Plan, Shape, float, int};

/// Bytes before the body.
const HEADER: usize = 24;
/// Bytes of a change: place and value.
const CHANGE: usize = 6;
/// The place at which a file is cut off.
const CUT: u16 = u16::MAX;

/// Files to start from: of every operator, and of a whole network.
pub static FLOAT: LazyLock<[Vec<u8>; 2]> =
    LazyLock::new(|| [every_float().to_bytes(), network().to_bytes()]);
/// The same in whole numbers.
pub static INT: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let most = |plan: &float::Plan| vec![6.0; plan.ops().len()];
    let (small, network) = (every_int(), separable());
    let whole =
        |plan: &float::Plan| int::Plan::quantise(plan, &most(plan), 128.0).expect("it is of the family");
    [whole(&small).to_bytes(), whole(&network).to_bytes()]
});

/// One of `files` with the changes of `data`, as a file whose checksum is right. Of `data` the first byte says which file, and
/// then follow pairs of 16 bits, a word's place, and 32 bits, what is put there.
pub fn forged(files: &[Vec<u8>], data: &[u8]) -> Vec<u8> {
    let (which, changes) = data.split_first().unwrap_or((&0, &[]));
    let mut file = files[usize::from(*which) % files.len()].clone();
    let words = (file.len() - HEADER) / 4;
    for change in changes.as_chunks::<CHANGE>().0 {
        let [p0, p1, value @ ..] = *change;
        let place = u16::from_le_bytes([p0, p1]);
        if place == CUT {
            let length = HEADER + u32::from_le_bytes(value) as usize % (words * 4);
            file.truncate(length);
            break;
        }
        let at = HEADER + usize::from(place) % words * 4;
        file[at..at + 4].copy_from_slice(&value);
    }
    let sum = checksum(&file[HEADER..]);
    file[16..HEADER].copy_from_slice(&sum.to_le_bytes());
    file
}

/// FNV-1a over words of 64 bits, as `net` has it.
fn checksum(body: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ body.len() as u64;
    for chunk in body.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word))
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23);
    }
    hash
}

/// Whether a run of `plan` takes no more than some milliseconds.
pub fn is_quick(plan: &Plan) -> bool {
    let macs = plan
        .ops()
        .iter()
        .fold(0_u64, |sum, op| sum.saturating_add(op.macs));
    macs < 1_000_000 && plan.memory_bytes() < 1 << 22
}

fn network() -> Plan {
    let file = Bytes::from_static(include_bytes!("../../fixtures/tiny/tiny.onnx"));
    cutout_onnx::lower(&file, 32).expect("a fixture").into()
}

fn every_float() -> float::Plan {
    let build = || -> Result<float::Plan, cutout_net::Error> {
        let mut graph = Graph::new(Shape::new(14, 13, 8))?;
        let input = graph.input();
        let a = graph.conv(&Conv::same3x3(&[input], &[0.1; 8 * 72], &[0.0; 8]).relu())?;
        let small = graph.max_pool(a)?;
        let b = graph.conv(&Conv::same3x3(&[small], &[0.1; 8 * 72], &[0.0; 8]).dilated(2))?;
        let big = graph.resize(b, 14, 13)?;
        let c = graph.conv(&Conv::same3x3(&[big, a], &[0.1; 8 * 144], &[0.0; 8]))?;
        let sum = graph.add(c, a)?;
        let positive = graph.relu(sum)?;
        let d = graph.conv(&Conv {
            kernel: 5,
            pad: 2,
            depthwise: true,
            ..Conv::same3x3(&[positive], &[0.1; 8 * 25], &[0.0; 8])
        })?;
        let e = graph.conv(&Conv::pointwise(&[d], &[0.1; 64], &[0.0; 8]))?;
        let sum = graph.add(e, positive)?;
        let capped = graph.relu6(sum)?;
        let out = graph.sigmoid(capped)?;
        graph.finish(out)
    };
    build().expect("it is sound")
}

/// A map doubled and added, as decoders have it.
fn every_int() -> float::Plan {
    let build = || -> Result<float::Plan, cutout_net::Error> {
        let mut graph = Graph::new(Shape::new(8, 6, 3))?;
        let image = graph.input();
        let a = graph.conv(&Conv::same3x3(&[image], &[0.1; 16 * 27], &[0.0; 16]))?;
        let a = graph.relu6(a)?;
        let b = graph.conv(&Conv {
            kernel: 5,
            pad: 2,
            stride: 2,
            depthwise: true,
            ..Conv::same3x3(&[a], &[0.1; 16 * 25], &[0.0; 16])
        })?;
        let big = graph.resize(b, 8, 6)?;
        let c = graph.conv(&Conv::pointwise(&[a], &[0.1; 256], &[0.1; 16]))?;
        let sum = graph.add(big, c)?;
        let sum = graph.relu6(sum)?;
        let last = graph.conv(&Conv::pointwise(&[sum], &[0.1; 16], &[0.0]))?;
        let output = graph.sigmoid(last)?;
        graph.finish(output)
    };
    build().expect("it is sound")
}

/// Inverted residuals, which are computed row by row in groups.
fn separable() -> float::Plan {
    let build = || -> Result<float::Plan, cutout_net::Error> {
        let mut graph = Graph::new(Shape::new(24, 20, 3))?;
        let image = graph.input();
        let first = graph.conv(&Conv {
            stride: 2,
            ..Conv::same3x3(&[image], &[0.1; 16 * 27], &[0.0; 16])
        })?;
        let mut map = graph.relu6(first)?;
        for _ in 0..3 {
            let wide = graph.conv(&Conv::pointwise(&[map], &[0.1; 32 * 16], &[0.0; 32]))?;
            let wide = graph.relu6(wide)?;
            let deep = graph.conv(&Conv {
                depthwise: true,
                ..Conv::same3x3(&[wide], &[0.1; 32 * 9], &[0.0; 32])
            })?;
            let deep = graph.relu6(deep)?;
            let narrow = graph.conv(&Conv::pointwise(&[deep], &[0.1; 16 * 32], &[0.0; 16]))?;
            map = graph.add(narrow, map)?;
        }
        let last = graph.conv(&Conv::pointwise(&[map], &[0.1; 16], &[0.0]))?;
        let output = graph.sigmoid(last)?;
        graph.finish(output)
    };
    build().expect("it is sound")
}
