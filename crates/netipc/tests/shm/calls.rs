//! Level 2 over shared memory: everything that works over a socket.
