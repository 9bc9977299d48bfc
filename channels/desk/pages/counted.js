/** Numbers of things in words. */

/** "2 cases", "1 case"; French counts nothing as one. */
export const many = (number, one, more, language) => `${number}\u00a0${new Intl.PluralRules(language).select(number) === "one" ? one : more}`;
