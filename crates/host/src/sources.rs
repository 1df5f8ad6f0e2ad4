//! Where the options of a run come from, for errors, which name it: the flag, its variable, or
//! what else stands behind them.

use std::collections::BTreeMap;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// What set each option, by the option's long name.
#[derive(Debug, Clone, Default)]
pub struct Sources(BTreeMap<String, Source>);

/// How near to the command something was said; later is nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Nobody said it.
    Default,
    /// It is the person's own default, as by a config file.
    File,
    /// A variable says it.
    Variable,
    /// It stands on the command line.
    Flag,
}

#[derive(Debug, Clone)]
struct Source {
    nearness: Nearness,
    name: String,
}

impl Sources {
    /// Those of a command line that was read. `file` names what gave an option its default, where
    /// that is not the program itself.
    #[must_use]
    pub fn of(
        command: &Command,
        matches: &ArgMatches,
        file: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut sources = Self::default();
        sources.add(command, matches, file);
        sources
    }

    fn add(
        &mut self,
        command: &Command,
        matches: &ArgMatches,
        file: &dyn Fn(&str) -> Option<String>,
    ) {
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long() else { continue };
            let variable = arg
                .get_env()
                .map(|name| name.to_string_lossy().into_owned());
            let source = match matches.value_source(arg.get_id().as_str()) {
                Some(ValueSource::CommandLine) => Some((Nearness::Flag, format!("--{long}"))),
                Some(ValueSource::EnvVariable) => variable.map(|name| (Nearness::Variable, name)),
                _ => file(long).map(|name| (Nearness::File, name)),
            };
            if let Some((nearness, name)) = source {
                self.0.insert(long.to_owned(), Source { nearness, name });
            }
        }
        if let Some((name, matches)) = matches.subcommand()
            && let Some(command) = command.find_subcommand(name)
        {
            self.add(command, matches, file);
        }
    }

    /// What set the option of this name, or would have: `--bind`, `UNDERTONE_BIND`.
    #[must_use]
    pub fn name(&self, long: &str) -> String {
        let source = self.0.get(long);
        source.map_or_else(|| format!("--{long}"), |source| source.name.clone())
    }

    /// How near to the command it was set.
    #[must_use]
    pub fn nearness(&self, long: &str) -> Nearness {
        let source = self.0.get(long);
        source.map_or(Nearness::Default, |source| source.nearness)
    }
}
