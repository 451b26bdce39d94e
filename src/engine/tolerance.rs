//! How many accounts may fail before no further one is begun.

use std::str::FromStr;

/// A number of accounts, or a share of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// That many may fail.
    Accounts(usize),
    /// So many of a hundred may fail, rounded down.
    Percent(u8),
}

impl Default for Tolerance {
    /// All: an account that fails keeps none of the others from being served.
    fn default() -> Self {
        Self::Percent(100)
    }
}

impl Tolerance {
    /// Whether that many failures of so many accounts are more than is tolerated.
    pub fn is_exceeded(self, failed: usize, accounts: usize) -> bool {
        match self {
            Self::Accounts(most) => failed > most,
            Self::Percent(share) => failed > accounts.saturating_mul(share.into()) / 100,
        }
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a number of accounts, `5`, nor a share of them, `10%`");
        match text.strip_suffix('%') {
            Some(share) => match share.trim().parse::<u8>() {
                Ok(share @ ..=100) => Ok(Self::Percent(share)),
                _ => Err(wrong()),
            },
            None => text.trim().parse().map(Self::Accounts).map_err(|_| wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_every_account_may_fail() {
        assert!(!Tolerance::default().is_exceeded(300, 300));
    }

    #[test]
    fn a_share_is_rounded_down() {
        let tolerance: Tolerance = "10%".parse().unwrap();
        assert!(!tolerance.is_exceeded(1, 19) && tolerance.is_exceeded(2, 19));
    }

    #[test]
    fn none_may_be_asked_for() {
        assert!("0".parse::<Tolerance>().unwrap().is_exceeded(1, 50));
    }

    #[test]
    fn more_than_all_is_no_share() {
        assert!("101%".parse::<Tolerance>().unwrap_err().contains("`10%`"));
    }
}
