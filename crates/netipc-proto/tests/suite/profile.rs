//! Profile masks.

use netipc_proto::profile::Profiles;
use proptest::prelude::*;

proptest! {
    #[test]
    fn highest_bit(mask in any::<u32>()) {
        let naive = (0..32).rev().map(|bit| 1u32 << bit).find(|bit| mask & bit != 0).unwrap_or(0);
        prop_assert_eq!(Profiles(mask).highest(), Profiles(naive));
        prop_assert_eq!(Profiles(mask).is_single(), mask.count_ones() == 1);
        prop_assert_eq!(Profiles(mask).iter().fold(Profiles::NONE, |all, one| all | one), Profiles(mask));
        prop_assert_eq!(Profiles(mask).without(Profiles(naive)).0, mask & !naive);
    }
}

/// NIPC-PRF-03
#[test]
fn never_offered() {
    assert!(!Profiles::OFFERABLE.contains(Profiles::RESERVED));
    assert_eq!(Profiles::OFFERABLE.contains(Profiles::SHM_FUTEX), cfg!(windows));
    assert!(Profiles::OFFERABLE.contains(Profiles::BASELINE));
}

#[test]
fn names() {
    for name in ["baseline", "shm-hybrid", "shm-futex", "shm-ring"] {
        assert_eq!(Profiles::from_name(name).unwrap().to_string(), name);
    }
    assert_eq!(Profiles::from_name("reserved"), None);
    assert_eq!(Profiles::NONE.to_string(), "none");
    assert_eq!(Profiles(0x19).to_string(), "baseline,0x8,shm-ring");
    let mut both = Profiles::BASELINE;
    both |= Profiles::SHM_RING;
    assert_eq!(both, Profiles(0x11));
}
