use super::*;

#[test]
fn the_foreground_box_holds_every_value_above_the_level() {
    type Dots = &'static [(usize, usize, u8)];
    let cases: [(Dots, Option<[u32; 4]>); 5] = [
        (&[], None),
        (&[(2, 1, 10)], None),
        (&[(2, 1, 11)], Some([2, 1, 1, 1])),
        (&[(0, 0, 255), (4, 3, 255)], Some([0, 0, 5, 4])),
        (&[(3, 1, 200), (1, 2, 200), (0, 0, 10)], Some([1, 1, 3, 2])),
    ];
    for (dots, expected) in cases {
        let mut mask = Mask::empty(5, 4);
        for &(x, y, value) in dots {
            mask.data[y * 5 + x] = value;
        }
        let expected = expected.map(|[left, top, width, height]| BoundingBox {
            left,
            top,
            width,
            height,
        });
        assert_eq!(mask.foreground(), expected, "{dots:?}");
    }
}

#[test]
fn a_part_that_is_put_back_is_where_it_was() {
    let mask = Mask {
        width: 4,
        height: 3,
        data: (1..=12).collect(),
    };
    let part = BoundingBox {
        left: 1,
        top: 1,
        width: 2,
        height: 2,
    };
    let found = mask.part(part);
    assert_eq!(found.data, [6, 7, 10, 11]);
    let placed = found.placed(1, 1, 4, 3);
    assert_eq!(placed.data, [0, 0, 0, 0, 0, 6, 7, 0, 0, 10, 11, 0]);
}
