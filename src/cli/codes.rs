//! Every code of findings, from the modules that make them.

use crate::diagnostics::Code;

/// Every code with its title and explanation, in order.
pub(super) fn all() -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    codes.extend(crate::spec::codes::CODES);
    codes.extend(crate::rules::codes());
    codes.extend(crate::litellm::codes());
    codes.extend(crate::plan::codes::CODES);
    codes.extend(crate::drift::codes::CODES);
    codes.extend(crate::accounts::codes::CODES);
    codes.extend(crate::smoke::codes::CODES);
    codes.extend(crate::render::codes::CODES);
    codes.extend(crate::cfn::codes::CODES);
    codes.extend(crate::tf::codes::CODES);
    codes.extend(crate::parity::codes::CODES);
    codes.extend(crate::doctor::codes::CODES);
    codes.sort();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_for_two_things() {
        let codes = all();
        let twice: Vec<&str> = codes.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0).collect();
        assert_eq!(twice, Vec::<&str>::new());
    }
}
