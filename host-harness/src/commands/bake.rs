//! `cutout bake`: the generic actor and a model, as one file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::command::{Command, announce};
use super::model::ModelFlags;
use crate::engine::{self, ActorBuild, Host, Runtime, Settings};
use crate::files::{self, Place};
use crate::{Error, Kind};

/// How a component is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum World {
    /// By HTTP requests, on any host.
    #[default]
    Actor,
    /// By messages, on wasmCloud: the NATS worker.
    Worker,
}

/// Make a portable component that any component host can run, with a model inside.
#[derive(Args, Clone, Debug)]
pub struct Bake {
    #[command(flatten)]
    model: ModelFlags,

    /// The runtime, which computes the network.
    #[arg(long, value_enum, default_value_t)]
    runtime: Runtime,

    /// How the component is called.
    #[arg(long, value_enum, default_value_t)]
    world: World,

    /// Where the component goes (`.wasm`).
    #[arg(short, long)]
    output: PathBuf,

    /// Also compile it for this machine, into this file (`.cwasm`).
    #[arg(long, value_name = "PATH")]
    host_image: Option<PathBuf>,

    /// Also compile it for the levels of CPUs x86-64-v3 and x86-64-v2 (the program for ARM64: for armv8-a), into this folder, which
    /// CUTOUT_HOST_IMAGES names to `cutout serve`: a start from there compiles nothing.
    #[arg(long, value_name = "FOLDER")]
    host_images: Option<PathBuf>,
}

impl Command for Bake {
    fn execute(self) -> Result<u8, Error> {
        self.refuse_impossible()?;
        let output = Place::of_output(&self.output);
        let host_image = self.host_image.as_deref().map(Place::of_output);
        if host_image
            .as_ref()
            .is_some_and(|image| files::is_same(image, &output))
        {
            let text = "component and host image would be one file; name another for --host-image";
            return Err(Error::new(Kind::Usage, text));
        }
        for place in [Some(&output), host_image.as_ref()].into_iter().flatten() {
            files::refuse_terminal(place, "cutout.wasm")?;
        }
        let model = self.model.find()?;
        for place in [Some(&output), host_image.as_ref()].into_iter().flatten() {
            if let Some(path) = &model.path {
                files::refuse_same(&Place::File(path.clone()), place)?;
            }
        }
        announce(&format!("baking {}", model.spec.name));
        let build = match self.world {
            World::Actor => ActorBuild::Http(self.runtime),
            World::Worker => ActorBuild::Messages,
        };
        let component = engine::bake(&model, build)?;
        write(&output, &component)?;
        if let Some(place) = host_image {
            let engine = Host::engine(&Settings::default())?;
            write(&place, &engine::compile(&engine, &component)?)?;
        }
        if let Some(folder) = self.host_images {
            engine::compile_ahead(&folder, &model, self.runtime, &component, &announce)?;
        }
        Ok(0)
    }
}

impl Bake {
    /// Refuses flags that do not go together, before anything is baked. clap's `conflicts_with` would count the default of `--world`
    /// as given.
    fn refuse_impossible(&self) -> Result<(), Error> {
        let refused = |text| Err(Error::new(Kind::Usage, text));
        if self.world == World::Worker && self.runtime != Runtime::Net {
            return refused(
                "the worker has the runtime net alone; leave --runtime out, or bake the world actor",
            );
        }
        if self.host_images.is_none() {
            return Ok(());
        }
        if self.world == World::Worker {
            return refused(
                "--host-images is for the component that answers HTTP; leave --world out",
            );
        }
        engine::check_levels()
    }
}

fn write(place: &Place, bytes: &[u8]) -> Result<(), Error> {
    files::write(place, bytes)?;
    if *place != Place::Stream {
        announce(&format!(
            "wrote {place}, {:.2} MB",
            bytes.len() as f64 / 1e6
        ));
    }
    Ok(())
}
