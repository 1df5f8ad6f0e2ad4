//! The system's randomness, as ring asks for it.

use std::sync::LazyLock;

use ring::rand::SystemRandom;

pub(super) static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);
