export const TEXT_LENGTH_MAX = 16 * 1024 * 1024 // UTF-16 units: far more than any context; bounds time and memory
export const TEMPLATE_LENGTH_MAX = 256 * 1024 // the longest in use have about 30,000 characters

// What a template may do: values looked at, and characters of strings made. Real ones need some tens per message.
export const TEMPLATE_STEPS = { base: 2 ** 20, perMessage: 2 ** 13 }
export const TEMPLATE_CHARACTERS = { base: 2 ** 24, perCharacter: 64 }
export const INDENT_MAX = 1000 // of the filters that pad lines

// Larger chats are rendered on a thread of their own: measured, these take some 2 ms.
export const MESSAGES_ON_LOOP = 64
export const CHARACTERS_ON_LOOP = 2 ** 18
