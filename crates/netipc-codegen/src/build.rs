//! Code from schemas while a crate is built, so that there is nothing to keep up to date.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), netipc_codegen::build::Error> {
//!     netipc_codegen::build::rust(["uptime.toml"])
//! }
//! ```
//!
//! The crate takes the modules in with one line, wherever they shall be:
//!
//! ```text
//! pub mod services {
//!     include!(concat!(env!("OUT_DIR"), "/netipc.rs"));
//! }
//! ```
//!
//! Each service then has its module there: `services::uptime::Uptime`.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Service;
use crate::project::{GeneratedFile, check_clashes};
use crate::schema::Diagnostics;
use crate::{c, go, rust, schema};

/// The file that names all modules.
const INDEX: &str = "netipc.rs";

/// Why a build script has no code.
#[non_exhaustive]
pub enum Error {
    /// Schemas are wrong; all findings of all files.
    Schema(Vec<Diagnostics>),
    /// Two services share a name or a method code, or two things of one schema a name in the code.
    Clash(String),
    /// A schema could not be read.
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A generated file could not be written.
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Cargo did not say where generated files go.
    NoBuildScript,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(files) => {
                let files: Vec<_> = files.iter().map(ToString::to_string).collect();
                f.write_str(&files.join("\n"))
            }
            Self::Clash(message) => f.write_str(message),
            Self::Read { path, .. } => write!(f, "cannot read the schema {}", path.display()),
            Self::Write { path, .. } => write!(f, "cannot write {}", path.display()),
            Self::NoBuildScript => f.write_str("OUT_DIR is not set; call this from a build script"),
        }
    }
}

/// As a build script whose `main` returns the error shows it: findings from the first column on, with the cause.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(_) => write!(f, "the schemas are wrong\n{self}"),
            Self::Read { source, .. } | Self::Write { source, .. } => write!(f, "{self}: {source}"),
            Self::Clash(_) | Self::NoBuildScript => write!(f, "{self}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source),
            Self::Schema(_) | Self::Clash(_) | Self::NoBuildScript => None,
        }
    }
}

/// Makes a Rust module of each schema, for a crate that depends on `netipc`, and tells cargo when to do so again.
///
/// # Errors
///
/// All findings in schemas at once; else the first file that cannot be used.
pub fn rust<P: AsRef<Path>>(schemas: impl IntoIterator<Item = P>) -> Result<(), Error> {
    rust_with(&rust::Options::for_users(), schemas)
}

/// Like [`rust()`], but says where the generated code finds things.
///
/// # Errors
///
/// Those of [`rust()`].
pub fn rust_with<P: AsRef<Path>>(options: &rust::Options, schemas: impl IntoIterator<Item = P>) -> Result<(), Error> {
    let schemas: Vec<_> = schemas.into_iter().map(|path| path.as_ref().to_owned()).collect();
    for path in &schemas {
        // Also when they are wrong: cargo shall look again once they are not.
        println!("cargo:rerun-if-changed={}", path.display());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or(Error::NoBuildScript)?);
    let mut files = modules(options, &schemas)?;
    let names: Vec<_> = files.iter().filter_map(|file| file.path.file_stem()?.to_str()).collect();
    let content = names.iter().map(|name| format!("pub mod {name};\n")).collect();
    files.push(GeneratedFile { path: INDEX.into(), content });
    for file in &files {
        write(&out.join(&file.path), &file.content)?;
    }
    Ok(())
}

/// The Rust module of each schema; their paths are relative to where the caller wants them.
///
/// # Errors
///
/// All findings in schemas at once; else the first file that cannot be read.
pub fn modules<P: AsRef<Path>>(options: &rust::Options, schemas: &[P]) -> Result<Vec<GeneratedFile>, Error> {
    let services = read(schemas)?;
    let module = |service: &Service| GeneratedFile {
        path: format!("{}.rs", rust::snake(&service.name)).into(),
        content: rust::module(service, options),
    };
    Ok(services.iter().map(module).collect())
}

/// The Go package of each schema, a directory with one file; their paths are relative to where the caller wants them.
///
/// # Errors
///
/// All findings in schemas at once; else the first file that cannot be read.
pub fn go_packages<P: AsRef<Path>>(options: &go::Options, schemas: &[P]) -> Result<Vec<GeneratedFile>, Error> {
    let services = read(schemas)?;
    let package = |service: &Service| {
        let name = options.package_of(service);
        let path = Path::new(&name).join(format!("{name}.go"));
        let content = go::package(service, options).map_err(|clash| Error::Clash(clash.to_string()))?;
        Ok(GeneratedFile { path, content })
    };
    services.iter().map(package).collect()
}

/// The header and the source in C of each schema; their paths are relative to where the caller wants them.
///
/// # Errors
///
/// All findings in schemas at once; else the first file that cannot be read, or two things that would share a name in C.
pub fn c_modules<P: AsRef<Path>>(options: &c::Options, schemas: &[P]) -> Result<Vec<GeneratedFile>, Error> {
    let mut files = Vec::new();
    for service in &read(schemas)? {
        let module = c::module(service, options).map_err(|clash| Error::Clash(clash.to_string()))?;
        files.push(GeneratedFile { path: format!("{}.h", module.name).into(), content: module.header });
        files.push(GeneratedFile { path: format!("{}.c", module.name).into(), content: module.source });
    }
    Ok(files)
}

/// Reads the schemas of users.
fn read<P: AsRef<Path>>(schemas: &[P]) -> Result<Vec<Service>, Error> {
    let mut services = Vec::new();
    let mut wrong = Vec::new();
    for path in schemas {
        let path = path.as_ref();
        let text = fs::read_to_string(path);
        let text = text.map_err(|source| Error::Read { path: path.to_owned(), source })?;
        match schema::parse(&path.display().to_string(), &text) {
            Ok(service) => services.push(service),
            Err(findings) => wrong.push(findings),
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Schema(wrong));
    }
    check_clashes(&services).map_err(Error::Clash)?;
    Ok(services)
}

/// Writes a file unless it is like that already: what is written anew makes build tools work for nothing.
///
/// # Errors
///
/// The file or its directory cannot be written.
pub fn write(path: &Path, content: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|present| present == content.as_bytes()) {
        return Ok(());
    }
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, content));
    written.map_err(|source| Error::Write { path: path.to_owned(), source })
}
