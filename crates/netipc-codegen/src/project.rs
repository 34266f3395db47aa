//! What is generated in this project's own tree, and whether it is up to date.
//!
//! `cargo xtask gen` is `write(root, &generate(root)?)`, and `cargo xtask gen --check` fails when
//! `stale(root, &generate(root)?)` is not empty:
//!
//! ```no_run
//! use netipc_codegen::project::{generate, stale, write};
//!
//! let root = std::path::Path::new(".");
//! let files = generate(root)?;
//! for path in stale(root, &files)? {
//!     println!("{} is out of date", path.display());
//! }
//! for path in write(root, &files)? {
//!     println!("wrote {}", path.display());
//! }
//! # Ok::<(), netipc_codegen::project::Error>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::errors::ErrorKind;
use crate::model::Service;
use crate::pages::{self, Tables};
use crate::schema::Diagnostics;
use crate::{c, errors, go, markdown, rust, schema, vectors};

mod golden;

const SCHEMAS: &str = "spec/services";
/// The service that every server has beside its own; it grows, so it is none of the frozen standard services.
const INSPECT: &str = "spec/inspect.toml";
const ERRORS: &str = "spec/errors.toml";
const PAGES: &str = "spec";
const SERVICES_CRATE: &str = "crates/netipc-services/src";
const VECTORS: &str = "spec/vectors";
const GOLDEN: &str = "spec/vectors/golden";
const TESTEE: &str = "interop/testee/src/services.rs";
const ERROR_KINDS: &str = "crates/netipc-proto/src/error/kind.rs";
const INSPECT_CODEC: &str = "crates/netipc/src/inspect/service.rs";
const GO_ERROR_KINDS: &str = "go/proto/kind.go";
const GO_SERVICES: &str = "go/services";
const GO_TESTEE: &str = "go/internal/testee/services.go";
const C_KINDS_HEADER: &str = "c/include/netipc/kind.h";
const C_KINDS_SOURCE: &str = "c/src/kind.c";
const C_HEADERS: &str = "c/include/netipc/services";
const C_SOURCES: &str = "c/src/services";
const C_TESTEE: &str = "c/testee/services";
const C_FUZZ: &str = "c/fuzz/services";

/// The directories with nothing but generated files, and what these end in.
const HOMES: [(&str, &str); 6] =
    [(SERVICES_CRATE, "rs"), (VECTORS, "json"), (C_HEADERS, "h"), (C_SOURCES, "c"), (C_TESTEE, "c"), (C_FUZZ, "c")];

/// A file as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its place, relative to the project's root.
    pub path: PathBuf,
    /// Its whole content.
    pub content: String,
}

/// Why nothing could be generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Schemas are wrong; all findings of all files.
    Schema(Vec<Diagnostics>),
    /// Two services share a name or a method code.
    Clash(String),
    /// A page has a broken marker, or no page has one for a table.
    Page {
        /// The page, or the directory of pages.
        path: PathBuf,
        /// What is wrong, with the line when there is one.
        message: String,
    },
    /// Who makes a vector and who checks it disagree.
    Vector(vectors::Disagreement),
    /// A file could not be read or written.
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(files) => {
                let files: Vec<_> = files.iter().map(ToString::to_string).collect();
                f.write_str(&files.join("\n"))
            }
            Self::Clash(message) => f.write_str(message),
            Self::Vector(disagreement) => disagreement.fmt(f),
            Self::Page { path, message } => write!(f, "{}: {message}", path.display()),
            Self::Io { path, .. } => write!(f, "cannot use {}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Schema(_) | Self::Clash(_) | Self::Page { .. } | Self::Vector(_) => None,
        }
    }
}

/// Everything that is generated in the project at `root`, without writing it.
///
/// # Errors
///
/// All findings in schemas at once; else the first file that cannot be read or has a broken marker.
pub fn generate(root: &Path) -> Result<Vec<GeneratedFile>, Error> {
    let (mut services, kinds) = inputs(root)?;
    let mut files = rust_files(&services);
    files.extend(c_files(&services).map_err(|clash| Error::Clash(clash.to_string()))?);
    files.push(GeneratedFile { path: ERROR_KINDS.into(), content: rust::error_kinds(&kinds, ERRORS) });
    files.push(GeneratedFile { path: GO_ERROR_KINDS.into(), content: go::error_kinds(&kinds, ERRORS, "proto") });
    files.extend(go_files(&services).map_err(|clash| Error::Clash(clash.to_string()))?);
    let content = go::testee(&services, &format!("{SCHEMAS}/*.toml"));
    files.push(GeneratedFile { path: GO_TESTEE.into(), content });
    files.push(GeneratedFile { path: C_KINDS_HEADER.into(), content: c::error_kinds_header(&kinds, ERRORS) });
    files.push(GeneratedFile { path: C_KINDS_SOURCE.into(), content: c::error_kinds_source(&kinds, ERRORS) });
    files.extend(vector_files(root, &services)?);
    if let Some(inspect) = inspect(root)? {
        files.push(GeneratedFile {
            path: INSPECT_CODEC.into(),
            content: rust::module(&inspect, &rust::Options::default()),
        });
        services.push(inspect);
        check_clashes(&services).map_err(Error::Clash)?;
    }
    files.extend(page_files(root, &services, &kinds)?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The files that differ from what they should be, are missing, or should not be there.
///
/// # Errors
///
/// A file that cannot be read.
pub fn stale(root: &Path, files: &[GeneratedFile]) -> Result<Vec<PathBuf>, Error> {
    let mut stale = orphans(root, files)?;
    for file in files {
        match fs::read(root.join(&file.path)) {
            Ok(content) if content == file.content.as_bytes() => {}
            Ok(_) => stale.push(file.path.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => stale.push(file.path.clone()),
            Err(source) => return Err(Error::Io { path: file.path.clone(), source }),
        }
    }
    stale.sort();
    Ok(stale)
}

/// Writes what is stale, removes what should not be there, and says what it touched.
///
/// # Errors
///
/// A file that cannot be read, written or removed.
pub fn write(root: &Path, files: &[GeneratedFile]) -> Result<Vec<PathBuf>, Error> {
    let touched = stale(root, files)?;
    for path in &touched {
        let place = root.join(path);
        let result = match files.iter().find(|file| file.path == *path) {
            Some(file) => {
                place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&place, &file.content))
            }
            None => fs::remove_file(&place),
        };
        result.map_err(|source| Error::Io { path: path.clone(), source })?;
    }
    Ok(touched)
}

fn inputs(root: &Path) -> Result<(Vec<Service>, Vec<ErrorKind>), Error> {
    let mut services = Vec::new();
    let mut wrong = Vec::new();
    for path in files_in(root, SCHEMAS, "toml")? {
        match schema::parse_standard(&path.display().to_string(), &read(root, &path)?) {
            Ok(service) => services.push(service),
            Err(diagnostics) => wrong.push(diagnostics),
        }
    }
    let kinds = match errors::parse(ERRORS, &read(root, Path::new(ERRORS))?) {
        Ok(kinds) => kinds,
        Err(diagnostics) => {
            wrong.push(diagnostics);
            Vec::new()
        }
    };
    if !wrong.is_empty() {
        return Err(Error::Schema(wrong));
    }
    check_clashes(&services).map_err(Error::Clash)?;
    Ok((services, kinds))
}

/// The schema of inspection; none in a project that has no such service.
fn inspect(root: &Path) -> Result<Option<Service>, Error> {
    let path = Path::new(INSPECT);
    if !root.join(path).exists() {
        return Ok(None);
    }
    schema::parse_standard(INSPECT, &read(root, path)?).map(Some).map_err(|findings| Error::Schema(vec![findings]))
}

/// Names and method codes identify services, so they must differ.
pub(crate) fn check_clashes(services: &[Service]) -> Result<(), String> {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut methods: BTreeMap<u16, &str> = BTreeMap::new();
    for service in services {
        if let Some(other) = names.insert(&service.name, &service.source) {
            let (name, source) = (&service.name, &service.source);
            return Err(format!("{source} and {other} both define `{name}`; rename one service"));
        }
        if let Some(other) = methods.insert(service.method, &service.source) {
            let (method, source) = (service.method, &service.source);
            return Err(format!("{source} and {other} both have method {method}; give one another code"));
        }
    }
    Ok(())
}

fn rust_files(services: &[Service]) -> Vec<GeneratedFile> {
    let home = Some("netipc_services".to_owned());
    let options = rust::Options { home, no_std: true, ..rust::Options::default() };
    let source = format!("{SCHEMAS}/*.toml");
    let doc = "The standard services of plugin-ipc: typed codecs and service descriptors.\n\nNothing here is written by hand; a \
               service of your own gets the same from its schema.";
    let file = |name: &str, content| GeneratedFile { path: format!("{SERVICES_CRATE}/{name}.rs").into(), content };
    let mut files: Vec<_> =
        services.iter().map(|service| file(&rust::snake(&service.name), rust::module(service, &options))).collect();
    files.push(file("lib", rust::library(services, &source, doc)));
    files.push(file("fuzzing", rust::fuzzing(services, &source, &options)));
    files.push(GeneratedFile { path: TESTEE.into(), content: rust::testee(services, &source, &options) });
    files
}

fn c_files(services: &[Service]) -> Result<Vec<GeneratedFile>, c::Clash> {
    let options = c::Options::standard();
    let modules = services.iter().map(|service| c::module(service, &options)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = modules.iter().map(|module| module.name.as_str()).collect();
    let sources = c::source_list(&names, &format!("{SCHEMAS}/*.toml"));
    let file = |path: String, content| GeneratedFile { path: path.into(), content };
    let mut files = vec![file(format!("{C_SOURCES}/sources.cmake"), sources)];
    for module in modules {
        files.push(file(format!("{C_HEADERS}/{}.h", module.name), module.header));
        files.push(file(format!("{C_SOURCES}/{}.c", module.name), module.source));
    }
    for service in services {
        let name = format!("{C_TESTEE}/{}.c", rust::snake(&service.name));
        files.push(file(name, c::testee(service, &options)));
        let name = format!("{C_FUZZ}/{}.c", rust::snake(&service.name));
        files.push(file(name, c::fuzzing(service, &options)));
    }
    files.push(file(format!("{C_FUZZ}/all.c"), c::fuzzing_list(services, &format!("{SCHEMAS}/*.toml"))));
    files.push(file(format!("{C_TESTEE}/all.c"), c::testee_list(services, &format!("{SCHEMAS}/*.toml"))));
    Ok(files)
}

/// The package of each service, with its example and tests.
fn go_files(services: &[Service]) -> Result<Vec<GeneratedFile>, go::Clash> {
    let options = go::Options::default();
    let mut files = Vec::new();
    for service in services {
        let package = go::package_name(service);
        let home = Path::new(GO_SERVICES).join(&package);
        let contents = [
            (format!("{package}.go"), go::package(service, &options)?),
            ("example_test.go".to_owned(), go::example(service, &options)),
            ("fuzz_test.go".to_owned(), go::tests(service, &options)),
        ];
        files.extend(contents.map(|(name, content)| GeneratedFile { path: home.join(name), content }));
    }
    Ok(files)
}

/// The vectors, with golden bytes among them.
fn vector_files(root: &Path, services: &[Service]) -> Result<Vec<GeneratedFile>, Error> {
    let golden = golden::read(root)?;
    let mut pages = vectors::envelope(&golden).map_err(Error::Vector)?;
    for service in services {
        pages.extend(vectors::service(service, &golden).map_err(Error::Vector)?);
    }
    pages.push(("schema.json".to_owned(), vectors::SCHEMA.to_owned()));
    let file = |(name, content)| GeneratedFile { path: Path::new(VECTORS).join(name), content };
    Ok(pages.into_iter().map(file).collect())
}

fn page_files(root: &Path, services: &[Service], kinds: &[ErrorKind]) -> Result<Vec<GeneratedFile>, Error> {
    let mut tables: Tables =
        services.iter().map(|service| (format!("service {}", service.name), markdown::service(service))).collect();
    tables.insert("error-kinds".to_owned(), markdown::error_kinds(kinds));
    let mut files = Vec::new();
    let mut missing: Vec<_> = tables.keys().cloned().collect();
    for path in files_in(root, PAGES, "md")? {
        let (content, names) = pages::insert(&read(root, &path)?, &tables).map_err(|error| Error::Page {
            path: path.clone(),
            message: format!("line {}: {}", error.line, error.message),
        })?;
        missing.retain(|name| !names.contains(name));
        if !names.is_empty() {
            files.push(GeneratedFile { path, content });
        }
    }
    match missing.first() {
        None => Ok(files),
        Some(name) => {
            let message = format!("no page has the table `{name}`; add the line `<!-- generated: {name} -->` to one");
            Err(Error::Page { path: PAGES.into(), message })
        }
    }
}

/// Generated files that no schema makes any more. The Go packages have tests that people write too.
fn orphans(root: &Path, files: &[GeneratedFile]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for (home, extension) in HOMES {
        found.extend(files_in(root, home, extension)?);
    }
    for dir in entries(root, GO_SERVICES)? {
        for path in files_in(root, &dir.to_string_lossy(), "go")? {
            if read(root, &path)?.starts_with(go::GENERATED) {
                found.push(path);
            }
        }
    }
    found.retain(|path| !files.iter().any(|file| file.path == *path));
    Ok(found)
}

/// The files of one directory with an extension, relative to `root`, sorted; none when there is no such directory.
fn files_in(root: &Path, dir: &str, extension: &str) -> Result<Vec<PathBuf>, Error> {
    let mut paths = entries(root, dir)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

/// What is in one directory, relative to `root`, sorted; nothing when there is no such directory.
fn entries(root: &Path, dir: &str) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Io { path: dir.into(), source };
    let entries = match fs::read_dir(root.join(dir)) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(Path::new(dir).join(entry.map_err(failed)?.file_name()));
    }
    paths.sort();
    Ok(paths)
}

fn read(root: &Path, path: &Path) -> Result<String, Error> {
    fs::read_to_string(root.join(path)).map_err(|source| Error::Io { path: path.to_owned(), source })
}
