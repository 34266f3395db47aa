//! The kernel's table of Unix sockets, as far as it is visible from this network namespace.
//!
//! References: proc_net_unix(5) in proc(5).

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Sockets with a path, and whether each listens.
#[derive(Debug, Default)]
pub(super) struct Sockets(Vec<(bool, Vec<u8>)>);

impl Sockets {
    /// Nothing where there is no such table.
    pub(super) fn read() -> Self {
        Self::parse(&fs::read("/proc/net/unix").unwrap_or_default())
    }

    fn parse(table: &[u8]) -> Self {
        let socket = |mut line: &[u8]| {
            // Number, references, protocol, flags, type, state, inode; then the path, which may have spaces.
            let mut fields = [&[][..]; 7];
            for field in &mut fields {
                *field = first_word(&mut line)?;
            }
            let listens = fields[3] == b"00010000";
            let connected = fields[5] == b"03";
            let path = line.strip_prefix(b" ").filter(|path| !path.is_empty())?;
            (listens || connected).then(|| (listens, path.to_vec()))
        };
        Self(table.split(|byte| *byte == b'\n').filter_map(socket).collect())
    }

    /// Whether a socket listens that was bound to this path.
    pub(super) fn listens(&self, path: &Path) -> bool {
        self.count(true, path) > 0
    }

    /// How many connections a server has that was bound to this path: the server's ends have its path, too.
    pub(super) fn sessions(&self, path: &Path) -> usize {
        self.count(false, path)
    }

    fn count(&self, listens: bool, path: &Path) -> usize {
        let path = path.as_os_str().as_bytes();
        self.0.iter().filter(|(listening, bound)| *listening == listens && bound == path).count()
    }
}

/// Takes a word from the front, with the spaces before it.
fn first_word<'t>(text: &mut &'t [u8]) -> Option<&'t [u8]> {
    let start = text.iter().position(|byte| *byte != b' ')?;
    let rest = &text[start..];
    let (word, behind) = rest.split_at(rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len()));
    *text = behind;
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_by_path_and_state() {
        let table = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000059c66ec2: 00000002 00000000 00010000 0005 01 72152 /run/x/a b.sock\n\
            00000000834d9214: 00000003 00000000 00000000 0005 03 72795 /run/x/a b.sock\n\
            00000000834d9215: 00000003 00000000 00000000 0005 03 72796 /run/x/a b.sock\n\
            00000000419ceb0a: 00000003 00000000 00000000 0001 03  1190\n\
            00000000419ceb0b: 00000002 00000000 00000000 0002 01  1191 /run/x/c.sock\n\
            00000000419ceb0c: 00000002 00000000 00010000 0001 01  1192 @/run/x/d.sock\nrubbish /";
        let sockets = Sockets::parse(table);
        let path = Path::new("/run/x/a b.sock");
        assert!(sockets.listens(path));
        assert_eq!(sockets.sessions(path), 2);
        for other in ["/run/x/c.sock", "/run/x/e.sock", "/"] {
            assert_eq!((sockets.listens(Path::new(other)), sockets.sessions(Path::new(other))), (false, 0));
        }
        // An abstract name is not the file of the same name.
        assert!(!sockets.listens(Path::new("/run/x/d.sock")));
    }
}
