//! What container engines keep on disk about their containers: names and labels.
//!
//! No engine is asked; files are read that an engine writes for its own use, so whatever is found there is believed only
//! so far: files have a largest size, must be plain files, and what no message can carry is left out. Directories of users
//! are not looked into, since anybody could write there whatever they like; rootless containers keep their short names.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use serde::Deserialize;

use super::orchestrator::Orchestrator;

/// The files that describe one container are some ten thousand bytes long.
const LARGEST_FILE: u64 = 1 << 20;
/// The list of all containers of Podman has a few hundred bytes for each.
const LARGEST_LIST: u64 = 16 << 20;
/// Engines refuse longer names, and no label of use is longer than these.
const LONGEST_NAME: usize = 512;
const LONGEST_KEY: usize = 255;
const LONGEST_VALUE: usize = 1024;
const MOST_LABELS: usize = 64;
/// What the keys and values of one container may take together.
const MOST_LABEL_BYTES: usize = 16 << 10;

/// Where Docker keeps its containers.
const DOCKER: &str = "var/lib/docker/containers";
/// Where containerd keeps the containers of Kubernetes, by itself and as part of k3s.
const CONTAINERD: [&str; 2] =
    ["run/containerd/io.containerd.runtime.v2.task/k8s.io", "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io"];
/// Where Podman and CRI-O keep their containers.
const STORAGE: [&str; 2] =
    ["run/containers/storage/overlay-containers", "var/lib/containers/storage/overlay-containers"];

/// What an engine says of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// What people call it: `web`, or `namespace/pod/container` in Kubernetes.
    pub name: Vec<u8>,
    /// Its labels, in the order of their keys.
    pub labels: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The outcome of looking for details.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Found(Details),
    /// There is no file, or none that is complete. It may come.
    Missing,
    /// There is a file that we may not read, or that is not to be read.
    Closed,
}

/// Reads the details of containers, for one round.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    root: &'a Path,
    /// Podman has one list with the names of all containers.
    names: OnceCell<HashMap<String, Listed>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Path) -> Self {
        Self { root, names: OnceCell::new() }
    }

    /// What is known of the container `id`, which must be hexadecimal.
    pub(super) fn read(&self, orchestrator: Orchestrator, id: &str) -> Reading {
        let at = |directory: &str, file: &str| self.root.join(directory).join(id).join(file);
        match orchestrator {
            Orchestrator::Docker => first([at(DOCKER, "config.v2.json")], docker),
            Orchestrator::Podman => {
                first(STORAGE.map(|storage| at(storage, "userdata/config.json")), |text| self.podman(id, text))
            }
            Orchestrator::Kubernetes => {
                let containerd = CONTAINERD.map(|directory| at(directory, "config.json"));
                let crio = STORAGE.map(|storage| at(storage, "userdata/config.json"));
                match first(containerd.into_iter().chain(crio), pod_of_oci) {
                    Reading::Found(details) => Reading::Found(details),
                    other => match first([at(DOCKER, "config.v2.json")], pod_of_docker) {
                        Reading::Missing => other,
                        docker => docker,
                    },
                }
            }
            _ => Reading::Closed,
        }
    }

    fn podman(&self, id: &str, text: &[u8]) -> Option<Details> {
        let config: Oci = parse(text)?;
        let listed = self.names.get_or_init(|| {
            let texts = STORAGE.map(|storage| contents(&self.root.join(storage).join("containers.json"), LARGEST_LIST));
            let lists = texts.into_iter().flatten().filter_map(|text| parse::<Vec<Listed>>(&text));
            lists.flatten().map(|listed| (listed.id.clone(), listed)).collect()
        });
        let listed = listed.get(id)?;
        let image = parse::<ListedMetadata>(listed.metadata.as_bytes()).map(|metadata| metadata.image);
        details(listed.names.first()?, with_image(config.annotations.unwrap_or_default(), image))
    }
}

/// The first of the files that tells something; else whether one was closed to us.
fn first(files: impl IntoIterator<Item = PathBuf>, parse: impl Fn(&[u8]) -> Option<Details>) -> Reading {
    let mut outcome = Reading::Missing;
    for file in files {
        match contents(&file, LARGEST_FILE) {
            Ok(text) => match parse(&text) {
                Some(details) => return Reading::Found(details),
                None => continue,
            },
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(_) => outcome = Reading::Closed,
        }
    }
    outcome
}

/// The whole of a plain file. A pipe or a device would make us wait, a link lead elsewhere.
fn contents(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > largest {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a plain file of a sensible size"));
    }
    let mut text = Vec::new();
    file.take(largest).read_to_end(&mut text)?;
    Ok(text)
}

fn parse<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    serde_json::from_slice(text).ok()
}

type Pairs = BTreeMap<String, String>;

/// Docker's `config.v2.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Docker {
    name: String,
    config: DockerConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerConfig {
    image: Option<String>,
    labels: Option<Pairs>,
}

/// The `config.json` of the OCI runtime specification.
#[derive(Deserialize)]
struct Oci {
    annotations: Option<Pairs>,
}

/// An entry of the `containers.json` of containers/storage.
#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    names: Vec<String>,
    /// JSON once more.
    #[serde(default)]
    metadata: String,
}

#[derive(Deserialize)]
struct ListedMetadata {
    #[serde(rename = "image-name")]
    image: String,
}

fn docker(text: &[u8]) -> Option<Details> {
    let Docker { name, config } = parse(text)?;
    details(name.trim_start_matches('/'), with_image(config.labels.unwrap_or_default(), config.image))
}

fn pod_of_oci(text: &[u8]) -> Option<Details> {
    pod(&parse::<Oci>(text)?.annotations?, None)
}

fn pod_of_docker(text: &[u8]) -> Option<Details> {
    let config = parse::<Docker>(text)?.config;
    pod(&config.labels?, config.image)
}

/// A container of a pod, out of what the kubelet tells its runtime. containerd has words of its own for it.
fn pod(pairs: &Pairs, image: Option<String>) -> Option<Details> {
    let either = |containerd: &str, others: &str| pairs.get(containerd).or_else(|| pairs.get(others));
    let namespace = either("io.kubernetes.cri.sandbox-namespace", NAMESPACE)?;
    let pod = either("io.kubernetes.cri.sandbox-name", POD)?;
    // The container that only holds a pod's namespaces has no name under containerd, and this one elsewhere.
    let container = either("io.kubernetes.cri.container-name", CONTAINER).map_or("POD", String::as_str);
    let uid = either("io.kubernetes.cri.sandbox-uid", POD_UID);
    let image = either("io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName").cloned().or(image);
    let mut labels = Pairs::new();
    for (key, value) in [
        (NAMESPACE, Some(namespace.as_str())),
        (POD, Some(pod)),
        (CONTAINER, Some(container)),
        (POD_UID, uid.map(String::as_str)),
    ] {
        labels.extend(value.map(|value| (key.to_owned(), value.to_owned())));
    }
    details(&format!("{namespace}/{pod}/{container}"), with_image(labels, image))
}

const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const POD: &str = "io.kubernetes.pod.name";
const POD_UID: &str = "io.kubernetes.pod.uid";
const CONTAINER: &str = "io.kubernetes.container.name";

/// The image is no label anywhere, and what one looks for first.
fn with_image(mut labels: Pairs, image: Option<String>) -> Pairs {
    if let Some(image) = image.filter(|image| !image.is_empty()) {
        labels.entry("image".to_owned()).or_insert(image);
    }
    labels
}

/// Leaves out labels that no message can carry or nobody can use; a value cut short would be a wrong one.
fn details(name: &str, labels: Pairs) -> Option<Details> {
    let sound = |text: &str, longest: usize| text.len() <= longest && !text.contains('\0');
    if name.is_empty() || !sound(name, LONGEST_NAME) {
        return None;
    }
    let mut room = MOST_LABEL_BYTES;
    let labels = labels
        .into_iter()
        .filter(|(key, value)| !key.is_empty() && sound(key, LONGEST_KEY) && sound(value, LONGEST_VALUE))
        .take(MOST_LABELS)
        .map_while(|(key, value)| {
            room = room.checked_sub(key.len() + value.len())?;
            Some((key, value))
        })
        .map(|(key, value)| (key.into_bytes(), value.into_bytes()))
        .collect();
    Some(Details { name: name.as_bytes().to_vec(), labels })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const ID: &str = "4b5e57f6eb2f42b9039b3d1e13929295f231749c510cbe341cd68036d9af97e2";

    fn place(root: &Path, text: &str) -> PathBuf {
        let file = root.join(DOCKER).join(ID).join("config.v2.json");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    }

    #[test]
    fn what_no_message_carries_is_left_out() {
        let long = "x".repeat(2000);
        let text = format!(
            r#"{{"Name":"/web","Config":{{"Image":"nginx","Labels":{{"b":"2","a":"","":"x","n\u0000":"x","n":"\u0000","long":"{long}"}}}}}}"#
        );
        let found = docker(text.as_bytes()).unwrap();
        assert_eq!(found.name, b"web");
        let keys: Vec<_> = found.labels.iter().map(|(key, value)| (&key[..], &value[..])).collect();
        assert_eq!(keys, [(&b"a"[..], &b""[..]), (b"b", b"2"), (b"image", b"nginx")]);
        assert_eq!(docker(br#"{"Name":"/","Config":{"Labels":null}}"#), None);
        assert_eq!(docker(br#"{"Name":"/a\u0000","Config":{"Labels":null}}"#), None);
        assert_eq!(docker(br#"{"Name":"/web","Config":{"Labels":{"a":1}}}"#), None);
    }

    #[test]
    fn labels_have_a_limit() {
        let labels: Vec<_> = (0..200).map(|i| format!("\"k{i}\":\"v\"")).collect();
        let text = format!(r#"{{"Name":"/web","Config":{{"Labels":{{{}}}}}}}"#, labels.join(","));
        assert_eq!(docker(text.as_bytes()).unwrap().labels.len(), MOST_LABELS);
    }

    #[test]
    fn labels_have_a_limit_together() {
        let value = "v".repeat(LONGEST_VALUE - 2);
        let mut labels: Pairs = (10..26).map(|i| (i.to_string(), value.clone())).collect();
        // The others leave no room for it.
        labels.insert("z".to_owned(), String::new());
        let found = details("web", labels.clone()).unwrap().labels;
        let total: usize = found.iter().map(|(key, value)| key.len() + value.len()).sum();
        assert_eq!((found.len(), total), (16, MOST_LABEL_BYTES));
        assert_eq!(found.last().unwrap().0, b"25");
        labels.insert("25".to_owned(), value[1..].to_owned());
        assert_eq!(details("web", labels).unwrap().labels.last().unwrap().0, b"z");
    }

    #[test]
    fn hostile_files_do_no_harm() {
        let root = tempfile::tempdir().unwrap();
        let reader = Reader::new(root.path());
        let read = || reader.read(Orchestrator::Docker, ID);
        assert_eq!(read(), Reading::Missing);
        let file = place(root.path(), &"[".repeat(100_000));
        assert_eq!(read(), Reading::Missing);
        fs::write(&file, vec![b' '; LARGEST_FILE as usize + 1]).unwrap();
        assert_eq!(read(), Reading::Closed);
        fs::remove_file(&file).unwrap();
        symlink("/etc/passwd", &file).unwrap();
        assert_eq!(read(), Reading::Closed);
        fs::remove_file(&file).unwrap();
        // Opening it would wait for somebody to write.
        rustix::fs::mkfifoat(CWD, &file, Mode::RUSR | Mode::WUSR).unwrap();
        assert_eq!(read(), Reading::Closed);
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(read(), Reading::Closed);
    }
}
