//! A lookup whose items are all numbers, and whose keys have two.

use netipc_proto::codec::Writer;
use netipc_proto::service::{Lookup, Outcome, Service};

use crate::parcels::{Carrier, DeliveredFields, Parcel, Parcels, State};
use crate::{Asked, bytes, reply};

pub(crate) const PARCELS: [Parcel; 3] = [
    Parcel { number: 1, carrier: Carrier::POST },
    Parcel { number: 1, carrier: Carrier(200) },
    Parcel { number: 2, carrier: Carrier::NOBODY },
];

pub(crate) fn places() -> Vec<u8> {
    let bytes = reply::<Parcels>(|out| {
        out.edition(5).delivered(DeliveredFields { district: 4, weight: 10 }).unwrap();
        out.lost().unwrap();
        assert!(out.wants_more());
        out.delivered(DeliveredFields { district: 0, weight: 0 }).unwrap();
        assert!(!out.wants_more());
    });
    bytes.unwrap()
}

#[test]
fn lookup_of_plain_records() {
    let question = Parcels::question();
    let head = bytes![3_u32, 0_u32, 0_u32, 9_u32, 16_u32, 9_u32, 32_u32, 9_u32];
    assert_eq!(question[..32], head);
    assert_eq!(question.len(), 32 + 2 * 16 + 9);
    assert!(Parcels::decode_request(&question).unwrap().parcels().iter().eq(PARCELS));

    let bytes = places();
    let view = Parcels::decode_reply(&bytes).unwrap();
    assert_eq!((view.edition(), Parcels::generation(&view), Parcels::len(&view)), (5, 5, 3));
    let place = view.places().get(1).unwrap();
    assert_eq!((place.state, place.carrier, place.district, place.weight), (State::Lost, Carrier(200), 65_535, 0));
    assert!((0..3).all(|index| Parcels::echoes(&view, index, PARCELS[index])));
    assert!(!Parcels::echoes(&view, 0, PARCELS[1]));
    assert_eq!((Parcels::key_len(PARCELS[0]), Parcels::short_len(PARCELS[0])), (9, 16));
    assert_eq!(Parcels::check_key(PARCELS[1]), Ok(()));
    assert_eq!(Parcels::view_reply(&bytes), view);

    let mut stitched = Vec::new();
    let mut whole = Parcels::stitcher(Writer::new(&mut stitched, 1000), 2);
    whole.copy(Parcels::item_bytes(&view, 1)).unwrap();
    Parcels::push_oversized(&mut whole, PARCELS[2]).unwrap();
    Parcels::finish_stitched(whole, 6).unwrap();
    let view = Parcels::decode_reply(&stitched).unwrap();
    assert_eq!([0, 1].map(|index| Parcels::outcome(&view, index)), [Outcome::Final, Outcome::Oversized]);
    assert!(Parcels::echoes(&view, 1, PARCELS[2]));
}
