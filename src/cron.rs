//! Cron expressions: AWS's of six fields, and the five of a crontab.
//! <https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html>

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 6] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of month", least: 1, most: 31, words: &[] },
    Field { name: "month", least: 1, most: 12, words: MONTHS },
    Field { name: "day of week", least: 1, most: 7, words: DAYS },
    Field { name: "year", least: 1970, most: 2199, words: &[] },
];
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html>, with steps and names as every pipeline has them.
const CRONTAB_DAY_OF_WEEK: Field = Field { name: "day of week", least: 0, most: 6, words: DAYS };
const DAY_OF_MONTH: usize = 2;
const DAY_OF_WEEK: usize = 4;

/// Says what is wrong with the five fields of a crontab.
pub(crate) fn check_crontab(expression: &str) -> Result<(), String> {
    let texts: Vec<&str> = expression.split_whitespace().collect();
    if texts.len() != FIELDS.len() - 1 {
        return Err(format!("a cron expression has five fields, and `{expression}` has {}", texts.len()));
    }
    for (index, (field, text)) in FIELDS.iter().zip(&texts).enumerate() {
        let field = if index == DAY_OF_WEEK { &CRONTAB_DAY_OF_WEEK } else { field };
        if *text != "*" {
            field.each(text, |part| field.ranges(part))?;
        }
    }
    Ok(())
}

/// Says what is wrong with an expression of AWS.
pub(crate) fn check_aws(expression: &str) -> Result<(), String> {
    if expression.trim_start().starts_with("cron(") {
        return Err("the expression stands alone, without `cron( )` around it".to_owned());
    }
    let texts: Vec<&str> = expression.split_whitespace().collect();
    if texts.len() != FIELDS.len() {
        return Err(format!("a cron expression of AWS has six fields, and this one has {}", texts.len()));
    }
    for (index, (field, text)) in FIELDS.iter().zip(&texts).enumerate() {
        field.check(index, text)?;
    }
    match (texts[DAY_OF_MONTH] == "?", texts[DAY_OF_WEEK] == "?") {
        (false, false) => {
            Err("one of the day fields must be `?`: day of month and day of week exclude each other".to_owned())
        }
        (true, true) => Err("only one of the day fields may be `?`".to_owned()),
        _ => Ok(()),
    }
}

impl Field {
    fn check(&self, index: usize, text: &str) -> Result<(), String> {
        let day = index == DAY_OF_MONTH || index == DAY_OF_WEEK;
        if text == "*" || (text == "?" && day) {
            return Ok(());
        }
        self.each(text, |part| self.part(index, part))
    }

    /// Looks at each part of a list.
    fn each(&self, text: &str, check: impl FnMut(&str) -> Result<(), ()>) -> Result<(), String> {
        text.split(',').try_for_each(check).map_err(|()| {
            format!("`{text}` is no {} of a cron expression ({} to {})", self.name, self.least, self.most)
        })
    }

    fn part(&self, index: usize, part: &str) -> Result<(), ()> {
        if index == DAY_OF_MONTH
            && (part == "L" || part == "LW" || part.strip_suffix('W').is_some_and(|day| self.is(day)))
        {
            return Ok(());
        }
        if index == DAY_OF_WEEK {
            if part == "L" || part.strip_suffix('L').is_some_and(|day| self.is(day)) {
                return Ok(());
            }
            if let Some((day, week)) = part.split_once('#') {
                return if self.is(day) && matches!(week, "1" | "2" | "3" | "4" | "5") { Ok(()) } else { Err(()) };
            }
        }
        self.ranges(part)
    }

    /// A value, a range, and either with a step.
    fn ranges(&self, part: &str) -> Result<(), ()> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
            return Err(());
        }
        let in_range = match range.split_once('-') {
            Some((from, to)) => self.value(from).zip(self.value(to)).is_some_and(|(from, to)| {
                // Days and months go round: FRI-MON.
                from <= to || !self.words.is_empty()
            }),
            None => self.is(range) || (range == "*" && step.is_some()),
        };
        if in_range { Ok(()) } else { Err(()) }
    }

    fn is(&self, text: &str) -> bool {
        self.value(text).is_some()
    }

    fn value(&self, text: &str) -> Option<u32> {
        let word = self.words.iter().position(|word| text.eq_ignore_ascii_case(word));
        let number = match word {
            Some(index) => self.least.checked_add(u32::try_from(index).ok()?),
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            None => None,
        };
        number.filter(|number| (self.least..=self.most).contains(number))
    }
}

#[cfg(test)]
mod tests {
    use super::{check_aws as check, check_crontab};

    #[test]
    fn expressions_of_the_documentation_are_valid() {
        for expression in [
            "0 20 ? * MON-FRI *",
            "15 12 * * ? *",
            "0/10 * ? * MON-FRI *",
            "0/5 8-17 ? * MON-FRI *",
            "30 9 L * ? *",
            "0 9 ? * 2#1 2027-2030",
            "0 8 1,15W * ? *",
            "0 8 ? JAN,JUL 6L *",
        ] {
            assert_eq!(check(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn five_fields_of_a_crontab_are_too_few() {
        assert!(check("0 20 * * 1-5").unwrap_err().contains("has 5"));
    }

    #[test]
    fn values_outside_a_field_are_named() {
        assert!(check("60 20 ? * * *").unwrap_err().starts_with("`60` is no minute"));
        assert!(check("0 24 ? * * *").unwrap_err().starts_with("`24` is no hour"));
        assert!(check("0 20 ? * 0 *").unwrap_err().starts_with("`0` is no day of week"));
        assert!(check("0 20-8 ? * * *").unwrap_err().starts_with("`20-8` is no hour"));
        assert!(check("*/0 20 ? * * *").unwrap_err().starts_with("`*/0` is no minute"));
    }

    #[test]
    fn exactly_one_day_field_is_open() {
        assert!(check("0 20 * * * *").unwrap_err().contains("must be `?`"));
        assert!(check("0 20 ? * ? *").unwrap_err().contains("only one"));
    }

    #[test]
    fn a_crontab_has_five_fields_of_its_own() {
        for expression in ["17 3 * * *", "*/15 8-17 * * MON-FRI", "0 3 1,15 JAN 0", "5/20 * * * *"] {
            assert_eq!(check_crontab(expression), Ok(()), "{expression}");
        }
        assert!(check_crontab("nonsense").unwrap_err().contains("has 1"));
        assert!(check_crontab("0 20 ? * MON-FRI *").unwrap_err().contains("has 6"));
        assert!(check_crontab("60 3 * * *").unwrap_err().starts_with("`60` is no minute"));
        assert!(check_crontab("0 3 * * 7").unwrap_err().starts_with("`7` is no day of week"));
        for expression in ["0 3 ? * *", "0 3 L * *", "0 3 * * 2#1", "@daily * * * *", "*,1 * * * *x"] {
            assert!(check_crontab(expression).is_err(), "{expression}");
        }
    }

    #[test]
    fn odd_text_is_no_reason_to_panic() {
        for expression in ["", "? ? ? ? ? ?", "- , / # L W", "0 20 # * # *", "é é é é é é", "99999999999 1 ? * * *"]
        {
            assert!(check(expression).is_err(), "{expression}");
        }
    }
}
