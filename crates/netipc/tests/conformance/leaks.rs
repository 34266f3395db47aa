//! Descriptors: whatever state a session is dropped in, none is left.

use std::time::Duration;

use netipc::{Abort, Deadline, Listener, Session};

use crate::bed::{Bed, Pair, Transport, limits, now, pattern, request, response};
use crate::support::{alone, descriptors, patience};

/// Runs `round` repeatedly in a process of its own and compares the descriptors before and after.
fn leaks_nothing<T: Transport>(test: &str, mut round: impl FnMut()) {
    alone(&format!("{}::leaks::{test}", T::NAME), || {
        // What the process opens once and keeps is not what is counted.
        round();
        let before = descriptors();
        for _ in 0..5 {
            round();
        }
        assert_eq!(descriptors(), before);
    });
}

fn bed<T: Transport>() -> Bed {
    Bed::new::<T>(|listener, config| limits(listener, config, 4 << 20))
}

pub fn of_sessions_in_every_state<T: Transport>() {
    leaks_nothing::<T>("of_sessions_in_every_state", || {
        let long = pattern(1, 4 << 20);
        let states: [fn(&mut Session, &mut Session, &[u8]); 6] = [
            |_, _, _| {},
            |client, _, _| client.send(&request(1, b"x"), b"x", patience(), None).unwrap(),
            |client, server, _| {
                client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
                server.receive(patience(), None).unwrap();
                server.send(&response(1, b"y"), b"y", patience(), None).unwrap();
            },
            |client, _, long| client.try_send(&request(1, long), long).unwrap(),
            |client, server, long| {
                client.try_send(&request(1, long), long).unwrap();
                // A part of it, or on some transports all.
                let _ = server.try_receive();
            },
            |client, server, _| {
                let abort = Abort::new();
                assert!(client.receive(now(), Some(&abort)).is_err());
                client.send(&request(1, b"x"), b"x", patience(), None).unwrap();
                server.receive(patience(), None).unwrap();
                server.send(&response(2, b"unasked"), b"unasked", patience(), None).unwrap();
                assert!(client.receive(patience(), Some(&abort)).is_err());
            },
        ];
        for state in states {
            for first in 0..4 {
                let mut bed = bed::<T>();
                let (mut client, mut server) = bed.connect();
                state(&mut client, &mut server, &long);
                match first {
                    0 => drop((client, server, bed)),
                    1 => drop((server, client, bed)),
                    2 => drop((bed, server, client)),
                    _ => {
                        server.close();
                        client.close();
                    }
                }
            }
        }
    });
}

pub fn of_connects_that_fail<T: Transport>() {
    leaks_nothing::<T>("of_connects_that_fail", || {
        let bed = bed::<T>();
        let abort = Abort::new();
        for deadline in [now(), Deadline::after(Duration::from_millis(1))] {
            assert!(Session::connect(&bed.endpoint, &bed.config, deadline, Some(&abort)).is_err());
        }
        abort.abort();
        assert!(Session::connect(&bed.endpoint, &bed.config, patience(), Some(&abort)).is_err());
        let Bed { listener, endpoint, config, .. } = bed;
        drop(listener);
        assert!(Session::connect(&endpoint, &config, patience(), None).is_err());
    });
}

pub fn of_listeners_with_guests<T: Transport>() {
    leaks_nothing::<T>("of_listeners_with_guests", || {
        let mut bed = bed::<T>();
        bed.config.auth_token = 1;
        // Two that gave up, one that is refused and still lingers, and a session that nobody takes.
        for _ in 0..2 {
            assert!(Session::connect(&bed.endpoint, &bed.config, now(), None).is_err());
        }
        assert!(bed.listener.try_accept().is_err());
        bed.config.auth_token = 0;
        assert!(Session::connect(&bed.endpoint, &bed.config, now(), None).is_err());
        // Bound already: fails, and leaves nothing.
        assert!(Listener::bind(&bed.endpoint, netipc::ListenerConfig::default()).is_err());
        drop(bed);
    });
}

pub fn of_a_long_lived_listener<T: Transport>() {
    leaks_nothing::<T>("of_a_long_lived_listener", || {
        let mut bed = bed::<T>();
        drop(bed.connect());
        let before = descriptors();
        for _ in 0..20 {
            let (client, server) = bed.connect();
            drop(client);
            drop(server);
        }
        let Pair { client, server, bed: other } = crate::bed::pair::<T>(|_, _| {});
        drop((client, server, other));
        assert_eq!(descriptors(), before);
    });
}
