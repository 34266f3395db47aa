//! Places where the unit tests end the process. In any other build nothing is here.

use crate::shm::plane::Step;

/// Every step of set-up, use and tear-down that changes what another process can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Created,
    Locked,
    Allocated,
    Mapped,
    Headed,
    Welcomed,
    Greeted,
    Acknowledged,
    Opened,
    Attached,
    Watched,
    Request(Step),
    RequestWoken,
    Response(Step),
    ResponseWoken,
    Asleep,
    Ending,
    Unlinked,
    Found,
    Cleared,
}

#[cfg(not(test))]
#[inline(always)]
pub(crate) fn reach(_point: Point) {}

#[cfg(test)]
pub(crate) use crate::shm::tests::kill::reach;
