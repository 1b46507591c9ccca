//! Which locales stand in for one that lacks a text: chains such as `de-CH=de,en`, as the server is set up with them.

/// The chains. A locale without one has nothing that stands in for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fallbacks(Vec<(String, Vec<String>)>);

impl Fallbacks {
    /// Reads chains, each as `LOCALE=LOCALE,LOCALE…`, for a site of these locales.
    ///
    /// # Errors
    /// All the faults, in words.
    pub fn parse(chains: &[String], locales: &[String]) -> Result<Self, Vec<String>> {
        let mut read: Vec<(String, Vec<String>)> = Vec::with_capacity(chains.len());
        let mut faults = Vec::new();
        for chain in chains {
            let Some((asked, then)) = chain.split_once('=') else {
                faults.push(format!("`{chain}` is no chain such as de-CH=de,en"));
                continue;
            };
            let asked = asked.trim();
            if read.iter().any(|(known, _)| known == asked) {
                faults.push(format!("`{asked}` has more than one chain"));
            }
            let then: Vec<&str> = then.split(',').map(str::trim).collect();
            for (index, name) in std::iter::once(asked).chain(then.clone()).enumerate() {
                if !locales.iter().any(|known| known == name) {
                    let known = locales.join(", ");
                    faults.push(format!(
                        "`{name}` in `{chain}` is none of the locales {known}"
                    ));
                } else if index > 0 && name == asked {
                    faults.push(format!("`{asked}` stands in for itself in `{chain}`"));
                } else if index > 0 && then[..index - 1].contains(&name) {
                    faults.push(format!("`{name}` stands twice in `{chain}`"));
                }
            }
            let then = then.into_iter().map(str::to_owned).collect();
            read.push((asked.to_owned(), then));
        }
        if faults.is_empty() {
            Ok(Self(read))
        } else {
            Err(faults)
        }
    }

    /// What stands in for this locale, the first choice first.
    #[must_use]
    pub fn of(&self, locale: &str) -> &[String] {
        let chain = self.0.iter().find(|(asked, _)| asked == locale);
        chain.map_or(&[], |(_, then)| then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chains: &[&str]) -> Result<Fallbacks, Vec<String>> {
        let owned = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        Fallbacks::parse(&owned(chains), &owned(&["en", "de", "de-CH", "fr"]))
    }

    #[test]
    fn a_chain_is_of_the_locale_that_it_names_alone() {
        let fallbacks = parse(&["de-CH=de,en", "fr = en"]).unwrap();
        assert_eq!(fallbacks.of("de-CH"), ["de", "en"]);
        assert_eq!(fallbacks.of("fr"), ["en"]);
        // What stands in for the stand-in does not stand in for it.
        assert_eq!(fallbacks.of("de"), [""; 0]);
        assert_eq!(parse(&[]).unwrap().of("en"), [""; 0]);
    }

    #[test]
    fn names_all_the_faults() {
        let faults = parse(&["de-CH", "de=it,de,en,en", "de=fr", "es=en", "fr="]).unwrap_err();
        assert_eq!(
            faults,
            [
                "`de-CH` is no chain such as de-CH=de,en",
                "`it` in `de=it,de,en,en` is none of the locales en, de, de-CH, fr",
                "`de` stands in for itself in `de=it,de,en,en`",
                "`en` stands twice in `de=it,de,en,en`",
                "`de` has more than one chain",
                "`es` in `es=en` is none of the locales en, de, de-CH, fr",
                "`` in `fr=` is none of the locales en, de, de-CH, fr",
            ]
        );
    }
}
