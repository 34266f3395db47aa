use crate::shm::points::Point;

pub(crate) fn reach(_point: Point) {}
