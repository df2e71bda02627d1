// The formats of JSON Schema that OpenAI's structured outputs know, as GBNF of a string's contents. Each is a part of what
// its standard allows (no leap seconds, no quoted mailboxes, no IPv4 inside IPv6): everything it matches is right.
const THIRTY_ONE = '("01" | "03" | "05" | "07" | "08" | "10" | "12") "-" ("0" [1-9] | [12] [0-9] | "3" [01])'
const THIRTY = '("04" | "06" | "09" | "11") "-" ("0" [1-9] | [12] [0-9] | "30")'
const FEBRUARY = '"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])'
const FOURTH = '("0" [48] | [2468] [048] | [13579] [26])' // last two digits of a leap year, but 00
const LEAP_YEAR = `([0-9] [0-9] ${FOURTH} | ("00" | ${FOURTH}) "00")`
// RFC 3339, section 5.6.
const DATE = `([0-9]{4} "-" (${THIRTY_ONE} | ${THIRTY} | ${FEBRUARY}) | ${LEAP_YEAR} "-02-29")`
const HOUR_MINUTE = '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]'
const TIME = `(${HOUR_MINUTE} ":" [0-5] [0-9] ("." [0-9]{1,9})? ("Z" | [-+] ${HOUR_MINUTE}))`
// RFC 3339, appendix A.
const COUNT = '[0-9]{1,9}'
const DAYS = `${COUNT} "D"`
const MONTHS = `${COUNT} "M" (${DAYS})?`
const SECONDS = `${COUNT} "S"`
const MINUTES = `${COUNT} "M" (${SECONDS})?`
const OF_DAY = `"T" (${COUNT} "H" (${MINUTES})? | ${MINUTES} | ${SECONDS})`
const OF_CALENDAR = `(${COUNT} "Y" (${MONTHS})? | ${MONTHS} | ${DAYS})`
const DURATION = `("P" (${OF_CALENDAR} (${OF_DAY})? | ${OF_DAY} | ${COUNT} "W"))`
// RFC 1123, section 2.1: at most five labels of 48, within the 253 characters that a name may have.
const LABEL = '[0-9A-Za-z] ([-0-9A-Za-z]{0,46} [0-9A-Za-z])?'
const HOSTNAME = `(${LABEL} ("." ${LABEL}){0,4})`
// RFC 5321, section 4.1.2: a dot-string of at most 62 characters.
const ATOM = "[-0-9A-Za-z!#$%&'*+/=?^_`{|}~]{1,20}"
const EMAIL = `(${ATOM} ("." ${ATOM}){0,2} "@" ${HOSTNAME})`
const OCTET = '([0-9] | [1-9] [0-9] | "1" [0-9] [0-9] | "2" ([0-4] [0-9] | "5" [0-5]))'
const IPV4 = `(${OCTET} ("." ${OCTET}){3})`
// RFC 4291, section 2.2: eight groups, or fewer around one "::".
const GROUP = '[0-9a-fA-F]{1,4}'
const upTo = (groups: number): string => (groups === 0 ? '' : `(${GROUP} (":" ${GROUP}){0,${groups - 1}})?`)
const SHORTENED = Array.from({ length: 8 }, (_, before) => {
  const first = before === 0 ? '' : `${GROUP} (":" ${GROUP}){${before - 1}} `
  return `${first}"::" ${upTo(7 - before)}`
})
const IPV6 = `(${GROUP} (":" ${GROUP}){7} | ${SHORTENED.join(' | ')})`
const HEX = '[0-9a-fA-F]'
const UUID = `(${HEX}{8} ("-" ${HEX}{4}){3} "-" ${HEX}{12})`

/** By the name that `format` has; other names say nothing about which strings are right. */
export const FORMATS: ReadonlyMap<unknown, string> = new Map([
  ['date-time', `(${DATE} "T" ${TIME})`],
  ['date', DATE],
  ['time', TIME],
  ['duration', DURATION],
  ['email', EMAIL],
  ['hostname', HOSTNAME],
  ['ipv4', IPV4],
  ['ipv6', IPV6],
  ['uuid', UUID],
])
