package proto

// OfferableProfiles is everything that may be offered on this system at all (NIPC-PRF-03).
const OfferableProfiles = ProfileBaseline | ProfileSHMHybrid | ProfileSHMFutex
