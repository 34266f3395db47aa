//! The fuzz entry points, run over random bytes and over sound messages with random changes.

use netipc_proto::fuzzing;
use netipc_proto::handshake::Proposal;
use netipc_proto::header::Header;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn random_bytes(data in prop::collection::vec(any::<u8>(), 0..300)) {
        fuzzing::header(&data);
        fuzzing::batch(&data);
        fuzzing::chunks(&data);
        fuzzing::handshake(&data);
    }

    #[test]
    fn changed_headers(at in 0usize..40, value in any::<u8>()) {
        let mut data = [Header::request(1, 8, 5).encode().as_slice(), &[0; 8]].concat();
        data[at] = value;
        fuzzing::header(&data);
    }

    #[test]
    fn changed_handshakes(policy in prop::collection::vec(any::<u8>(), 29), at in 0usize..76, value in any::<u8>()) {
        let mut packet = Proposal::default().hello();
        packet[at] = value;
        fuzzing::handshake(&[&policy[..], &packet].concat());
        // A policy that fits, so that more of the packet is looked at.
        let mut fitting = [0u8; 29];
        fitting[1] = 0x13;
        fitting[17..29].fill(0x7f);
        fuzzing::handshake(&[&fitting[..], &packet].concat());
    }

    #[test]
    fn small_batches(
        count in 0u32..6,
        payload in prop::collection::vec(prop_oneof![3 => Just(0u8), 1 => Just(8u8), 1 => any::<u8>()], 0..120),
    ) {
        fuzzing::batch(&[&count.to_le_bytes()[..], &payload].concat());
    }

    #[test]
    fn session_operations(data in prop::collection::vec(any::<u8>(), 0..1500)) {
        fuzzing::session_ops(&data);
    }
}
