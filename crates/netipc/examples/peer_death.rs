//! How long it takes from the death of a peer to the error on the other side, over each profile.
//!
//! `cargo run --release -p netipc --example peer_death [ROUNDS]` kills a client, and a server, `ROUNDS` times (default
//! 200) with SIGKILL while this process waits in [`Session::receive`] with no deadline. A time begins before the call of
//! kill(2), so the end of the process is part of it.

use std::error::Error as StdError;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs, io, process};

use netipc::proto::header::Header;
use netipc::{Deadline, Endpoint, Error, Listener, ListenerConfig, Profiles, Session, SessionConfig};

type Result<T> = std::result::Result<T, Box<dyn StdError>>;

/// Enough for the survivor to fall asleep.
const SETTLED: Duration = Duration::from_millis(5);

const ROLES: [&str; 2] = ["client", "server"];

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.as_slice() {
        [role, dir, profile] => victim(role, Path::new(dir), profile_of(profile)?),
        [] => measure(200),
        [rounds] => measure(rounds.parse()?),
        _ => Err("usage: peer_death [ROUNDS]".into()),
    }
}

fn measure(rounds: usize) -> Result<()> {
    let dir = env::temp_dir().join(format!("peer-death-{}", process::id()));
    fs::create_dir(&dir)?;
    let result = all(&dir, rounds);
    fs::remove_dir_all(&dir)?;
    result
}

fn all(dir: &Path, rounds: usize) -> Result<()> {
    println!("{:<12} {:<8} {:>10} {:>10} {:>10}", "profile", "victim", "median", "p99", "max");
    for profile in [Profiles::BASELINE, Profiles::SHM_HYBRID] {
        for role in ROLES {
            let times = (0..rounds.max(1)).map(|_| death(role, dir, profile)).collect::<Result<Vec<_>>>()?;
            print(&profile.to_string(), role, times);
        }
    }
    Ok(())
}

fn print(profile: &str, role: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let last = times.len() - 1;
    let [median, p99, max] = [last / 2, last * 99 / 100, last].map(|at| format!("{:.0?}", times[at]));
    println!("{profile:<12} {role:<8} {median:>10} {p99:>10} {max:>10}");
}

/// One session with a victim, which ends by its death.
fn death(role: &str, dir: &Path, profile: Profiles) -> Result<Duration> {
    let listener = (role == "client").then(|| listen(dir, profile)).transpose()?;
    let mut child = Command::new(env::current_exe()?)
        .args([role.as_ref(), dir.as_os_str(), profile.to_string().as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let result = session_with(&mut child, listener, dir, profile).and_then(|session| survive(&mut child, session));
    // Dead already, if all went well.
    let _ = child.kill();
    child.wait()?;
    result
}

fn session_with(child: &mut Child, listener: Option<Listener>, dir: &Path, profile: Profiles) -> Result<Session> {
    let session = match listener {
        Some(mut listener) => {
            let mut session = listener.accept(Deadline::NEVER, None)?;
            session.receive(Deadline::NEVER, None)?;
            session
        }
        None => {
            let mut said = BufReader::new(child.stdout.take().ok_or("no output")?);
            said.read_line(&mut String::new())?;
            connect(dir, profile)?
        }
    };
    match session.agreed().profile {
        agreed if agreed == profile => Ok(session),
        agreed => Err(format!("{agreed} was agreed on instead of {profile}").into()),
    }
}

/// Kills the peer of a session while a thread waits for it to speak: how long that thread took to learn it.
fn survive(child: &mut Child, mut session: Session) -> Result<Duration> {
    let waits = Barrier::new(2);
    thread::scope(|scope| {
        let waits = &waits;
        let survivor = scope.spawn(move || {
            waits.wait();
            let error = session.receive(Deadline::NEVER, None).err();
            (Instant::now(), error)
        });
        waits.wait();
        thread::sleep(SETTLED);
        let killed = Instant::now();
        child.kill()?;
        match survivor.join() {
            Ok((seen, Some(Error::Disconnected { .. }))) => Ok(seen - killed),
            Ok((_, other)) => Err(format!("the end was not seen as one: {other:?}").into()),
            Err(_) => Err("the survivor panicked".into()),
        }
    })
}

/// A client that waits for a response, or a server that owes one.
fn victim(role: &str, dir: &Path, profile: Profiles) -> Result<()> {
    if role == "client" {
        let mut session = connect(dir, profile)?;
        session.receive(Deadline::NEVER, None)?;
        return Ok(());
    }
    let mut listener = listen(dir, profile)?;
    println!("ready");
    io::stdout().flush()?;
    let mut session = listener.accept(Deadline::NEVER, None)?;
    session.receive(Deadline::NEVER, None)?;
    // Nobody writes: the end of the input is the end of the parent.
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// A session whose first request is out.
fn connect(dir: &Path, profile: Profiles) -> Result<Session> {
    let mut config = SessionConfig::default();
    config.supported = profile | Profiles::BASELINE;
    config.preferred = profile;
    let mut session = Session::connect(&endpoint(dir)?, &config, Deadline::after(Duration::from_secs(10)), None)?;
    session.send(&Header::request(1, 8, 1), &[0; 8], Deadline::NEVER, None)?;
    Ok(session)
}

fn listen(dir: &Path, profile: Profiles) -> Result<Listener> {
    let mut config = ListenerConfig::default();
    config.supported = profile | Profiles::BASELINE;
    config.preferred = profile;
    Ok(Listener::bind(&endpoint(dir)?, config)?)
}

fn endpoint(dir: &Path) -> Result<Endpoint> {
    Ok(Endpoint::new(dir, "victim")?)
}

fn profile_of(name: &str) -> Result<Profiles> {
    Profiles::from_name(name).ok_or_else(|| format!("no profile is called {name}").into())
}
